//! Tuples on a heap page (`src/include/storage/bufpage.h`, `access/htup_details.h`).
//!
//! ```text
//! 0 u32, u32 pd_lsn   8 u16 checksum   12 u16 pd_lower   14 u16 pd_upper   16 u16 pd_special   18 u16 size, version
//! ```

use crate::tuple::HeapTuple;
use pgwal_format::image::line_pointers;
use pgwal_format::{Endian, Lsn};

const HEADER: usize = 24;

const XMIN_COMMITTED: u16 = 0x0100;
const XMIN_INVALID: u16 = 0x0200;
const XMAX_COMMITTED: u16 = 0x0400;
const XMAX_INVALID: u16 = 0x0800;
const XMAX_IS_MULTI: u16 = 0x1000;
const XMAX_LOCK_ONLY: u16 = 0x0080;
/// How servers up to 9.2 marked a row that is locked alone: this one of these two, and no multixact.
const XMAX_EXCL_LOCK: u16 = 0x0040;
const XMAX_LOCKS: u16 = 0x0050;
/// VACUUM FULL up to 8.4 moved it, or was about to.
const MOVED: u16 = 0xC000;
/// The number of whoever made what is frozen (`FrozenTransactionId`).
const FROZEN: u32 = 2;
/// The first number that a transaction has (`FirstNormalTransactionId`); what those before it wrote is committed.
const FIRST_XID: u32 = 3;

/// A tuple on a page, and what its header says of the transactions that made it and ended it.
pub struct TupleOnPage {
    /// The offset of its line pointer, from 1 on.
    pub offset: u16,
    /// The transaction that made it.
    pub xmin: u32,
    /// What is known of that one.
    pub made: MadeBy,
    /// The transaction that ended it.
    pub end: RowEnd,
    /// The tuple.
    pub tuple: HeapTuple,
}

/// What the header of a tuple says of the transaction that made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MadeBy {
    /// It committed, or the tuple is frozen.
    Committed,
    /// It was rolled back.
    Aborted,
    /// Nothing.
    Unknown,
}

/// What the header of a tuple says of the transaction that deleted it, or made a later version of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowEnd {
    /// There is none.
    Nobody,
    /// One of which nothing is known.
    Xact(u32),
    /// One that committed.
    Committed(u32),
    /// One of several that locked the row, or changed it: a multixact.
    Several,
}

impl RowEnd {
    fn of(infomask: u16, xmax: u32) -> RowEnd {
        let locked = infomask & XMAX_LOCK_ONLY != 0 || infomask & (XMAX_IS_MULTI | XMAX_LOCKS) == XMAX_EXCL_LOCK;
        match infomask {
            _ if infomask & XMAX_INVALID != 0 || locked || xmax == 0 => RowEnd::Nobody,
            _ if infomask & XMAX_IS_MULTI != 0 => RowEnd::Several,
            _ if infomask & XMAX_COMMITTED != 0 => RowEnd::Committed(xmax),
            _ => RowEnd::Xact(xmax),
        }
    }
}

/// The tuples of a page, in the order of line pointers. What lies outside of the page is left out.
pub fn tuples(endian: Endian, page: &[u8]) -> impl Iterator<Item = TupleOnPage> + '_ {
    line_pointers(endian, page).filter_map(move |pointer| {
        let bytes = page.get(pointer.at..)?.get(..pointer.length)?;
        let infomask = endian.u16(*bytes.get(20..)?.first_chunk()?);
        let xmin = endian.u32(*bytes.first_chunk()?);
        let made = match (infomask & XMIN_COMMITTED != 0, infomask & XMIN_INVALID != 0) {
            _ if infomask & MOVED != 0 => return None,
            (true, _) => MadeBy::Committed,
            (false, true) => MadeBy::Aborted,
            (false, false) if xmin != 0 && xmin < FIRST_XID => MadeBy::Committed,
            (false, false) => MadeBy::Unknown,
        };
        // What is frozen keeps its number, which may be that of another transaction by now.
        let xmin =
            if infomask & (XMIN_COMMITTED | XMIN_INVALID) == XMIN_COMMITTED | XMIN_INVALID { FROZEN } else { xmin };
        let end = RowEnd::of(infomask, endian.u32(*bytes.get(4..)?.first_chunk()?));
        Some(TupleOnPage { offset: pointer.offset, xmin, made, end, tuple: HeapTuple::of_page(endian, bytes)? })
    })
}

/// Up to where a page has the changes that WAL tells.
pub fn changed_up_to(endian: Endian, page: &[u8]) -> Option<Lsn> {
    let word = |at: usize| Some(endian.u32(*page.get(at..)?.first_chunk()?));
    Some(Lsn::new(u64::from(word(0)?) << 32 | u64::from(word(4)?)))
}

/// Whether a page makes sense as one of a heap: its parts follow each other, and every line pointer leads to a tuple of
/// its own. A copy that has the one half from before a change and the other from behind it rarely does.
pub fn is_sound(endian: Endian, page: &[u8]) -> bool {
    let [Some(lower), Some(upper), Some(special), Some(size)] = [12, 14, 16, 18].map(|at| half(endian, page, at))
    else {
        return false;
    };
    if lower < HEADER || lower > upper || upper > special || special > page.len() || size & 0xFF00 != page.len() {
        return false;
    }
    let mut places: Vec<(usize, usize)> =
        line_pointers(endian, page).map(|pointer| (pointer.at, pointer.length)).collect();
    places.sort_unstable();
    let mut free = upper;
    places.into_iter().all(|(at, length)| {
        let fits = at >= free && at % 4 == 0 && at + length <= special && is_tuple(endian, page.get(at..at + length));
        free = at + length;
        fits
    })
}

/// Whether a tuple has who made it, columns, and a header that ends inside of it.
fn is_tuple(endian: Endian, bytes: Option<&[u8]>) -> bool {
    let Some(bytes) = bytes.filter(|bytes| bytes.len() >= HEADER) else { return false };
    let xmin = bytes.first_chunk().map_or(0, |b| endian.u32(*b));
    let columns = half(endian, bytes, 18).unwrap_or(0) & 0x07FF;
    let head = bytes.get(22).map_or(0, |head| usize::from(*head));
    xmin != 0 && columns > 0 && head >= 23 && head <= bytes.len()
}

fn half(endian: Endian, page: &[u8], at: usize) -> Option<usize> {
    Some(endian.u16(*page.get(at..)?.first_chunk()?).into())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A page of 8 KiB with these tuples, each with its header.
    pub(crate) fn page_of(lsn: u64, tuples: &[Vec<u8>]) -> Vec<u8> {
        let mut page = vec![0; 8192];
        let mut upper = 8192;
        for (tuple, n) in tuples.iter().zip(0..) {
            upper = (upper - tuple.len()) / 8 * 8;
            page[upper..upper + tuple.len()].copy_from_slice(tuple);
            let pointer = upper as u32 | 1 << 15 | (tuple.len() as u32) << 17;
            page[HEADER + 4 * n..][..4].copy_from_slice(&pointer.to_le_bytes());
        }
        let mut word = |at: usize, value: u16| page[at..at + 2].copy_from_slice(&value.to_le_bytes());
        word(12, (HEADER + 4 * tuples.len()) as u16);
        word(14, upper as u16);
        word(16, 8192);
        word(18, 8192 | 4);
        page[..4].copy_from_slice(&((lsn >> 32) as u32).to_le_bytes());
        page[4..8].copy_from_slice(&(lsn as u32).to_le_bytes());
        page
    }

    /// A tuple with these transactions, this infomask and this data.
    pub(crate) fn tuple_of(xmin: u32, xmax: u32, infomask: u16, data: &[u8]) -> Vec<u8> {
        let mut out = vec![0; 24];
        out[..4].copy_from_slice(&xmin.to_le_bytes());
        out[4..8].copy_from_slice(&xmax.to_le_bytes());
        out[18] = 33;
        out[20..22].copy_from_slice(&infomask.to_le_bytes());
        out[22] = 24;
        out.extend_from_slice(data);
        out
    }

    #[test]
    fn a_page_that_makes_no_sense_is_told_from_one_that_does() {
        let tuple = || tuple_of(700, 0, XMIN_COMMITTED | XMAX_INVALID, b"data of it");
        let good = page_of(0x1_0000_0002, &[tuple(), tuple()]);
        assert!(is_sound(Endian::Little, &good));
        assert_eq!(tuples(Endian::Little, &good).count(), 2);
        assert_eq!(changed_up_to(Endian::Little, &good), Some(Lsn::new(0x1_0000_0002)));
        let broken = |at: usize, bytes: &[u8]| {
            let mut page = good.clone();
            page[at..at + bytes.len()].copy_from_slice(bytes);
            is_sound(Endian::Little, &page)
        };
        // Outside of the page, over the other tuple, an upper end before the lower one, another size.
        assert!(!broken(HEADER, &(0x7FF8u32 | 1 << 15 | 100 << 17).to_le_bytes()));
        assert!(!broken(HEADER, &good[HEADER + 4..HEADER + 8]));
        assert!(!broken(14, &[8, 0]) && !broken(18, &[4, 0x40]) && !broken(12, &[0, 0]));
        assert!(!is_sound(Endian::Little, &good[..4096]) && !is_sound(Endian::Little, &[]));
    }

    #[test]
    fn who_ended_a_row() {
        let end = |infomask, xmax| RowEnd::of(infomask, xmax);
        assert_eq!(end(0, 0), RowEnd::Nobody);
        assert_eq!(end(XMAX_INVALID, 9), RowEnd::Nobody);
        assert_eq!(end(XMAX_LOCK_ONLY | XMAX_EXCL_LOCK, 9), RowEnd::Nobody);
        assert_eq!(end(XMAX_EXCL_LOCK, 9), RowEnd::Nobody);
        assert_eq!(end(XMAX_COMMITTED, 9), RowEnd::Committed(9));
        assert_eq!(end(0, 9), RowEnd::Xact(9));
        assert_eq!(end(XMAX_IS_MULTI, 9), RowEnd::Several);
        assert_eq!(end(XMAX_IS_MULTI | XMAX_LOCK_ONLY, 9), RowEnd::Nobody);
    }
}
