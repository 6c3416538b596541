//! How an archive is to be looked at.

use crate::whose::Cluster;
use pgwal_format::{Layout, Lsn, SegmentNo, TimelineId};
use pgwal_source::guard::MapGuard;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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

/// How to look.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// How thoroughly.
    pub depth: Depth,
    /// Which timeline is to be reached.
    pub timeline: Which,
    /// Whose WAL is asked for, where there is that of several; `None`: the newest.
    pub cluster: Option<Cluster>,
    /// Only segments that hold something from here on.
    pub start: Option<Lsn>,
    /// Only segments that hold something before this.
    pub end: Option<Lsn>,
    /// Threads: no more than [`MOST_JOBS`](crate::MOST_JOBS), nor than there are segments, are started; 0 is 1.
    pub jobs: usize,
    /// Memory-map plain files: the proof that the guard against vanishing bytes is installed.
    pub map: Option<MapGuard>,
    /// Who wants to know how far it is.
    pub progress: Option<&'a dyn Progress>,
    /// Gather where transactions end and restore points stand: [`Tally::facts`](crate::Tally::facts).
    pub facts: bool,
    /// How long to wait, without news, for what is not whole yet; zero: not at all ([`SETTLE`]).
    pub settle: Duration,
    /// Set to stop early.
    pub interrupt: Option<&'a AtomicBool>,
}

/// Enough for an archive that others write at this moment: a copy goes on in that time, a server writes what it left
/// out. A whole look takes so long only where something is missing or not whole, and some two seconds where there is
/// news all the time.
pub const SETTLE: Duration = Duration::from_millis(600);

impl Default for Look<'_> {
    fn default() -> Self {
        Look {
            depth: Depth::Records,
            timeline: Which::Latest,
            cluster: None,
            start: None,
            end: None,
            jobs: 1,
            map: None,
            progress: None,
            facts: false,
            settle: Duration::ZERO,
            interrupt: None,
        }
    }
}

impl Look<'_> {
    /// The caller asked for an early end.
    pub fn is_stopped(&self) -> bool {
        self.interrupt.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Whether something of a segment lies in the range asked for.
    pub fn asks_for(&self, number: SegmentNo, layout: &Layout) -> bool {
        let (address, size) = (layout.address(), layout.segment);
        self.start.is_none_or(|start| number >= address.segment(start, size))
            && self.end.is_none_or(|end| address.segment_start(number, size) < end)
    }
}
