//! What became of a restore, as facts.

use crate::codes::Code;
use pgwal_format::{Lsn, TimelineId};
use pgwal_recovery::sum::ReplayedCommit;
use pgwal_recovery::{ClusterSeen, Target};

/// What became of a restore.
#[derive(Clone, PartialEq, Debug)]
pub struct RestoredReport {
    /// The cluster, as the user named it.
    pub place: String,
    /// How its recovery ended.
    pub ended: RestoredEnd,
    /// The timeline on which its recovery ended, and the position.
    pub at: Option<(TimelineId, Lsn)>,
    /// The timeline on which it is now.
    pub now: TimelineId,
    /// Where it should have ended.
    pub expected: Option<(TimelineId, Lsn)>,
    /// Commits that it lacks.
    pub missing: Option<MissingCommits>,
    /// Commits that the archive got since it ended, on the timeline that it left.
    pub later: Option<MissingCommits>,
    /// It is still in recovery.
    pub recovers: bool,
    /// How it was looked at.
    pub seen: ClusterSeen,
    /// A server was started on it, and its `backup_label` is still there.
    pub was_started: bool,
    /// The target that is asked for.
    pub target: Option<Target>,
    /// The line of its own settings that named another one.
    pub other_aim: Option<String>,
    /// What its history says of the target at which it stopped, where nothing else names that.
    pub stopped: Option<String>,
}

/// How the recovery of a cluster ended, beside the one that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RestoredEnd {
    /// Where it should.
    Right,
    /// In front of where it should.
    Early,
    /// Where WAL ended when it was promoted: the timeline that it left went on since.
    WentOn,
    /// On another way, which it took from there on.
    Apart(Lsn),
    /// Behind the target.
    Overshot,
    /// Where replay of this archive breaks off, and should not.
    BrokenOff,
    /// It made no timeline of its own: it was started without recovery from the archive.
    WithoutRecovery,
    /// Behind all that the archive holds.
    Further,
    /// It has not ended: the position that it has reached at least.
    GoesOn(Lsn),
    /// It has come so far at least, and nothing says on which timeline.
    SomeTimeline(Lsn),
    /// It was not started.
    NotStarted,
    /// It has ended, and its control file does not say yet on which timeline it is.
    NoCheckpointYet,
    /// The history of its timeline is not at hand.
    WithoutHistory,
    /// Its history says segments, and no positions.
    SegmentsOnly,
    /// At a target in front of the end of the archive, and which one that was is not known here.
    AtUnknownTarget,
    /// Nobody can say where it should have ended.
    NothingExpected,
    /// It is another cluster.
    OtherCluster(u64),
}

/// Commits that a cluster lacks.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MissingCommits {
    /// How many.
    pub count: u64,
    /// The first.
    pub first: Option<ReplayedCommit>,
    /// The last.
    pub last: Option<ReplayedCommit>,
}

impl RestoredEnd {
    /// As JSON names it.
    pub const fn name(self) -> &'static str {
        match self {
            RestoredEnd::Right => "right",
            RestoredEnd::Early => "early",
            RestoredEnd::WentOn => "archive_went_on",
            RestoredEnd::Apart(_) => "elsewhere",
            RestoredEnd::Overshot => "behind_target",
            RestoredEnd::BrokenOff => "broken_off",
            RestoredEnd::WithoutRecovery => "without_recovery",
            RestoredEnd::Further => "behind_archive",
            RestoredEnd::GoesOn(_) | RestoredEnd::SomeTimeline(_) => "goes_on",
            RestoredEnd::NotStarted => "not_started",
            RestoredEnd::NoCheckpointYet => "no_checkpoint_yet",
            RestoredEnd::WithoutHistory => "without_history",
            RestoredEnd::SegmentsOnly => "segments_only",
            RestoredEnd::AtUnknownTarget => "at_unknown_target",
            RestoredEnd::NothingExpected => "nothing_expected",
            RestoredEnd::OtherCluster(_) => "other_cluster",
        }
    }

    /// What is to be said of it.
    pub const fn code(self) -> Option<Code> {
        match self {
            RestoredEnd::Right | RestoredEnd::WentOn => None,
            RestoredEnd::Early
            | RestoredEnd::Apart(_)
            | RestoredEnd::Overshot
            | RestoredEnd::BrokenOff
            | RestoredEnd::WithoutRecovery => Some(Code::RestoredElsewhere),
            RestoredEnd::Further
            | RestoredEnd::GoesOn(_)
            | RestoredEnd::SomeTimeline(_)
            | RestoredEnd::NotStarted
            | RestoredEnd::NoCheckpointYet
            | RestoredEnd::WithoutHistory
            | RestoredEnd::SegmentsOnly
            | RestoredEnd::AtUnknownTarget
            | RestoredEnd::NothingExpected
            | RestoredEnd::OtherCluster(_) => Some(Code::RestoredUnknown),
        }
    }
}
