//! Line pointers of a heap page (`src/include/storage/bufpage.h`, `itemid.h`).
//!
//! ```text
//! 12 u16 pd_lower   24 … pd_lower: line pointers of four bytes: 15 bits offset, 2 bits state, 15 bits length
//! ```

use crate::Endian;

const HEADER: usize = 24;
/// A line pointer to a tuple (`LP_NORMAL`).
const NORMAL: u32 = 1;

/// A line pointer that has a tuple.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinePointer {
    /// Its number on the page, from 1 on.
    pub offset: u16,
    /// Where the tuple lies on the page, in bytes; whether all of it lies there is not checked.
    pub at: usize,
    /// Its length in bytes.
    pub length: usize,
}

/// The line pointers of a page that have a tuple, in order.
pub fn line_pointers(endian: Endian, page: &[u8]) -> impl Iterator<Item = LinePointer> + '_ {
    let lower = page.get(12..).and_then(|b| b.first_chunk()).map_or(0, |b| usize::from(endian.u16(*b)));
    let pointers = page.get(HEADER..lower.min(page.len())).unwrap_or(&[]);
    pointers.chunks_exact(4).zip(1u16..).filter_map(move |(pointer, offset)| {
        let word = endian.u32(*pointer.first_chunk()?);
        // Bit fields begin at the low end on little-endian servers, at the high end on the others.
        let (at, state, length) = match endian {
            Endian::Little => (word & 0x7FFF, word >> 15 & 3, word >> 17),
            Endian::Big => (word >> 17, word >> 15 & 3, word & 0x7FFF),
        };
        (state == NORMAL).then_some(LinePointer { offset, at: at as usize, length: length as usize })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_that_have_a_tuple() {
        for endian in [Endian::Little, Endian::Big] {
            let word = |at: u32, state: u32, length: u32| match endian {
                Endian::Little => (at | state << 15 | length << 17).to_le_bytes(),
                Endian::Big => (at << 17 | state << 15 | length).to_be_bytes(),
            };
            let mut page = vec![0; 64];
            page[12..14].copy_from_slice(&match endian {
                Endian::Little => 36u16.to_le_bytes(),
                Endian::Big => 36u16.to_be_bytes(),
            });
            for (at, pointer) in [word(50, 1, 8), word(0, 3, 0), word(40, 1, 9)].into_iter().enumerate() {
                page[24 + 4 * at..28 + 4 * at].copy_from_slice(&pointer);
            }
            let found: Vec<(u16, usize, usize)> =
                line_pointers(endian, &page).map(|own| (own.offset, own.at, own.length)).collect();
            assert_eq!(found, [(1, 50, 8), (3, 40, 9)]);
            assert_eq!(line_pointers(endian, &page[..13]).count(), 0);
        }
    }
}
