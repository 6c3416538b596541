//! Sizes of segments and pages, and the numbers of segments.

/// The size of a WAL segment: a power of two from 1 MiB to 1 GiB.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SegmentSize(u8);

impl SegmentSize {
    /// The default of every version, 16 MiB.
    pub const DEFAULT: SegmentSize = SegmentSize(24);

    /// `None` unless `bytes` is a power of two from 1 MiB to 1 GiB.
    pub const fn new(bytes: u64) -> Option<SegmentSize> {
        if bytes.is_power_of_two() && bytes >= 1 << 20 && bytes <= 1 << 30 {
            Some(SegmentSize(bytes.trailing_zeros() as u8))
        } else {
            None
        }
    }

    /// In bytes.
    pub const fn bytes(self) -> u64 {
        1 << self.0
    }
}

/// The size of a WAL page (`XLOG_BLCKSZ`): a power of two from 1 KiB to 64 KiB.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PageSize(u8);

impl PageSize {
    /// The default of every version, 8 KiB.
    pub const DEFAULT: PageSize = PageSize(13);

    /// `None` unless `bytes` is a power of two from 1 KiB to 64 KiB.
    pub const fn new(bytes: u64) -> Option<PageSize> {
        if bytes.is_power_of_two() && bytes >= 1 << 10 && bytes <= 1 << 16 {
            Some(PageSize(bytes.trailing_zeros() as u8))
        } else {
            None
        }
    }

    /// In bytes.
    pub const fn bytes(self) -> u64 {
        1 << self.0
    }
}

/// The number of a segment, counted from the first one of all WAL. Numbers follow each other without holes in either
/// address scheme.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SegmentNo(pub u64);

impl SegmentNo {
    /// The segment after this one.
    pub const fn next(self) -> SegmentNo {
        SegmentNo(self.0.wrapping_add(1))
    }
}
