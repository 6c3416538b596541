//! The files of a restore for people: a line each, in the order in which the server asks.

use crate::figures::{counted, grouped};
use crate::outside::Lines;
use crate::plan::RestorePlan;
use pgwal_verify::Severity;
use pgwal_verify::recovery::outcome::{FileAsked, Status};
use std::io;

/// Writes it.
pub fn write(out: &mut Lines<'_>, plan: &RestorePlan) -> io::Result<()> {
    writeln!(out, "{}", headline(plan))?;
    for file in &plan.restore.files {
        writeln!(out, "{:<8} {:>14}  {}{}", status(file, plan), size(file), file.name, note(file, plan))?;
    }
    let present = plan.restore.files.iter().filter(|f| f.status == Status::Present);
    let (count, bytes) = present.fold((0u64, 0u64), |(count, bytes), f| (count + 1, bytes + f.size.unwrap_or(0)));
    let are = if count == 1 { "is" } else { "are" };
    writeln!(out, "{}, {}, {are} here and asked for", counted(count.into(), "file"), counted(bytes.into(), "byte"))?;
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

/// Whether what is needed is there.
fn headline(plan: &RestorePlan) -> String {
    let needed = plan.restore.files.iter().filter(|f| f.needed);
    let of = |status: Status| needed.clone().filter(|f| f.status == status).count() as u128;
    let asked = counted(needed.clone().count() as u128, "file");
    match (of(Status::Missing), of(Status::Damaged)) {
        (0, 0) => format!("This recovery needs {asked}, and all of them are here."),
        (missing, 0) => {
            format!("This recovery needs {asked}, and {} of them {} missing.", grouped(missing), is(missing))
        }
        (0, unread) if plan.restore.closed => {
            format!("This recovery needs {asked}, and {} of them cannot be read here.", grouped(unread))
        }
        (0, damaged) => {
            format!("This recovery needs {asked}, and {} of them {} damaged.", grouped(damaged), is(damaged))
        }
        (missing, damaged) => {
            format!("This recovery needs {asked}: {} missing, {} damaged.", grouped(missing), grouped(damaged))
        }
    }
}

fn is(count: u128) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// What a server asks for and does not miss is no missing file.
fn status(file: &FileAsked, plan: &RestorePlan) -> &'static str {
    match file.status {
        Status::Damaged if plan.restore.closed => "unread",
        Status::Missing if !file.needed => "asked",
        status => status.name(),
    }
}

fn size(file: &FileAsked) -> String {
    file.size.map_or_else(|| "-".to_owned(), |n| grouped(n.into()))
}

fn note(file: &FileAsked, plan: &RestorePlan) -> String {
    match (&file.file, file.status) {
        (Some(shown), _) if *shown != file.name => format!("  ({shown})"),
        (None, Status::Missing) if !file.needed => {
            "  (not there, which is normal: recovery goes on or ends without it)".into()
        }
        (None, Status::Missing) => "  (needed)".into(),
        (None, Status::Damaged) if plan.restore.closed => "  (cannot be looked at here)".into(),
        (_, Status::Unneeded) => "  (asked for ahead of replay, which does not come to it)".into(),
        (_, Status::Damaged) => "  (needed whole)".into(),
        _ => String::new(),
    }
}
