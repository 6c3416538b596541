//! WAL that does not come to whoever follows.

use pgwal_format::{Lsn, SegmentNo, TimelineId};
use pgwal_walk::Damage;

/// The file of a segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FollowedSegment {
    /// The timeline in its name.
    pub timeline: TimelineId,
    /// The segment.
    pub number: SegmentNo,
    /// The file as a user would type it, relative to the archive.
    pub file: String,
}

/// What is lost.
#[derive(Clone, Debug)]
pub enum FollowLoss {
    /// A place in a file, or at its seam with the one before.
    Damage {
        /// What is wrong.
        damage: Damage<()>,
        /// The record that goes over that seam.
        begun: Lsn,
        /// The file.
        segment: FollowedSegment,
    },
    /// Segments did not come.
    Gap {
        /// The timeline that should have them.
        timeline: TimelineId,
        /// The first record that is lost.
        lsn: Lsn,
        /// The first of them.
        first: SegmentNo,
        /// The one that is here again.
        next: SegmentNo,
    },
    /// The operating system, or the way in which a file is packed, keeps it closed.
    Unreadable {
        /// The file.
        segment: FollowedSegment,
        /// In whose words it does.
        why: String,
    },
    /// Records were handed on that no path to the newest timeline has.
    Left {
        /// Their timeline.
        parent: TimelineId,
        /// Where it was left.
        switch: Lsn,
        /// The timeline that begins there.
        child: TimelineId,
        /// The end of the last of those records.
        to: Lsn,
    },
}
