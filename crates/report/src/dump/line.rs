//! A line that is being written at the end of a buffer.
//!
//! A list is mostly short words and numbers, and asking the buffer for room for each of them is more work than writing
//! them. Here room is made once for nearly every line; what is written is copied with a length that the compiler knows,
//! and what is too much of it is written over by what follows.

use crate::dump::digits::{SMALL, digits, eight};
use pgwal_format::Lsn;

/// The room made at once: most lines are shorter.
const ROOM: usize = 576;
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The line. The buffer ends with it when it is dropped.
pub struct LineBuffer<'a> {
    out: &'a mut Vec<u8>,
    /// Where the next byte goes; behind it there is nothing but room.
    at: usize,
}

impl<'a> LineBuffer<'a> {
    /// A line behind what is in the buffer.
    #[inline(always)]
    pub fn new(out: &'a mut Vec<u8>) -> LineBuffer<'a> {
        let at = out.len();
        out.extend_from_slice(&[0; ROOM]);
        LineBuffer { out, at }
    }

    /// The first `used` bytes of an array.
    #[inline(always)]
    pub fn put<const N: usize>(&mut self, text: &[u8; N], used: usize) {
        match self.out.get_mut(self.at..).and_then(|room| room.first_chunk_mut::<N>()) {
            Some(place) => *place = *text,
            None => self.put_in_new_room(text),
        }
        self.at += used;
    }

    /// Writes over what was put, or into the room, so many bytes behind the end of the line. Written at once in their
    /// places, parts of a template need not reach memory before they can be copied.
    #[inline(always)]
    pub fn over<const N: usize>(&mut self, behind: usize, text: &[u8; N]) {
        if let Some(place) = self.out.get_mut(self.at + behind..).and_then(|room| room.first_chunk_mut::<N>()) {
            *place = *text;
        }
    }

    /// Bytes that were written over belong to the line.
    #[inline(always)]
    pub fn skip(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.out.len());
    }

    #[cold]
    #[inline(never)]
    fn put_in_new_room(&mut self, text: &[u8]) {
        self.out.truncate(self.at);
        self.out.extend_from_slice(text);
        self.out.resize(self.at + text.len() + ROOM, 0);
    }

    /// All of an array.
    #[inline(always)]
    pub fn all<const N: usize>(&mut self, text: &[u8; N]) {
        self.put(text, N);
    }

    /// One byte.
    #[inline(always)]
    pub fn byte(&mut self, byte: u8) {
        self.put(&[byte], 1);
    }

    /// Words of any length. Short ones go in two halves that overlap.
    #[inline(always)]
    pub fn words(&mut self, words: &[u8]) {
        match words.len() {
            0 => {}
            1..=3 => {
                for &byte in words {
                    self.byte(byte);
                }
            }
            4..=7 => self.halves::<4>(words),
            8..=15 => self.halves::<8>(words),
            16..=32 => self.halves::<16>(words),
            _ => self.long(words),
        }
    }

    #[inline(always)]
    fn halves<const N: usize>(&mut self, words: &[u8]) {
        let ends = (words.first_chunk::<N>(), words.last_chunk::<N>());
        let (Some(first), Some(last)) = ends else { return };
        self.put(first, words.len() - N);
        self.put(last, N);
    }

    #[inline(never)]
    fn long(&mut self, words: &[u8]) {
        match self.out.get_mut(self.at..self.at + words.len()) {
            Some(place) => place.copy_from_slice(words),
            None => self.put_in_new_room(words),
        }
        self.at += words.len();
    }

    /// Lets something write that takes a buffer.
    #[inline(never)]
    pub fn with<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.out.truncate(self.at);
        let written = write(self.out);
        self.at = self.out.len();
        self.out.resize(self.at + ROOM, 0);
        written
    }

    /// Decimal.
    #[inline(always)]
    pub fn decimal(&mut self, n: u64) {
        if let Some(&small) = SMALL.get(n as usize) {
            return self.put(&small.to_le_bytes(), (small >> 24) as usize);
        }
        if n >= 100_000_000 {
            return self.long_decimal(n);
        }
        let digits = digits(n as u32);
        let zeros = (digits | 1 << 56).trailing_zeros() & !7;
        self.put(&((digits | ZEROS) >> zeros).to_le_bytes(), 8 - (zeros / 8) as usize);
    }

    #[inline(never)]
    fn long_decimal(&mut self, n: u64) {
        self.decimal(n / 100_000_000);
        self.all(&(digits((n % 100_000_000) as u32) | ZEROS).to_le_bytes());
    }

    /// Decimal, with zeros in front up to six digits; `n` has no more than that.
    #[inline(always)]
    pub fn six(&mut self, n: u32) {
        self.put(&((digits(n) | ZEROS) >> 16).to_le_bytes(), 6);
    }

    /// The digits of millionths behind a point, as many as it takes: none for 0.
    #[inline(always)]
    pub fn fraction(&mut self, millionths: u32) {
        let digits = digits(millionths) >> 16;
        self.put(&(digits | ZEROS).to_le_bytes(), 8 - (digits.leading_zeros() / 8) as usize);
    }

    /// Hexadecimal in capitals, with zeros in front up to `width`, at most 8.
    #[inline(always)]
    pub fn hexadecimal(&mut self, n: u32, width: usize) {
        let needed = (35 - n.leading_zeros() as usize) / 4;
        let count = needed.max(width).clamp(1, 8);
        self.put(&eight(n << (32 - 4 * count as u32)), count);
    }

    /// A position, the low half with eight digits.
    #[inline(always)]
    pub fn position(&mut self, lsn: Lsn) {
        match lsn.high() {
            high @ 0..=9 => self.all(&(0x2F30 + high as u16).to_le_bytes()),
            high => {
                self.hexadecimal(high, 1);
                self.byte(b'/');
            }
        }
        self.all(&eight(lsn.low()));
    }

    /// The same with spaces behind, in a column of at most 16.
    #[inline(always)]
    pub fn position_in_column<const N: usize>(&mut self, lsn: Lsn) {
        let from = self.at;
        self.position(lsn);
        self.put(&[b' '; 16], (from + N).saturating_sub(self.at));
    }
}

impl Drop for LineBuffer<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.out.truncate(self.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(write: impl Fn(&mut LineBuffer<'_>)) -> String {
        let mut out = b"before ".to_vec();
        write(&mut LineBuffer::new(&mut out));
        String::from_utf8(out).unwrap().strip_prefix("before ").unwrap().to_owned()
    }

    #[test]
    fn numbers_as_format_would() {
        let powers = (0..20).map(|e| 10u64.pow(e));
        for n in powers.flat_map(|n| [n - 1, n, n + 1]).chain([0, 12_345, u64::MAX]) {
            assert_eq!(line(|l| l.decimal(n)), n.to_string());
            assert_eq!(line(|l| l.hexadecimal(n as u32, 2)), format!("{:02X}", n as u32));
            assert_eq!(line(|l| l.hexadecimal(n as u32, 1)), format!("{:X}", n as u32));
            assert_eq!(line(|l| l.position(Lsn::new(n))), Lsn::new(n).to_string());
            assert_eq!(line(|l| l.position_in_column::<12>(Lsn::new(n))), format!("{:<12}", Lsn::new(n).to_string()));
            let six = format!("{:06}", n % 1_000_000);
            assert_eq!(line(|l| l.six((n % 1_000_000) as u32)), six);
            assert_eq!(line(|l| l.fraction((n % 1_000_000) as u32)), six.trim_end_matches('0'));
        }
    }

    #[test]
    fn words_of_every_length_and_lines_longer_than_their_room() {
        let words: String = ('a'..='z').cycle().take(200).collect();
        for length in 0..words.len() {
            assert_eq!(line(|l| l.words(&words.as_bytes()[..length])), words[..length]);
        }
        let many = line(|l| {
            for n in 0..1000 {
                l.decimal(n);
                l.with(|out| out.push(b','));
                l.words(words.as_bytes());
            }
        });
        let expected: String = (0..1000).map(|n| format!("{n},{words}")).collect();
        assert_eq!(many, expected);
    }
}
