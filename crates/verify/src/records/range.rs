//! Which records lie in the range asked for.

use crate::options::Options;
use pgwal_format::record::Record;
use pgwal_format::{Generation, Layout, Lsn, SegmentNo};

/// A range of positions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub start: Option<Lsn>,
    pub end: Option<Lsn>,
}

impl Range {
    pub fn of(options: &Options<'_>, layout: &Layout) -> Range {
        let normal = |lsn: Lsn| layout.address().normal(lsn, layout.segment);
        Range { start: options.start.map(normal), end: options.end.map(normal) }
    }

    /// Whether some byte of a segment lies in it.
    pub fn reaches(&self, number: SegmentNo, layout: &Layout) -> bool {
        let (address, size) = (layout.address(), layout.segment);
        self.start.is_none_or(|start| number >= address.segment(start, size))
            && self.end.is_none_or(|end| address.segment_start(number, size) < end)
    }

    /// As `pg_waldump -s -e`: the record starts in the range, and no byte of it lies at its end or behind.
    #[inline]
    pub fn holds(&self, record: &Record<'_>) -> bool {
        self.start.is_none_or(|start| record.lsn >= start)
            && self.end.is_none_or(|end| {
                (record.end <= end && !record.header.is_switch()) || (record.lsn < end && behind(record) <= end)
            })
    }
}

/// The position behind the last byte of a record, neither aligned nor, for a switch, moved to the end of the segment.
fn behind(record: &Record<'_>) -> Lsn {
    let layout = record.layout;
    let (address, size, page) = (layout.address(), layout.segment, layout.page.bytes());
    let mut left = u64::from(record.header.tot_len);
    let mut at = record.lsn;
    loop {
        let room = page - address.offset(at, size) % page;
        if left <= room {
            return address.advance(at, left, size).unwrap_or(Lsn::MAX);
        }
        left -= room;
        let Some(next) = address.advance(at, room, size) else { return Lsn::MAX };
        let header = if address.offset(next, size) == 0 { layout.long_header() } else { layout.short_header() };
        // Up to 9.2 the rest of a record stands behind four bytes more.
        let more = if layout.dialect.generation == Generation::LegacyA { 4 } else { 0 };
        at = next.plus_within((header + more) as u64);
    }
}
