//! Lag for people.

use super::{LiveLagAnswer, called, lasted, segments};
use crate::figures::{bytes, counted, grouped};
use crate::outside::Lines;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_query::lag::{
    ArchiverLag, FollowerKind, FollowerLag, LagJudgement, LagLimit, PassedLimit, SlotLag, StageLag, WalBehind,
};
use std::io;

/// Writes it.
pub fn write(out: &mut Lines<'_>, answer: &LiveLagAnswer<'_>) -> io::Result<()> {
    let lag = answer.lag;
    writeln!(out, "{}", answer.headline())?;
    answer.limits.passed(lag).iter().try_for_each(|own| beyond(out, own))?;
    let timeline = lag.timeline.map(|timeline| format!(", timeline {timeline}")).unwrap_or_default();
    let kind = if lag.recovers { ", a standby itself" } else { "" };
    writeln!(out, "PRIMARY  {}: PostgreSQL {}{kind}, at {}{timeline}", lag.name, lag.dialect.version, lag.position)?;
    for follower in &lag.followers {
        standby(out, answer, follower)?;
    }
    for slot in lag.slots.iter().flatten() {
        of_slot(out, slot)?;
    }
    match &lag.archiver {
        Some(archiver) => of_archiver(out, answer, archiver)?,
        None => writeln!(out, "ARCHIVE  nothing is archived (archive_mode = off)")?,
    }
    match &lag.wal {
        Some(place) => writeln!(out, "WAL      {place}")?,
        None => writeln!(out, "WAL      none at hand (-p ARCHIVE): records, commits and times are not known")?,
    }
    writeln!(out, "TIMES    {}", answer.zone.told())
}

/// `CRITICAL replica1: 5.4 s, 1 s are allowed`
fn beyond(out: &mut Lines<'_>, own: &PassedLimit) -> io::Result<()> {
    let word = if own.judged == LagJudgement::TooFar { "CRITICAL" } else { "WARNING " };
    let amount = |limit: &LagLimit| match limit {
        LagLimit::Bytes(size) => bytes((*size).into()),
        LagLimit::Time(time) => lasted(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
    };
    let who = own
        .who
        .as_deref()
        .map_or("the archiver", |name| if name.is_empty() { "a standby without a name" } else { name });
    writeln!(out, "{word} {who}: {}, and {} are allowed", amount(&own.amount), amount(&own.limit))
}

fn standby(out: &mut Lines<'_>, answer: &LiveLagAnswer<'_>, follower: &FollowerLag) -> io::Result<()> {
    let known = match &follower.kind {
        FollowerKind::Connected { address, state, sync } => {
            [address, state, sync].into_iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(", ")
        }
        FollowerKind::Asked => "asked itself".to_owned(),
    };
    let known = if known.is_empty() { String::new() } else { format!(" ({known})") };
    writeln!(out, "STANDBY  {}{known}", called(follower))?;
    if let Some(why) = &follower.unknown {
        writeln!(out, "         {why}")?;
    }
    for (at, stage) in follower.stages.iter().enumerate() {
        let is_last = at + 1 == follower.stages.len();
        of_stage(out, answer, stage, is_last)?;
    }
    match follower.told_micros.filter(|_| follower.last() != follower.stages.last()) {
        Some(told) => writeln!(out, "         told {} ago; what it lacks by that was sent since", lasted(told)),
        None => Ok(()),
    }
}

fn of_stage(out: &mut Lines<'_>, answer: &LiveLagAnswer<'_>, stage: &StageLag, is_last: bool) -> io::Result<()> {
    let name = stage.stage.name();
    if stage.bytes == 0 {
        return writeln!(out, "         {name:9} {}  everything", stage.at);
    }
    let behind = format!("{}, {}", counted(stage.bytes.into(), "byte"), counted(stage.segments.into(), "segment"));
    let records = stage.wal.map(records).unwrap_or_default();
    writeln!(out, "         {name:9} {}  {behind}{records} behind", stage.at)?;
    match answer.waits(stage).strip_prefix("; ").filter(|_| is_last) {
        Some(waits) => writeln!(out, "                   {waits}"),
        None => Ok(()),
    }
}

fn records(wal: WalBehind) -> String {
    let least = if wal.waiting.complete { "" } else { "at least " };
    let (records, commits) = (wal.waiting.records.into(), wal.waiting.commits.into());
    format!(", {least}{} with {}", counted(records, "record"), counted(commits, "commit"))
}

fn of_slot(out: &mut Lines<'_>, slot: &SlotLag) -> io::Result<()> {
    let facts = &slot.facts;
    let used = match (facts.active, slot.inactive_micros) {
        (true, _) => "in use".to_owned(),
        (false, Some(micros)) => format!("not in use for {}", lasted(micros)),
        (false, None) => "not in use".to_owned(),
    };
    writeln!(out, "SLOT     {} ({}, {used}): {}", facts.name, facts.kind, keeps(slot))
}

/// What a slot keeps, in words.
fn keeps(slot: &SlotLag) -> String {
    let facts = &slot.facts;
    if slot.is_lost() {
        let reason = facts.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let gone = if slot.lacks_wal() { "WAL that it needs is gone; " } else { "" };
        return format!("the server gave it up{reason}: {gone}drop it, and begin anew");
    }
    let (Some(from), Some(kept)) = (facts.restart, slot.retained_bytes) else { return "keeps no WAL yet".into() };
    let safe = facts.safe_bytes.and_then(|safe| u64::try_from(safe).ok());
    let more = match safe {
        _ if slot.is_unreserved() => {
            "; the next checkpoints may remove it: whoever uses the slot is too far behind".into()
        }
        Some(safe) => format!("; given up after {} more", bytes(safe.into())),
        None => String::new(),
    };
    format!("keeps WAL from {from} on, {}{more}", bytes(kept.into()))
}

fn of_archiver(out: &mut Lines<'_>, answer: &LiveLagAnswer<'_>, archiver: &ArchiverLag) -> io::Result<()> {
    let event = |(file, time): &(String, Option<Timestamp>)| {
        let time = time.and_then(|time| answer.zone.local(time)).map(|time| format!(" at {time}"));
        format!("{file}{}", time.unwrap_or_default())
    };
    match &archiver.ready {
        Ok(ready) if ready.count == 0 => writeln!(out, "ARCHIVE  no segment waits for the archiver")?,
        Ok(ready) => {
            let since = archiver.owed_micros.map(|micros| format!(", for {}", lasted(micros))).unwrap_or_default();
            let first = ready.first.as_deref().unwrap_or_default();
            let size = bytes(archiver.owed_bytes.unwrap_or_default().into());
            writeln!(out, "ARCHIVE  {} ({size}): {first} first{since}", segments(ready.count, "wait"))?;
        }
        Err(why) => writeln!(out, "ARCHIVE  which segments wait is not known: {why}")?,
    }
    if let (Some(at), Some(behind)) = (archiver.archived_to, archiver.behind_bytes) {
        let commits = archiver.wal.map(|wal| format!(" with {}", counted(wal.waiting.commits.into(), "commit")));
        let commits = commits.unwrap_or_default();
        writeln!(out, "         archived  {at}  {} of WAL not archived yet{commits}", bytes(behind.into()))?;
    }
    if let Some(last) = &archiver.archived {
        writeln!(out, "         last archived {}", event(last))?;
    }
    if let Some(last) = archiver.failed.as_ref().filter(|_| archiver.is_failing) {
        writeln!(out, "         fails: {}, {} in all", event(last), grouped(archiver.failures.into()))?;
    }
    Ok(())
}
