//! Formats made of parts that each say how long they are: collecting the parts, giving out what they held.

use super::{Decode, DecodeStep, Then};
use crate::outcome::ReadFault;

/// What is wanted after a part.
pub(super) enum Next {
    /// A part of so many bytes, which may be none.
    Part(usize),
    /// A part of so many bytes, behind so many that nobody needs.
    Behind(u32, usize),
    /// Nothing: a stream is complete.
    Complete,
    Failed(ReadFault),
}

/// A format made of parts.
pub(super) trait BlockParts {
    /// How long the first part is.
    const FIRST: usize;

    /// Reads a part whole. Its plain bytes go behind `plain`, which is empty.
    fn part(&mut self, part: &[u8], plain: &mut Vec<u8>) -> Next;

    /// Whether the file may end in front of the part that is wanted.
    fn may_end(&self) -> bool {
        false
    }

    fn begins(&self, next: &[u8]) -> bool;

    fn restart(&mut self);
}

pub(super) struct Blocks<P> {
    parts: P,
    part: Vec<u8>,
    wanted: usize,
    skip: u32,
    plain: Vec<u8>,
    given: usize,
}

impl<P: BlockParts> Blocks<P> {
    pub(super) fn new(parts: P) -> Blocks<P> {
        Blocks { parts, part: Vec::new(), wanted: P::FIRST, skip: 0, plain: Vec::new(), given: 0 }
    }

    fn give(&mut self, out: &mut [u8]) -> usize {
        let count = (self.plain.len() - self.given).min(out.len());
        out[..count].copy_from_slice(&self.plain[self.given..self.given + count]);
        self.given += count;
        count
    }
}

impl<P: BlockParts> Decode for Blocks<P> {
    fn step(&mut self, input: &[u8], at_end: bool, out: &mut [u8]) -> DecodeStep {
        let (mut taken, mut given) = (0, 0);
        let then = loop {
            given += self.give(&mut out[given..]);
            if self.given < self.plain.len() {
                break Then::More;
            }
            let rest = &input[taken..];
            let skipped = rest.len().min(self.skip as usize);
            self.skip -= skipped as u32;
            taken += skipped;
            let rest = &rest[skipped..];
            let missing = self.wanted.saturating_sub(self.part.len()).min(rest.len());
            self.part.extend_from_slice(&rest[..missing]);
            taken += missing;
            if self.skip > 0 || self.part.len() < self.wanted {
                let ends = at_end && self.skip == 0 && self.part.is_empty() && self.parts.may_end();
                break if ends { Then::Complete } else { Then::More };
            }
            self.plain.clear();
            self.given = 0;
            let next = self.parts.part(&self.part, &mut self.plain);
            self.part.clear();
            (self.skip, self.wanted) = match next {
                Next::Part(wanted) => (0, wanted),
                Next::Behind(skip, wanted) => (skip, wanted),
                Next::Complete => break Then::Complete,
                Next::Failed(fault) => {
                    // What a part held whose checksum is wrong came out all the same.
                    given += self.give(&mut out[given..]);
                    break Then::Failed(fault);
                }
            };
        };
        DecodeStep { taken, given, then }
    }

    fn begins(&self, next: &[u8]) -> bool {
        self.parts.begins(next)
    }

    fn restart(&mut self) {
        self.parts.restart();
        (self.part, self.wanted, self.skip) = (Vec::new(), P::FIRST, 0);
    }
}

/// A number from the bytes of a part.
pub(super) fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
}
