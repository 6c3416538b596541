//! Times for people.

use crate::aside;
use crate::figures::grouped;
use crate::outside::Lines;
use crate::time::Zone;
use crate::verify::text::{beside, called, on_others};
use crate::when::checked::check;
use crate::when::settings;
use crate::when::{WhenAnswer, WhenAsked};
use crate::window::{ends_by, why};
use pgwal_format::Lsn;
use pgwal_verify::times::Times;
use pgwal_verify::windows::BackupWindow;
use pgwal_verify::{Code, Facts, Finding, TransactionEnd, Verdict};
use std::io;

/// Restore points and backups that are told one by one.
const TOLD: usize = 20;

/// Writes it.
pub fn write(
    out: &mut Lines<'_>,
    times: &Times,
    backups: &[BackupWindow<'_>],
    answer: Option<&WhenAnswer>,
    archive: &str,
    zone: &Zone,
) -> io::Result<()> {
    match answer {
        None => reachable(out, times, backups, archive, zone)?,
        Some(answer) => position(out, times, answer, archive, zone)?,
    }
    for f in times.outcome.counted().filter(|f| f.code == Code::OtherWal) {
        writeln!(out, "BESIDE   {}", zone.message(f, times.outcome.layout.as_ref()))?;
    }
    let asides = match answer {
        // The others are listed above.
        None => aside::sentences_of_way(&times.outcome, "--timeline", zone),
        Some(_) => aside::sentences(&times.outcome, "--timeline", zone),
    };
    for what in asides {
        writeln!(out, "BESIDE   {what}")?;
    }
    writeln!(out, "TIMES    {}", zone.told())?;
    if times.outcome.verdict != Verdict::Proven {
        writeln!(out, "The archive is not whole: walproof verify {archive} says why")?;
    }
    Ok(())
}

fn reachable(
    out: &mut Lines<'_>,
    times: &Times,
    backups: &[BackupWindow<'_>],
    archive: &str,
    zone: &Zone,
) -> io::Result<()> {
    let outcome = &times.outcome;
    let Some((from, to)) = outcome.replay else { return writeln!(out, "Nothing can be replayed here.") };
    let path: Vec<String> = outcome.path.iter().map(ToString::to_string).collect();
    writeln!(out, "WAL replays from {from} to {to} along timeline {}.", path.join(">"))?;
    range(out, times.segments(), from, to, zone)?;
    for t in outcome.timelines.iter().filter(|t| !outcome.path.contains(&t.timeline)) {
        writeln!(out, "TIMELINE {}, reached with --timeline {} only: {} to {}", t.timeline, t.timeline, t.from, t.to)?;
        range(out, &t.tally.facts, t.from, t.to, zone)?;
    }
    unfinished(out, times)?;
    if backups.is_empty() {
        return writeln!(
            out,
            "BACKUPS  none known here: recovery starts from a base backup, and ends behind its end only; how far one gets \
             that lies elsewhere: {}",
            check(archive, None, &[])
        );
    }
    for window in backups.iter().rev().take(TOLD) {
        let known = window.known;
        let named = known.map(|known| called(known, zone)).unwrap_or_default();
        let part = known.and_then(on_others).map(|part| format!("; {part}")).unwrap_or_default();
        writeln!(out, "BACKUP   {}{named}: {}{part}", window.name(), reach_of(window, zone))?;
    }
    if backups.len() > TOLD {
        writeln!(out, "         and {} older", backups.len() - TOLD)?;
    }
    Ok(())
}

/// From when to when a backup can be restored to, or why not.
fn reach_of(window: &BackupWindow<'_>, zone: &Zone) -> String {
    let time = |end: Option<TransactionEnd>| {
        end.and_then(|e| zone.local(e.time)).map(|t| format!(" ({t})")).unwrap_or_default()
    };
    let (first, last) = window.ends;
    match (window.reach, window.known) {
        (Some((from, to)), _) => {
            let why = ends_by(window).map(|why| format!(", and {why}")).unwrap_or_default();
            format!("any point from {from}{} to {to}{}{why}", time(first), time(last))
        }
        (None, Some(known)) if known.beside.is_some() => format!("none on this way{}", beside(known)),
        (None, _) => why(window).unwrap_or_else(|| "not usable".to_owned()),
    }
}

/// What goes on behind the last whole segment; what an old primary left at a fork does not.
fn unfinished(out: &mut Lines<'_>, times: &Times) -> io::Result<()> {
    let last = times.outcome.path.last();
    let is_on = |f: &&Finding| f.is_left_unfinished() && f.timeline.as_ref() == last;
    let partials = times.outcome.counted().filter(is_on);
    for file in partials.filter_map(|f| f.file.as_deref()).take(TOLD) {
        writeln!(
            out,
            "PARTIAL  {file} goes on behind it: no server reads it by itself, restore_command = 'walproof archive-get %f \
             \"%p\" --from ARCHIVE --partial' restores what is in it; for its times, copy it to the name without .partial, \
             and ask again"
        )?;
    }
    Ok(())
}

/// The restore points that are there.
fn named_points(out: &mut Lines<'_>, times: &Times) -> io::Result<()> {
    let names: Vec<&str> = times.segments().iter().flat_map(|facts| &facts.points).map(|p| p.name.as_str()).collect();
    let more = if names.len() > TOLD { format!(" and {} more", names.len() - TOLD) } else { String::new() };
    match names.as_slice() {
        [] => writeln!(out, "No restore point is there."),
        names => {
            let told: Vec<&str> = names.iter().take(TOLD).copied().collect();
            writeln!(out, "Restore points that are there: {}{more}", told.join(", "))
        }
    }
}

fn range(out: &mut Lines<'_>, segments: &[Facts], from: Lsn, to: Lsn, zone: &Zone) -> io::Result<()> {
    let spans = || segments.iter().filter(|facts| facts.from < to).filter_map(|facts| facts.span.as_ref());
    match (spans().next(), spans().next_back()) {
        (Some(first), Some(last)) => {
            writeln!(out, "FIRST    {}", end(&first.first, zone))?;
            writeln!(out, "LAST     {}", end(&last.last, zone))?;
        }
        _ => writeln!(out, "         no transaction ends there")?,
    }
    let points = || segments.iter().flat_map(|facts| &facts.points).filter(|p| from <= p.lsn && p.lsn < to);
    for point in points().take(TOLD) {
        writeln!(out, "POINT    {} at {} ({})", point.name, point.lsn, zone.local(point.time).unwrap_or_default())?;
    }
    let more = points().count().saturating_sub(TOLD);
    if more > 0 {
        writeln!(out, "         and {} restore points more", grouped(more as u128))?;
    }
    Ok(())
}

fn end(end: &TransactionEnd, zone: &Zone) -> String {
    let verb = if end.committed { "commit" } else { "abort" };
    format!("{}  {verb} of transaction {} at {}", zone.local(end.time).unwrap_or_default(), end.xid, end.lsn)
}

/// A number may be that of another transaction on another timeline.
fn on_timeline(answer: &WhenAnswer) -> String {
    answer.timeline.map(|timeline| format!(" -t {timeline}")).unwrap_or_default()
}

fn position(out: &mut Lines<'_>, times: &Times, answer: &WhenAnswer, archive: &str, zone: &Zone) -> io::Result<()> {
    let layout = times.layout();
    let (address, size) = (layout.address(), layout.segment);
    let Some(moment) = answer.moment.as_ref().filter(|m| times.reaches(m.lsn)) else {
        let (from, to) = times.outcome.replay.unwrap_or_default();
        match &answer.why_not {
            Some((why, Some(xid))) => {
                writeln!(out, "{}: {why}.", answer.input)?;
                writeln!(out, "Ask for that one: walproof when {archive}{} xid:{xid}", on_timeline(answer))?;
            }
            Some((why, None)) => writeln!(out, "{}: {why}. WAL replays from {from} to {to}.", answer.input)?,
            None => writeln!(
                out,
                "{}: out of reach; WAL replays from {from} to {to}. Run without a position for all that can be reached.",
                answer.input
            )?,
        }
        if let (WhenAsked::Name(_), None) = (&answer.asked, &answer.why_not) {
            named_points(out, times)?;
        }
        // It may lie where no server looks.
        return unfinished(out, times);
    };
    let lsn = moment.lsn;
    let name = times.segment(lsn);
    writeln!(out, "LSN      {lsn}, {name} byte {}", address.offset(lsn, size))?;
    if let Some(point) = &moment.point {
        writeln!(out, "POINT    {} ({})", point.name, zone.local(point.time).unwrap_or_default())?;
    }
    let told = |what: Option<&TransactionEnd>, none: &str| what.map_or(none.to_owned(), |e| end(e, zone));
    writeln!(out, "KEPT     {}", told(moment.kept.as_ref(), "no transaction ends before"))?;
    writeln!(out, "DROPPED  {}", told(moment.dropped.as_ref(), "nothing: no transaction ends behind it"))?;
    for note in answer.notes.lines() {
        writeln!(out, "WARNING  {note}")?;
    }
    let settings = settings::settings(times, answer);
    let before = moment.stops_before.unwrap_or(lsn);
    match times.backup_of(moment) {
        Some(backup) => {
            let part = on_others(backup).map(|part| format!(": {part}")).unwrap_or_default();
            writeln!(out, "BACKUP   {}{part}", backup.file)?;
            writeln!(out, "CHECK    {}", check(archive, Some(&backup.file), &settings))?;
        }
        None if times.outcome.backups.is_empty() => {
            writeln!(out, "BACKUP   none known here: take one that ends before {before}")?;
            writeln!(out, "CHECK    {}", check(archive, None, &settings))?;
        }
        None => {
            return writeln!(out, "BACKUP   out of reach: none known here ends before {before} and has all its WAL");
        }
    }
    if let WhenAsked::Xid(xid) = answer.asked
        && moment.kept.is_some_and(|own| own.xid == xid && own.committed)
    {
        writeln!(
            out,
            "NEXT     {xid} itself is kept; to get back to before it: walproof events {archive}{} --before {xid}",
            on_timeline(answer)
        )?;
    }
    let is_end = moment.is_end && matches!(answer.asked, WhenAsked::Lsn(_));
    let remark =
        is_end.then(|| format!("no target: no record starts at {lsn} or behind it, and recovery ends there by itself"));
    let fetching = (answer.restore_command.as_str(), answer.set_by_system.as_slice());
    settings::block(out, layout, fetching, remark.as_deref(), &settings)?;
    let has_target = settings.iter().any(|(name, _)| *name != "recovery_target_timeline");
    match settings::resume(layout).filter(|_| has_target) {
        Some(resume) => writeln!(
            out,
            "THEN     the server pauses there (hot_standby = on), unless recovery_target_action is set: look whether all is there; \
             SELECT {resume}() ends recovery"
        ),
        None => Ok(()),
    }
}
