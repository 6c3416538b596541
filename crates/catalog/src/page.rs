//! Tuples on a heap page (`src/include/storage/bufpage.h`, `itemid.h`).
//!
//! ```text
//! 12 u16 pd_lower   24 … pd_lower: line pointers of four bytes: 15 bits offset, 2 bits state, 15 bits length
//! ```

use crate::tuple::HeapTuple;
use pgwal_format::Endian;

const HEADER: usize = 24;
/// A line pointer to a tuple (`LP_NORMAL`).
const NORMAL: u32 = 1;
const XMIN_COMMITTED: u16 = 0x0100;
const XMIN_INVALID: u16 = 0x0200;
const XMAX_INVALID: u16 = 0x0800;
const XMAX_LOCK_ONLY: u16 = 0x0080;

/// A tuple on a page, and what its header says of the transactions that made it and ended it.
pub struct TupleOnPage {
    /// The offset of its line pointer, from 1 on.
    pub offset: u16,
    /// The transaction that made it.
    pub xmin: u32,
    /// What is known of that one.
    pub made: MadeBy,
    /// A later version was made, or it was deleted, by whoever committed or not.
    pub superseded: bool,
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

/// The tuples of a page, in the order of line pointers. What lies outside of the page is left out.
pub fn tuples(endian: Endian, page: &[u8]) -> impl Iterator<Item = TupleOnPage> + '_ {
    let lower = page.get(12..).and_then(|b| b.first_chunk()).map_or(0, |b| usize::from(endian.u16(*b)));
    let pointers = page.get(HEADER..lower.min(page.len())).unwrap_or(&[]);
    pointers.chunks_exact(4).zip(1u16..).filter_map(move |(pointer, offset)| {
        let word = endian.u32(*pointer.first_chunk()?);
        // Bit fields begin at the low end on little-endian servers, at the high end on the others.
        let (at, state, length) = match endian {
            Endian::Little => (word & 0x7FFF, word >> 15 & 3, word >> 17),
            Endian::Big => (word >> 17, word >> 15 & 3, word & 0x7FFF),
        };
        if state != NORMAL {
            return None;
        }
        let bytes = page.get(at as usize..)?.get(..length as usize)?;
        let infomask = endian.u16(*bytes.get(20..)?.first_chunk()?);
        Some(TupleOnPage {
            offset,
            xmin: endian.u32(*bytes.first_chunk()?),
            made: match (infomask & XMIN_COMMITTED != 0, infomask & XMIN_INVALID != 0) {
                (true, _) => MadeBy::Committed,
                (false, true) => MadeBy::Aborted,
                (false, false) => MadeBy::Unknown,
            },
            superseded: infomask & (XMAX_INVALID | XMAX_LOCK_ONLY) == 0
                && endian.u32(*bytes.get(4..)?.first_chunk()?) != 0,
            tuple: HeapTuple::of_page(endian, bytes)?,
        })
    })
}
