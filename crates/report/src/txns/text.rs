//! Transactions for people:
//!
//! ```text
//! 2026-11-22 14:02:11.123456+01:00  738  committed at 5A/1F00CD08; 1,000 rows, 1.2 MiB of WAL
//!     begun at 5A/1F00C9D8, after 14:02:10.9+01:00; took 0.1 s to 0.2 s
//!     shop.public.orders (1663/16384/16393)  900 inserted, 100 deleted; 1.1 MiB
//! ```

use super::{TxnsReport, seconds};
use crate::events::words::{GONE, named_file, quoted};
use crate::figures::{bytes, counted, grouped};
use crate::history_head::{UNKNOWN, asides, left_out, left_timelines, unfinished};
use crate::outside::Lines;
use crate::time::Zone;
use pgwal_forensics::{EventEnd, ListedXact, RelationSum, XactOrder};
use pgwal_format::rmgr::xact::Timestamp;
use std::io;

/// Relations and subtransactions that are told of one among others.
const TOLD: usize = 5;

/// Writes them.
pub fn write(out: &mut Lines<'_>, report: &TxnsReport<'_>, zone: &Zone) -> io::Result<()> {
    let answer = report.answer;
    let totals = &answer.totals;
    let range = match answer.range {
        Some((from, to)) => format!(" between {from} and {to}"),
        None => String::new(),
    };
    writeln!(
        out,
        "{}: {}{range}; times {}",
        report.place,
        counted(totals.transactions.into(), "transaction"),
        zone.told()
    )?;
    let ends = [
        (totals.committed, "committed"),
        (totals.aborted, "aborted"),
        (totals.crashed, "ended by a crash"),
        (totals.open, "open"),
        (totals.prepared, "prepared"),
    ];
    let told: Vec<String> =
        ends.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", grouped((*n).into()))).collect();
    if totals.transactions > 0 {
        writeln!(out, "ALL      {}; {}{} of WAL", told.join(", "), rows(totals.rows), bytes(totals.bytes.into()))?;
    }
    let more = totals.transactions - answer.xacts.len() as u64;
    if more > 0 {
        let which = match report.by {
            XactOrder::End => "that ended last",
            XactOrder::Bytes => "with most bytes",
            XactOrder::Rows => "with most rows",
            XactOrder::Duration => "that took longest",
        };
        writeln!(out, "LISTED   the {} {which}; --limit lists more", grouped(answer.xacts.len() as u128))?;
    }
    // One that was asked for alone is told in full.
    let most = if answer.xacts.len() == 1 { usize::MAX } else { TOLD };
    for xact in &answer.xacts {
        one(out, xact, zone, most)?;
    }
    if let Some(what) = report.asked.outside(answer.times, answer.range, zone) {
        writeln!(out, "OUTSIDE  {what}")?;
    }
    for hole in &answer.holes {
        writeln!(out, "HOLE     nothing is known of what happened between {} and {}", hole.after, hole.before)?;
    }
    if let Some(what) = left_out(answer.left_out) {
        writeln!(out, "LEFT OUT {what}")?;
    }
    if let Some(what) = unfinished(&answer.gathered) {
        writeln!(out, "PARTIAL  {what}")?;
    }
    for what in asides(&answer.gathered, zone) {
        writeln!(out, "BESIDE   {what}")?;
    }
    if let Some(way) = left_timelines(&answer.gathered).filter(|_| totals.crashed > 0) {
        writeln!(out, "WAY      {way}")?;
    }
    writeln!(out, "NOTE     a transaction that only reads leaves nothing in WAL; {UNKNOWN}")
}

fn one(out: &mut Lines<'_>, xact: &ListedXact, zone: &Zone, most: usize) -> io::Result<()> {
    let local = |time| zone.local(time).unwrap_or_else(|| "a time that no calendar has".into());
    let time = xact.time.map_or_else(|| "no time".to_owned(), local);
    writeln!(out, "{time}  {}  {}; {}{} of WAL", xact.xid, ending(xact), rows(xact.rows), bytes(xact.bytes.into()))?;
    writeln!(out, "    {}{}", beginning(xact, &local), took(xact))?;
    if let Some((lsn, gid, time)) = &xact.prepared {
        let at = time.map(|time| format!(", {}", local(time))).unwrap_or_default();
        writeln!(out, "    prepared at {lsn} as {}{at}", quoted(gid))?;
    }
    for relation in xact.relations.iter().take(most) {
        let named = named_file(relation.name.as_ref(), relation.file);
        writeln!(out, "    {named}  {}{}", rows(relation.sum), bytes(relation.sum.bytes.into()))?;
    }
    let rest = xact.relations.len().saturating_sub(most) as u64 + xact.relations_more;
    if rest > 0 {
        writeln!(out, "    and {}; --xid {} tells all", counted(rest.into(), "further relation"), xact.xid)?;
    }
    if !xact.subxacts.is_empty() {
        let told: Vec<String> = xact.subxacts.iter().take(most).map(u32::to_string).collect();
        let rest = (xact.subxacts.len() - told.len()) as u64 + xact.subxacts_more;
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        writeln!(out, "    with subtransactions {}{rest}", told.join(", "))?;
    }
    if let Some(lsn) = xact.lost_from.filter(|_| xact.end != EventEnd::Committed) {
        writeln!(out, "    it began to remove a database or a tablespace at {lsn}{GONE}")?;
    }
    if xact.partial {
        writeln!(out, "    WAL is missing inside it, it may be more")?;
    }
    Ok(())
}

/// How it ended.
fn ending(xact: &ListedXact) -> String {
    let at = xact.end_lsn.map(|lsn| format!(" at {lsn}")).unwrap_or_default();
    let part = xact.top.map(|top| format!(", a part of {top} behind a savepoint")).unwrap_or_default();
    let how = match xact.end {
        EventEnd::Committed => format!("committed{at}"),
        EventEnd::Aborted => format!("ABORTED{at}"),
        EventEnd::Crashed => "NEVER ENDED before the server stopped".to_owned(),
        EventEnd::Open if xact.prepared.is_some() => "PREPARED, neither committed nor rolled back here".to_owned(),
        EventEnd::Open if xact.partial => "STILL OPEN, or ended where WAL is missing".to_owned(),
        EventEnd::Open => "STILL OPEN where what was read ends".to_owned(),
    };
    how + &part
}

fn beginning(xact: &ListedXact, local: &dyn Fn(Timestamp) -> String) -> String {
    if !xact.begin_known {
        return format!(
            "first seen at {}; it may have begun before what was read, of which nothing is counted",
            xact.begin
        );
    }
    match xact.after {
        Some(after) => format!("begun at {}, not before {}", xact.begin, local(after)),
        None => format!("begun at {}", xact.begin),
    }
}

/// Between which bounds it took.
fn took(xact: &ListedXact) -> String {
    let so_far = if xact.end == EventEnd::Open { " so far" } else { "" };
    match (xact.took.least, xact.took.most) {
        (Some(least), Some(most)) if least == most => format!("; took {} s{so_far}", seconds(least)),
        (Some(least), Some(most)) => format!("; took {} s to {} s{so_far}", seconds(least), seconds(most)),
        (Some(least), None) => format!("; took {} s or more{so_far}", seconds(least)),
        (None, Some(most)) => format!("; took at most {} s{so_far}", seconds(most)),
        (None, None) => String::new(),
    }
}

/// Rows, those kinds of which there are any; empty where there are none.
fn rows(sum: RelationSum) -> String {
    let all = [(sum.inserted, "inserted"), (sum.updated, "updated"), (sum.deleted, "deleted")];
    let told: Vec<String> =
        all.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", grouped((*n).into()))).collect();
    if told.is_empty() { String::new() } else { format!("rows {}; ", told.join(", ")) }
}
