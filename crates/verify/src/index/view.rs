//! What one file came to when it was read.

use crate::consensus::First;
use crate::stretch::Why;
use crate::tally::Tally;
use pgwal_format::{Layout, SegmentNo, TimelineId};
use pgwal_walk::Run;

/// As what a file was read: the same bytes come to something else in another cluster or under another name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct View {
    pub layout: Layout,
    pub system_id: u64,
    pub timeline: TimelineId,
    pub number: SegmentNo,
}

/// What reading it came to.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub run: Option<Run<Tally>>,
    pub why: Option<Why>,
    /// Plain bytes.
    pub bytes: u64,
    /// Their hash, where it was asked for.
    pub sum: u128,
    /// What the first of them say, where it was asked for.
    pub first: Option<First>,
    /// SHA-1 of the content, where the name says another.
    pub sha1: Option<[u8; 20]>,
}

/// What is known of files without reading them. Entries are those of the run.
pub(crate) trait Known: Sync {
    /// What the first page says; `None` where that is not known, `Some(None)` where it says nothing.
    fn first(&self, entry: usize) -> Option<Option<First>>;

    /// What reading it as this would come to.
    fn recall(&self, entry: usize, view: &View) -> Option<Read>;

    /// Takes in what reading it came to.
    fn learn(&self, entry: usize, view: &View, read: &Read);
}
