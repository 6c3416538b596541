//! LZMA alone (`.lzma`, as WAL-G writes it): one stream with no checksum, which ends with a mark or at a size that its
//! header states.

use super::{Decode, DecodeStep, Then, xz};
use crate::outcome::ReadFault;
use lzma_rust2::{Action, LzmaStream, Status};

pub(super) struct Lzma(LzmaStream);

impl Lzma {
    pub(super) fn new() -> Lzma {
        Lzma(LzmaStream::new_mem_limit(xz::MEMORY, None))
    }
}

impl Decode for Lzma {
    fn step(&mut self, input: &[u8], at_end: bool, out: &mut [u8]) -> DecodeStep {
        let before = (self.0.total_in(), self.0.total_out());
        let result = self.0.process(input, out, if at_end { Action::Finish } else { Action::Run });
        DecodeStep {
            taken: (self.0.total_in() - before.0) as usize,
            given: (self.0.total_out() - before.1) as usize,
            then: match result {
                Ok(done) => match done.status {
                    Status::StreamEnd if self.0.unused_input().is_empty() => Then::Complete,
                    Status::StreamEnd => Then::Failed(ReadFault::Trailing),
                    _ => Then::More,
                },
                Err(error) => xz::failed(&error),
            },
        }
    }

    fn begins(&self, _next: &[u8]) -> bool {
        false
    }

    fn restart(&mut self) {}
}
