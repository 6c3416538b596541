//! The records of two segments, side by side.

use super::side::ComparedSide;
use super::{CopyDifference, segment};
use crate::options::Options;
use pgwal_archive::Buffers;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Lsn, SegmentNo, TimelineId};
use pgwal_walk::{Fold, Head, KEEP, Run, Tail};

/// Records that are kept one by one: as many as a segment of 16 MiB may have.
const MOST: usize = 1 << 20;

/// Where records are, and their checksums.
#[derive(Default)]
struct RecordMarks {
    kept: Vec<(Lsn, u32, u32)>,
    /// Those behind.
    more: u64,
    /// Of those, a sum that depends on their order.
    sum: u64,
    /// The first of them.
    from: Option<Lsn>,
}

impl Fold for RecordMarks {
    type Mark = ();
    fn mark(&self) {}
    fn after(_: &mut (), _: &RecordMarks) {}
    fn wants(&self, _: &RecordHeader) -> bool {
        true
    }
    fn pass(&mut self, _: &RecordHeader) {}

    fn record(&mut self, record: &Record<'_>) {
        let (lsn, crc, length) = (record.lsn, record.header.crc, record.header.tot_len);
        if self.kept.len() < MOST {
            self.kept.push((lsn, crc, length));
            return;
        }
        self.more += 1;
        self.from.get_or_insert(lsn);
        // FNV-1a.
        for word in [lsn.get(), u64::from(crc), u64::from(length)] {
            self.sum = (self.sum ^ word).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    fn join(&mut self, _: RecordMarks) {}
}

/// In what two good copies differ.
pub(super) fn difference(
    sides: &[ComparedSide<'_>; 2],
    (timeline, number): (TimelineId, SegmentNo),
    entries: [usize; 2],
    options: &Options<'_>,
) -> CopyDifference {
    let layout = sides[0].cluster.layout;
    let start = layout.address().segment_start(number, layout.segment);
    let mut buffers = Buffers::default();
    let mut read = |side: usize| -> Option<Run<RecordMarks>> {
        let (own, entry) = (sides.get(side)?, *entries.get(side)?);
        let at = segment(timeline, number, entry);
        own.reader(options).gather(&at, entry, KEEP, &mut RecordMarks::default, &mut buffers).run
    };
    let (Some(a), Some(b)) = (read(0), read(1)) else { return CopyDifference::Records(start, 0) };
    let same = a.acc.kept.iter().zip(&b.acc.kept).take_while(|(a, b)| a == b).count();
    let next = |marks: &RecordMarks| marks.kept.get(same).map(|(lsn, ..)| *lsn);
    // The one that comes first is missing on the other side, or another there.
    let first = [next(&a.acc), next(&b.acc)].into_iter().flatten().min();
    let records = same as u64;
    match first {
        Some(lsn) => CopyDifference::Records(lsn, records),
        None if (a.acc.more, a.acc.sum) != (b.acc.more, b.acc.sum) => {
            CopyDifference::Records(a.acc.from.or(b.acc.from).unwrap_or(start), records)
        }
        None if !same_begin(&a.head, &b.head) => CopyDifference::Records(start, 0),
        None => match (&a.tail, &b.tail) {
            (Tail::Open(one), Tail::Open(other)) if one != other => CopyDifference::Records(one.start, records),
            (Tail::Open(one), other) | (other, Tail::Open(one)) if !matches!(other, Tail::Open(_)) => {
                CopyDifference::Records(one.start, records)
            }
            (Tail::Switched { at }, Tail::Switched { at: other }) if at == other => CopyDifference::Slack,
            (Tail::Switched { at }, _) | (_, Tail::Switched { at }) => CopyDifference::Records(*at, records),
            _ => CopyDifference::Slack,
        },
    }
}

fn same_begin(a: &Head, b: &Head) -> bool {
    match (a, b) {
        (Head::Rest(a), Head::Rest(b)) => a == b,
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}
