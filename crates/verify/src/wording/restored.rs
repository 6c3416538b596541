//! What became of a restore, and what to do then.

use crate::restored_report::{MissingCommits, RestoredEnd, RestoredReport};
use crate::telling::TellTime;
use pgwal_format::{FileName, Lsn, TimelineId};
use pgwal_recovery::{ClusterSeen, Target, spelled};
use pgwal_repos::shell::quoted;

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
        RestoredEnd::Apart(at) if report.recovers => {
            let from = if at == Lsn::ZERO { String::new() } else { format!(" from {at} on") };
            format!("{place} is in recovery on another way{from}; it should end {should}{lacks}")
        }
        RestoredEnd::Apart(Lsn::ZERO) => {
            format!("{place} ended {ended}, on a way of its own; it should have ended {should}{lacks}")
        }
        RestoredEnd::Apart(at) => {
            format!("{place} ended {ended}, on another way from {at} on; it should have ended {should}{lacks}")
        }
        RestoredEnd::Overshot => format!("{place} went on and ended {ended}; its target is {should}"),
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
        RestoredEnd::SomeTimeline(at) => format!(
            "{place} is in recovery, at {at} at least, and nothing says on which timeline yet; it should end {should}"
        ),
        RestoredEnd::GoesOn(at) if report.seen == ClusterSeen::AtRest => {
            format!("{place} stopped in recovery, at {at} at least; it should end {should}")
        }
        RestoredEnd::GoesOn(at) => {
            format!("{place} is still in recovery, at {at} at least; it should end {should}")
        }
        RestoredEnd::NotStarted if report.seen == ClusterSeen::InUse => {
            format!("a server works in {place} and has replayed nothing yet: backup_label is still there")
        }
        RestoredEnd::NotStarted if report.was_started => {
            format!("{place} was started and did not begin to replay: backup_label is still there")
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
        RestoredEnd::AtUnknownTarget => format!(
            "{place} ended {ended}, at a target by its history ({}), and which target it was given is not known here; \
             without one it should have ended {should}",
            report.stopped.as_deref().unwrap_or_default()
        ),
        RestoredEnd::NothingExpected => format!("where {place} should have ended cannot be told from this archive"),
        RestoredEnd::OtherCluster(id) => format!("{place} is of cluster {id}, and this backup is not"),
    }
}

/// What the cluster is now, whatever its restore should have come to.
pub fn impact(report: &RestoredReport) -> String {
    match report.ended {
        RestoredEnd::NotStarted if report.seen == ClusterSeen::InUse => "the server is starting".into(),
        RestoredEnd::NotStarted if report.was_started => "no server runs there, on this machine at least".into(),
        RestoredEnd::NotStarted => "the server was not started yet".into(),
        RestoredEnd::OtherCluster(_) => "nothing is said of this cluster".into(),
        _ if report.recovers && report.seen == ClusterSeen::AtRest => {
            "no server runs there, on this machine at least; its recovery is not over".into()
        }
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

/// It went where its own settings said, not where the one who asks means.
fn again(report: &RestoredReport) -> String {
    let wanted = report.target.as_ref().and_then(line).unwrap_or_else(|| "without a target".to_owned());
    let timeline = report.expected.map(|(timeline, _)| format!(" and recovery_target_timeline = '{timeline}'"));
    let own = report.other_aim.as_ref().map(|own| format!(" (it was restored with {own})")).unwrap_or_default();
    format!(
        "keep what was written to {} since, and restore anew, {wanted}{} in its settings before the first start{own}",
        report.place,
        timeline.unwrap_or_default()
    )
}

/// A target as a line of settings.
fn line(target: &Target) -> Option<String> {
    Some(match target {
        Target::None => return None,
        Target::Immediate => "with recovery_target = 'immediate'".to_owned(),
        Target::Time(time) => format!("with recovery_target_time = '{}'", spelled(*time)?),
        Target::Lsn(lsn) => format!("with recovery_target_lsn = '{lsn}'"),
        Target::Xid(xid) => format!("with recovery_target_xid = '{xid}'"),
        Target::Name(name) => format!("with recovery_target_name = '{}'", name.replace('\'', "''")),
    })
}

/// How a server is asked.
const ASK: &str = "walproof verify ARCHIVE --restored 'host=… port=… user=…'";

/// What to do.
pub(super) fn advice(report: &RestoredReport) -> String {
    match report.ended {
        RestoredEnd::Right | RestoredEnd::WentOn => "nothing".into(),
        RestoredEnd::Overshot => again(report),
        RestoredEnd::Early if report.other_aim.is_some() => again(report),
        RestoredEnd::Apart(_) if report.recovers => format!(
            "restore anew, with the history files of the archive within reach of restore_command{}",
            report
                .expected
                .map(|(timeline, _)| format!(" and recovery_target_timeline = '{timeline}'"))
                .unwrap_or_default()
        ),
        RestoredEnd::Early | RestoredEnd::Apart(_) | RestoredEnd::BrokenOff => format!(
            "keep what was written to {} since, and restore anew with restore_command = 'walproof archive-get %f %p --from ARCHIVE', which stops where a file is missing or damaged",
            report.place
        ),
        RestoredEnd::WithoutRecovery => {
            "restore anew, with restore_command and recovery.signal (up to 11: recovery.conf) in place before the first start".into()
        }
        RestoredEnd::Further => "find the WAL behind the end of the archive, if its last commits must be proven as well".into(),
        RestoredEnd::SomeTimeline(_) => "run CHECKPOINT on it, which writes that down, and ask again".into(),
        RestoredEnd::GoesOn(_) => match report.seen {
            ClusterSeen::Server => "it replays, or waits for WAL as its log says: ask again in a while".into(),
            ClusterSeen::AtRest => "start it again: it goes on where it stopped; why it stopped is in its log".into(),
            ClusterSeen::InUse | ClusterSeen::Printed => format!(
            "ask the running server, which knows how far it is: {ASK}; or look again when it has ended its recovery"
            ),
        },
        RestoredEnd::NoCheckpointYet => {
            format!("ask the server ({ASK}), name the data directory itself, or look again behind its next checkpoint")
        }
        RestoredEnd::NotStarted if report.seen == ClusterSeen::InUse => {
            "look again in a while; what it waits for is in its log".into()
        }
        RestoredEnd::NotStarted if report.was_started => format!(
            "look into its log for why; what stops it is foretold as well: walproof verify ARCHIVE --pgdata {}",
            quoted(&report.place)
        ),
        RestoredEnd::NotStarted => "start it, and look again".into(),
        RestoredEnd::WithoutHistory => {
            format!(
                "name the data directory itself, or ask its server: {ASK}. Do not copy {} into the archive: whoever restores to the latest timeline from there would end up on that of this cluster",
                FileName::History(report.now)
            )
        }
        RestoredEnd::SegmentsOnly => "compare the last commits: walproof dump ARCHIVE -r Transaction".into(),
        RestoredEnd::AtUnknownTarget => {
            "name the target that it was given (--target-lsn, --target-time, --target-xid, --target-name, \
             --target-immediate; --target-inclusive), or its data directory"
                .into()
        }
        RestoredEnd::NothingExpected => "verify the archive alone first: walproof verify ARCHIVE".into(),
        RestoredEnd::OtherCluster(_) => "name the data directory that was restored from a backup of this archive".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is to be done depends on how it was looked at.
    #[test]
    fn a_recovery_that_is_not_over() {
        let of = |seen: ClusterSeen| RestoredReport {
            place: "host=a".into(),
            ended: RestoredEnd::GoesOn(Lsn::new(16)),
            at: None,
            now: TimelineId::FIRST,
            expected: None,
            missing: None,
            later: None,
            recovers: true,
            seen,
            was_started: true,
            target: None,
            other_aim: None,
            stopped: None,
        };
        assert!(advice(&of(ClusterSeen::Server)).ends_with("ask again in a while"));
        assert!(advice(&of(ClusterSeen::InUse)).starts_with("ask the running server"));
        assert!(advice(&of(ClusterSeen::AtRest)).starts_with("start it again"));
        assert!(impact(&of(ClusterSeen::AtRest)).starts_with("no server runs there"));
    }
}
