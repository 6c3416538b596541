//! Where two copies of a segment part.

use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_walk::{Fold, KEEP, ScanExpect, scan};

/// The first record in which two copies of a segment differ, both of which are of one cluster and size. `None`: a
/// server reads the same in both, whatever lies behind the end.
pub fn records_part(layout: &Layout, start: Lsn, timeline: TimelineId, copies: (&[u8], &[u8])) -> Option<Lsn> {
    let expect = ScanExpect { layout, start, timeline: Some(timeline), system_id: None, keep: KEEP, history: &[] };
    let summed = |bytes| scan(bytes, expect, RecordSums::default());
    let (one, other) = (summed(copies.0), summed(copies.1));
    let (sums, others) = (&one.acc.0, &other.acc.0);
    let differ = sums.iter().zip(others).find(|(a, b)| a != b).map(|(a, b)| a.0.min(b.0));
    let longer = || {
        let (short, long) = if sums.len() < others.len() { (sums, others) } else { (others, sums) };
        long.get(short.len()).map(|(lsn, _)| *lsn)
    };
    match differ.or_else(longer) {
        None if one.head != other.head => Some(one.from),
        None if one.tail != other.tail || one.damages.len() != other.damages.len() => Some(one.end),
        parted => parted,
    }
}

/// Where each record starts, and its checksum, which is over all of it.
#[derive(Default)]
struct RecordSums(Vec<(Lsn, u32)>);

impl Fold for RecordSums {
    type Mark = ();

    fn mark(&self) {}

    fn after((): &mut (), _: &RecordSums) {}

    fn wants(&self, _: &RecordHeader) -> bool {
        true
    }

    fn pass(&mut self, _: &RecordHeader) {}

    fn record(&mut self, record: &Record<'_>) {
        self.0.push((record.lsn, record.header.crc));
    }

    fn join(&mut self, right: RecordSums) {
        self.0.extend(right.0);
    }
}
