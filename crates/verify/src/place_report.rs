//! What each of several places has of an archive.

use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, SegmentName};

/// What one of several places has.
#[derive(Clone, PartialEq, Debug)]
pub struct PlaceReport {
    /// The place, as the user named it.
    pub name: String,
    /// Why nothing of it is known.
    pub unreadable: Option<String>,
    /// Segments that it has.
    pub segments: u64,
    /// The first and the last of them.
    pub names: Option<(SegmentName, SegmentName)>,
    /// How many of them were taken from here.
    pub taken: u64,
    /// Where its own WAL ends.
    pub to: Option<Lsn>,
    /// The last commit in its last segments.
    pub last_commit: Option<Timestamp>,
    /// What no other place has.
    pub only: Vec<SegmentSpan>,
    /// What others lack between their own first and last segment: the other's number, and what this place has of it.
    pub fills: Vec<(usize, Vec<SegmentSpan>)>,
    /// Copies that were passed over, for a later place has a better one.
    pub passed_over: Vec<String>,
}

/// Segments that follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentSpan {
    /// The first.
    pub first: SegmentName,
    /// The last.
    pub last: SegmentName,
    /// How many.
    pub count: u64,
}
