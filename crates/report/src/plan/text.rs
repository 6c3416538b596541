//! The files of a restore for people: a line each, in the order in which the server asks.

use crate::figures::grouped;
use crate::outside::Lines;
use crate::plan::RestorePlan;
use pgwal_verify::Severity;
use pgwal_verify::recovery::outcome::{FileAsked, Status};
use std::io;

/// Writes it.
pub fn write(out: &mut Lines<'_>, plan: &RestorePlan) -> io::Result<()> {
    for file in &plan.restore.files {
        writeln!(out, "{:<8} {:>14}  {}{}", file.status.name(), size(file), file.name, note(file, plan))?;
    }
    let present = plan.restore.files.iter().filter(|f| f.status == Status::Present);
    let (count, bytes) = present.fold((0u64, 0u64), |(count, bytes), f| (count + 1, bytes + f.size.unwrap_or(0)));
    writeln!(out, "{} files, {} bytes are here and asked for", grouped(count.into()), grouped(bytes.into()))?;
    if let Some(oldest) = &plan.oldest_needed {
        writeln!(out, "{oldest} and what follows it must be kept for this backup")?;
    }
    if let Some(says) = &plan.restore.server_says {
        writeln!(out, "the server says: {says}")?;
    }
    let layout = plan.outcome.layout.as_ref();
    for f in plan.outcome.counted().filter(|f| f.severity == Severity::Error) {
        writeln!(out, "{:<8} {} {}", f.severity.to_string(), f.code, f.message(layout))?;
    }
    Ok(())
}

fn size(file: &FileAsked) -> String {
    file.size.map_or_else(|| "-".to_owned(), |n| grouped(n.into()))
}

fn note(file: &FileAsked, plan: &RestorePlan) -> String {
    match (&file.file, file.status) {
        (Some(shown), _) if *shown != file.name => format!("  ({shown})"),
        (None, Status::Missing) if !file.needed => "  (asked for; recovery goes on or ends without it)".into(),
        (None, Status::Missing) => "  (needed)".into(),
        (None, Status::Damaged) if plan.restore.closed => "  (cannot be looked at here)".into(),
        (_, Status::Damaged) => "  (needed whole)".into(),
        _ => String::new(),
    }
}
