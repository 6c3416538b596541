//! The verdict for people: seven lines that are always there, then the findings.

mod impact;
mod typed;

use crate::aside;
use crate::figures::{bytes, counted, grouped};
use crate::outside::Lines;
use crate::restore;
use crate::time::Zone;
use crate::verify::next::{next, unfinished_alone};
use crate::words::{broken_backups, depth, except, unseen, wal_end};
use anstyle::{AnsiColor, Style};
use impact::{gap_in_front, obstacle};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::history::Switch;
use pgwal_format::{Layout, TimelineId};
use pgwal_source::Ignored;
use pgwal_verify::index::{IndexUse, PartsUse};
use pgwal_verify::wording::restored::sentence;
use pgwal_verify::{Code, Depth, Detail, Finding, KnownBackup, LineReport, NotChecked, Outcome, Severity, Verdict};
use std::io;

pub(super) use impact::impact;
pub(crate) use typed::typed;

/// Findings of one code that are told one by one.
const TOLD: usize = 5;

/// Writes it, with times in a zone.
pub fn write(out: &mut Lines<'_>, outcome: &Outcome, zone: &Zone) -> io::Result<()> {
    let worst = outcome.worst();
    line(out, "VERDICT", &headline(outcome, worst, zone), color(outcome.verdict))?;
    line(out, "WHY", &why(outcome, worst, zone), Style::new())?;
    lines(out, "IMPACT", &impact(outcome, worst, zone))?;
    line(out, "NEXT", &next(outcome, worst, zone), Style::new())?;
    typed::typed(out, outcome)?;
    line(out, "PROVEN", &proven(outcome), Style::new())?;
    if outcome.layout.is_some() && outcome.depth == Depth::Records {
        line(out, "TIMES", &zone.told(), Style::new())?;
    }
    if let Some(fresh) = outcome.fresh.and_then(|fresh| crate::verify::fresh::text(&fresh, outcome, zone)) {
        line(out, "FRESH", &fresh, Style::new())?;
    }
    for (label, text) in outcome.restore.iter().flat_map(|r| restore::text::lines(r, zone)) {
        line(out, label, &text, Style::new())?;
    }
    if let Some(report) = &outcome.restored {
        let tell = |time: Timestamp| zone.local(time).unwrap_or_default();
        line(out, "RESTORED", &sentence(report, &tell), Style::new())?;
    }
    if outcome.restore.is_none() || !outcome.backups.is_empty() {
        lines(out, "BACKUPS", &backups(outcome, zone))?;
    }
    let option = if outcome.restore.is_some() { "--target-timeline" } else { "--timeline" };
    lines(out, "BESIDE", &aside::sentences(outcome, option, zone))?;
    if !outcome.places.is_empty() {
        lines(out, "PLACES", &crate::places::rows(&outcome.places, zone))?;
        if outcome.restore.as_ref().is_none_or(|restore| restore.first_there.is_empty()) {
            line(out, "ASSUMED", crate::places::ASSUMED, Style::new())?;
        }
    }
    let contents = outcome.contents.iter().rev().take(2 * TOLD).map(crate::contents::line);
    lines(out, "DATA", &contents.collect::<Vec<_>>())?;
    lines(out, "LEFT OUT", outcome.repository.as_ref().map_or(&[], |repository| &repository.left_out))?;
    if outcome.lines.len() > 1 {
        lines(out, "LINES", &lines_of_wal(outcome))?;
    }
    // JSON has all; what nobody reads and nothing checks is no worry at three in the morning.
    let worth = outcome.not_checked.iter().filter(|n| **n != NotChecked::RemovableFlag);
    let of_repository = outcome.repository.as_ref().is_some_and(|repository| repository.backups > 0);
    let left: Vec<String> = worth
        .map(|n| match n {
            NotChecked::DataFiles if of_repository => {
                "contents of the backups' files (--data reads them) and configuration".to_owned()
            }
            n => unseen(outcome, *n),
        })
        .collect();
    line(out, "NOT CHECKED", &left.join("; "), Style::new())?;
    timelines(out, outcome)?;
    if let Some(used) = &outcome.index {
        line(out, "INDEX", &index(used, zone), Style::new())?;
    }
    if let Some(used) = &outcome.parts {
        line(out, "PARTS", &parts(used, zone), Style::new())?;
    }
    findings(out, outcome, zone)
}

/// How much was not read in this run.
fn index(used: &IndexUse, zone: &Zone) -> String {
    let read = format!("{} read ({})", counted(used.segments_read.into(), "segment"), bytes(used.bytes_read.into()));
    let again = match used.segments_reread {
        0 => String::new(),
        n => format!(", {} of them again", grouped(n.into())),
    };
    let age = match used.oldest_proof.and_then(|at| zone.local(at)) {
        Some(time) => format!(", read on {time} or later"),
        None => String::new(),
    };
    let ignored = used.ignored.map(|why| format!("; {} was not used: {why}", used.file)).unwrap_or_default();
    let unsaved = unsaved(used).map(|text| format!("; {text}")).unwrap_or_default();
    format!("{} taken from it{age}; {read}{again}{ignored}{unsaved}", counted(used.segments_taken.into(), "segment"))
}

/// How old what was judged is.
fn parts(used: &PartsUse, zone: &Zone) -> String {
    let count = match used.count {
        1 => "one part".to_owned(),
        count => format!("{} parts", grouped(count.into())),
    };
    let place = used.place.as_ref().map(|place| format!(" of {place}")).unwrap_or_default();
    let read = match used.seen.and_then(|(from, to)| zone.local(from).zip(zone.local(to))) {
        Some((from, to)) if from == to => format!(", read on {from}"),
        Some((from, to)) => format!(", read from {from} to {to}"),
        None => String::new(),
    };
    count + &place + &read
}

/// What keeps the next run from building on this one.
pub(super) fn unsaved(used: &IndexUse) -> Option<String> {
    used.unsaved.as_ref().map(|why| format!("the index {} cannot be written: {why}", used.file))
}

fn line(out: &mut Lines<'_>, label: &str, text: &str, style: Style) -> io::Result<()> {
    out.styled(&[(style, &format!("{label:<8} {text}"))])
}

/// A label, and lines below one another.
fn lines(out: &mut Lines<'_>, label: &str, texts: &[String]) -> io::Result<()> {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    texts.iter().zip(labels).try_for_each(|(text, label)| line(out, label, text, Style::new()))
}

fn color(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Proven => AnsiColor::Green,
        Verdict::Refuted => AnsiColor::Red,
        Verdict::Unproven => AnsiColor::Yellow,
    };
    Style::new().fg_color(Some(color.into())).bold()
}

pub(super) fn headline(outcome: &Outcome, worst: Option<&Finding>, zone: &Zone) -> String {
    let replay = outcome.replay;
    if let Some(restore) = &outcome.restore {
        return restore::text::headline(outcome, restore, zone);
    }
    match (outcome.verdict, worst) {
        (Verdict::Proven, _) => match replay {
            Some((from, to)) => {
                format!(
                    "PROVEN{}: WAL replays from {from} to {to}{}{}",
                    except(outcome),
                    at_time(outcome.replayed.last_commit, zone),
                    broken_backups(outcome)
                )
            }
            None => "PROVEN: nothing is wrong, and there is no record to replay".into(),
        },
        (Verdict::Refuted, Some(f)) => match (f.lsn, f.timeline) {
            (Some(lsn), Some(timeline)) => {
                let time = f.lost.and_then(|l| l.last_commit).or(outcome.replayed.last_commit);
                // What could not be looked at lies in front of it.
                let latest = if replay.is_some_and(|(_, to)| to < lsn) { " at the latest" } else { "" };
                format!("REFUTED: on timeline {timeline} replay stops at {lsn}{latest}{}", at_time(time, zone))
            }
            _ => format!("REFUTED: {}", zone.message(f, outcome.layout.as_ref())),
        },
        (_, Some(f)) => format!("UNPROVEN: {}", zone.message(f, outcome.layout.as_ref())),
        _ if unfinished_alone(outcome).is_some() => {
            "UNPROVEN: only an unfinished segment is here, which no server restores by itself".into()
        }
        _ if outcome.depth == Depth::Records => "UNPROVEN: no record lies in what was asked for".into(),
        _ => format!("UNPROVEN: nothing wrong in {} ({} was read)", depth(outcome.depth), unread(outcome.depth)),
    }
}

fn unread(depth: Depth) -> &'static str {
    match depth {
        Depth::Names => "no page and no record",
        _ => "no record",
    }
}

fn at_time(time: Option<Timestamp>, zone: &Zone) -> String {
    let Some(local) = time.and_then(|time| zone.local(time)) else { return String::new() };
    let ago = time.and_then(|time| zone.ago(time)).map(|ago| format!(", {ago}")).unwrap_or_default();
    format!(" ({local}{ago})")
}

/// What is said of WAL where only warnings are left.
const RIGHT: &str = "every record needed was read and is right";

pub(super) fn why(outcome: &Outcome, worst: Option<&Finding>, zone: &Zone) -> String {
    match worst {
        Some(f) => place(f, outcome.layout.as_ref(), zone),
        None if outcome.verdict == Verdict::Proven && outcome.accepted() > 0 => {
            "every record behind the last accepted damage or gap was read and is right; what is accepted is not repaired".into()
        }
        None if outcome.verdict == Verdict::Proven && outcome.lowered > 0 => {
            "nothing counts as an error but what --severity made less than one; that is not repaired".into()
        }
        None if outcome.verdict == Verdict::Proven && gap_in_front(outcome).is_some() => {
            "every record behind the last gap was read and is right; only base backups from before the gap need what is missing".into()
        }
        None if outcome.verdict == Verdict::Proven => match outcome.findings.iter().map(|f| f.severity).max() {
            Some(Severity::Warning) => match obstacle(outcome) {
                Some(f) => format!("{RIGHT}; what {} says is to be put right before a server is started", f.code),
                None => format!("{RIGHT}; the warnings below do not stop replay"),
            },
            _ => "every record was read: checksums, links, pages and seams are right".into(),
        },
        None if unfinished_alone(outcome).is_some() => {
            let file = unfinished_alone(outcome).unwrap_or_default();
            format!("{file} is written on: no whole segment lies beside it")
        }
        None if outcome.depth == Depth::Records => "nothing was read that could prove or refute anything".into(),
        None => format!("only {} were looked at; verify without --depth reads every record", depth(outcome.depth)),
    }
}

/// What is said behind a finding that counts for less than its kind does.
pub(crate) fn aside(f: &Finding) -> &'static str {
    match f {
        Finding { accepted: true, .. } => " (accepted)",
        Finding { passed: true, .. } => ", in front of every backup that is known",
        _ => "",
    }
}

/// `file byte N: what (WP201)`.
pub(crate) fn place(f: &Finding, layout: Option<&Layout>, zone: &Zone) -> String {
    let message = zone.message(f, layout);
    // A backup lies where its label says, or near.
    let is_told = |file: &str| match &f.detail {
        Detail::OfListedBackup { label, .. } => file.contains(label.as_str()),
        _ => message.contains(file),
    };
    let file = f.file.as_deref().filter(|file| !is_told(file));
    match (file, f.offset) {
        (Some(file), Some(offset)) => format!("{file} byte {offset}: {message} ({})", f.code),
        (Some(file), None) => format!("{file}: {message} ({})", f.code),
        (None, _) => format!("{message} ({})", f.code),
    }
}

pub(super) fn proven(outcome: &Outcome) -> String {
    let (Some((from, to)), true) = (outcome.replay, outcome.depth == Depth::Records) else { return "nothing".into() };
    if from == to {
        return "nothing".into();
    }
    // Where replay stops in front of a fork, the timelines behind it are not come to.
    let fork = |timeline: &TimelineId| match outcome.branches.iter().find(|own| own.timeline == *timeline)?.switch {
        Some(Switch::At(fork)) => Some(fork),
        _ => None,
    };
    let is_come_to = |own: &&TimelineId| fork(own).is_none_or(|fork| outcome.replay.is_none_or(|(_, to)| fork <= to));
    let path: Vec<String> = outcome.path.iter().filter(is_come_to).map(ToString::to_string).collect();
    let segments = outcome.replay_segments;
    let plural = if path.len() == 1 { "" } else { "s" };
    format!(
        "{from} to {to}, timeline{plural} {}, {}, {}",
        path.join(">"),
        counted(segments.into(), "segment"),
        counted(outcome.replayed.records.into(), "record")
    )
}

fn backups(outcome: &Outcome, zone: &Zone) -> Vec<String> {
    if outcome.backups.is_empty() {
        let (all, restorable) = outcome.repository.as_ref().map_or((0, 0), |own| (own.backups, own.restorable));
        let closed = outcome.findings.iter().any(|f| matches!(f.code, Code::Encrypted | Code::WrongKey));
        return vec![match all {
            0 => "none known here".into(),
            // Nothing is wrong with them as far as was looked.
            1 if restorable > 0 && closed => "one lies here, of which nothing can be said without the key".into(),
            all if restorable > 0 && closed => format!("{all} lie here, of which nothing can be said without the key"),
            1 if restorable > 0 => "one lies here, and what it reaches cannot be said".into(),
            all if restorable > 0 => format!("{all} lie here, and what they reach cannot be said"),
            1 => "none that restores: what is wrong with the one that lies here is told below".into(),
            all => format!("none that restores: what is wrong with the {all} that lie here is told below"),
        }];
    }
    let mut told: Vec<String> = outcome
        .backups
        .iter()
        .rev()
        .enumerate()
        .filter(|(i, b)| *i < TOLD || lacks(b))
        .take(2 * TOLD)
        .map(|(_, b)| match (b.complete, b.reaches) {
            (Some(true), _) if b.beside.is_some() => {
                format!("{}{} has all its WAL, {} to {}{}", b.file, called(b, zone), b.start, b.stop, beside(b))
            }
            (Some(true), Some(to)) => {
                let why = if b.stopped.is_some() { ", where a record ends it" } else { "" };
                let part = if b.incremental_from.is_some() { ", once it is combined (incremental)" } else { "" };
                format!(
                    "{}{} has all its WAL, {} to {}; replay reaches {to}{why}{part}",
                    b.file,
                    called(b, zone),
                    b.start,
                    b.stop
                )
            }
            (Some(_), _) => {
                format!("{}{} lacks WAL between {} and {}{}", b.file, called(b, zone), b.start, b.stop, beside(b))
            }
            (None, _) => {
                format!(
                    "{}{}: its WAL, {} to {}, was not looked at{}",
                    b.file,
                    called(b, zone),
                    b.start,
                    b.stop,
                    beside(b)
                )
            }
        })
        .collect();
    match (outcome.backups.len() - told.len(), outcome.backups.iter().filter(|b| lacks(b)).count()) {
        (0, _) => {}
        (more, 0) => told.push(format!("and {more} older")),
        (more, all) => told.push(format!("and {more} older; {all} of all {} lack WAL", outcome.backups.len())),
    }
    told
}

/// WAL of each cluster, version and size, with what became of it.
fn lines_of_wal(outcome: &Outcome) -> Vec<String> {
    let told = |(i, l): (usize, &LineReport)| {
        let names = l.names.map(|(first, last)| format!(" {first} to {last},")).unwrap_or_default();
        let why = l.why.as_ref().filter(|_| i > 0).map(|why| format!(": {why}")).unwrap_or_default();
        let decides = if i == 0 { "; decides here" } else { "" };
        format!(
            "PostgreSQL {}, cluster {}:{names} {} to {}, {}{why}{decides}",
            l.version,
            l.system_id,
            l.from,
            l.to,
            l.verdict.name()
        )
    };
    outcome.lines.iter().enumerate().map(told).collect()
}

/// ` (nightly, 2026-11-22 03:46:51+00:00)`: its label and when it began, as far as its file says.
pub fn called(backup: &KnownBackup, zone: &Zone) -> String {
    let began = backup.start_time.as_ref().map(|text| zone.as_written(text));
    // A tool's file has its label in its name.
    let label = backup.label.iter().filter(|label| !backup.file.contains(label.as_str()));
    let said: Vec<&str> = label.chain(&began).map(String::as_str).collect();
    if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) }
}

/// How a backup is restored that the way of recovery does not come from.
pub fn beside(backup: &KnownBackup) -> String {
    let Some(beside) = backup.beside else { return String::new() };
    let (own, target, ask) = (backup.timeline, beside.target, beside.ask);
    match beside.left {
        Some((child, _)) => {
            format!("; timeline {child} left {own} before that: restore it with --target-timeline {ask}")
        }
        None => format!("; timeline {target} does not come from {own}: restore it with --target-timeline {ask}"),
    }
}

/// On which backup an incremental one builds, for people.
pub fn on_others(backup: &KnownBackup) -> Option<String> {
    let from = backup.incremental_from?;
    Some(format!(
        "incremental on the one at {}: it restores only as what pg_combinebackup makes of all of them, the full one first",
        from.start
    ))
}

/// Whether WAL is missing that the backup cannot do without.
fn lacks(backup: &KnownBackup) -> bool {
    backup.complete == Some(false)
}

fn timelines(out: &mut Lines<'_>, outcome: &Outcome) -> io::Result<()> {
    for t in &outcome.timelines {
        let path = if outcome.path.contains(&t.timeline) { "" } else { ", not on the way of recovery" };
        writeln!(
            out,
            "TIMELINE {}: {} to {}, {}, {}, {}{path}",
            t.timeline,
            t.from,
            t.to,
            counted(t.segments.into(), "segment"),
            counted(t.tally.records.into(), "record"),
            wal_end(t.end)
        )?;
        if t.islands.len() > 1 {
            let told =
                t.islands.iter().take(TOLD).map(|(from, to)| format!("{from} to {to}")).collect::<Vec<_>>().join(", ");
            let more = if t.islands.len() > TOLD { ", …" } else { "" };
            writeln!(out, "         whole in itself: {told}{more}")?;
        }
    }
    Ok(())
}

/// The findings in the order in which every format for people tells them: the worst first, then by code.
pub(super) fn in_order(outcome: &Outcome) -> Vec<&Finding> {
    let mut all: Vec<&Finding> = outcome.findings.iter().collect();
    all.sort_by_key(|f| (std::cmp::Reverse(f.severity), Code::ALL.iter().position(|code| *code == f.code)));
    all
}

fn files(count: u64) -> (String, &'static str) {
    (counted(count.into(), "file"), if count == 1 { "was" } else { "were" })
}

fn findings(out: &mut Lines<'_>, outcome: &Outcome, zone: &Zone) -> io::Result<()> {
    let all = in_order(outcome);
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        for &code in Code::ALL {
            let of: Vec<&Finding> = all.iter().filter(|f| (f.severity, f.code) == (severity, code)).copied().collect();
            for f in of.iter().take(TOLD) {
                let accepted = aside(f);
                writeln!(
                    out,
                    "{:<8} {code} {}{accepted}",
                    severity.to_string(),
                    place(f, outcome.layout.as_ref(), zone).replace(&format!(" ({code})"), "")
                )?;
                if severity == Severity::Error {
                    if let Some(says) = f.server_says(outcome.layout.as_ref()) {
                        writeln!(out, "         the server says: {says}")?;
                    }
                    if let Some(until) = f.lost.and_then(|l| l.until_lsn) {
                        writeln!(out, "         the next record that can be read: {until}")?;
                    }
                }
            }
            let more = of.len().saturating_sub(TOLD) as u64 + of.iter().map(|f| f.more).sum::<u64>();
            if more > 0 {
                writeln!(out, "{:<8} {code} and {} more of this kind", severity.to_string(), grouped(more.into()))?;
            }
        }
    }
    let codes = outcome.findings.iter().any(|f| f.severity >= Severity::Warning);
    if codes {
        writeln!(out, "What a code means: walproof explain CODE")?;
    }
    if outcome.unknown.count > 0 {
        let names = outcome.unknown.first.join(", ");
        let (files, was) = files(outcome.unknown.count);
        writeln!(out, "{files} with names that say nothing {was} left out: {names}")?;
    }
    for name in &outcome.unknown.miswritten {
        let right = Ignored::as_written(name).unwrap_or_default();
        writeln!(out, "{name} is not read: a server asks for {right}, in capitals and small letters as here")?;
    }
    if outcome.ignored > 0 {
        let (files, was) = files(outcome.ignored);
        writeln!(out, "{files} of other tools {was} left out")?;
    }
    if outcome.not_checked.contains(&NotChecked::OutsideRange) {
        writeln!(out, "Limited to the range asked for")?;
    }
    Ok(())
}
