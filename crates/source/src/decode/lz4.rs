//! LZ4 frames (version 1 of the LZ4 frame format), skippable ones between them.
//!
//! ```text
//! 04224D18 | flags | block size | [content size, 8] | [dictionary, 4] | header check
//!   block: size (highest bit: stored as is), bytes, [XXH32 of them]     … until a size of 0
//! [XXH32 of the plain bytes]
//! ```
//!
//! Blocks are unpacked by `lz4_flex`. The frame is read here, because an unfinished file of pg_receivewal must be told
//! apart from a whole one, and give what it has: no end mark, or half a block.

mod header;
pub(super) mod legacy;
mod partial;
mod xxh32;

use super::{Decode, DecodeStep, Then};
use crate::outcome::ReadFault;
use header::{Header, MAGIC};
use xxh32::Xxh32;

/// How far back a block may refer to plain bytes before it.
const REACH: usize = 64 << 10;

pub(super) struct Lz4 {
    state: Lz4State,
    /// Packed bytes of the part that is being collected, and how many it has.
    part: Vec<u8>,
    wanted: usize,
    header: Header,
    /// Plain bytes: up to [`REACH`] that were given already, then those from `given` to `end` that are to be given.
    plain: Vec<u8>,
    given: usize,
    end: usize,
    content: Xxh32,
}

#[derive(Clone, Copy, PartialEq)]
enum Lz4State {
    Magic,
    Header,
    SkipSize,
    Skip { left: u32 },
    BlockSize,
    Block { stored: bool, length: usize },
    ContentCheck,
}

impl Lz4 {
    pub(super) fn new() -> Lz4 {
        let header = Header::default();
        Lz4 {
            state: Lz4State::Magic,
            part: Vec::new(),
            wanted: 4,
            header,
            plain: Vec::new(),
            given: 0,
            end: 0,
            content: Xxh32::new(),
        }
    }

    fn expect(&mut self, state: Lz4State, wanted: usize) {
        self.part.clear();
        (self.state, self.wanted) = (state, wanted);
    }

    /// The part that was collected means what?
    fn advance(&mut self) -> Then {
        match self.state {
            Lz4State::Magic => match word(&self.part) {
                // The header's length is in its first two bytes.
                MAGIC => self.expect(Lz4State::Header, Header::SHORTEST),
                0x184D_2A50..=0x184D_2A5F => self.expect(Lz4State::SkipSize, 4),
                _ => return Then::Failed(ReadFault::Corrupt),
            },
            Lz4State::SkipSize => {
                let left = word(&self.part);
                self.expect(Lz4State::Skip { left }, 0);
            }
            Lz4State::Skip { .. } => return Then::Complete,
            Lz4State::Header => return self.read_header(),
            Lz4State::BlockSize => return self.read_block_size(),
            Lz4State::Block { stored, length } => {
                if let Err(fault) = self.unpack(stored, length) {
                    return Then::Failed(fault);
                }
                self.expect(Lz4State::BlockSize, 4);
            }
            Lz4State::ContentCheck => {
                return if word(&self.part) == self.content.finish() {
                    Then::Complete
                } else {
                    Then::Failed(ReadFault::Checksum)
                };
            }
        }
        Then::More
    }

    fn read_header(&mut self) -> Then {
        let length = Header::length(&self.part);
        if self.part.len() < length {
            self.wanted = length;
            return Then::More;
        }
        match Header::read(&self.part) {
            Ok(header) => self.header = header,
            Err(fault) => return Then::Failed(fault),
        }
        (self.given, self.end, self.content) = (0, 0, Xxh32::new());
        let room = REACH + (2 * self.header.largest_block).max(512 << 10);
        if self.plain.len() < room {
            self.plain.resize(room, 0);
        }
        self.expect(Lz4State::BlockSize, 4);
        Then::More
    }

    fn read_block_size(&mut self) -> Then {
        let size = word(&self.part);
        let (stored, length) = (size >> 31 == 1, (size & 0x7FFF_FFFF) as usize);
        if size == 0 {
            if self.header.content_size.is_some_and(|size| size != self.content.length()) {
                return Then::Failed(ReadFault::Corrupt);
            }
            if self.header.content_check {
                self.expect(Lz4State::ContentCheck, 4);
                return Then::More;
            }
            return Then::Complete;
        }
        if length > self.header.largest_block {
            return Then::Failed(ReadFault::Corrupt);
        }
        self.expect(Lz4State::Block { stored, length }, length + if self.header.block_check { 4 } else { 0 });
        Then::More
    }

    /// Unpacks a whole block behind the plain bytes.
    fn unpack(&mut self, stored: bool, length: usize) -> Result<(), ReadFault> {
        let (block, check) = self.part.split_at_checked(length).ok_or(ReadFault::Corrupt)?;
        if self.header.block_check && word(check) != Xxh32::of(block) {
            return Err(ReadFault::Checksum);
        }
        let (history, room) = make_room(&mut self.plain, &mut self.given, &mut self.end, &self.header);
        let length = if stored {
            room.get_mut(..length).ok_or(ReadFault::Corrupt)?.copy_from_slice(block);
            length
        } else if history.is_empty() {
            lz4_flex::block::decompress_into(block, room).map_err(|_| ReadFault::Corrupt)?
        } else {
            lz4_flex::block::decompress_into_with_dict(block, room, history).map_err(|_| ReadFault::Corrupt)?
        };
        self.content.update(&room[..length], self.header.content_check);
        self.end += length;
        Ok(())
    }

    fn give(&mut self, out: &mut [u8]) -> usize {
        let count = (self.end - self.given).min(out.len());
        out[..count].copy_from_slice(&self.plain[self.given..self.given + count]);
        self.given += count;
        count
    }
}

/// What a block may refer to, and room for the largest block behind it. All plain bytes were given before.
fn make_room<'a>(plain: &'a mut [u8], given: &mut usize, end: &mut usize, header: &Header) -> (&'a [u8], &'a mut [u8]) {
    if !header.linked {
        (*given, *end) = (0, 0);
    } else if plain.len() - *end < header.largest_block {
        let kept = REACH.min(*end);
        plain.copy_within(*end - kept..*end, 0);
        (*given, *end) = (kept, kept);
    }
    let (before, after) = plain.split_at_mut(*end);
    (&before[before.len().saturating_sub(REACH)..], &mut after[..header.largest_block])
}

fn word(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |b| u32::from_le_bytes(*b))
}

impl Decode for Lz4 {
    fn step(&mut self, input: &[u8], _at_end: bool, out: &mut [u8]) -> DecodeStep {
        let (mut taken, mut given) = (0, 0);
        let then = loop {
            given += self.give(&mut out[given..]);
            if self.given < self.end {
                break Then::More;
            }
            let rest = &input[taken..];
            if let Lz4State::Skip { left } = &mut self.state {
                let skipped = rest.len().min(*left as usize);
                *left -= skipped as u32;
                taken += skipped;
                if *left > 0 {
                    break Then::More;
                }
            }
            let missing = self.wanted.saturating_sub(self.part.len()).min(rest.len());
            self.part.extend_from_slice(&rest[..missing]);
            taken += missing;
            if self.part.len() < self.wanted {
                break Then::More;
            }
            match self.advance() {
                Then::More => {}
                other => break other,
            }
        };
        DecodeStep { taken, given, then }
    }

    fn begins(&self, next: &[u8]) -> bool {
        next.starts_with(&MAGIC.to_le_bytes())
            || MAGIC.to_le_bytes().starts_with(next)
            || matches!(next, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..])
    }

    fn restart(&mut self) {
        self.expect(Lz4State::Magic, 4);
    }

    fn salvage(&mut self, out: &mut [u8]) -> usize {
        if let Lz4State::Block { stored, length } = self.state {
            let block = &self.part[..self.part.len().min(length)];
            let (history, room) = make_room(&mut self.plain, &mut self.given, &mut self.end, &self.header);
            let length = if stored { copy(block, room) } else { partial::unpack(block, history, room) };
            self.end += length;
            self.expect(Lz4State::BlockSize, 4);
        }
        self.give(out)
    }
}

fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let count = from.len().min(to.len());
    to[..count].copy_from_slice(&from[..count]);
    count
}
