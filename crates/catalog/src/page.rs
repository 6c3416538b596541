//! Tuples on a heap page (`src/include/access/htup_details.h`).

use crate::tuple::HeapTuple;
use pgwal_format::Endian;
use pgwal_format::image::line_pointers;

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
    line_pointers(endian, page).filter_map(move |pointer| {
        let bytes = page.get(pointer.at..)?.get(..pointer.length)?;
        let infomask = endian.u16(*bytes.get(20..)?.first_chunk()?);
        Some(TupleOnPage {
            offset: pointer.offset,
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
