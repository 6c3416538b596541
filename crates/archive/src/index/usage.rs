//! What an index saved, and what parts a verdict was joined of.

use pgwal_format::rmgr::xact::Timestamp;

/// What was taken from an index in a run, and how old that is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct IndexUse {
    /// The index.
    pub file: String,
    /// Files of WAL that were taken from it.
    pub segments_taken: u64,
    /// Files of WAL that were read.
    pub segments_read: u64,
    /// Of those, the ones that were proven before and whose turn it was to be read again.
    pub segments_reread: u64,
    /// Plain bytes of them.
    pub bytes_read: u64,
    /// When the oldest of what was taken was read.
    pub oldest_proof: Option<Timestamp>,
    /// Unusable nothing could be taken from the file that was there.
    pub ignored: Option<&'static str>,
    /// Unusable what this run learned could not be written; a caller's to say, who writes it.
    pub unsaved: Option<String>,
}

/// Of which parts an archive was joined, and how old they are.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PartsUse {
    /// The folder in which all their files lay, where they had one.
    pub place: Option<String>,
    /// How many there were.
    pub count: u64,
    /// When the first and the last of their files were read; `None` where they have none.
    pub seen: Option<(Timestamp, Timestamp)>,
}
