//! Events for people:
//!
//! ```text
//! 2026-11-22 14:02:11.123456+01:00  DROP  shop.public.orders (1663/16384/16393)
//!     at 5A/1F00C9D8, transaction 738, committed at 5A/1F00CD08
//!     with shop.public.orders_pkey (1663/16384/16397)
//! ```

use super::EventsReport;
use super::before;
use super::words::{UNKNOWN, fact, kind, on_disk, relation};
use crate::figures::{bytes, counted};
use crate::outside::{Lines, shown};
use crate::time::Zone;
use pgwal_forensics::{EventEnd, WalEvent, WalEventKind};
use std::io;

/// Relations and subtransactions that are told of an event.
const TOLD: usize = 10;

/// Writes them.
pub fn write(out: &mut Lines<'_>, report: &EventsReport<'_>, zone: &Zone) -> io::Result<()> {
    let answer = report.answer;
    let number = answer.events.len() as u128 + u128::from(answer.more_events);
    let range = match answer.range {
        Some((from, to)) => format!(" between {from} and {to}"),
        None => String::new(),
    };
    writeln!(out, "{}: {}{range}; times {}", report.place, counted(number, "event"), zone.told())?;
    match report.before {
        Some(before) => before.events.iter().try_for_each(|event| one(out, event, zone))?,
        None => answer.events.iter().try_for_each(|event| one(out, event, zone))?,
    }
    if answer.more_events > 0 {
        writeln!(
            out,
            "MORE     {} that are not listed: narrow the range, or name kinds",
            counted(answer.more_events.into(), "event")
        )?;
    }
    for hole in &answer.holes {
        writeln!(out, "HOLE     nothing is known of what happened between {} and {}", hole.after, hole.before)?;
    }
    if answer.left_out > 0 {
        writeln!(
            out,
            "LEFT OUT {} of transactions and catalogs, for which there is no room",
            counted(answer.left_out.into(), "detail")
        )?;
    }
    if answer.events.iter().any(|event| event.by_files_alone) {
        writeln!(
            out,
            "FILES    where it says \"by files alone\", no row of a catalog told it: a command may have made some and dropped others"
        )?;
    }
    if let Some(answer) = report.before {
        before::text::write(out, answer, zone)?;
    }
    writeln!(out, "NOTE     {UNKNOWN}")
}

fn one(out: &mut Lines<'_>, event: &WalEvent, zone: &Zone) -> io::Result<()> {
    let local = |time| zone.local(time).unwrap_or_else(|| "a time that no calendar has".into());
    let time = event.time.map_or_else(|| "no time".to_owned(), local);
    let mut what: Vec<String> = Vec::new();
    what.extend(event.rows.map(|rows| format!("{} of", counted(rows.into(), "row"))));
    what.extend(event.relations.first().map(|first| {
        let kind = first.name.as_ref().map(|name| kind(name.kind)).filter(|kind| *kind != "table");
        format!("{}{}", kind.map(|kind| format!("{kind} ")).unwrap_or_default(), relation(first))
    }));
    what.extend(Some(fact(&event.fact, &local)).filter(|fact| !fact.is_empty()));
    writeln!(out, "{time}  {}  {}", event.kind.name().to_uppercase().replace('-', " "), what.join(" "))?;
    writeln!(out, "    at {}{}", event.lsn, ending(event))?;
    if let Some(left) = on_disk(event) {
        writeln!(out, "    {left}")?;
    }
    let more: Vec<String> = event.relations.iter().skip(1).take(TOLD).map(relation).collect();
    if !more.is_empty() {
        let rest = event.relations.len() - 1 - more.len();
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        writeln!(out, "    with {}{rest}", more.join(", "))?;
    }
    Ok(())
}

/// What is told of its transaction.
fn ending(event: &WalEvent) -> String {
    let mut out = String::new();
    if let Some(xid) = event.xid {
        out += &format!(", transaction {xid}");
    }
    let at = event.end_lsn.map(|lsn| format!(" at {lsn}")).unwrap_or_default();
    out += &match event.end {
        Some(EventEnd::Committed) => format!(", committed{at}"),
        Some(EventEnd::Aborted) => format!(", ABORTED{at}: it did not happen"),
        Some(EventEnd::Crashed) => ", NEVER ENDED before the server stopped: it did not happen".to_owned(),
        Some(EventEnd::Open) if event.kind == WalEventKind::Prepared => {
            ", neither committed nor rolled back here".to_owned()
        }
        Some(EventEnd::Open) => ", STILL OPEN where this WAL ends".to_owned(),
        None => String::new(),
    };
    if !event.subxacts.is_empty() {
        let told: Vec<String> = event.subxacts.iter().take(TOLD).map(u32::to_string).collect();
        let rest = (event.subxacts.len() - told.len()) as u64 + event.subxacts_more;
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        out += &format!(", with subtransactions {}{rest}", told.join(", "));
    }
    if let Some(gid) = &event.prepared {
        out += &format!(", prepared as '{}'", shown(gid));
    }
    if event.bytes > 0 {
        out += &format!("; {} of WAL", bytes(event.bytes.into()));
    }
    if event.by_files_alone {
        out += "; by files alone";
    }
    if event.partial {
        out += "; WAL is missing inside the transaction, it may be more";
    }
    out
}
