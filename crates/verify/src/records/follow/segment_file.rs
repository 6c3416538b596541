//! A file in which a segment lies.

use pgwal_format::TimelineId;
use pgwal_source::Entry;

/// A file of a segment.
pub(super) struct SegmentFile {
    /// The timeline in its name.
    pub timeline: TimelineId,
    /// The file.
    pub entry: Entry,
    /// Its name is no longer there; it is kept open.
    pub gone: bool,
}
