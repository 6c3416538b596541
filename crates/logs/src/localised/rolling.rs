//! Hashes of any part of a text, after one pass over it.

/// Of the polynomial.
const BASE: u64 = 0x100_0000_01B3;

/// Bytes of the longest part that is asked for.
pub(super) const LONGEST: usize = 767;

/// A text whose parts are hashed in constant time.
pub(super) struct Rolling {
    /// Of the bytes before each place.
    before: Vec<u64>,
    /// `BASE` to each power up to the longest part that is asked for.
    powers: Vec<u64>,
}

impl Rolling {
    /// Of a text, of which parts up to [`LONGEST`] are asked for.
    pub(super) fn of(text: &[u8]) -> Rolling {
        let mut sum = 0u64;
        let mut before = Vec::with_capacity(text.len() + 1);
        before.push(sum);
        for &byte in text {
            sum = sum.wrapping_mul(BASE).wrapping_add(u64::from(byte) + 1);
            before.push(sum);
        }
        let powers = std::iter::successors(Some(1u64), |power| Some(power.wrapping_mul(BASE))).take(LONGEST + 1);
        Rolling { before, powers: powers.collect() }
    }

    /// Of `length` bytes from `at` on; `None` where the text ends before.
    pub(super) fn part(&self, at: usize, length: usize) -> Option<u64> {
        let (from, to) = (self.before.get(at)?, self.before.get(at.checked_add(length)?)?);
        Some(stirred(to.wrapping_sub(from.wrapping_mul(*self.powers.get(length)?))))
    }
}

/// Of a whole text.
pub(super) fn hash(text: &[u8]) -> u64 {
    stirred(text.iter().fold(0u64, |sum, &byte| sum.wrapping_mul(BASE).wrapping_add(u64::from(byte) + 1)))
}

/// The upper half, where 32 bits are kept.
pub(super) fn short(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The low bits of the polynomial know only the low bits of the text.
fn stirred(sum: u64) -> u64 {
    let sum = (sum ^ sum >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    sum ^ sum >> 29
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_hashes_as_the_same_text_alone() {
        let text = "неверная длина записи в позиции 0/3000168".as_bytes();
        let rolling = Rolling::of(text);
        for at in 0..text.len() {
            for length in 0..=text.len() - at {
                assert_eq!(rolling.part(at, length), Some(hash(&text[at..at + length])));
            }
        }
        assert_eq!(rolling.part(1, text.len()), None);
        assert_ne!(hash(b""), hash(b"\0"));
    }
}
