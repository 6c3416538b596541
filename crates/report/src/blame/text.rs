//! Who touched a block, for people:
//!
//! ```text
//! 0/00AAC608  Heap/UPDATE  transaction 734, committed at 0/00AB0A48, 2026-11-22 03:17:02.477+00:00
//!     5 updated, now 2:17
//! ```

use super::{BlameReport, BlameTold};
use crate::events::words::{file, named_file};
use crate::figures::counted;
use crate::history_head::{UNKNOWN, asides, left_timelines, unfinished};
use crate::outside::Lines;
use crate::time::Zone;
use pgwal_forensics::{BlockTouch, EventEnd, ImageReason, TouchEnd};
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::tuple_changes::TupleChange;
use pgwal_query::filter::FORKS;
use std::io;

/// Writes it.
pub fn write(out: &mut Lines<'_>, report: &BlameReport<'_>, zone: &Zone) -> io::Result<()> {
    let (answer, wish) = (report.answer, report.wish);
    let files: Vec<String> = answer.files.iter().map(|(rel, name)| named_file(name.as_ref(), *rel)).collect();
    let fork = FORKS.get(usize::from(wish.fork)).filter(|_| wish.fork != 0);
    let fork = fork.map(|fork| format!(" of its fork {fork}")).unwrap_or_default();
    let pointer = wish.offset.map(|offset| format!(", line pointer {offset}")).unwrap_or_default();
    let range = match answer.range {
        Some((from, to)) => format!(" between {from} and {to}"),
        None => String::new(),
    };
    let count = counted(answer.touches.len() as u128 + u128::from(answer.more), "record");
    writeln!(
        out,
        "{}: {}, block {}{fork}{pointer}: {count}{range}; times {}",
        report.place,
        files.join(", "),
        wish.block,
        zone.told()
    )?;
    records(out, report, zone)?;
    if answer.more > 0 {
        writeln!(out, "MORE     {} that are not listed: narrow the range", counted(answer.more.into(), "record"))?;
    }
    for hole in &answer.holes {
        writeln!(out, "HOLE     nothing is known of what happened between {} and {}", hole.after, hole.before)?;
    }
    if answer.touches.iter().any(|touch| touch.image.is_some() && touch.changes.is_empty()) {
        writeln!(out, "IMAGES   a record with an image of the page may not say what it did to its rows")?;
    }
    let crashed = answer.touches.iter().any(|touch| touch.end.is_some_and(|end| end.end == EventEnd::Crashed));
    if let Some(what) = unfinished(&answer.gathered) {
        writeln!(out, "PARTIAL  {what}")?;
    }
    for what in asides(&answer.gathered, zone) {
        writeln!(out, "BESIDE   {what}")?;
    }
    if let Some(way) = left_timelines(&answer.gathered).filter(|_| crashed) {
        writeln!(out, "WAY      {way}")?;
    }
    writeln!(out, "NOTE     {UNKNOWN}")
}

/// Writes the records, and where a file went with all its rows. A place of one file is another row than the same place
/// of the next.
fn records(out: &mut Lines<'_>, report: &BlameReport<'_>, zone: &Zone) -> io::Result<()> {
    let answer = report.answer;
    let are_several = answer.touches.windows(2).any(|pair| matches!(pair, [one, next] if one.file != next.file));
    let mut went = answer.gone.iter().peekable();
    let mut last = None;
    for touch in &answer.touches {
        while let Some((rel, end)) = went.next_if(|(_, end)| end.lsn.is_some_and(|lsn| lsn < touch.lsn)) {
            gone(out, *rel, end, zone)?;
        }
        if are_several && last != Some(touch.file) {
            let others = if last.is_some() { ": other rows than in the file before" } else { "" };
            writeln!(out, "FILE     {}{others}", file(touch.file))?;
        }
        last = Some(touch.file);
        one(out, report, touch, zone)?;
    }
    went.try_for_each(|(rel, end)| gone(out, *rel, end, zone))
}

fn gone(out: &mut Lines<'_>, rel: RelFileLocator, end: &TouchEnd, zone: &Zone) -> io::Result<()> {
    let at = end.lsn.map(|lsn| format!(" at {lsn}")).unwrap_or_default();
    let time = end.time.and_then(|time| zone.local(time)).map(|time| format!(", {time}")).unwrap_or_default();
    writeln!(
        out,
        "GONE     file {} with all its rows, by transaction {}, committed{at}{time}: DROP, TRUNCATE, or written anew into another \
         file; walproof events says which",
        file(rel),
        end.xid
    )
}

/// Writes what of the row's versions was not followed.
pub fn not_followed(out: &mut Lines<'_>, told: &BlameTold) -> io::Result<()> {
    for (lsn, (block, offset)) in &told.not_followed {
        writeln!(
            out,
            "MORE     the row went on to {block}:{offset} at {lsn}, which was not followed behind {}: ask for that one with -s {lsn}",
            counted(told.versions as u128, "version")
        )?;
    }
    Ok(())
}

fn one(out: &mut Lines<'_>, report: &BlameReport<'_>, touch: &BlockTouch, zone: &Zone) -> io::Result<()> {
    let (rmgr, record) = report.operation(touch);
    writeln!(out, "{}  {rmgr}/{record}{}", touch.lsn, transaction(touch, zone))?;
    let mut what: Vec<String> = Vec::new();
    if touch.init {
        what.push("the page is made anew".to_owned());
    }
    what.extend(touch.changes.iter().map(|(offset, change)| format!("{offset} {}", words(change))));
    what.extend(touch.image.map(|reason| match reason {
        ImageReason::FirstTouch => "an image of the page: its first change since a checkpoint".to_owned(),
        ImageReason::Hint => "an image of the page: hint bits".to_owned(),
        ImageReason::NewPage => "the page as a whole".to_owned(),
        ImageReason::Forced | ImageReason::Check => "an image of the page".to_owned(),
    }));
    if what.is_empty() { Ok(()) } else { writeln!(out, "    {}", what.join("; ")) }
}

fn transaction(touch: &BlockTouch, zone: &Zone) -> String {
    if touch.xid == 0 {
        return "  no transaction".to_owned();
    }
    let Some(end) = touch.end else { return format!("  transaction {}", touch.xid) };
    let part = if end.xid == touch.xid { String::new() } else { format!(" as its part {}", touch.xid) };
    let at = end.lsn.map(|lsn| format!(" at {lsn}")).unwrap_or_default();
    let time = end.time.and_then(|time| zone.local(time)).map(|time| format!(", {time}")).unwrap_or_default();
    let how = match end.end {
        EventEnd::Committed => format!("committed{at}"),
        EventEnd::Aborted => format!("ABORTED{at}"),
        EventEnd::Crashed => "NEVER ENDED before the server stopped".to_owned(),
        EventEnd::Open => "STILL OPEN where this WAL ends".to_owned(),
    };
    format!("  transaction {}{part}, {how}{time}", end.xid)
}

fn words(change: &TupleChange) -> String {
    let hot = |hot: bool| if hot { " (HOT)" } else { "" };
    match *change {
        TupleChange::Updated { to, hot: is_hot } => format!("updated, now {}:{}{}", to.0, to.1, hot(is_hot)),
        TupleChange::Arrived { from, hot: is_hot } => {
            format!("is the new version of {}:{}{}", from.0, from.1, hot(is_hot))
        }
        TupleChange::Redirected(to) => format!("leads to {to} now"),
        other => word(&other).replace('_', " "),
    }
}

/// As documents name it.
pub fn word(change: &TupleChange) -> &'static str {
    match change {
        TupleChange::Inserted => "inserted",
        TupleChange::Updated { .. } => "updated",
        TupleChange::Arrived { .. } => "new_version",
        TupleChange::Deleted => "deleted",
        TupleChange::Moved => "moved_to_another_partition",
        TupleChange::TakenBack => "taken_back",
        TupleChange::Confirmed => "confirmed",
        TupleChange::Locked => "locked",
        TupleChange::InPlace => "changed_in_place",
        TupleChange::Frozen => "frozen",
        TupleChange::Redirected(_) => "redirected",
        TupleChange::Dead => "dead",
        TupleChange::Unused => "unused",
    }
}
