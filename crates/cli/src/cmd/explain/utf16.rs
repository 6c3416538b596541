//! A log in UTF-16, as PowerShell writes what it redirects.

use std::io::{self, Read};

/// Bytes that are read at once.
const PIECE: usize = 16 << 10;

/// Hands on as UTF-8 what is UTF-16 in `input`.
pub struct Utf16<R> {
    input: R,
    unit: fn([u8; 2]) -> u16,
    /// Bytes of a character that is not whole yet.
    rest: Vec<u8>,
    text: Vec<u8>,
    given: usize,
}

impl<R: Read> Utf16<R> {
    /// The order of bytes by the mark with which a text begins.
    pub fn order(beginning: &[u8]) -> Option<fn([u8; 2]) -> u16> {
        match beginning {
            [0xff, 0xfe, ..] => Some(u16::from_le_bytes),
            [0xfe, 0xff, ..] => Some(u16::from_be_bytes),
            _ => None,
        }
    }

    /// `unit`: of [`Utf16::order`].
    pub fn new(input: R, unit: fn([u8; 2]) -> u16) -> Utf16<R> {
        Utf16 { input, unit, rest: Vec::new(), text: Vec::new(), given: 0 }
    }

    /// Makes the next text, if there is any more.
    fn decode(&mut self) -> io::Result<()> {
        (self.text, self.given) = (Vec::new(), 0);
        while self.text.is_empty() {
            let read = (&mut self.input).take(PIECE as u64).read_to_end(&mut self.rest)?;
            let bytes = std::mem::take(&mut self.rest);
            let (pairs, odd) = bytes.as_chunks::<2>();
            let mut units: Vec<u16> = pairs.iter().map(|pair| (self.unit)(*pair)).collect();
            if read > 0 {
                // The second half of a pair may come with the next piece.
                if let Some(high) = pairs.last().filter(|_| units.pop_if(|unit| is_high(*unit)).is_some()) {
                    self.rest.extend(high);
                }
                self.rest.extend(odd);
            }
            let chars = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
            self.text = chars.collect::<String>().into_bytes();
            if read == 0 {
                break;
            }
        }
        Ok(())
    }
}

/// Half of a character that takes two.
fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.decode()?;
        }
        let left = self.text.get(self.given..).unwrap_or_default();
        let count = left.len().min(out.len());
        let (Some(to), Some(from)) = (out.get_mut(..count), left.get(..count)) else { return Ok(0) };
        to.copy_from_slice(from);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_whole_whatever_the_pieces_are() {
        let text = "LOG:  \u{1f418} ".repeat(3000);
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut read = String::new();
        Utf16::new(bytes.as_slice(), u16::from_le_bytes).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
    }

    #[test]
    fn an_odd_end_is_left_out() {
        let mut read = String::new();
        Utf16::new([0, b'a', 0].as_slice(), u16::from_be_bytes).read_to_string(&mut read).unwrap();
        assert_eq!(read, "a");
    }
}
