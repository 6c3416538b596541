//! Why a target is not met, what to name instead, and what it keeps and leaves out.

use crate::telling::TellTime;
use pgwal_format::{Lsn, TimelineId};
use pgwal_recovery::acts::{EarlyAct, FileAct};
use pgwal_recovery::outcome::LeftOut;
use pgwal_recovery::sum::ReplayedCommit;
use pgwal_recovery::{Instead, MoreCommits, NewerBeside, Target, TimeSaid, UnmetTarget, ZoneDoubt};

/// What the target of these words is, and why it is not met.
///
/// `start`: what it may lie before.
pub fn missed(missed: &UnmetTarget, target: &str, start: &str) -> String {
    let ended = |commit: bool| if commit { "committed" } else { "was rolled back" };
    match missed {
        UnmetTarget::Subtransaction { of, ended: Some((lsn, commit)) } => {
            let with = if *commit { "commit" } else { "end" };
            format!("{target} is a subtransaction of {of}, whose {with} at {lsn} lists it: it has no end of its own")
        }
        UnmetTarget::Subtransaction { of, ended: None } => {
            format!("{target} is a subtransaction of {of}: it has no end of its own")
        }
        UnmetTarget::Before { ended: Some((lsn, commit)) } => {
            format!("{target} {} at {lsn}, before {start}", ended(*commit))
        }
        UnmetTarget::Before { ended: None } => format!("{target} ended before {start}"),
        UnmetTarget::NoEnd { last: Some(last), gone } => format!(
            "{target} has no end: its last record is at {last}, and at {gone} it does not run any more, as after a crash"
        ),
        UnmetTarget::NoEnd { last: None, gone } => {
            format!("{target} has no record here, and at {gone} it does not run any more")
        }
        UnmetTarget::Prepared { gid, lsn } => {
            format!("{target} was prepared at {lsn} as '{gid}', and is neither committed nor rolled back here")
        }
        UnmetTarget::Open { last } => format!("{target} still runs where WAL ends: its last record is at {last}"),
        UnmetTarget::NotYet { last } => format!("{target} does not exist yet where WAL ends: the last one is {last}"),
        UnmetTarget::PointBefore(lsn) => format!("{target} lies at {lsn}, before {start}"),
        UnmetTarget::InFuture => format!("{target} is still to come: no WAL reaches it yet"),
        UnmetTarget::Passed => format!("{target} lies before {start}: no replay goes back to it"),
        UnmetTarget::NoPoint(others) if others.is_empty() => {
            format!("{target} is not on this way, and no other one is")
        }
        UnmetTarget::NoPoint(others) => format!("{target} is not on this way; those that are: {}", others.join(", ")),
    }
}

/// What to name instead. `missing`: the file in which WAL would go on.
pub(super) fn advice(missed: &UnmetTarget, missing: Option<&str>) -> String {
    let more = |what: &str| match missing {
        Some(file) => format!(
            "{what}, or find a good copy of {file}: pg_wal of the old primary, a standby, another archive; check it: walproof verify FILE"
        ),
        None => what.to_owned(),
    };
    match missed {
        UnmetTarget::Subtransaction { of, .. } => format!("name the transaction that it belongs to: --target-xid {of}"),
        UnmetTarget::Before { .. } | UnmetTarget::PointBefore(_) | UnmetTarget::Passed => super::restore::OLDER.into(),
        UnmetTarget::NoEnd { last: Some(last), .. } => {
            format!("nothing of it is ever committed; name a position (--target-lsn {last}) or another transaction")
        }
        UnmetTarget::InFuture => {
            "restore without a target, which keeps all that is here, or correct the time and its zone: TIMES says how it was read".into()
        }
        UnmetTarget::NoEnd { last: None, .. } => "name a position, a time or another transaction".into(),
        UnmetTarget::Prepared { lsn, .. } => more(&format!(
            "stop where it was prepared (--target-lsn {lsn}) and decide there: COMMIT PREPARED or ROLLBACK PREPARED"
        )),
        UnmetTarget::Open { .. } | UnmetTarget::NotYet { .. } => more("choose a target that this WAL holds"),
        UnmetTarget::NoPoint(_) => {
            more("choose a target that is here, or ask for another timeline (walproof when ARCHIVE lists them)")
        }
    }
}

/// A target as a sentence begins with it.
pub fn named(target: &Target) -> String {
    match target {
        Target::Xid(xid) => format!("transaction {xid}"),
        Target::Name(name) => format!("restore point \"{name}\""),
        Target::Lsn(lsn) => format!("position {lsn}"),
        Target::Time(_) | Target::Immediate | Target::None => "the target".into(),
    }
}

/// The way that comes to the target.
pub(super) fn instead(instead: &Instead) -> String {
    match instead {
        Instead::Earlier { last, .. } => format!("be content with an earlier target: {}", named(last)),
        Instead::Before(lsn) => {
            format!("stop where the timeline was left: --target-lsn {lsn} --target-inclusive off")
        }
        Instead::Partial(file) => format!(
            "restore with restore_command = 'walproof archive-get %f \"%p\" --from ARCHIVE --partial', or copy {file} to the name without .partial, filled up with zeros to a whole segment: with it the target is reached"
        ),
        Instead::Timeline(timeline) => {
            format!("run again with --target-timeline {timeline}: the target is reached on that timeline")
        }
        Instead::Backup(file) => {
            format!("restore another backup, from which the target is reached: run again with --backup {file}")
        }
        Instead::BackupOn(file, timeline) => format!(
            "restore along another timeline, from a backup that is on its way: run again with --backup {file} --target-timeline {timeline}: the target is reached there"
        ),
        Instead::Behind(file) => {
            format!("be content with the nearest point behind the target: --backup {file} --target-immediate")
        }
        Instead::Immediate => "stop as soon as the data are consistent: --target-immediate".into(),
        Instead::Setting(name, value) => {
            format!("set {name} = {value} for this restore: with it the target is reached (--set {name}={value})")
        }
    }
}

/// What was done to files too early.
pub fn early(act: &EarlyAct) -> String {
    let (lsn, xid) = (act.lsn, act.xid);
    let what = match act.act {
        FileAct::MarkDatabase(database) => return marked(act, database),
        FileAct::DropDatabase(database) => format!("the files of database {database} are removed"),
        FileAct::CreateDatabase(database) => format!("files of the new database {database} are made"),
        FileAct::DropTablespace(tablespace) => format!("the folder of tablespace {tablespace} is removed"),
        FileAct::CreateTablespace(tablespace) => format!("the folder of the new tablespace {tablespace} is made"),
    };
    match act.end {
        Some(end) => format!("{what} at {lsn} by transaction {xid}, whose end at {end} is not replayed"),
        None => format!("{what} at {lsn} by transaction {xid}, whose end is not here"),
    }
}

/// A database is marked, and no more.
fn marked(act: &EarlyAct, database: Option<u32>) -> String {
    let database = database.map_or_else(|| "a database".to_owned(), |oid| format!("database {oid}"));
    let by = if act.xid == 0 { String::new() } else { format!(" (transaction {})", act.xid) };
    format!(
        "{database} is marked as one that goes away at {} by a DROP DATABASE{by} that is not replayed to its end: it has its files and takes no connection",
        act.lsn
    )
}

/// The last target that is in front of it.
pub(super) fn save(act: &EarlyAct, positions: bool) -> String {
    let last = act.saved_before;
    match (act.act.is_loss(), positions) {
        (true, true) => {
            format!(
                "the last target that saves it: --target-lsn {last} --target-inclusive off; behind its end it is gone as a whole"
            )
        }
        (true, false) => format!("to save it, name the last transaction that ends before {last} as the target"),
        (false, _) => "nothing; files that no catalog names take room only".into(),
    }
}

/// Commits that the target leaves out.
pub(super) fn left_out(left: &LeftOut) -> String {
    let ReplayedCommit { xid, lsn, .. } = left.last;
    let (commits, are, lie) = if left.count == 1 {
        ("1 commit".to_owned(), "is", "lies")
    } else {
        (format!("{} commits", left.count), "are", "lie")
    };
    format!(
        "{commits} that {are} not later than the target {lie} behind it, up to {xid} at {lsn}: times do not rise with positions"
    )
}

/// A time that may be meant in another zone.
pub(super) fn zone_doubt(said: &TimeSaid, doubt: &ZoneDoubt, tell: TellTime<'_>) -> String {
    format!(
        "'{}' names no zone and was read as {}; the server wrote the times of its backup in {}, in which it is {}",
        said.given,
        tell(said.at),
        doubt.zone,
        tell(doubt.at)
    )
}

/// A timeline beside the way has newer commits, or more.
pub(super) fn newer(
    beside: &NewerBeside,
    own: TimelineId,
    kept: Option<&ReplayedCommit>,
    tell: TellTime<'_>,
) -> String {
    let NewerBeside { timeline, from, last, more } = beside;
    if let Some(MoreCommits { first, count, at_least, kept: own_count }) = more {
        let least = if *at_least { "at least " } else { "" };
        let (from_time, to_time) = (tell(first.time), tell(last.time));
        let own = format!("this restore ends on timeline {own} and keeps {own_count} behind that point");
        return format!(
            "timeline {timeline} goes on from {from} with {least}{count} commits of its own, {} of {from_time} to {} of {to_time}; {own}",
            first.xid, last.xid
        );
    }
    let kept = kept.map(|c| format!(", its last commit is {} of {}", c.xid, tell(c.time))).unwrap_or_default();
    format!(
        "timeline {timeline} goes on from {from} with newer commits, up to {} of {}; this restore ends on timeline {own}{kept}",
        last.xid,
        tell(last.time)
    )
}

/// What to do about that.
pub(super) fn on_other(timeline: TimelineId) -> String {
    format!(
        "ask the server in use for its timeline (select timeline_id from pg_control_checkpoint()); if it is {timeline}: --target-timeline {timeline} (recovery_target_timeline = '{timeline}')"
    )
}

/// Commits in a `.partial` file.
pub(super) fn in_partial(file: &str, count: u64, last: Option<&ReplayedCommit>, tell: TellTime<'_>) -> String {
    let last = last.map(|c| format!(", up to {} of {}", c.xid, tell(c.time))).unwrap_or_default();
    let (commits, lie) = if count == 1 { ("1 commit".to_owned(), "lies") } else { (format!("{count} commits"), "lie") };
    format!("{commits} {lie} only in {file}{last}; a server does not restore it")
}

/// Restore points of one name.
pub(super) fn same_points(name: &str, others: &[Lsn]) -> String {
    let told: Vec<String> = others.iter().take(5).map(ToString::to_string).collect();
    let more = if others.len() > told.len() { ", …" } else { "" };
    format!(
        "restore point \"{name}\" is there more than once; the first one counts, the others are at {}{more}",
        told.join(", ")
    )
}
