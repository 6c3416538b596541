//! What records came to, up to a point.

use pgwal_format::Lsn;
use pgwal_format::rmgr::xact::Timestamp;

/// Where a record lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordSpan {
    /// Its start.
    pub lsn: Lsn,
    /// Where the next one may start; behind a switch the next segment.
    pub end: Lsn,
}

/// A transaction that was committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplayedCommit {
    /// Its number.
    pub xid: u32,
    /// When.
    pub time: Timestamp,
    /// Its commit record.
    pub lsn: Lsn,
}

/// What records came to, up to a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EventSum {
    /// Records.
    pub records: u64,
    /// Commits.
    pub commits: u64,
    /// The last record.
    pub last: Option<RecordSpan>,
    /// The last commit.
    pub last_commit: Option<ReplayedCommit>,
    /// Time of the last commit or abort.
    pub last_ended: Option<Timestamp>,
}
