//! What a caller may ask for.

use crate::codes::{CodePattern, Severity};
use crate::index::{Index, Joined};
use crate::known::Known;
use pgwal_format::{Lsn, TimelineId};
use pgwal_source::guard::Guard;
use std::sync::atomic::AtomicBool;

/// How thoroughly to look.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Depth {
    /// Names and sizes; one page of a few files, to know whose they are.
    Names,
    /// And every page header.
    Pages,
    /// And every record: checksum, link, structure.
    Records,
}

/// Which timeline must replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// The one that a server takes for the latest.
    Latest,
    /// This one.
    Number(TimelineId),
    /// Each.
    All,
}

/// Is told how far a run has come. Called from several threads.
pub trait Progress: Sync {
    /// So many files are to be read.
    fn begin(&self, files: u64);
    /// One more was read, of so many bytes.
    fn file(&self, bytes: u64);
}

/// What to verify, and how.
#[non_exhaustive]
pub struct Options<'a> {
    /// How thoroughly.
    pub depth: Depth,
    /// Which timeline.
    pub timeline: Which,
    /// Only segments that hold something from here on.
    pub start: Option<Lsn>,
    /// Only segments that hold something before this.
    pub end: Option<Lsn>,
    /// Threads.
    pub jobs: usize,
    /// Memory-map plain files: the proof that the guard against vanishing bytes is installed.
    pub map: Option<Guard>,
    /// Severities that differ from the table; the last that matches counts.
    pub severities: Vec<(CodePattern, Severity)>,
    /// Findings that are accepted.
    pub known: Option<&'a Known>,
    /// Who wants to know how far it is.
    pub progress: Option<&'a dyn Progress>,
    /// What earlier runs proved; counts where every record is looked at.
    pub index: Option<&'a Index>,
    /// What parts say of the files.
    pub(crate) joined: Option<&'a Joined>,
    /// Gather where transactions end and restore points stand: [`Tally::facts`](crate::Tally::facts).
    pub facts: bool,
    /// Set to stop early.
    pub interrupt: Option<&'a AtomicBool>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            depth: Depth::Records,
            timeline: Which::Latest,
            start: None,
            end: None,
            jobs: 1,
            map: None,
            severities: Vec::new(),
            known: None,
            progress: None,
            index: None,
            joined: None,
            facts: false,
            interrupt: None,
        }
    }
}
