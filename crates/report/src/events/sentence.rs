//! What is said of one event, and of all of them, line by line.

use super::words::{GONE, fact, kind, named_file, on_disk, quoted, relation};
use crate::figures::{bytes, counted, grouped};
use crate::history_head::{asides as beside, left_out, left_timelines, unfinished};
use crate::time::Zone;
use pgwal_forensics::{BelowSum, EventEnd, EventsAnswer, WalEvent, WalEventKind};

/// Relations and subtransactions that are told of an event.
const TOLD: usize = 10;

/// When, what, and of which relation.
pub fn head(event: &WalEvent, zone: &Zone) -> String {
    let local = |time| zone.local(time).unwrap_or_else(|| "a time that no calendar has".into());
    let time = event.time.map_or_else(|| "no time".to_owned(), local);
    let mut what: Vec<String> = Vec::new();
    what.extend(event.rows.map(|rows| format!("{} of", counted(rows.into(), "row"))));
    what.extend(event.relations.first().map(|first| {
        let kind = first.name.as_ref().map(|name| kind(name.kind)).filter(|kind| *kind != "table");
        let unlogged = if first.is_unlogged { "unlogged " } else { "" };
        format!("{unlogged}{}{}", kind.map(|kind| format!("{kind} ")).unwrap_or_default(), relation(first))
    }));
    what.extend(Some(fact(&event.fact, &local)).filter(|fact| !fact.is_empty()));
    if event.kind == WalEventKind::Shutdown {
        what.push("or the end of a recovery from a crash while no transaction was open".to_owned());
    }
    format!("{time}  {}  {}", event.kind.name().to_uppercase().replace('-', " "), what.join(" "))
}

/// Further lines of it.
pub fn asides(event: &WalEvent) -> Vec<String> {
    let more: Vec<String> = event.relations.iter().skip(1).take(TOLD).map(relation).collect();
    let rest = event.relations.len().saturating_sub(1 + more.len());
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let with = (!more.is_empty()).then(|| format!("with {}{rest}", more.join(", ")));
    on_disk(event).into_iter().chain(with).collect()
}

/// What is to be known of all of them: labels and texts.
pub fn notes(answer: &EventsAnswer, zone: &Zone) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    if let Some(own) = answer.initdb {
        let left_out = counted(own.events.into(), "event");
        out.push(("INITDB", format!("{left_out} of initdb, up to {}, not listed: --initdb lists them", own.until)));
    }
    out.extend(unfinished(&answer.gathered).map(|what| ("PARTIAL", what)));
    out.extend(beside(&answer.gathered, zone).into_iter().map(|what| ("BESIDE", what)));
    if answer.more_events > 0 {
        let more = counted(answer.more_events.into(), "event");
        out.push(("MORE", format!("{more} that are not listed: narrow the range, or name kinds")));
    }
    if let Some(below) = &answer.below {
        out.push(("BELOW", self::below(below)));
    }
    let hole = |after, before| format!("nothing is known of what happened between {after} and {before}");
    out.extend(answer.holes.iter().map(|own| ("HOLE", hole(own.after, own.before))));
    out.extend(left_out(answer.left_out).map(|what| ("LEFT OUT", what)));
    if answer.events.iter().any(|event| event.end == Some(EventEnd::Crashed)) {
        out.extend(left_timelines(&answer.gathered).map(|what| ("WAY", what)));
    }
    if answer.events.iter().any(|event| event.by_files_alone) {
        let what = "no row of a catalog told it: a command may have made some and dropped others";
        out.push(("FILES", format!("where it says \"by files alone\", {what}")));
    }
    out
}

/// Rows that are no event.
fn below(below: &BelowSum) -> String {
    let rows = [(below.deleted, "deleted"), (below.updated, "updated")];
    let told: Vec<String> = rows
        .iter()
        .filter(|(rows, _)| *rows > 0)
        .map(|(rows, what)| format!("{} {what}", counted((*rows).into(), "row")))
        .collect();
    let transactions = counted(below.transactions.into(), "committed transaction");
    let least = counted(below.least.into(), "row");
    let Some(largest) = &below.largest else {
        return format!(
            "{} by {transactions} of fewer than {least} each (--rows), not listed: walproof txns with the same -R lists them",
            told.join(" and "),
        );
    };
    let of = named_file(largest.name.as_ref(), largest.file);
    format!(
        "{} by {transactions} of fewer than {least} of a relation each (--rows), not listed; the most, {}, in transaction {} of {of}",
        told.join(" and "),
        grouped(largest.rows.into()),
        largest.xid,
    )
}

/// What is told of its transaction.
pub fn ending(event: &WalEvent) -> String {
    let mut out = String::new();
    if let Some(xid) = event.xid {
        out += &format!(", transaction {xid}");
    }
    let at = event.end_lsn.map(|lsn| format!(" at {lsn}")).unwrap_or_default();
    let lost = event.is_lost_unended();
    out += &match event.end {
        Some(EventEnd::Aborted) if lost => format!(", ABORTED{at}{GONE}"),
        Some(EventEnd::Crashed) if lost => format!(", NEVER ENDED before the server stopped{GONE}"),
        Some(EventEnd::Open) if lost => format!(", STILL OPEN where what was read ends{GONE}"),
        Some(EventEnd::Committed) => format!(", committed{at}"),
        Some(EventEnd::Aborted) => format!(", ABORTED{at}: it did not happen"),
        Some(EventEnd::Crashed) => ", NEVER ENDED before the server stopped: it did not happen".to_owned(),
        Some(EventEnd::Open) if event.kind == WalEventKind::Prepared => {
            ", neither committed nor rolled back here".to_owned()
        }
        Some(EventEnd::Open) => ", STILL OPEN where what was read ends".to_owned(),
        None => String::new(),
    };
    if !event.subxacts.is_empty() {
        let told: Vec<String> = event.subxacts.iter().take(TOLD).map(u32::to_string).collect();
        let rest = (event.subxacts.len() - told.len()) as u64 + event.subxacts_more;
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        out += &format!(", with subtransactions {}{rest}", told.join(", "));
    }
    if let Some(gid) = &event.prepared {
        out += &format!(", prepared as {}", quoted(gid));
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
