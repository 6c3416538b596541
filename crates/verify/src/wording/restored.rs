//! What became of a restore, and what to do then.

use crate::restored_report::{MissingCommits, RestoredEnd, RestoredReport};
use crate::telling::TellTime;
use pgwal_format::{FileName, Lsn, TimelineId};

/// In a sentence.
pub fn sentence(report: &RestoredReport, tell: TellTime<'_>) -> String {
    let place = &report.place;
    let on = |at: &Option<(TimelineId, Lsn)>| {
        at.map_or_else(|| "somewhere".to_owned(), |(timeline, lsn)| format!("at {lsn} on timeline {timeline}"))
    };
    let (ended, should) = (on(&report.at), on(&report.expected));
    let lacks = report.missing.as_ref().map(|missing| lacks(missing, tell)).unwrap_or_default();
    match report.ended {
        RestoredEnd::Right => match report.at {
            Some(_) => format!("{place} ended {ended}, as this restore should, and is on timeline {} now", report.now),
            None => format!("{place} has replayed all commits that this restore should; it ends {should}"),
        },
        RestoredEnd::WentOn => {
            let since = report.later.as_ref().map(|behind| since(behind, tell)).unwrap_or_default();
            format!(
                "{place} ended {ended}, where WAL ended when it was promoted, and is on timeline {} now{since}",
                report.now
            )
        }
        RestoredEnd::Early => format!("{place} ended {ended}; it should have ended {should}{lacks}"),
        RestoredEnd::Apart(Lsn::ZERO) => {
            format!("{place} ended {ended}, on a way of its own; it should have ended {should}{lacks}")
        }
        RestoredEnd::Apart(at) => {
            format!("{place} ended {ended}, on another way from {at} on; it should have ended {should}{lacks}")
        }
        RestoredEnd::Overshot => format!("{place} went on to {ended}; its target is {should}"),
        RestoredEnd::BrokenOff => {
            format!("{place} ended {ended}, where replay of this archive breaks off and should not")
        }
        RestoredEnd::WithoutRecovery => format!(
            "{place} is on timeline {}, where its backup began: it was started without recovery from the archive; it should have ended {should}",
            report.now
        ),
        RestoredEnd::Further => {
            format!("{place} ended {}behind all that this archive holds, which ends {should}", on_way(report))
        }
        RestoredEnd::GoesOn(at) => {
            format!("{place} is still in recovery, at {at} at least; it should end {should}")
        }
        RestoredEnd::NotStarted => format!("{place} was not started yet: backup_label is there"),
        RestoredEnd::NoCheckpointYet => {
            format!(
                "{place} has ended its recovery and made no checkpoint since: its control file does not say yet on which timeline it is"
            )
        }
        RestoredEnd::WithoutHistory => format!(
            "{} is neither in pg_wal of {place} nor in the archive: where timeline {} began is not known",
            FileName::History(report.now),
            report.now
        ),
        RestoredEnd::SegmentsOnly => {
            format!(
                "the history of {place} says in which segment it ended, and not where in it; it should have ended {should}"
            )
        }
        RestoredEnd::NothingExpected => format!("where {place} should have ended cannot be told from this archive"),
        RestoredEnd::OtherCluster(id) => format!("{place} is of cluster {id}, and this backup is not"),
    }
}

/// What the cluster is now, whatever its restore should have come to.
pub fn impact(report: &RestoredReport) -> String {
    match report.ended {
        RestoredEnd::NotStarted => "the server was not started yet".into(),
        RestoredEnd::OtherCluster(_) => "nothing is said of this cluster".into(),
        _ if report.recovers => "the server is in recovery: it takes no writes until it is promoted".into(),
        _ => format!("the server takes writes on timeline {}", report.now),
    }
}

fn on_way(report: &RestoredReport) -> String {
    report.at.map(|(timeline, lsn)| format!("at {lsn} on timeline {timeline}, ")).unwrap_or_default()
}

fn lacks(missing: &MissingCommits, tell: TellTime<'_>) -> String {
    let commits = if missing.count == 1 { "1 commit is".to_owned() } else { format!("{} commits are", missing.count) };
    format!(": {commits} missing{}", from_to(missing, tell))
}

/// What the archive got later.
fn since(behind: &MissingCommits, tell: TellTime<'_>) -> String {
    let commits = if behind.count == 1 { "1 commit".to_owned() } else { format!("{} commits", behind.count) };
    format!("; the archive went on since: {commits}{}", from_to(behind, tell))
}

fn from_to(commits: &MissingCommits, tell: TellTime<'_>) -> String {
    let first = commits.first.map(|first| format!(", from {} on", tell(first.time))).unwrap_or_default();
    let last = commits.last.filter(|_| commits.count > 1).map(|last| format!(" to {}", tell(last.time)));
    first + &last.unwrap_or_default()
}

/// How a server is asked.
const ASK: &str = "walproof verify ARCHIVE --restored 'host=… port=… user=…'";

/// What to do.
pub(super) fn advice(report: &RestoredReport) -> String {
    match report.ended {
        RestoredEnd::Right | RestoredEnd::WentOn => "nothing".into(),
        RestoredEnd::Early | RestoredEnd::Apart(_) | RestoredEnd::BrokenOff | RestoredEnd::Overshot => format!(
            "keep what was written to {} since, and restore anew with restore_command = 'walproof archive-get %f %p --from ARCHIVE', which stops where a file is missing or damaged",
            report.place
        ),
        RestoredEnd::WithoutRecovery => {
            "restore anew, with restore_command and recovery.signal (up to 11: recovery.conf) in place before the first start".into()
        }
        RestoredEnd::Further => "find the WAL behind the end of the archive, if its last commits must be proven as well".into(),
        RestoredEnd::GoesOn(_) => format!(
            "ask the running server, which knows how far it is: {ASK}; or look again when it has ended its recovery"
        ),
        RestoredEnd::NoCheckpointYet => {
            format!("ask the server ({ASK}), name the data directory itself, or look again behind its next checkpoint")
        }
        RestoredEnd::NotStarted => "start it, and look again".into(),
        RestoredEnd::WithoutHistory => {
            format!(
                "name the data directory itself, or ask its server: {ASK}. Do not copy {} into the archive: whoever restores to the latest timeline from there would end up on that of this cluster",
                FileName::History(report.now)
            )
        }
        RestoredEnd::SegmentsOnly => "compare the last commits: walproof dump ARCHIVE -r Transaction".into(),
        RestoredEnd::NothingExpected => "verify the archive alone first: walproof verify ARCHIVE".into(),
        RestoredEnd::OtherCluster(_) => "name the data directory that was restored from a backup of this archive".into(),
    }
}
