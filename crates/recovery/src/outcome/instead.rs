//! What can be done otherwise, and what comes of it.

use crate::sum::ReplayedCommit;
use crate::target::Target;
use pgwal_format::{Lsn, TimelineId};

/// Another way.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Alternative {
    /// What is to be done otherwise.
    pub instead: Instead,
    /// It reaches the target, or, without one, the end of WAL on its timeline.
    pub reaches_target: bool,
    /// End of the last record replayed.
    pub replay_end: Lsn,
    /// The timeline of that record.
    pub timeline: TimelineId,
    /// The last commit that is kept.
    pub last_commit: Option<ReplayedCommit>,
    /// Commits replayed beyond those of the restore that was asked for; negative: fewer.
    pub more_commits: i64,
}

impl Alternative {
    /// It ends in front of WAL that is here, where the end of WAL is asked for.
    pub(crate) fn short_of_end(self, short: bool) -> Alternative {
        Alternative { reaches_target: self.reaches_target && !short, ..self }
    }
}

/// What is to be done otherwise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Instead {
    /// Be content with what can be replayed: the last record of it as the target.
    Earlier {
        /// That record; before 10 the last transaction that is kept, for no position is a target.
        last: Target,
        /// A server that reads ahead would die of a file behind it: `recovery_prefetch = off`.
        without_reading_ahead: bool,
    },
    /// Stop in front of a position, where the timeline was left.
    Before(Lsn),
    /// Rename a `.partial`, and fill it up with zeros.
    Partial(String),
    /// Ask for another timeline.
    Timeline(TimelineId),
    /// Start from another backup.
    Backup(String),
    /// Start from another backup, and ask for another timeline.
    BackupOn(String, TimelineId),
    /// Start from a backup that ended behind the target, and be content with where its data are consistent.
    Behind(String),
    /// Stop as soon as the data are consistent (`recovery_target = immediate`).
    Immediate,
    /// Set a parameter: its name and value.
    Setting(String, String),
}
