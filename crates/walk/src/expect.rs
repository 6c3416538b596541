//! What a scan is told before it looks.

use pgwal_format::{Layout, Lsn, TimelineId};

/// Bytes of a record that crosses pages that a walk keeps when it only checks: more than all fragment headers take.
pub const KEEP: usize = 4096;

/// What a segment is expected to be.
#[derive(Clone, Copy, Debug)]
pub struct ScanExpect<'a> {
    /// How to read it.
    pub layout: &'a Layout,
    /// Where it starts.
    pub start: Lsn,
    /// The timeline in its name: no page of it can be of a later one.
    pub timeline: Option<TimelineId>,
    /// The cluster.
    pub system_id: Option<u64>,
    /// Bytes kept of a record that crosses pages: [`KEEP`], or `usize::MAX` for whole records. Records of 9.4 and
    /// earlier are always kept whole, since their block references stand at the end.
    pub keep: usize,
    /// Timelines of the history that is followed: a page of a later one than the segment's is taken for wrong by itself
    /// where it is none of these, as by a server that knows its history. Empty: not known.
    pub history: &'a [TimelineId],
}

/// A place between two records, and what a scan knows there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordBoundary {
    /// Offset in the segment: [`Run::end`](crate::Run::end) of the scan that came this far.
    pub offset: usize,
    /// The record before.
    pub last: Option<Lsn>,
    /// The timeline of the pages before.
    pub timeline: TimelineId,
}
