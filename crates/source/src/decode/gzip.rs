//! gzip: header, deflated data, CRC-32 and size of the plain bytes (RFC 1952). Several members may follow each other.

use super::{Decode, DecodeStep, Then};
use crate::outcome::ReadFault;
use flate2::{Decompress, FlushDecompress, Status};

pub(super) struct Gzip(Decompress);

impl Gzip {
    pub(super) fn new() -> Gzip {
        Gzip(member())
    }
}

fn member() -> Decompress {
    /// log2 of the largest window of deflate.
    const WINDOW_BITS: u8 = 15;
    Decompress::new_gzip(WINDOW_BITS)
}

impl Decode for Gzip {
    fn step(&mut self, input: &[u8], _at_end: bool, out: &mut [u8]) -> DecodeStep {
        let before = (self.0.total_in(), self.0.total_out());
        let result = self.0.decompress(input, out, FlushDecompress::None);
        DecodeStep {
            taken: (self.0.total_in() - before.0) as usize,
            given: (self.0.total_out() - before.1) as usize,
            then: match result {
                Ok(Status::StreamEnd) => Then::Complete,
                Ok(Status::Ok | Status::BufError) => Then::More,
                // zlib's words for a CRC-32 and for a size that do not match.
                Err(error) => Then::Failed(match error.message() {
                    Some("incorrect data check" | "incorrect length check") => ReadFault::Checksum,
                    _ => ReadFault::Corrupt,
                }),
            },
        }
    }

    fn begins(&self, next: &[u8]) -> bool {
        next.starts_with(b"\x1f\x8b") || next == b"\x1f"
    }

    fn restart(&mut self) {
        self.0 = member();
    }
}
