//! A sentence, then each side, the fork, what is behind it, and what `pg_rewind` would do.

use super::words::{NOT_CHECKED, is_one_number, record_kind, rows};
use super::{DivergeReport, rewound};
use crate::events::words::{file, name};
use crate::figures::{bytes, counted};
use crate::outside::Lines;
use crate::time::Zone;
use pgwal_forensics::diverge::{BehindFork, CommitBehind, Divergence, PartedRecord, SidesMeeting};
use pgwal_format::TimelineId;
use std::io;

/// Relations that are told of a side.
const TOLD: usize = 10;

/// Writes it.
pub fn write(out: &mut Lines<'_>, report: &DivergeReport<'_>, zone: &Zone) -> io::Result<()> {
    let found = report.found;
    writeln!(out, "{}; times {}", sentence(found), zone.told())?;
    for (side, label) in ["A", "B"].into_iter().enumerate() {
        place(out, report, side, label)?;
    }
    if found.meeting == SidesMeeting::Foreign {
        let id = |id: Option<u64>| id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
        return writeln!(out, "CLUSTER  A is of {}, B of {}", id(found.system_ids[0]), id(found.system_ids[1]));
    }
    fork(out, found)?;
    for (behind, label) in found.behind.iter().zip(["A", "B"]) {
        if let Some(behind) = behind {
            tell_behind(out, behind, label, zone)?;
        }
    }
    if found.meeting.is_apart() {
        for ((outlook, own), other) in found.rewind.iter().zip(["A", "B"]).zip(["B", "A"]) {
            if let Some(outlook) = outlook {
                writeln!(out, "REWIND {own} {}", rewound::sentence(own, other, outlook))?;
            }
        }
    }
    if let Some(next) = next(found) {
        writeln!(out, "NEXT     {next}")?;
    }
    writeln!(out, "NOT CHECKED {}", NOT_CHECKED.join("; "))
}

fn sentence(found: &Divergence) -> String {
    let without = found.gathered.iter().any(|gathered| !gathered.complete);
    let part = if without { ", as far as WAL could be read" } else { "" };
    match &found.meeting {
        SidesMeeting::Foreign => "A and B are of different clusters, versions or sizes".into(),
        SidesMeeting::Nothing => format!("A and B have no WAL in common{part}"),
        SidesMeeting::Told(lsn) => {
            format!("A and B part at {lsn}, as their histories say; they have no WAL in common here{part}")
        }
        SidesMeeting::Same(last) => format!("A and B have the same records, up to {}{part}", last.end),
        SidesMeeting::Ahead { side, last } => {
            let (own, other) = if *side == 0 { ("A", "B") } else { ("B", "A") };
            format!("{own} goes on where {other} ends, at {}: nothing parts them{part}", last.end)
        }
        SidesMeeting::Apart { told: Some(lsn), .. } => {
            format!("A and B part at {lsn}, as their histories say; WAL is missing there{part}")
        }
        SidesMeeting::Apart { certain: false, first: [a, b], .. } => {
            format!("A and B part in front of {}, where WAL is missing, or there{part}", a.lsn.min(b.lsn))
        }
        SidesMeeting::Apart { first: [a, b], .. } => format!("A and B part at {}{part}", a.lsn.min(b.lsn)),
    }
}

fn place(out: &mut Lines<'_>, report: &DivergeReport<'_>, side: usize, label: &str) -> io::Result<()> {
    let (Some(place), Some(range), Some(way)) =
        (report.places.get(side), report.found.ranges.get(side), report.found.ways.get(side))
    else {
        return Ok(());
    };
    let range = match range {
        Some((from, to)) => format!("{from} to {to}"),
        None => "no records".to_owned(),
    };
    let timelines: Vec<String> = way.iter().map(TimelineId::to_string).collect();
    let word = if timelines.len() == 1 { "timeline" } else { "timelines" };
    writeln!(out, "{label}        {place}: {range}, {word} {}", timelines.join(" > "))?;
    let unfinished = report.unfinished.get(side).map_or(&[][..], Vec::as_slice);
    unfinished.iter().take(TOLD).try_for_each(|file| {
        writeln!(out, "         {file} is read as the last WAL of its timeline, which no server does")
    })
}

fn fork(out: &mut Lines<'_>, found: &Divergence) -> io::Result<()> {
    let SidesMeeting::Apart { last, first: [a, b], .. } = &found.meeting else { return Ok(()) };
    let told = |record: &PartedRecord| {
        let kind = found.layout.map(|layout| format!(" {}", record_kind(record, layout.dialect))).unwrap_or_default();
        let xid = if record.header.xid == 0 { String::new() } else { format!(", transaction {}", record.header.xid) };
        format!("{}{kind}{xid}", record.lsn)
    };
    let common = last.map_or_else(
        || "no record in front of it is in both".to_owned(),
        |last| format!("the last record of both is {}, which ends at {}", told(&last), last.end),
    );
    writeln!(out, "FORK     {common}")?;
    writeln!(out, "         then A has {}", told(a))?;
    writeln!(out, "         and  B has {}", told(b))?;
    if is_one_number(found) {
        let timeline = found.ways[0].last().copied().unwrap_or(TimelineId::FIRST);
        writeln!(out, "ONE NUMBER two servers went on as timeline {timeline}: files of one name hold different WAL")?;
    }
    Ok(())
}

fn tell_behind(out: &mut Lines<'_>, behind: &BehindFork, label: &str, zone: &Zone) -> io::Result<()> {
    let mut what = counted(behind.committed.into(), "commit");
    if behind.holes > 0 {
        let holes = counted(behind.holes.into(), "place");
        what = format!("not known: WAL is missing there in {holes}; what is here has {what}");
    }
    if let Some((first, last)) = behind.first.zip(behind.last) {
        let told = |commit: &CommitBehind| {
            let time = commit.time.and_then(|time| zone.local(time)).unwrap_or_else(|| "no time".into());
            format!("{time} (transaction {} at {})", commit.xid, commit.lsn)
        };
        what += &if first == last {
            format!(", {}", told(&first))
        } else {
            format!(", {} to {}", told(&first), told(&last))
        };
    }
    if behind.begun_before > 0 {
        what += &format!("; {} of them had begun before the fork", behind.begun_before);
    }
    if behind.aborted > 0 {
        what += &format!("; {} rolled back", behind.aborted);
    }
    if behind.open > 0 {
        what += &format!("; {} not ended", counted(behind.open.into(), "transaction"));
    }
    writeln!(out, "BEHIND {label} {what}")?;
    let changed = || behind.relations.iter().filter(|relation| !rows(&relation.sum).is_empty());
    for relation in changed().take(TOLD) {
        let named = relation.name.as_ref().map(|own| format!("{} ", name(own))).unwrap_or_default();
        let size = bytes(relation.sum.bytes.into());
        let file = file(relation.file);
        let shown = if named.is_empty() { file } else { format!("{named}({file})") };
        writeln!(out, "         {shown}: {}; {size} of WAL", rows(&relation.sum))?;
    }
    let more = changed().count().saturating_sub(TOLD) as u64 + behind.more_relations;
    if more > 0 {
        writeln!(out, "         and {} more", counted(more.into(), "relation"))?;
    }
    Ok(())
}

fn next(found: &Divergence) -> Option<String> {
    match found.meeting {
        SidesMeeting::Nothing => Some("name places that reach back to where they were one: the archive of each".into()),
        _ if found.meeting.is_apart() => Some(
            "decide which side stays; what the other one has behind the fork is lost with it: look at it first (walproof \
             events, txns, dump), and keep a copy"
                .into(),
        ),
        _ => None,
    }
}
