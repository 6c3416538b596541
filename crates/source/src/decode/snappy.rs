//! Snappy's framing format (version 2015), as barman-cloud and pghoard write it:
//!
//! ```text
//! kind 1 | length 3 | content
//!   FF  "sNaPpY", at the beginning, and again where streams were joined
//!   00  masked CRC-32C of the plain bytes 4 | packed          01  the same 4 | plain, at most 64 KiB
//!   80 to FE  to be skipped                                   02 to 7F  not known yet
//! ```
//! Nothing marks the end: a file that is cut between two chunks looks whole.

use super::blocks::{BlockParts, Next};
use crate::outcome::ReadFault;

/// Plain bytes of a chunk.
const MOST: usize = 64 << 10;
const HEADER: usize = 4;

#[derive(Default)]
pub(super) struct Snappy {
    /// The chunk whose content comes next.
    kind: Option<u8>,
}

impl BlockParts for Snappy {
    const FIRST: usize = HEADER;

    fn part(&mut self, part: &[u8], plain: &mut Vec<u8>) -> Next {
        match (self.kind.take(), part) {
            (None, &[kind, a, b, c]) => {
                let length = u32::from_le_bytes([a, b, c, 0]);
                match kind {
                    // 64 KiB that do not pack take some bytes more.
                    0 | 1 if !(4..=4 + MOST as u32 + MOST as u32 / 6 + 32).contains(&length) => {
                        Next::Failed(ReadFault::Corrupt)
                    }
                    0xFF if length != 6 => Next::Failed(ReadFault::Corrupt),
                    0 | 1 | 0xFF => {
                        self.kind = Some(kind);
                        Next::Part(length as usize)
                    }
                    2..=0x7F => Next::Failed(ReadFault::Corrupt),
                    _ => Next::Behind(length, HEADER),
                }
            }
            (Some(0xFF), part) => {
                if part == b"sNaPpY" {
                    Next::Part(HEADER)
                } else {
                    Next::Failed(ReadFault::Corrupt)
                }
            }
            (Some(kind), part) => match content(kind, part, plain) {
                Ok(()) => Next::Part(HEADER),
                Err(fault) => Next::Failed(fault),
            },
            (None, _) => Next::Failed(ReadFault::Corrupt),
        }
    }

    fn may_end(&self) -> bool {
        self.kind.is_none()
    }

    fn begins(&self, _: &[u8]) -> bool {
        // A second stream is one more chunk.
        false
    }

    fn restart(&mut self) {
        self.kind = None;
    }
}

fn content(kind: u8, part: &[u8], plain: &mut Vec<u8>) -> Result<(), ReadFault> {
    let (sum, bytes) = part.split_first_chunk::<4>().ok_or(ReadFault::Corrupt)?;
    if kind == 1 {
        plain.extend_from_slice(bytes);
    } else {
        let length =
            snap::raw::decompress_len(bytes).ok().filter(|&length| length <= MOST).ok_or(ReadFault::Corrupt)?;
        plain.resize(length, 0);
        let unpacked = snap::raw::Decoder::new().decompress(bytes, plain);
        if unpacked != Ok(length) {
            plain.clear();
            return Err(ReadFault::Corrupt);
        }
    }
    let crc = pgwal_crc::castagnoli::append(0, plain);
    // Masked, so that a checksum over checksums stays one.
    let masked = crc.rotate_right(15).wrapping_add(0xA282_EAD8);
    if plain.len() > MOST {
        Err(ReadFault::Corrupt)
    } else if masked == u32::from_le_bytes(*sum) {
        Ok(())
    } else {
        Err(ReadFault::Checksum)
    }
}
