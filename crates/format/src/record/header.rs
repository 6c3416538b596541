//! Record headers (`XLogRecord`; `src/include/access/xlogrecord.h`, `xlog.h` up to 9.4).
//!
//! ```text
//!            8.2-9.2      9.3, 9.4     9.5-19
//! tot_len    16 u32        0 u32        0 u32     header included
//! xid        12 u32        4 u32        4 u32
//! len        20 u32        8 u32        -         data of the resource manager alone
//! prev        4 u32 u32   16 u64        8 u64     start of the record before
//! info       24 u8        12 u8        16 u8
//! rmid       25 u8        13 u8        17 u8
//! crc         0 u32       24 u32       20 u32
//! size       28, then padded to the alignment (24 from 9.5 on)
//! checksum   body, then   body, then   body, then
//!            [4, size)    [0, 24)      [0, 20)
//! ```

use crate::bytes::at;
use crate::dialect::Checksum;
use crate::{Generation, Layout, Lsn};

/// The fixed part of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordHeader {
    /// Bytes of the whole record, header included, headers of pages not.
    pub tot_len: u32,
    /// The transaction, or 0.
    pub xid: u32,
    /// Start of the record before.
    pub prev: Lsn,
    /// Operation (high half) and flags.
    pub info: u8,
    /// Resource manager.
    pub rmid: u8,
    /// Checksum.
    pub crc: u32,
    /// Bytes of the resource manager's data, up to 9.4; 0 from 9.5 on.
    pub len: u32,
}

/// What is wrong with a record header, in the order in which servers check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HeaderFault {
    /// Shorter than a header, or longer than its blocks can make it.
    Length {
        /// The length found.
        found: u32,
    },
    /// No data (9.4 and earlier, where only a switch has none).
    ZeroLength,
    /// A switch with data.
    SwitchWithData,
    /// No such resource manager in this version.
    Rmgr {
        /// The id found.
        id: u8,
    },
}

impl Layout {
    /// Reads a record header; `None` where fewer bytes than a header are left.
    #[inline(always)]
    pub fn record_header_at(&self, bytes: &[u8]) -> Option<RecordHeader> {
        match self.dialect.generation {
            Generation::Modern => bytes.first_chunk::<24>().map(|b| self.modern_header(b)),
            _ => bytes.first_chunk::<28>().map(|b| self.legacy_header(b)),
        }
    }

    /// Reads the 24 bytes of 9.5 and later.
    #[inline(always)]
    pub fn modern_header(&self, b: &[u8; 24]) -> RecordHeader {
        let e = self.endian;
        RecordHeader {
            tot_len: e.u32(at(b, 0)),
            xid: e.u32(at(b, 4)),
            prev: Lsn::new(e.u64(at(b, 8))),
            info: b[16],
            rmid: b[17],
            crc: e.u32(at(b, 20)),
            len: 0,
        }
    }

    /// The same of a little-endian server, in fewer instructions.
    #[inline(always)]
    pub fn modern_header_le(&self, b: &[u8; 24]) -> RecordHeader {
        let word = |i: usize| u64::from_le_bytes(at(b, i));
        let (first, last) = (word(0), word(16));
        RecordHeader {
            tot_len: first as u32,
            xid: (first >> 32) as u32,
            prev: Lsn::new(word(8)),
            info: last as u8,
            rmid: (last >> 8) as u8,
            crc: (last >> 32) as u32,
            len: 0,
        }
    }

    fn legacy_header(&self, b: &[u8; 28]) -> RecordHeader {
        let e = self.endian;
        match self.dialect.generation {
            Generation::LegacyA => RecordHeader {
                crc: e.u32(at(b, 0)),
                prev: Lsn::from_halves(e.u32(at(b, 4)), e.u32(at(b, 8))),
                xid: e.u32(at(b, 12)),
                tot_len: e.u32(at(b, 16)),
                len: e.u32(at(b, 20)),
                info: b[24],
                rmid: b[25],
            },
            _ => RecordHeader {
                tot_len: e.u32(at(b, 0)),
                xid: e.u32(at(b, 4)),
                len: e.u32(at(b, 8)),
                info: b[12],
                rmid: b[13],
                prev: Lsn::new(e.u64(at(b, 16))),
                crc: e.u32(at(b, 24)),
            },
        }
    }

    /// The length of the record whose first bytes these are. They lie on one page in every version.
    #[inline(always)]
    pub fn total_length(&self, bytes: &[u8]) -> u32 {
        match self.dialect.generation {
            Generation::LegacyA => self.endian.u32(at(bytes, 16)),
            _ => self.endian.u32(at(bytes, 0)),
        }
    }

    /// Checks what the header alone can tell, all but the link to the record before.
    #[inline(always)]
    pub fn check_header(&self, h: &RecordHeader) -> Result<(), HeaderFault> {
        let size = self.record_header() as u32;
        if !matches!(self.dialect.generation, Generation::Modern) {
            self.check_legacy_lengths(h)?;
        } else if h.tot_len < size {
            return Err(HeaderFault::Length { found: h.tot_len });
        }
        if !self.dialect.knows_rmgr(h.rmid) {
            return Err(HeaderFault::Rmgr { id: h.rmid });
        }
        Ok(())
    }

    /// `ReadRecord`, `ValidXLogRecordHeader` of 9.4 and earlier. The size of data pages is not known: the largest
    /// counts.
    fn check_legacy_lengths(&self, h: &RecordHeader) -> Result<(), HeaderFault> {
        const MAX_PAGE: u64 = 32 * 1024;
        if h.len == 0 && !h.is_switch() {
            return Err(HeaderFault::ZeroLength);
        }
        if h.len != 0 && h.is_switch() {
            return Err(HeaderFault::SwitchWithData);
        }
        let blocks = self.dialect.backup_blocks;
        let least = self.record_header() as u64 + u64::from(h.len);
        let most = least + blocks.bits.len() as u64 * (blocks.size as u64 + MAX_PAGE);
        if !(least..=most).contains(&u64::from(h.tot_len)) {
            return Err(HeaderFault::Length { found: h.tot_len });
        }
        Ok(())
    }

    /// The bytes of the header that its checksum covers.
    #[inline(always)]
    pub fn checked_part<'a>(&self, header: &'a [u8]) -> &'a [u8] {
        let range = match self.dialect.generation {
            Generation::LegacyA => 4..self.record_header(),
            Generation::LegacyB => 0..24,
            Generation::Modern => 0..20,
        };
        header.get(range).unwrap_or(&[])
    }

    /// The checksum of a record: its body first, then its header.
    #[inline(always)]
    pub fn checksum(&self, header: &[u8], body: &[u8]) -> u32 {
        self.append(self.append(0, body), self.checked_part(header))
    }

    /// Goes on with a finished checksum.
    #[inline(always)]
    pub fn append(&self, crc: u32, bytes: &[u8]) -> u32 {
        match self.dialect.checksum {
            Checksum::Castagnoli => pgwal_crc::castagnoli::append(crc, bytes),
            Checksum::Legacy => pgwal_crc::legacy::append(crc, bytes),
        }
    }

    /// The checksum of two stretches of which only the checksums are at hand; `len` bytes in the second.
    pub fn combine(&self, first: u32, second: u32, len: u64) -> u32 {
        match self.dialect.checksum {
            Checksum::Castagnoli => pgwal_crc::castagnoli::combine(first, second, len),
            Checksum::Legacy => pgwal_crc::legacy::combine(first, second, len),
        }
    }
}
