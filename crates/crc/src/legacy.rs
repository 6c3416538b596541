//! The checksum of WAL records and `pg_control` up to 9.4 (`src/include/utils/pg_crc.h`).
//!
//! It is no standard CRC: the table is that of the *reflected* polynomial `EDB88320`, but the loop is that of the
//! *non-reflected* form, so it corresponds to no polynomial and no library computes it:
//!
//! ```text
//! state = FFFFFFFF
//! each byte: state = TABLE[(state >> 24) ^ byte] ^ (state << 8)
//! value = ~state
//! ```
//!
//! The loop is linear all the same, so sixteen bytes can be taken at once with sixteen tables: `TABLES[k][x]` is the
//! state that `x` in the topmost byte has become one byte and `k` zero bytes later.

use crate::zeros::{Matrix, Zeros};

/// The value of all bytes so far (`crc`, 0 for none) followed by `bytes`.
#[inline]
pub fn append(crc: u32, bytes: &[u8]) -> u32 {
    let mut state = !crc;
    let (blocks, rest) = bytes.as_chunks::<16>();
    for &[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] in blocks {
        // Only these four depend on the block before; the processor has the other twelve ready by then.
        let [s, t, u, v] = (state ^ u32::from_be_bytes([a, b, c, d])).to_be_bytes();
        let first = entry(15, s) ^ entry(14, t) ^ entry(13, u) ^ entry(12, v);
        let second = entry(11, e) ^ entry(10, f) ^ entry(9, g) ^ entry(8, h);
        let third = entry(7, i) ^ entry(6, j) ^ entry(5, k) ^ entry(4, l);
        let fourth = entry(3, m) ^ entry(2, n) ^ entry(1, o) ^ entry(0, p);
        state = first ^ (second ^ third ^ fourth);
    }
    let (words, rest) = rest.as_chunks::<4>();
    for word in words {
        let [s, t, u, v] = (state ^ u32::from_be_bytes(*word)).to_be_bytes();
        state = entry(3, s) ^ entry(2, t) ^ entry(1, u) ^ entry(0, v);
    }
    for &byte in rest {
        state = step(state, byte);
    }
    !state
}

/// The value of two pieces from the value of each: `crc_b` belongs to `len_b` bytes that follow those of `crc_a`.
/// Takes some 100 ns, so it is for large pieces.
pub fn combine(crc_a: u32, crc_b: u32, len_b: u64) -> u32 {
    ZEROS.after(crc_a, len_b) ^ crc_b
}

#[inline(always)]
fn entry(zeros: usize, byte: u8) -> u32 {
    TABLES[zeros][byte as usize]
}

#[inline(always)]
const fn step(state: u32, byte: u8) -> u32 {
    TABLE[(state >> 24) as usize ^ byte as usize] ^ (state << 8)
}

const TABLE: [u32; 256] = reflected_table();

static TABLES: [[u32; 256]; 16] = {
    let mut tables = [TABLE; 16];
    let mut k = 1;
    while k < 16 {
        let mut i = 0;
        while i < 256 {
            tables[k][i] = step(tables[k - 1][i], 0);
            i += 1;
        }
        k += 1;
    }
    tables
};

static ZEROS: Zeros = {
    let mut one: Matrix = [0; 32];
    let mut bit = 0;
    while bit < 32 {
        one[bit] = step(1 << bit, 0);
        bit += 1;
    }
    Zeros::new(one)
};

const fn reflected_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut state = i as u32;
        let mut bit = 0;
        while bit < 8 {
            state = if state & 1 == 1 { state >> 1 ^ 0xEDB8_8320 } else { state >> 1 };
            bit += 1;
        }
        table[i] = state;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_reflected_polynomial() {
        assert_eq!((TABLE[1], TABLE[255]), (0x7707_3096, 0x2D02_EF8D));
    }

    #[test]
    fn sixteen_bytes_at_once_equal_one_by_one() {
        let bytes: Vec<u8> = (0..400u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 21) as u8).collect();
        for offset in 0..9 {
            for length in 0..300 {
                let part = &bytes[offset..offset + length];
                for start in [0, 1, 0xFFFF_FFFF, 0xDEAD_BEEF] {
                    let slow = !part.iter().fold(!start, |state, &byte| step(state, byte));
                    assert_eq!(append(start, part), slow, "{offset} {length} {start:x}");
                }
            }
        }
    }
}
