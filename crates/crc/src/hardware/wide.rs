//! CRC-32C by carry-less multiplication over 64 bytes at a time: `VPCLMULQDQ` of AVX-512.
//!
//! The value of a message is its polynomial times x³², modulo P. A 16-byte lane that lies `d` bits before the end
//! counts `lane · x^d`, and `x^d mod P` is a constant: so each lane is multiplied by the constant of its place and all
//! are added up, without one waiting for the other. What is left is 16 bytes with the value of the whole, for two steps
//! of the short instruction. A record is its body and then 20 bytes of its header:
//!
//! ```text
//! |   64 bytes of body    |   64 bytes of body    |   16   |  4  |     aligned to the end; what lies before the body's start is
//! |lane|lane|lane|lane·x^D|lane|lane|lane|lane·x^D|lane·x³²| ·1  |     masked out, and zeros in front change nothing
//! ```
//!
//! The state that a message begins with counts like its first four bytes, or, for a short one, like a constant that
//! depends on the length alone ([`Length::start`]).
//!
//! The argument for `unsafe`: the functions with `#[target_feature]` are called only through a [`WidePresent`], which
//! is made only by [`WidePresent::detect`], which asks the processor for each of these features. Memory is read through
//! pointers in three places: [`whole`] and the header's lane read arrays of exactly that size; [`load`] is a masked
//! load whose mask leaves only bytes of the slice, and bytes that are masked out are not accessed, wherever they would
//! lie.

use super::short::{eight, over};
use super::{Hardware, HardwareTask};
use std::arch::x86_64::{
    __m128i, __m512i, _mm_clmulepi64_si128, _mm_cvtsi32_si128, _mm_cvtsi128_si64, _mm_extract_epi64, _mm_loadu_si128,
    _mm_set_epi64x, _mm_xor_si128, _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_xor_si256,
    _mm512_castsi512_si256, _mm512_clmulepi64_epi128, _mm512_extracti64x4_epi64, _mm512_loadu_si512,
    _mm512_maskz_loadu_epi8, _mm512_maskz_mov_epi64, _mm512_set_epi64, _mm512_ternarylogic_epi64, _mm512_xor_si512,
    _mm512_zextsi128_si512,
};

/// Proof that this processor has the instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WidePresent(());

/// The longest body that takes the way without branches.
const TWO: usize = 128;

impl WidePresent {
    #[inline]
    pub(crate) fn detect() -> Option<WidePresent> {
        let present = std::arch::is_x86_feature_detected!("sse4.2")
            && std::arch::is_x86_feature_detected!("pclmulqdq")
            && std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512vl")
            && std::arch::is_x86_feature_detected!("vpclmulqdq")
            && std::arch::is_x86_feature_detected!("bmi2");
        present.then_some(WidePresent(()))
    }

    /// Runs a task with the instructions.
    #[inline]
    pub(super) fn run<T: HardwareTask>(self, task: T) -> T::Output {
        // SAFETY: `self` was made by `detect`, so the processor has the instructions.
        unsafe { run(task, self) }
    }

    #[inline(always)]
    pub(crate) fn append(self, crc: u32, bytes: &[u8]) -> u32 {
        // SAFETY: `self` was made by `detect`, so the processor has the instructions.
        unsafe { append(crc, bytes) }
    }

    #[inline(always)]
    pub(crate) fn record(self, header: &[u8; 20], body: &[u8]) -> u32 {
        // SAFETY: `self` was made by `detect`, so the processor has the instructions.
        unsafe { record(header, body) }
    }
}

/// `x^n mod P`, at the top of the word as the multiplication wants it.
const fn power(n: u32) -> i64 {
    // Reflected: the top bit is x⁰.
    let mut state = 0x8000_0000u32;
    let mut i = 0;
    while i < n {
        state = if state & 1 == 1 { (state >> 1) ^ 0x82F6_3B78 } else { state >> 1 };
        i += 1;
    }
    ((state as u64) << 32) as i64
}

/// The two halves of a lane that lies `bits` before the end. The product of reflected words comes out one bit off,
/// hence the `- 1`.
const fn place(bits: u32) -> [i64; 2] {
    if bits == 0 { [0, 0] } else { [power(bits + 63), power(bits - 1)] }
}

/// The places of the lanes of a block that ends `bytes` before the end. The last lane of the last block is not
/// multiplied: zeros.
const fn places(bytes: u32) -> [i64; 8] {
    let mut out = [0; 8];
    let mut lane = 0;
    while lane < 4 {
        let [low, high] = place(8 * (bytes + 48 - 16 * lane as u32));
        out[2 * lane] = low;
        out[2 * lane + 1] = high;
        lane += 1;
    }
    out
}

/// Every lane moved `bytes` towards the end.
const fn moved(bytes: u32) -> [i64; 8] {
    let [low, high] = place(8 * bytes);
    [low, high, low, high, low, high, low, high]
}

/// The header's 20 bytes follow a body.
const BODY: [i64; 8] = places(HEADER);
const BODY_BEFORE: [i64; 8] = places(HEADER + 64);
const LAST: [i64; 8] = places(0);
const BY_64: [i64; 8] = moved(64);
const BY_256: [i64; 8] = moved(256);
const HEADER: u32 = 20;

/// What depends on the length of a short body alone.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Length {
    /// Which of the 64 bytes before the body's end are the body's, and which of the 64 before those.
    masks: [u64; 2],
    /// The state that a message begins with (all ones) after so many zero bytes and those of a header.
    start: u32,
}

static LENGTHS: [Length; TWO + 1] = {
    let mut out = [Length { masks: [0; 2], start: 0 }; TWO + 1];
    let (mut state, mut bytes) = (!0u32, 0);
    while bytes <= TWO + HEADER as usize {
        if bytes >= HEADER as usize {
            let body = bytes - HEADER as usize;
            out[body].start = state;
            out[body].masks = [ones_at_the_top(body), if body > 64 { ones_at_the_top(body - 64) } else { 0 }];
        }
        let mut bit = 0;
        while bit < 8 {
            state = if state & 1 == 1 { (state >> 1) ^ 0x82F6_3B78 } else { state >> 1 };
            bit += 1;
        }
        bytes += 1;
    }
    out
};

const fn ones_at_the_top(count: usize) -> u64 {
    if count == 0 {
        0
    } else if count >= 64 {
        !0
    } else {
        !0 << (64 - count)
    }
}

macro_rules! with_the_instructions {
    ($($item:item)*) => { $(#[target_feature(enable = "sse4.2,pclmulqdq,avx512f,avx512bw,avx512vl,vpclmulqdq,bmi2")] $item)* };
}

with_the_instructions! {
    fn run<T: HardwareTask>(task: T, present: WidePresent) -> T::Output {
        task.run(Hardware::Wide(present))
    }

    #[inline]
    fn record(header: &[u8; 20], body: &[u8]) -> u32 {
        let Some(length) = LENGTHS.get(body.len()) else { return long_record(header, body) };
        let (near, far) = (load(body, 0, length.masks[0]), load(body, 64, length.masks[1]));
        let sum = _mm512_xor_si512(times(near, &BODY), times(far, &BODY_BEFORE));
        let [low, high] = const { place(32) };
        // SAFETY: 16 of 20 bytes, and the load needs no alignment.
        let lane = unsafe { _mm_loadu_si128(header.as_ptr().cast()) };
        let place = _mm_set_epi64x(high, low);
        let lane = _mm_xor_si128(_mm_clmulepi64_si128::<0x00>(lane, place), _mm_clmulepi64_si128::<0x11>(lane, place));
        let [low, high] = halves(_mm_xor_si128(one_lane(sum), lane));
        let [.., a, b, c, d] = *header;
        let end = u64::from(u32::from_le_bytes([a, b, c, d])) << 32;
        !(eight(eight(0, low), high ^ end) ^ length.start)
    }

    #[inline(never)]
    fn long_record(header: &[u8; 20], body: &[u8]) -> u32 {
        !over(long(!0, body), header)
    }

    fn append(crc: u32, bytes: &[u8]) -> u32 {
        !if bytes.len() > TWO { long(!crc, bytes) } else { over(!crc, bytes) }
    }

    /// The last 64 bytes of `bytes` but for `after`, zeros in front of what there is. `mask` must be that of the
    /// length.
    #[inline]
    fn load(bytes: &[u8], after: usize, mask: u64) -> __m512i {
        let start = bytes.as_ptr().wrapping_add(bytes.len()).wrapping_sub(after + 64);
        // SAFETY: byte i of the load is byte `len - after - 64 + i` of the slice; where that is negative, the mask of
        // `LENGTHS` has a zero.
        unsafe { _mm512_maskz_loadu_epi8(mask, start.cast()) }
    }

    /// The state after more than 64 bytes.
    #[inline(never)]
    fn long(state: u32, bytes: &[u8]) -> u32 {
        // What fills no block goes first.
        let (odd, rest) = bytes.split_at(bytes.len() % 64);
        let state = if odd.is_empty() { state } else { over(state, odd) };
        let (blocks, _) = rest.as_chunks::<64>();
        let Some((first, mut blocks)) = blocks.split_first() else { return state };
        let mut sum = _mm512_xor_si512(whole(first), _mm512_zextsi128_si512(_mm_cvtsi32_si128(state as i32)));
        if let [a, b, c, rest @ ..] = blocks {
            // Four at once, none of which waits for another.
            let mut sums = [sum, whole(a), whole(b), whole(c)];
            let (fours, rest) = rest.as_chunks::<4>();
            for four in fours {
                for (sum, block) in sums.iter_mut().zip(four) {
                    *sum = add(*sum, &BY_256, whole(block));
                }
            }
            let [first, second, third, fourth] = sums;
            sum = add(add(add(first, &BY_64, second), &BY_64, third), &BY_64, fourth);
            blocks = rest;
        }
        for block in blocks {
            sum = add(sum, &BY_64, whole(block));
        }
        let [low, high] = halves(one_lane(_mm512_xor_si512(times(sum, &LAST), _mm512_maskz_mov_epi64(0xC0, sum))));
        eight(eight(0, low), high)
    }

    #[inline]
    fn whole(block: &[u8; 64]) -> __m512i {
        // SAFETY: 64 bytes are there, and the load needs no alignment.
        unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
    }

    /// Each lane times the constant of its place.
    #[inline]
    fn times(lanes: __m512i, places: &[i64; 8]) -> __m512i {
        let [a, b, c, d, e, f, g, h] = *places;
        let places = _mm512_set_epi64(h, g, f, e, d, c, b, a);
        _mm512_xor_si512(_mm512_clmulepi64_epi128::<0x00>(lanes, places), _mm512_clmulepi64_epi128::<0x11>(lanes, places))
    }

    /// `sum` moved on, and the next block.
    #[inline]
    fn add(sum: __m512i, by: &[i64; 8], block: __m512i) -> __m512i {
        let [a, b, c, d, e, f, g, h] = *by;
        let by = _mm512_set_epi64(h, g, f, e, d, c, b, a);
        _mm512_ternarylogic_epi64::<XOR>(_mm512_clmulepi64_epi128::<0x00>(sum, by), _mm512_clmulepi64_epi128::<0x11>(sum, by), block)
    }

    /// The sum of four lanes.
    #[inline]
    fn one_lane(lanes: __m512i) -> __m128i {
        let two = _mm256_xor_si256(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64::<1>(lanes));
        _mm_xor_si128(_mm256_castsi256_si128(two), _mm256_extracti128_si256::<1>(two))
    }

    #[inline]
    fn halves(lane: __m128i) -> [u64; 2] {
        [_mm_cvtsi128_si64(lane) as u64, _mm_extract_epi64::<1>(lane) as u64]
    }
}

/// The truth table of a ^ b ^ c.
const XOR: i32 = 0x96;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_short_instruction_at_every_length() {
        let Some(present) = WidePresent::detect() else { return };
        let short = super::super::short::ShortPresent::detect().unwrap();
        let bytes: Vec<u8> = (0..20_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
        let header: &[u8; 20] = bytes[300..].first_chunk().unwrap();
        for length in (0..1500).chain([4096, 8192, 8193, 16_384, 19_999 - 64]) {
            for offset in [0, 1, 3, 8, 63] {
                let part = &bytes[offset..offset + length];
                assert_eq!(present.record(header, part), short.record(header, part), "{offset} {length}");
                for start in [0, 1, 0xFFFF_FFFF, 0xDEAD_BEEF] {
                    assert_eq!(present.append(start, part), short.append(start, part), "{offset} {length} {start:x}");
                }
            }
        }
    }

    #[test]
    fn looks_at_no_byte_outside() {
        let Some(present) = WidePresent::detect() else { return };
        let mut bytes = vec![0x55; 512];
        let header = [7; 20];
        for (start, end) in [(200, 200), (200, 201), (200, 263), (200, 264), (200, 328)] {
            let value = present.record(&header, &bytes[start..end]);
            let inside = bytes[start..end].to_vec();
            bytes.fill(0xAA);
            bytes[start..end].copy_from_slice(&inside);
            assert_eq!(present.record(&header, &bytes[start..end]), value);
            bytes.fill(0x55);
        }
    }
}
