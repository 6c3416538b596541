//! The answer, and what it is given of.

use pgwal_format::{Lsn, SegmentName, SegmentSize, Version};

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Every record asked for was read and is right.
    Proven,
    /// Replay stops, and the findings say where.
    Refuted,
    /// Nothing wrong was seen, but not everything was looked at; or something could not be looked at.
    Unproven,
}

impl Verdict {
    /// `proven`, `refuted`, `unproven`.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Proven => "proven",
            Verdict::Refuted => "refuted",
            Verdict::Unproven => "unproven",
        }
    }
}

/// WAL of one cluster, version and size, judged for itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineReport {
    /// The cluster.
    pub system_id: u64,
    /// The version.
    pub version: Version,
    /// The size of its segments.
    pub segment_size: SegmentSize,
    /// Its first and its last complete segment, by name.
    pub names: Option<(SegmentName, SegmentName)>,
    /// Complete segments.
    pub segments: u64,
    /// Start of its first segment.
    pub from: Lsn,
    /// End of its last record.
    pub to: Lsn,
    /// What became of it.
    pub verdict: Verdict,
    /// The first error in it.
    pub why: Option<String>,
}
