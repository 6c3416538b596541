//! Packs as a server packs page images with `wal_compression = pglz` (`pg_lzcompress.c`, the default strategy): the
//! same bytes come out, so that the length is the one that a server would have written.
//!
//! ```text
//! at each byte   the places before it whose next four bytes have the same hash, the newest first, less than 4095 back;
//!                the longest of them with three equal bytes or more is copied. One is taken without looking further
//!                once it is as long as "good": 128 bytes, and a tenth less for every place that was looked at
//! given up       with 1024 bytes out and nothing copied; where less than a quarter would be saved
//! ```

/// Fewer bytes are not packed (`min_input_size`).
const LEAST: usize = 32;
/// So many bytes may come out before something is copied (`first_success_by`).
const FIRST_SUCCESS: usize = 1024;
/// A copy that is good enough, before any place was looked at (`match_size_good`).
const GOOD: usize = 128;
/// The longest copy (`PGLZ_MAX_MATCH`).
const LONGEST: usize = 273;
/// The first distance at which nothing is copied any more.
const FARTHEST: usize = 4095;
/// No place.
const NONE: u32 = u32::MAX;

/// Packs. `None` where a server keeps the bytes as they are.
pub fn pack(plain: &[u8]) -> Option<Vec<u8>> {
    if plain.len() < LEAST {
        return None;
    }
    let most = plain.len() * 75 / 100;
    let mut places = HashChains::new(plain);
    let mut out = PackedItems { bytes: Vec::with_capacity(most + 4), control: 0, used: 8 };
    let (mut at, mut copied) = (0, false);
    while at < plain.len() {
        if out.bytes.len() >= most || (!copied && out.bytes.len() >= FIRST_SUCCESS) {
            return None;
        }
        let length = match places.longest(at) {
            Some((length, distance)) => {
                out.copy(length, distance);
                copied = true;
                length
            }
            None => {
                out.literal(*plain.get(at)?);
                1
            }
        };
        (at..at + length).for_each(|at| places.add(at));
        at += length;
    }
    (out.bytes.len() < most).then_some(out.bytes)
}

/// Where bytes with the same hash lie.
struct HashChains<'p> {
    plain: &'p [u8],
    mask: u32,
    /// By hash: the newest.
    newest: Vec<u32>,
    /// By place: the one before it with the same hash.
    before: Vec<u32>,
}

impl HashChains<'_> {
    fn new(plain: &[u8]) -> HashChains<'_> {
        let slots = match plain.len() {
            0..128 => 512,
            128..256 => 1024,
            256..512 => 2048,
            512..1024 => 4096,
            _ => 8192,
        };
        HashChains { plain, mask: slots - 1, newest: vec![NONE; slots as usize], before: vec![NONE; plain.len()] }
    }

    /// Bytes count as signed, as `char` is on most machines.
    fn hash(&self, at: usize) -> usize {
        let signed = |byte: u8| i32::from(byte.cast_signed()).cast_unsigned();
        let hash = match self.plain.get(at..) {
            Some(&[a, b, c, d, ..]) => signed(a) << 6 ^ signed(b) << 4 ^ signed(c) << 2 ^ signed(d),
            Some(&[a, ..]) => signed(a),
            _ => 0,
        };
        (hash & self.mask) as usize
    }

    fn add(&mut self, at: usize) {
        let hash = self.hash(at);
        if let (Some(newest), Some(before)) = (self.newest.get_mut(hash), self.before.get_mut(at)) {
            *before = std::mem::replace(newest, at as u32);
        }
    }

    /// The length and the distance of what is copied to here.
    fn longest(&self, at: usize) -> Option<(usize, usize)> {
        let here = self.plain.get(at..)?;
        let (mut length, mut distance, mut good) = (0, 0, GOOD);
        let mut place = self.newest.get(self.hash(at)).copied().unwrap_or(NONE);
        while place != NONE {
            let from = place as usize;
            if at - from >= FARTHEST {
                break;
            }
            let there = self.plain.get(from..)?;
            // One that is not longer is not looked at to its end.
            if length < 16 || here.get(..length) == there.get(..length) {
                let same = here.iter().zip(there).take(LONGEST).take_while(|(a, b)| a == b).count();
                if same > length {
                    (length, distance) = (same, at - from);
                }
            }
            if length >= good {
                break;
            }
            good -= good / 10;
            place = self.before.get(from).copied().unwrap_or(NONE);
        }
        (length > 2).then_some((length, distance))
    }
}

/// Bytes that come out: a control byte in front of every eight items.
struct PackedItems {
    bytes: Vec<u8>,
    /// Where the last control byte lies.
    control: usize,
    /// Items that it has.
    used: u32,
}

impl PackedItems {
    fn item(&mut self, is_copy: bool) {
        if self.used == 8 {
            self.control = self.bytes.len();
            self.bytes.push(0);
            self.used = 0;
        }
        if let Some(control) = self.bytes.get_mut(self.control) {
            *control |= u8::from(is_copy) << self.used;
        }
        self.used += 1;
    }

    fn literal(&mut self, byte: u8) {
        self.item(false);
        self.bytes.push(byte);
    }

    fn copy(&mut self, length: usize, distance: usize) {
        self.item(true);
        let high = (distance >> 4 & 0xF0) as u8;
        if length > 17 {
            self.bytes.extend([high | 0x0F, distance as u8, (length - 18) as u8]);
        } else {
            self.bytes.extend([high | (length - 3) as u8, distance as u8]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::pglz::unpack;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_worth_it_stays() {
        assert_eq!(pack(&[b'x'; 31]), None);
        assert_eq!(pack(&(0..200).collect::<Vec<u8>>()), None);
        // Ninety-nine and more: four control bytes or tags instead of a page.
        assert_eq!(pack(&[b'x'; 32]).map(|packed| packed.len()), Some(5));
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out(plain in prop::collection::vec(0u8..4, 32..9000)) {
            if let Some(packed) = pack(&plain) {
                let mut out = vec![0; plain.len()];
                prop_assert_eq!(unpack(&packed, &mut out), Ok(plain.len()));
                prop_assert!(out == plain && packed.len() < plain.len() * 75 / 100);
            }
        }
    }
}
