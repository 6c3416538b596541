//! What was read of the contents of a backup's files.

use crate::store::Store;
use pgwal_format::Lsn;
use std::fmt;
use std::path::Path;

/// How the contents of backups are looked at.
#[derive(Clone, Debug)]
pub struct ContentsReading {
    /// Threads.
    pub jobs: usize,
    /// Of this backup alone, and of those that it builds on; `latest` is the last one that restores. `None`: of all.
    pub backup: Option<String>,
    /// Who reads a data directory, or a tar of one, as a server has it.
    pub plain: PlainReading,
}

/// Reads a data directory or a tar of one, of a backup that starts there, with so many threads. `None`: it is neither.
pub type PlainReading = fn(PlainPlace<'_>, Option<Lsn>, usize) -> Option<ContentsRead>;

/// Where a data directory lies as a server has it.
#[derive(Clone, Copy)]
pub enum PlainPlace<'a> {
    /// On this machine's disk; a tar of one as well.
    Disk(&'a Path),
    /// In a folder of a store.
    Store(&'a dyn Store, &'a str),
}

/// What was read of the contents of a backup's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentsRead {
    /// Files of the data directory that were held against a checksum, or read to their end where there is none.
    pub files: u64,
    /// Stored bytes that were read.
    pub bytes: u64,
    /// Files whose content is not what it was.
    pub damaged: Option<ContentFault>,
    /// Files whose content may not be what it was, and that replay may mend.
    pub suspect: Option<ContentFault>,
    /// Files that could not be read.
    pub unread: Option<ContentFault>,
    /// What of them was not looked at, in words.
    pub not_checked: Vec<&'static str>,
}

/// Files with which one thing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentFault {
    /// The first of them.
    pub file: String,
    /// What is wrong with it.
    pub why: String,
    /// How many.
    pub count: u64,
    /// Where the first one stands among all.
    pub(crate) at: usize,
}

impl ContentFault {
    /// One file.
    pub fn of(file: String, why: String, count: u64) -> ContentFault {
        ContentFault { file, why, count, at: 0 }
    }

    fn merge(own: &mut Option<ContentFault>, other: Option<ContentFault>) {
        let Some(other) = other else { return };
        *own = Some(match own.take() {
            None => other,
            Some(own) => {
                let count = own.count + other.count;
                // Threads come to files in any order; told is the first in the manifest's.
                let first = if other.at < own.at { other } else { own };
                ContentFault { count, ..first }
            }
        });
    }
}

impl fmt::Display for ContentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file, self.why)?;
        match self.count.saturating_sub(1) {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl ContentsRead {
    pub(crate) fn damaged(&mut self, at: usize, file: String, why: String) {
        ContentFault::merge(&mut self.damaged, Some(ContentFault { file, why, count: 1, at }));
    }

    pub(crate) fn unread(&mut self, at: usize, file: String, why: String) {
        ContentFault::merge(&mut self.unread, Some(ContentFault { file, why, count: 1, at }));
    }

    /// Says once that something was not looked at.
    pub(crate) fn leave(&mut self, what: &'static str) {
        if !self.not_checked.contains(&what) {
            self.not_checked.push(what);
        }
    }

    /// Whether nothing at all was read.
    pub fn is_nothing(&self) -> bool {
        self.files == 0 && self.bytes == 0
    }

    /// Takes in what was read beside.
    pub(crate) fn merge(&mut self, other: ContentsRead) {
        self.files += other.files;
        self.bytes += other.bytes;
        ContentFault::merge(&mut self.damaged, other.damaged);
        ContentFault::merge(&mut self.suspect, other.suspect);
        ContentFault::merge(&mut self.unread, other.unread);
        other.not_checked.into_iter().for_each(|what| self.leave(what));
    }
}
