//! Tuples of heap pages and of heap records (`src/include/access/htup_details.h`, `heapam_xlog.h`).
//!
//! ```text
//! on a page   0 u32 xmin   4 u32 xmax   12 ctid   18 u16 infomask2   20 u16 infomask   22 u8 hoff   23 bitmap, data
//! in WAL      0 u16 infomask2   2 u16 infomask   4 u8 hoff   5 … what stands from 23 on
//! ```

use pgwal_format::Endian;

/// Bytes of a tuple before its bitmap.
const FIXED: usize = 23;
/// The longest tuple that is kept: rows of catalogs with long lists of rights are longer, and not needed.
const LONGEST: usize = 2048;

/// A tuple: its bitmap, and its data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeapTuple {
    infomask: u16,
    /// Bytes between the fixed part and the data.
    head: usize,
    /// What stands from the bitmap on.
    bytes: Box<[u8]>,
}

const HAS_OID: u16 = 0x0008;

impl HeapTuple {
    /// Of a heap record: a header, and what stands from the bitmap on.
    pub fn of_record(endian: Endian, bytes: &[u8]) -> Option<HeapTuple> {
        let infomask = endian.u16(*bytes.get(2..)?.first_chunk()?);
        HeapTuple::new(infomask, *bytes.get(4)?, bytes.get(5..)?)
    }

    /// Of a page.
    pub fn of_page(endian: Endian, bytes: &[u8]) -> Option<HeapTuple> {
        let infomask = endian.u16(*bytes.get(20..)?.first_chunk()?);
        HeapTuple::new(infomask, *bytes.get(22)?, bytes.get(FIXED..)?)
    }

    /// The new tuple of an update that shares so many bytes with the old one, at the beginning and at the end of the
    /// data.
    pub fn of_update(endian: Endian, bytes: &[u8], shared: SharedEnds, old: Option<&HeapTuple>) -> Option<HeapTuple> {
        let new = HeapTuple::of_record(endian, bytes)?;
        if shared.prefix == 0 && shared.suffix == 0 {
            return Some(new);
        }
        let old = old?.data();
        let (head, own) = new.bytes.split_at_checked(new.head)?;
        let prefix = old.get(..shared.prefix)?;
        let suffix = old.get(old.len().checked_sub(shared.suffix)?..)?;
        HeapTuple::new(new.infomask, u8::try_from(FIXED + new.head).ok()?, &[head, prefix, own, suffix].concat())
    }

    fn new(infomask: u16, hoff: u8, bytes: &[u8]) -> Option<HeapTuple> {
        let head = usize::from(hoff).checked_sub(FIXED)?;
        (head <= bytes.len() && bytes.len() <= LONGEST).then(|| HeapTuple { infomask, head, bytes: bytes.into() })
    }

    /// Its columns.
    pub fn data(&self) -> &[u8] {
        self.bytes.get(self.head..).unwrap_or(&[])
    }

    /// The OID in front of the data, up to 11.
    pub fn oid(&self, endian: Endian) -> Option<u32> {
        let at = self.head.checked_sub(4).filter(|_| self.infomask & HAS_OID != 0)?;
        Some(endian.u32(*self.bytes.get(at..)?.first_chunk()?))
    }
}

/// What the new tuple of an update has of the old one, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SharedEnds {
    /// At the beginning of the data.
    pub prefix: usize,
    /// At its end.
    pub suffix: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(data: &[u8]) -> Vec<u8> {
        [&[2, 0, 0, 0, 24, 0][..], data].concat()
    }

    #[test]
    fn an_update_takes_both_ends_of_the_old_tuple() {
        let old = HeapTuple::of_record(Endian::Little, &told(b"abcdefgh")).unwrap();
        let new = |shared, own: &[u8]| HeapTuple::of_update(Endian::Little, &told(own), shared, Some(&old));
        assert_eq!(new(SharedEnds { prefix: 3, suffix: 2 }, b"XYZ").unwrap().data(), b"abcXYZgh");
        assert_eq!(new(SharedEnds { prefix: 9, suffix: 0 }, b""), None);
        assert_eq!(new(SharedEnds { prefix: 0, suffix: 9 }, b""), None);
        assert_eq!(HeapTuple::of_update(Endian::Little, &told(b"x"), SharedEnds { prefix: 1, suffix: 0 }, None), None);
    }

    #[test]
    fn a_header_longer_than_the_tuple_is_none() {
        assert_eq!(HeapTuple::of_record(Endian::Little, &[2, 0, 0, 0, 255, 1, 2]), None);
        assert_eq!(HeapTuple::of_record(Endian::Little, &[2, 0, 0, 0, 3, 1, 2]), None);
        assert_eq!(HeapTuple::of_page(Endian::Little, &[0; 22]), None);
    }
}
