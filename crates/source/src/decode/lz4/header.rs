//! The header of an LZ4 frame, magic not included.

use super::xxh32::Xxh32;
use crate::outcome::ReadFault;

/// The magic of a frame, read as little-endian.
pub(super) const MAGIC: u32 = 0x184D_2204;

/// What the header of a frame says.
#[derive(Clone, Copy, Default)]
pub(super) struct Header {
    /// Blocks may refer to plain bytes of blocks before them.
    pub(super) linked: bool,
    pub(super) block_check: bool,
    pub(super) content_check: bool,
    pub(super) content_size: Option<u64>,
    /// Plain bytes in a block, at most.
    pub(super) largest_block: usize,
}

/// Bits of the first byte.
const INDEPENDENT: u8 = 1 << 5;
const BLOCK_CHECK: u8 = 1 << 4;
const CONTENT_SIZE: u8 = 1 << 3;
const CONTENT_CHECK: u8 = 1 << 2;
const DICTIONARY: u8 = 1;

impl Header {
    /// Flags, block size, check.
    pub(super) const SHORTEST: usize = 3;

    /// The whole length, from the first byte.
    pub(super) fn length(bytes: &[u8]) -> usize {
        let flags = bytes.first().copied().unwrap_or(0);
        Header::SHORTEST + if flags & CONTENT_SIZE != 0 { 8 } else { 0 } + if flags & DICTIONARY != 0 { 4 } else { 0 }
    }

    /// Reads a header of [`Header::length`] bytes.
    pub(super) fn read(bytes: &[u8]) -> Result<Header, ReadFault> {
        let (check, rest) = bytes.split_last().ok_or(ReadFault::Corrupt)?;
        if (Xxh32::of(rest) >> 8) as u8 != *check {
            return Err(ReadFault::Checksum);
        }
        let [flags, block, fields @ ..] = rest else { return Err(ReadFault::Corrupt) };
        if flags >> 6 != 1 || flags & DICTIONARY != 0 {
            return Err(ReadFault::Unsupported);
        }
        let largest_block = match block >> 4 & 7 {
            n @ 4..=7 => 1 << (8 + 2 * n),
            _ => return Err(ReadFault::Unsupported),
        };
        Ok(Header {
            linked: flags & INDEPENDENT == 0,
            block_check: flags & BLOCK_CHECK != 0,
            content_check: flags & CONTENT_CHECK != 0,
            content_size: if flags & CONTENT_SIZE != 0 {
                fields.first_chunk().map(|b| u64::from_le_bytes(*b))
            } else {
                None
            },
            largest_block,
        })
    }
}
