//! What there is of an archive that is watched.

use super::passing::is_passing;
use crate::finding::Finding;
use crate::outcome::{Outcome, Verdict};
use crate::times::Times;
use crate::windows::windows;
use crate::{Severity, WalEnd};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, SegmentName, TimelineId, Version};
use pgwal_repos::ListedBackup;
use std::time::Duration;

/// An archive, as the looks so far saw it.
#[derive(Clone, Debug, Default)]
pub struct WatchedState {
    /// Looks that ended.
    pub looks: u64,
    /// Those that could not look.
    pub failed_looks: u64,
    /// When the last one began.
    pub looked_at: Option<Timestamp>,
    /// How long it took.
    pub took: Duration,
    /// Since when it cannot be looked at.
    pub unreachable: Option<Unreachable>,
    /// What the last one saw that could look.
    pub wal: Option<WatchedWal>,
}

/// It cannot be looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreachable {
    /// Since that look.
    pub since: Timestamp,
    /// Why.
    pub why: String,
}

/// What a look saw.
#[derive(Clone, Debug)]
pub struct WatchedWal {
    /// When.
    pub seen_at: Timestamp,
    /// Whether it replays.
    pub verdict: Verdict,
    /// The cluster.
    pub system_id: Option<u64>,
    /// The version that wrote it.
    pub version: Version,
    /// The timeline to which replay leads.
    pub timeline: TimelineId,
    /// Up to where every record was read and is right.
    pub verified: Option<Lsn>,
    /// The same in bytes since the beginning of WAL.
    pub verified_bytes: Option<i128>,
    /// The segment in which that lies.
    pub segment: Option<SegmentName>,
    /// How WAL ends there.
    pub end: Option<WalEnd>,
    /// Segments that replay reads.
    pub segments: u64,
    /// Time of the last commit that replays: to there a restore comes.
    pub recovery_point: Option<Timestamp>,
    /// The first position that a backup restores to, and the first end of a transaction known behind it.
    pub oldest_restorable: Option<(Lsn, Option<Timestamp>)>,
    /// Backups, and those that restore.
    pub backups: (u64, u64),
    /// Stretches of WAL that are missing.
    pub gaps: u64,
    /// Findings: errors, warnings, information.
    pub findings: [u64; 3],
    /// WAL that came, by this machine's clock.
    pub bytes_per_second: Option<f64>,
    /// The index cannot be written.
    pub unsaved: Option<String>,
}

impl WatchedWal {
    pub(super) fn of(times: &Times, listed: Option<&[ListedBackup]>, now: Timestamp) -> WatchedWal {
        let (outcome, layout) = (&times.outcome, times.layout());
        let verified = outcome.replay.map(|(_, to)| to);
        let windows = windows(times, listed, now.unix_micros().div_euclid(1_000_000));
        let restorable = windows.iter().filter_map(|window| Some((window.reach?.0, window.ends.0.map(|end| end.time))));
        let restorable: Vec<(Lsn, Option<Timestamp>)> = restorable.collect();
        let last = outcome.timelines.iter().find(|report| report.timeline == times.timeline());
        WatchedWal {
            seen_at: now,
            verdict: outcome.verdict,
            system_id: outcome.system_id,
            version: layout.dialect.version,
            timeline: times.timeline(),
            verified,
            verified_bytes: verified.map(|to| layout.address().distance(to, Lsn::ZERO, layout.segment)),
            segment: verified.map(|to| times.segment(to)),
            end: last.map(|report| report.end),
            segments: outcome.replay_segments,
            recovery_point: outcome.replayed.last_commit,
            oldest_restorable: restorable.iter().min_by_key(|(from, _)| *from).copied(),
            backups: (windows.len() as u64, restorable.len() as u64),
            gaps: holes(outcome),
            findings: [Severity::Error, Severity::Warning, Severity::Info].map(|severity| count(outcome, severity)),
            bytes_per_second: None,
            unsaved: None,
        }
    }
}

impl WatchedState {
    /// It could be looked at, and nothing is wrong.
    pub fn is_well(&self) -> bool {
        let proven = self.wal.as_ref().is_some_and(|wal| wal.verdict == Verdict::Proven);
        self.unreachable.is_none() && proven
    }
}

fn count(outcome: &Outcome, severity: Severity) -> u64 {
    outcome.counted().filter(|finding| finding.severity == severity).map(|finding| 1 + finding.more).sum()
}

/// Those that cost something: what no backup needs is information.
fn holes(outcome: &Outcome) -> u64 {
    let counts = |finding: &Finding| finding.code.is_hole() && finding.severity >= Severity::Warning;
    let holes = outcome.counted().filter(|finding| counts(finding) && !is_passing(finding));
    holes.map(|finding| 1 + finding.more).sum()
}
