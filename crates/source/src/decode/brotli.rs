//! brotli (RFC 7932): one stream, which knows its end; no magic and no checksum. A window above 16 MiB is refused.

use super::{Decode, DecodeStep, Then};
use crate::outcome::ReadFault;
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

type Decoder = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

pub(super) struct Brotli(Box<Decoder>);

impl Brotli {
    pub(super) fn new() -> Brotli {
        let alloc = StandardAlloc::default;
        Brotli(Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())))
    }
}

impl Decode for Brotli {
    fn step(&mut self, input: &[u8], _at_end: bool, out: &mut [u8]) -> DecodeStep {
        let (mut left, mut taken, mut room, mut given, mut total) = (input.len(), 0, out.len(), 0, 0);
        let result =
            BrotliDecompressStream(&mut left, &mut taken, input, &mut room, &mut given, out, &mut total, &mut self.0);
        let then = match result {
            BrotliResult::ResultSuccess if left > 0 => Then::Failed(ReadFault::Trailing),
            BrotliResult::ResultSuccess => Then::Complete,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Then::More,
            BrotliResult::ResultFailure => Then::Failed(ReadFault::Corrupt),
        };
        DecodeStep { taken, given, then }
    }

    fn begins(&self, _: &[u8]) -> bool {
        false
    }

    fn restart(&mut self) {}
}
