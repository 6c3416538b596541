//! XXH32 with seed 0, the checksum of LZ4 frames.

const PRIMES: [u32; 5] = [0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D, 0x27D4_EB2F, 0x1656_67B1];

/// The hash of bytes that come in pieces.
pub(super) struct Xxh32 {
    lanes: [u32; 4],
    /// The last bytes that fill no stripe of 16.
    rest: [u8; 16],
    length: u64,
}

impl Xxh32 {
    pub(super) fn new() -> Xxh32 {
        let [one, two, ..] = PRIMES;
        Xxh32 { lanes: [one.wrapping_add(two), two, 0, 0u32.wrapping_sub(one)], rest: [0; 16], length: 0 }
    }

    /// The hash of bytes that are all there.
    pub(super) fn of(bytes: &[u8]) -> u32 {
        let mut hash = Xxh32::new();
        hash.update(bytes, true);
        hash.finish()
    }

    /// Bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Takes further bytes; only counts them unless they are to be `hashed`.
    pub(super) fn update(&mut self, mut bytes: &[u8], hashed: bool) {
        let filled = (self.length % 16) as usize;
        self.length += bytes.len() as u64;
        if !hashed {
            return;
        }
        if filled > 0 {
            let count = bytes.len().min(16 - filled);
            self.rest[filled..filled + count].copy_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            if filled + count < 16 {
                return;
            }
            let stripe = self.rest;
            self.stripe(&stripe);
        }
        let (stripes, rest) = bytes.as_chunks::<16>();
        for stripe in stripes {
            self.stripe(stripe);
        }
        self.rest[..rest.len()].copy_from_slice(rest);
    }

    pub(super) fn finish(&self) -> u32 {
        let [one, two, three, four, five] = PRIMES;
        let mut hash = if self.length >= 16 {
            let [a, b, c, d] = self.lanes;
            a.rotate_left(1)
                .wrapping_add(b.rotate_left(7))
                .wrapping_add(c.rotate_left(12))
                .wrapping_add(d.rotate_left(18))
        } else {
            five
        };
        hash = hash.wrapping_add(self.length as u32);
        let (words, bytes) = self.rest[..(self.length % 16) as usize].as_chunks::<4>();
        for word in words {
            hash = hash.wrapping_add(u32::from_le_bytes(*word).wrapping_mul(three)).rotate_left(17).wrapping_mul(four);
        }
        for &byte in bytes {
            hash = hash.wrapping_add(u32::from(byte).wrapping_mul(five)).rotate_left(11).wrapping_mul(one);
        }
        hash = (hash ^ hash >> 15).wrapping_mul(two);
        hash = (hash ^ hash >> 13).wrapping_mul(three);
        hash ^ hash >> 16
    }

    #[inline]
    fn stripe(&mut self, stripe: &[u8; 16]) {
        let (words, _) = stripe.as_chunks::<4>();
        for (lane, word) in self.lanes.iter_mut().zip(words) {
            *lane = lane
                .wrapping_add(u32::from_le_bytes(*word).wrapping_mul(PRIMES[1]))
                .rotate_left(13)
                .wrapping_mul(PRIMES[0]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(Xxh32::of(b""), 0x02CC_5D05);
        assert_eq!(Xxh32::of(b"a"), 0x550D_7456);
        assert_eq!(Xxh32::of(b"abc"), 0x32D1_53FF);
    }

    #[test]
    fn pieces_give_the_value_of_the_whole() {
        let bytes: Vec<u8> = (0..200u8).collect();
        for cut in 0..bytes.len() {
            let mut hash = Xxh32::new();
            hash.update(&bytes[..cut], true);
            hash.update(&bytes[cut..], true);
            assert_eq!(hash.finish(), Xxh32::of(&bytes), "{cut}");
        }
    }
}
