//! The bytes that a finding is about, and what it costs.

use pgwal_format::Lsn;
use pgwal_format::rmgr::xact::Timestamp;

/// A range of bytes of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileRange {
    /// The file, as a user would type it.
    pub file: String,
    /// Offset of the first byte.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

/// What a finding costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lost {
    /// Bytes of WAL between the record at which replay stops and the next that can be read; `None` where none can.
    pub bytes: Option<u64>,
    /// The next record that can be read.
    pub until_lsn: Option<Lsn>,
    /// Records behind it that are in the archive and out of a server's reach.
    pub records_after: u64,
    /// Commits among them.
    pub commits_after: u64,
    /// Time of the last commit that is replayed.
    pub last_commit: Option<Timestamp>,
    /// Time of the last commit in the archive.
    pub last_commit_after: Option<Timestamp>,
}
