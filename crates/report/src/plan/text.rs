//! The files of a restore for people: a line each, in the order in which the server asks.

use crate::figures::{counted, grouped};
use crate::outside::Lines;
use crate::plan::RestorePlan;
use crate::restore::text::chosen;
use crate::time::Zone;
use crate::verify::text::place;
use pgwal_verify::recovery::failure::Failure;
use pgwal_verify::recovery::outcome::{FileAsked, Status};
use pgwal_verify::{Severity, Verdict};
use std::io;

/// Writes it.
pub fn write(out: &mut Lines<'_>, plan: &RestorePlan, zone: &Zone) -> io::Result<()> {
    let wrong = plan.outcome.verdict != Verdict::Proven;
    // A list that is short has its reason in front of it.
    if let Some(worst) = plan.outcome.worst().filter(|_| wrong) {
        writeln!(out, "{}: {}.", reason(plan), place(worst, plan.outcome.layout.as_ref(), zone))?;
    }
    writeln!(out, "{}", headline(plan))?;
    if let Some(choice) = &plan.restore.chosen {
        writeln!(out, "from {}", chosen(choice, &plan.restore, zone))?;
    }
    for file in &plan.restore.files {
        writeln!(out, "{:<8} {:>14}  {}{}", status(file, plan), size(file), file.name, note(file, plan))?;
    }
    if !plan.beyond.is_empty() {
        writeln!(out, "{}", behind(plan))?;
        for file in &plan.beyond {
            writeln!(out, "{:<8} {:>14}  {}{}", status(file, plan), size(file), file.name, note(file, plan))?;
        }
    }
    let all = plan.restore.files.iter().chain(&plan.beyond);
    let present = all.filter(|f| f.status == Status::Present);
    let (count, bytes) = present.fold((0u64, 0u64), |(count, bytes), f| (count + 1, bytes + f.size.unwrap_or(0)));
    let are = if count == 1 { "is" } else { "are" };
    writeln!(out, "{}, {}, {are} here and asked for", counted(count.into(), "file"), counted(bytes.into(), "byte"))?;
    if let Some(oldest) = &plan.oldest_needed {
        writeln!(out, "{oldest} and what follows it must be kept for this backup")?;
    }
    if let Some(says) = &plan.restore.server_says {
        writeln!(out, "the server says: {says}")?;
    }
    if wrong {
        let next = plan.outcome.worst().map(|f| f.advice()).unwrap_or_default();
        writeln!(out, "what to do: {next}")?;
    }
    if plan.restore.target.is_some() {
        writeln!(out, "times: {}", zone.told())?;
    }
    let layout = plan.outcome.layout.as_ref();
    for f in plan.outcome.counted().filter(|f| f.severity == Severity::Error) {
        writeln!(out, "{:<8} {} {}", f.severity.to_string(), f.code, zone.message(f, layout))?;
    }
    Ok(())
}

/// Why this is no list of a recovery that comes where it should.
fn reason(plan: &RestorePlan) -> String {
    let restore = &plan.restore;
    match plan.outcome.verdict {
        Verdict::Unproven => "Whether this recovery comes where it should is not proven".into(),
        _ if restore.is_late() || restore.failure == Some(Failure::BeforeConsistency) => {
            "This recovery cannot end at its target, which lies in front of where the data are consistent".into()
        }
        _ if restore.replay_end.is_none() => "This recovery does not start".into(),
        _ if restore.target.as_ref().is_some_and(|target| !target.reached) => {
            "This recovery does not come to its target".into()
        }
        _ => "This recovery does not come where it should".into(),
    }
}

/// What the second list is.
fn behind(plan: &RestorePlan) -> String {
    let restore = &plan.restore;
    let count = counted(plan.beyond.len() as u128, "file");
    match restore.failure {
        _ if restore.is_late() || restore.failure == Some(Failure::BeforeConsistency) => {
            format!("Up to where the data are consistent, {count} more:")
        }
        _ => format!("Behind the file at which it ends, {count} more on the way, as far as names tell:"),
    }
}

/// Whether what is needed is there.
fn headline(plan: &RestorePlan) -> String {
    let needed = plan.needed();
    let of = |status: Status| plan.needed().filter(|f| f.status == status).count() as u128;
    let asked = counted(needed.count() as u128, "file");
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
