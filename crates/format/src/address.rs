//! The two ways from a position to a segment.
//!
//! From 9.3 a position is a byte count and segments tile it. Up to 9.2 it is a log id and an offset, and the last
//! segment of each log id is never written (`XLogSegsPerFile` = 0xFFFFFFFF / segment size: 255 of 16 MiB), so that
//! `0/FF000000` as an end and `1/0` as a start are one place (`src/include/access/xlog_internal.h` of either version).

use crate::Lsn;
use crate::sizes::{SegmentNo, SegmentSize};

/// How positions map to segments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressScheme {
    /// 9.2 and earlier: log id and offset, the top segment of a log id left out.
    Split,
    /// 9.3 and later: one 64-bit byte position.
    Linear,
}

impl AddressScheme {
    /// Segments in a log id (in 4 GiB).
    pub const fn segments_per_log(self, size: SegmentSize) -> u64 {
        match self {
            AddressScheme::Split => 0xFFFF_FFFF / size.bytes(),
            AddressScheme::Linear => 0x1_0000_0000 / size.bytes(),
        }
    }

    /// The segment that holds the byte at `lsn` (`XLByteToSeg`).
    pub const fn segment(self, lsn: Lsn, size: SegmentSize) -> SegmentNo {
        SegmentNo(lsn.high() as u64 * self.segments_per_log(size) + lsn.low() as u64 / size.bytes())
    }

    /// The segment that holds the byte before `lsn` (`XLByteToPrevSeg`), for a position that ends something.
    pub const fn prev_segment(self, lsn: Lsn, size: SegmentSize) -> SegmentNo {
        let lsn = self.normal(lsn, size);
        let number = self.segment(lsn, size).0;
        SegmentNo(if self.offset(lsn, size) == 0 { number.wrapping_sub(1) } else { number })
    }

    /// The position at which a segment starts.
    pub const fn segment_start(self, number: SegmentNo, size: SegmentSize) -> Lsn {
        let per = self.segments_per_log(size);
        Lsn::from_halves((number.0 / per) as u32, ((number.0 % per) * size.bytes()) as u32)
    }

    /// The offset of `lsn` in its segment.
    pub const fn offset(self, lsn: Lsn, size: SegmentSize) -> u64 {
        lsn.low() as u64 % size.bytes()
    }

    /// The one spelling of a place that has two: `n/FF000000` of 9.2 and earlier becomes `n+1/0`.
    pub const fn normal(self, lsn: Lsn, size: SegmentSize) -> Lsn {
        let used = self.segments_per_log(size) * size.bytes();
        if lsn.low() as u64 >= used && matches!(self, AddressScheme::Split) {
            Lsn::from_halves(lsn.high().wrapping_add(1), (lsn.low() as u64 - used) as u32)
        } else {
            lsn
        }
    }

    /// The position `bytes` further on, or `None` beyond the end of WAL.
    pub fn advance(self, lsn: Lsn, bytes: u64, size: SegmentSize) -> Option<Lsn> {
        let used = self.segments_per_log(size) * size.bytes();
        let total = u128::from(lsn.high()) * u128::from(used) + u128::from(lsn.low()) + u128::from(bytes);
        let high = u32::try_from(total / u128::from(used)).ok()?;
        Some(Lsn::from_halves(high, (total % u128::from(used)) as u32))
    }

    /// Bytes from `b` to `a`: what `pg_wal_lsn_diff(a, b)` gives.
    pub fn distance(self, a: Lsn, b: Lsn, size: SegmentSize) -> i128 {
        let used = i128::from(self.segments_per_log(size) * size.bytes());
        (i128::from(a.high()) - i128::from(b.high())) * used + i128::from(a.low()) - i128::from(b.low())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: SegmentSize = SegmentSize::DEFAULT;

    #[test]
    fn the_top_segment_of_a_log_id_is_skipped_up_to_9_2() {
        let end = Lsn::from_halves(0, 0xFF00_0000);
        let start = Lsn::from_halves(1, 0);
        assert_eq!(AddressScheme::Split.distance(start, end, SIZE), 0);
        assert_eq!(AddressScheme::Split.normal(end, SIZE), start);
        assert_eq!(AddressScheme::Split.advance(Lsn::from_halves(0, 0xFEFF_FFF8), 8, SIZE), Some(start));
        assert_eq!(AddressScheme::Split.prev_segment(start, SIZE), SegmentNo(254));
        assert_eq!(AddressScheme::Linear.segment(end, SIZE), SegmentNo(255));
        assert_eq!(AddressScheme::Linear.distance(start, end, SIZE), 0x100_0000);
    }

    #[test]
    fn segments_and_positions_are_inverse() {
        for scheme in [AddressScheme::Split, AddressScheme::Linear] {
            for size in [20, 24, 30].map(|log2| SegmentSize::new(1 << log2).unwrap()) {
                for number in [0, 1, 2, 3, 254, 255, 256, 4095, 4096, 1 << 20] {
                    let start = scheme.segment_start(SegmentNo(number), size);
                    assert_eq!(scheme.segment(start, size), SegmentNo(number));
                    assert_eq!(scheme.offset(start, size), 0);
                    let last = start.plus_within(size.bytes() - 1);
                    assert_eq!(scheme.segment(last, size), SegmentNo(number));
                    assert_eq!(scheme.advance(last, 1, size), Some(scheme.segment_start(SegmentNo(number + 1), size)));
                }
            }
        }
    }
}
