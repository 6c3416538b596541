//! Page headers (`XLogPageHeaderData`, `XLogLongPageHeaderData`; `src/include/access/xlog_internal.h`).
//!
//! ```text
//!            8.2-9.2          9.3-19, aligned 8    9.3-19, aligned 4
//! magic      0  u16           0                    0
//! info       2  u16           2                    2
//! timeline   4  u32           4                    4
//! address    8  u32 u32       8  u64               8  u64
//! rem_len   16* u32          16  u32 (+4 pad)     16  u32
//! system id 16  u64          24  u64              20  u64      \
//! segment   24  u32          32  u32              28  u32       | long header: first page of a segment
//! page size 28  u32          36  u32              32  u32      /
//! ```
//! \* up to 9.2 the remaining length is no part of the header but the four bytes behind it (`XLogContRecord`), there
//! only when the page begins with the rest of a record.

use crate::bytes::at;
use crate::{Generation, Layout, Lsn, TimelineId};

/// `XLP_FIRST_IS_CONTRECORD`.
pub const CONTRECORD: u16 = 0x0001;
/// `XLP_LONG_HEADER`.
pub const LONG_HEADER: u16 = 0x0002;

/// The bytes that the longest page header takes.
pub const MAX_HEADER: usize = 44;

/// A page header as it stands, right or wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageHeader {
    /// `xlp_magic`.
    pub magic: u16,
    /// `xlp_info`.
    pub info: u16,
    /// `xlp_tli`: the timeline in force when the page was begun.
    pub timeline: TimelineId,
    /// `xlp_pageaddr`.
    pub address: Lsn,
    /// Bytes of the record begun before that are still to come, this page's share included; 0 without one.
    pub rem_len: u32,
    /// The long header, where the flag says so.
    pub long: Option<LongHeader>,
    /// Bytes before the page's data: the header, and up to 9.2 the continuation header.
    pub data: usize,
}

/// What only the first page of a segment says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LongHeader {
    /// `xlp_sysid`.
    pub system_id: u64,
    /// `xlp_seg_size`, in bytes.
    pub segment_size: u32,
    /// `xlp_xlog_blcksz`, in bytes.
    pub page_size: u32,
}

impl PageHeader {
    /// The page begins with a record of its own.
    #[inline(always)]
    pub const fn is_idle(&self) -> bool {
        self.info & CONTRECORD == 0
    }

    /// The page begins with the rest of a record.
    #[inline(always)]
    pub const fn continues(&self) -> bool {
        self.info & CONTRECORD != 0
    }
}

/// What is wrong with a page header, in the order in which servers check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PageFault {
    /// Not this version's magic.
    Magic {
        /// The magic found.
        found: u16,
    },
    /// A flag that this version does not know, or no long header at the start of a segment.
    Info {
        /// The flags found.
        found: u16,
    },
    /// Another cluster's WAL.
    SystemId {
        /// The identifier found.
        found: u64,
        /// The identifier of the cluster.
        expected: u64,
    },
    /// Another segment size, in bytes.
    SegmentSize {
        /// The size found.
        found: u32,
    },
    /// Another page size, in bytes.
    PageSize {
        /// The size found.
        found: u32,
    },
    /// The page belongs elsewhere.
    Address {
        /// The position that the page claims.
        found: Lsn,
    },
    /// The page's timeline is older than one before it.
    Timeline {
        /// The timeline found.
        found: TimelineId,
        /// The timeline of the pages before.
        after: TimelineId,
    },
}

impl Layout {
    /// Reads the header of a page; bytes beyond the end of `page` count as zero.
    #[inline]
    pub fn page_header(&self, page: &[u8]) -> PageHeader {
        let e = self.endian;
        let info = e.u16(at(page, 2));
        let long = info & LONG_HEADER != 0;
        let short = self.short_header();
        let legacy = matches!(self.dialect.generation, Generation::LegacyA);
        let address = if legacy {
            Lsn::from_halves(e.u32(at(page, 8)), e.u32(at(page, 12)))
        } else {
            Lsn::new(e.u64(at(page, 8)))
        };
        let end = if long { self.long_header() } else { short };
        let (rem_len, data) = match (legacy, info & CONTRECORD != 0) {
            (true, true) => (e.u32(at(page, end)), end + 4),
            (true, false) => (0, end),
            (false, _) => (e.u32(at(page, 16)), end),
        };
        PageHeader {
            magic: e.u16(at(page, 0)),
            info,
            timeline: TimelineId(e.u32(at(page, 4))),
            address,
            rem_len,
            long: long.then(|| LongHeader {
                system_id: e.u64(at(page, short)),
                segment_size: e.u32(at(page, short + 8)),
                page_size: e.u32(at(page, short + 12)),
            }),
            data,
        }
    }

    /// Checks a page header as servers do (`XLogReaderValidatePageHeader`, `ValidXLOGHeader`), all but the timeline,
    /// which only the pages before can tell. `system_id` is not checked where it is `None`.
    #[inline]
    pub fn check_page(
        &self,
        header: &PageHeader,
        address: Lsn,
        first_of_segment: bool,
        system_id: Option<u64>,
    ) -> Result<(), PageFault> {
        if header.magic != self.dialect.magic {
            return Err(PageFault::Magic { found: header.magic });
        }
        if header.info & !self.dialect.page.all != 0 {
            return Err(PageFault::Info { found: header.info });
        }
        match header.long {
            Some(long) => {
                if let Some(expected) = system_id.filter(|&id| id != long.system_id) {
                    return Err(PageFault::SystemId { found: long.system_id, expected });
                }
                if u64::from(long.segment_size) != self.segment.bytes() {
                    return Err(PageFault::SegmentSize { found: long.segment_size });
                }
                if u64::from(long.page_size) != self.page.bytes() {
                    return Err(PageFault::PageSize { found: long.page_size });
                }
            }
            None if first_of_segment => return Err(PageFault::Info { found: header.info }),
            None => {}
        }
        if header.address != address {
            return Err(PageFault::Address { found: header.address });
        }
        Ok(())
    }

    /// The range of a page header that no check covers: the pad bytes of 8-byte aligned servers from 9.3 on.
    #[inline]
    pub const fn page_pad(&self) -> Option<std::ops::Range<usize>> {
        match self.short_header() {
            24 => Some(20..24),
            _ => None,
        }
    }
}
