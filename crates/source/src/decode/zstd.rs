//! Zstandard frames (RFC 8878), skippable ones between them. A frame that wants a window above 128 MiB is refused, as
//! zstd's own tool does.

use super::{Decode, DecodeStep, Then};
use crate::outcome::ReadFault;
use std::io;
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

pub(super) struct Zstd(Decoder<'static>);

impl Zstd {
    pub(super) fn new() -> io::Result<Zstd> {
        Decoder::new().map(Zstd)
    }
}

impl Decode for Zstd {
    fn step(&mut self, input: &[u8], _at_end: bool, out: &mut [u8]) -> DecodeStep {
        let mut packed = InBuffer::around(input);
        let mut plain = OutBuffer::around(out);
        let result = self.0.run(&mut packed, &mut plain);
        DecodeStep {
            taken: packed.pos(),
            given: plain.pos(),
            then: match result {
                // The decoder also says 0 when it was given nothing after a frame.
                Ok(0) => Then::Complete,
                Ok(_) => Then::More,
                Err(error) => Then::Failed(fault(&error)),
            },
        }
    }

    fn begins(&self, next: &[u8]) -> bool {
        b"\x28\xb5\x2f\xfd".starts_with(next)
            || next.starts_with(b"\x28\xb5\x2f\xfd")
            || matches!(next, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..])
    }

    fn restart(&mut self) {
        // The decoder begins a new frame by itself.
    }
}

/// The library tells its errors apart only by their texts (`ZSTD_getErrorName`).
fn fault(error: &io::Error) -> ReadFault {
    let text = error.to_string();
    if text.contains("checksum") {
        ReadFault::Checksum
    } else if text.contains("too much memory") || text.contains("Dictionary") || text.contains("Unsupported") {
        ReadFault::Unsupported
    } else {
        ReadFault::Corrupt
    }
}
