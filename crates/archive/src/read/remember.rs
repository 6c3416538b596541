//! What was known of files before they are read.

use super::CountedFile;
use crate::whose::FirstPage;
use pgwal_format::{Layout, SegmentNo, TimelineId};

/// As what a file was read: the same bytes come to something else in another cluster or under another name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// How it is laid out.
    pub layout: Layout,
    /// The cluster.
    pub system_id: u64,
    /// The timeline in its name.
    pub timeline: TimelineId,
    /// The segment.
    pub number: SegmentNo,
}

/// What is known of files without reading them. Entries are those of the run.
pub trait Remember: Sync {
    /// What the first page says; `None` where that is not known, `Some(None)` where it says nothing.
    fn first(&self, entry: usize) -> Option<Option<FirstPage>>;

    /// What reading it as this would come to.
    fn recall(&self, entry: usize, view: &View) -> Option<CountedFile>;

    /// Takes in what reading it came to.
    fn learn(&self, entry: usize, view: &View, read: &CountedFile);
}
