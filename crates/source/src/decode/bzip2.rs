//! bzip2: blocks of up to 900 kB, each with a CRC. Several streams may follow each other. Nothing of a block can be had
//! before all of it is there.

use super::{Decode, DecodeStep, Then};
use crate::outcome::ReadFault;
use bzip2::{Decompress, Status};

pub(super) struct Bzip2(Decompress);

impl Bzip2 {
    pub(super) fn new() -> Bzip2 {
        Bzip2(Decompress::new(false))
    }
}

impl Decode for Bzip2 {
    fn step(&mut self, input: &[u8], _at_end: bool, out: &mut [u8]) -> DecodeStep {
        let before = (self.0.total_in(), self.0.total_out());
        let result = self.0.decompress(input, out);
        DecodeStep {
            taken: (self.0.total_in() - before.0) as usize,
            given: (self.0.total_out() - before.1) as usize,
            then: match result {
                Ok(Status::StreamEnd) => Then::Complete,
                Ok(Status::MemNeeded) => Then::Failed(ReadFault::Unsupported),
                Ok(_) => Then::More,
                // The library does not say whether it was a CRC.
                Err(_) => Then::Failed(ReadFault::Corrupt),
            },
        }
    }

    fn begins(&self, next: &[u8]) -> bool {
        b"BZh".starts_with(&next[..next.len().min(3)])
    }

    fn restart(&mut self) {
        self.0 = Decompress::new(false);
    }
}
