//! The facts of one cluster's WAL: its dialect, sizes, alignment and byte order.
//!
//! All of them are read from the first page of a segment. Only one needs more than its header: up to 9.2 the page
//! headers of 4-byte and 8-byte aligned servers are equal, and the first record whose checksum is right decides.

use crate::bytes::at;
use crate::dialect::{MAGIC_19_BETA, looks_like_magic};
use crate::{AddressScheme, Dialect, Generation, Lsn, PageSize, SegmentSize};
use std::fmt;

/// `MAXIMUM_ALIGNOF`: records start at multiples of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// 32-bit x86.
    Four,
    /// Everything else.
    Eight,
}

/// Byte order of the server that wrote the WAL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endian {
    /// x86, ARM, POWER little-endian.
    Little,
    /// SPARC, s390x, old POWER and PA-RISC.
    Big,
}

impl Endian {
    /// Two bytes as a number.
    #[inline(always)]
    pub const fn u16(self, b: [u8; 2]) -> u16 {
        match self {
            Endian::Little => u16::from_le_bytes(b),
            Endian::Big => u16::from_be_bytes(b),
        }
    }

    /// Four bytes as a number.
    #[inline(always)]
    pub const fn u32(self, b: [u8; 4]) -> u32 {
        match self {
            Endian::Little => u32::from_le_bytes(b),
            Endian::Big => u32::from_be_bytes(b),
        }
    }

    /// Eight bytes as a number.
    #[inline(always)]
    pub const fn u64(self, b: [u8; 8]) -> u64 {
        match self {
            Endian::Little => u64::from_le_bytes(b),
            Endian::Big => u64::from_be_bytes(b),
        }
    }

    /// A number as two bytes.
    pub const fn put_u16(self, n: u16) -> [u8; 2] {
        match self {
            Endian::Little => n.to_le_bytes(),
            Endian::Big => n.to_be_bytes(),
        }
    }

    /// A number as four bytes.
    pub const fn put_u32(self, n: u32) -> [u8; 4] {
        match self {
            Endian::Little => n.to_le_bytes(),
            Endian::Big => n.to_be_bytes(),
        }
    }

    /// A number as eight bytes.
    pub const fn put_u64(self, n: u64) -> [u8; 8] {
        match self {
            Endian::Little => n.to_le_bytes(),
            Endian::Big => n.to_be_bytes(),
        }
    }
}

/// Everything that must be known of a cluster before its WAL can be read.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The version's facts.
    pub dialect: &'static Dialect,
    /// Where records start.
    pub align: Align,
    /// Byte order.
    pub endian: Endian,
    /// Size of a segment.
    pub segment: SegmentSize,
    /// Size of a page.
    pub page: PageSize,
}

impl PartialEq for Layout {
    fn eq(&self, other: &Layout) -> bool {
        self.dialect.magic == other.dialect.magic
            && (self.align, self.endian, self.segment, self.page)
                == (other.align, other.endian, other.segment, other.page)
    }
}

impl Eq for Layout {}

impl Layout {
    /// The next multiple of the alignment.
    #[inline(always)]
    pub const fn align_up(&self, n: u64) -> u64 {
        let a = self.align_bytes();
        (n + a - 1) & !(a - 1)
    }

    /// 4 or 8.
    #[inline(always)]
    pub const fn align_bytes(&self) -> u64 {
        match self.align {
            Align::Four => 4,
            Align::Eight => 8,
        }
    }

    /// `SizeOfXLogShortPHD`.
    #[inline(always)]
    pub const fn short_header(&self) -> usize {
        match (self.dialect.generation, self.align) {
            (Generation::LegacyA, _) => 16,
            (_, Align::Eight) => 24,
            (_, Align::Four) => 20,
        }
    }

    /// `SizeOfXLogLongPHD`.
    #[inline(always)]
    pub const fn long_header(&self) -> usize {
        self.short_header() + 16
    }

    /// `SizeOfXLogRecord`: bytes between a record's start and its data.
    #[inline(always)]
    pub const fn record_header(&self) -> usize {
        match (self.dialect.generation, self.align) {
            (Generation::Modern, _) => 24,
            (_, Align::Eight) => 32,
            (_, Align::Four) => 28,
        }
    }

    /// Bytes that a record's start must find on its page: the whole header up to 9.2, else one aligned slot.
    #[inline(always)]
    pub const fn start_room(&self) -> usize {
        match self.dialect.generation {
            Generation::LegacyA => self.record_header(),
            _ => self.align_bytes() as usize,
        }
    }

    /// Positions to segments.
    #[inline(always)]
    pub const fn address(&self) -> AddressScheme {
        self.dialect.address
    }
}

/// Why a file's first page does not say how to read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NotWal {
    /// Fewer bytes than a page header.
    TooShort,
    /// No page magic at the beginning.
    NoMagic,
    /// The magic of WAL that no release writes; the betas of 19 are among them.
    Unreleased {
        /// The magic found.
        magic: u16,
        /// It is that of the betas of 19.
        beta_of_19: bool,
    },
    /// A magic, but no long header with believable sizes behind it.
    NoSizes,
}

impl fmt::Display for NotWal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotWal::TooShort => f.write_str("shorter than a page header of WAL"),
            NotWal::NoMagic => f.write_str("not WAL: no page magic at its beginning"),
            NotWal::Unreleased { magic, .. } => {
                write!(f, "WAL with the page magic {magic:04X}, which no release writes")
            }
            NotWal::NoSizes => f.write_str("a page magic of WAL, but no sizes of segments and pages behind it"),
        }
    }
}

impl std::error::Error for NotWal {}

impl Layout {
    /// Reads the facts from the beginning of a segment: at least its first page for 9.2 and earlier, else 40 bytes.
    pub fn detect(start: &[u8]) -> Result<Layout, NotWal> {
        let first: &[u8; 40] = start.first_chunk().ok_or(NotWal::TooShort)?;
        let (endian, magic) = [Endian::Little, Endian::Big]
            .map(|e| (e, e.u16([first[0], first[1]])))
            .into_iter()
            .find(|&(_, m)| looks_like_magic(m))
            .ok_or(NotWal::NoMagic)?;
        let dialect =
            Dialect::by_magic(magic).ok_or(NotWal::Unreleased { magic, beta_of_19: magic == MAGIC_19_BETA })?;
        let sizes = |align: Align, offset: usize| {
            let segment = SegmentSize::new(u64::from(endian.u32(at(first, offset))))?;
            let page = PageSize::new(u64::from(endian.u32(at(first, offset + 4))))?;
            Some(Layout { dialect, align, endian, segment, page })
        };
        match dialect.generation {
            Generation::LegacyA => {
                let eight = sizes(Align::Eight, 24).ok_or(NotWal::NoSizes)?;
                Ok(Layout { align: eight.alignment(start).unwrap_or(Align::Eight), ..eight })
            }
            _ => sizes(Align::Eight, 32).or_else(|| sizes(Align::Four, 28)).ok_or(NotWal::NoSizes),
        }
    }

    /// The alignment that the records in the beginning of a segment speak for; `None` where none of them is whole on
    /// its page, so that [`Layout::detect`] could only take the usual one. From 9.3 on the page header tells.
    pub fn alignment(&self, start: &[u8]) -> Option<Align> {
        if self.dialect.generation != Generation::LegacyA {
            return Some(self.align);
        }
        start.chunks_exact(self.page.bytes() as usize).find_map(|page| {
            let holds = |align| Layout { align, ..*self }.first_records_hold(page);
            match (holds(Align::Eight), holds(Align::Four)) {
                (true, false) => Some(Align::Eight),
                (false, true) => Some(Align::Four),
                _ => None,
            }
        })
    }

    /// Where a record begins of which nothing lies in front of a position: behind the header of a page, where the
    /// position is that page's.
    pub fn record_from(&self, lsn: Lsn) -> Lsn {
        let offset = self.address().offset(lsn, self.segment);
        match offset % self.page.bytes() {
            0 if offset == 0 => lsn.plus_within(self.long_header() as u64),
            0 => lsn.plus_within(self.short_header() as u64),
            _ => lsn,
        }
    }

    /// Whether the first records that are whole on a page have right checksums under this layout.
    fn first_records_hold(&self, page: &[u8]) -> bool {
        let header = self.page_header(page);
        let mut offset = self.align_up(header.data as u64 + u64::from(header.rem_len)) as usize;
        // Two records tell an alignment from a chance; one that ends the page's WAL must do alone.
        let mut held = 0;
        while held < 2 {
            let Some(rest) = page.get(offset..) else { break };
            let Some(record) = self.record_header_at(rest) else { break };
            let Some(whole) = rest.get(..record.tot_len as usize).filter(|w| w.len() >= self.record_header()) else {
                break;
            };
            let (head, body) = whole.split_at(self.record_header());
            if self.checksum(head, body) != record.crc {
                return false;
            }
            held += 1;
            offset += self.align_up(u64::from(record.tot_len)) as usize;
        }
        held > 0
    }
}
