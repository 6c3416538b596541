//! xz: streams of LZMA2 blocks with checksums, an index and a footer.

use super::{Decode, DecodeStep, Then};
use crate::outcome::ReadFault;
use lzma_rust2::{Action, Status, XzStream};
use std::io;

/// Memory that a file may ask for, in KiB: what `xz -9` needs to unpack, and room to spare.
pub(super) const MEMORY: u32 = 256 << 10;

pub(super) struct Xz(XzStream);

impl Xz {
    pub(super) fn new() -> Xz {
        Xz(XzStream::new_mem_limit(false, MEMORY))
    }
}

impl Decode for Xz {
    fn step(&mut self, input: &[u8], at_end: bool, out: &mut [u8]) -> DecodeStep {
        let before = (self.0.total_in(), self.0.total_out());
        let result = self.0.process(input, out, if at_end { Action::Finish } else { Action::Run });
        DecodeStep {
            taken: (self.0.total_in() - before.0) as usize,
            given: (self.0.total_out() - before.1) as usize,
            then: match result {
                Ok(done) => match done.status {
                    Status::StreamEnd => Then::Complete,
                    _ => Then::More,
                },
                Err(error) => failed(&error),
            },
        }
    }

    fn begins(&self, next: &[u8]) -> bool {
        next.starts_with(b"\xfd7zX") || b"\xfd7zX".starts_with(next)
    }

    fn restart(&mut self) {
        *self = Xz::new();
    }
}

pub(super) fn failed(error: &io::Error) -> Then {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Then::CutOff,
        io::ErrorKind::OutOfMemory | io::ErrorKind::Unsupported => Then::Failed(ReadFault::Unsupported),
        // The library tells its checks apart only by their texts.
        _ if error.to_string().contains("checksum") || error.to_string().contains("CRC32") => {
            Then::Failed(ReadFault::Checksum)
        }
        _ => Then::Failed(ReadFault::Corrupt),
    }
}
