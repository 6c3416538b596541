//! The processor's own CRC-32C instruction over short input: `crc32` of SSE4.2, `crc32c*` of the ARMv8 CRC extension.
//!
//! The argument for `unsafe`: the functions below are safe Rust but for `#[target_feature]`, which makes it undefined
//! to call them on a processor that lacks the instruction. They are private and called only by the methods of
//! [`ShortPresent`], and a `ShortPresent` is made only by [`ShortPresent::detect`], which asks the processor. No
//! pointer is read: input goes through slices, with their bounds.
//!
//! The end of the input that fills no word takes one instruction and no branch on its length. With `f` for what the
//! instruction does to `state ^ word`, zero bytes in front of a zero state change nothing, so the last `r` bytes are
//! `f` of them moved to the top of a word; what the state held above `8r` bits is not consumed and is shifted down:
//!
//! ```text
//! word: |x x x x x|c c c|        x: part of the word before, c: the last r = 3 bytes (the top of a little-endian word)
//!       |0 0 0 0 0|c c c| ^ state << (64 - 8r)  →  f  →  ^ state >> 8r
//! ```

use super::{Hardware, HardwareTask};

/// Proof that this processor has the instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShortPresent(());

impl ShortPresent {
    /// Asks the processor; the standard library keeps the answer, so this is one relaxed load after the first time.
    #[inline]
    pub(crate) fn detect() -> Option<ShortPresent> {
        #[cfg(target_arch = "x86_64")]
        let present = std::arch::is_x86_feature_detected!("sse4.2");
        #[cfg(target_arch = "aarch64")]
        let present = std::arch::is_aarch64_feature_detected!("crc");
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let present = false;
        present.then_some(ShortPresent(()))
    }

    #[inline(always)]
    pub(crate) fn append(self, crc: u32, bytes: &[u8]) -> u32 {
        // SAFETY: `self` was made by `detect`, so the processor has the instruction.
        unsafe { append(crc, bytes) }
    }

    /// Runs a task with the instruction.
    #[inline]
    pub(super) fn run<T: HardwareTask>(self, task: T) -> T::Output {
        // SAFETY: `self` was made by `detect`, so the processor has the instruction.
        unsafe { run(task, self) }
    }

    #[inline(always)]
    pub(crate) fn record(self, header: &[u8; 20], body: &[u8]) -> u32 {
        // SAFETY: `self` was made by `detect`, so the processor has the instruction.
        unsafe { record(header, body) }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn run<T: HardwareTask>(task: T, present: ShortPresent) -> T::Output {
    task.run(Hardware::Short(present))
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "crc")]
fn run<T: HardwareTask>(task: T, present: ShortPresent) -> T::Output {
    task.run(Hardware::Short(present))
}

/// Never called: without the instruction there is no [`ShortPresent`].
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe fn run<T: HardwareTask>(task: T, _: ShortPresent) -> T::Output {
    task.run(Hardware::None)
}

#[cfg(target_arch = "x86_64")]
macro_rules! with_the_instruction {
    ($($item:item)*) => { $(#[target_feature(enable = "sse4.2")] $item)* };
}
#[cfg(target_arch = "aarch64")]
macro_rules! with_the_instruction {
    ($($item:item)*) => { $(#[target_feature(enable = "crc")] $item)* };
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
with_the_instruction! {
    #[inline]
    fn append(crc: u32, bytes: &[u8]) -> u32 {
        !over(!crc, bytes)
    }

    #[inline]
    fn record(header: &[u8; 20], body: &[u8]) -> u32 {
        let mut state = over(!0, body);
        let (words, rest) = header.as_chunks::<8>();
        for word in words {
            state = eight(state, u64::from_le_bytes(*word));
        }
        let (half, _) = rest.as_chunks::<4>();
        for half in half {
            state = four(state, u32::from_le_bytes(*half));
        }
        !state
    }

    #[inline]
    pub(super) fn over(mut state: u32, bytes: &[u8]) -> u32 {
        let Some(last) = bytes.last_chunk::<8>() else {
            return under_eight(state, bytes);
        };
        // 1 to 8 bytes are left for the end, so that there always is one.
        let (words, _) = bytes[..bytes.len() - 1].as_chunks::<8>();
        for word in words {
            state = eight(state, u64::from_le_bytes(*word));
        }
        let bits = 8 * (bytes.len() - 8 * words.len()) as u32;
        let up = 64 - bits;
        let end = u64::from_le_bytes(*last) >> up << up;
        // Shifted in two steps: 64 at once is no shift.
        let kept = u64::from(state) >> (bits - 8) >> 8;
        eight(0, end ^ u64::from(state) << up) ^ kept as u32
    }

    #[inline]
    fn under_eight(mut state: u32, bytes: &[u8]) -> u32 {
        let (half, rest) = bytes.as_chunks::<4>();
        for half in half {
            state = four(state, u32::from_le_bytes(*half));
        }
        let (pair, rest) = rest.as_chunks::<2>();
        for pair in pair {
            state = two(state, u16::from_le_bytes(*pair));
        }
        for &byte in rest {
            state = one(state, byte);
        }
        state
    }
}

#[cfg(target_arch = "x86_64")]
with_the_instruction! {
    #[inline]
    pub(super) fn eight(state: u32, word: u64) -> u32 {
        std::arch::x86_64::_mm_crc32_u64(u64::from(state), word) as u32
    }
    #[inline]
    pub(super) fn four(state: u32, word: u32) -> u32 {
        std::arch::x86_64::_mm_crc32_u32(state, word)
    }
    #[inline]
    fn two(state: u32, word: u16) -> u32 {
        std::arch::x86_64::_mm_crc32_u16(state, word)
    }
    #[inline]
    fn one(state: u32, byte: u8) -> u32 {
        std::arch::x86_64::_mm_crc32_u8(state, byte)
    }
}

#[cfg(target_arch = "aarch64")]
with_the_instruction! {
    #[inline]
    fn eight(state: u32, word: u64) -> u32 {
        std::arch::aarch64::__crc32cd(state, word)
    }
    #[inline]
    fn four(state: u32, word: u32) -> u32 {
        std::arch::aarch64::__crc32cw(state, word)
    }
    #[inline]
    fn two(state: u32, word: u16) -> u32 {
        std::arch::aarch64::__crc32ch(state, word)
    }
    #[inline]
    fn one(state: u32, byte: u8) -> u32 {
        std::arch::aarch64::__crc32cb(state, byte)
    }
}

/// Never called: without the instruction there is no [`ShortPresent`].
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe fn append(crc: u32, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc, bytes)
}

/// Never called: without the instruction there is no [`ShortPresent`].
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe fn record(header: &[u8; 20], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(0, body), header)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, bit by bit.
    fn slow(crc: u32, bytes: &[u8]) -> u32 {
        let mut state = !crc;
        for &byte in bytes {
            state ^= u32::from(byte);
            for _ in 0..8 {
                state = if state & 1 == 1 { state >> 1 ^ 0x82F6_3B78 } else { state >> 1 };
            }
        }
        !state
    }

    #[test]
    fn every_length_offset_and_start_agrees_with_the_definition() {
        let Some(present) = ShortPresent::detect() else { return };
        let bytes: Vec<u8> = (0..700u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
        let header: &[u8; 20] = bytes.first_chunk().unwrap();
        for offset in 0..9 {
            for length in 0..600 {
                let part = &bytes[offset..offset + length];
                for start in [0, 1, 0xFFFF_FFFF, 0xDEAD_BEEF] {
                    assert_eq!(present.append(start, part), slow(start, part), "{offset} {length} {start:x}");
                }
                assert_eq!(present.record(header, part), slow(slow(0, part), header), "{offset} {length}");
            }
        }
    }
}
