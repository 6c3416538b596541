//! Records that were written, and where their bytes lie.

use pgwal_format::{Lsn, SegmentNo, TimelineId};

/// A record that was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrittenRecord {
    /// The timeline it was written on.
    pub timeline: TimelineId,
    /// Its start.
    pub lsn: Lsn,
    /// Its end, rounded up to the alignment.
    pub end: Lsn,
    /// The link to the record before.
    pub prev: Lsn,
    /// Resource manager and `xl_info`'s operation.
    pub kind: (u8, u8),
    /// Its length by its own account.
    pub tot_len: u32,
    /// Where its bytes lie, in order.
    pub pieces: Vec<RecordPiece>,
    /// It belongs to no timeline's path: the head of an aborted record, or WAL written behind a timeline's end.
    pub dead: bool,
}

/// A stretch of a record in one page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordPiece {
    /// The segment.
    pub segment: SegmentNo,
    /// Offset in the segment.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

impl WrittenRecord {
    /// Where the record's byte number `index` lies: segment and offset in it.
    pub fn byte(&self, index: u64) -> Option<(SegmentNo, u64)> {
        let mut before = 0;
        self.pieces.iter().find_map(|p| {
            let found = (index < before + p.length).then(|| (p.segment, p.offset + index - before));
            before += p.length;
            found
        })
    }
}
