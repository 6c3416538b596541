//! The backups that an incremental one builds on (17 and later).
//!
//! ```text
//! full 0/700028 ◄── 0/900028 ◄── 0/C00028     INCREMENTAL FROM LSN of each names the start of the one before it
//! ```
//! `pg_combinebackup` takes all of them, the full one first, and makes a data directory of them.

use pgwal_format::text::backup_label::IncrementalFrom;

/// What an incremental backup builds on, as far as an archive knows of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupChain {
    /// The one on which it builds.
    pub from: IncrementalFrom,
    /// The files of those that are known, that one first, down to the full one.
    pub files: Vec<String>,
    /// The first that is not known; `None`: the last of the files is a full one.
    pub unknown: Option<IncrementalFrom>,
}

impl BackupChain {
    /// Of one of which nothing more is known.
    pub(super) fn of(from: IncrementalFrom) -> BackupChain {
        BackupChain { from, files: Vec::new(), unknown: Some(from) }
    }
}
