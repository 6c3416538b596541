//! Where a recovery is to stop.

use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId};

/// Where to stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// At the end of WAL.
    None,
    /// As soon as the data are consistent.
    Immediate,
    /// At the first commit or abort later than this (inclusive), or at this or later.
    Time(Timestamp),
    /// At this position.
    Lsn(Lsn),
    /// At the end of this transaction; versions that read 64 bits take the low half.
    Xid(u32),
    /// At the restore point of this name.
    Name(String),
}

/// Which timeline to follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetTimeline {
    /// That of the control file.
    Current,
    /// The latest one found upward from the control file's.
    Latest,
    /// This one.
    Number(TimelineId),
}
