//! Packed bytes to plain bytes, window by window.
//!
//! A file may hold several members (gzip), streams (xz, bzip2) or frames (zstd, lz4) behind each other; the plain bytes
//! are
//! those of all of them. A decoder that fails says how many bytes it gave before, so that nothing readable is lost.

mod bzip2;
mod gzip;
mod lz4;
mod lzma;
mod xz;
mod zstd;

use crate::codec::Codec;
use crate::input::Input;
use crate::source::{Fault, ReadState};
use std::io;
use std::ops::ControlFlow;

/// What one step of a decoder did.
pub(crate) struct Step {
    /// Packed bytes taken.
    pub(crate) taken: usize,
    /// Plain bytes given.
    pub(crate) given: usize,
    /// How it goes on.
    pub(crate) then: Then,
}

/// How it goes on after a step.
pub(crate) enum Then {
    /// Wants more input or more room.
    More,
    /// A member, stream or frame is complete.
    Complete,
    /// The rest cannot be decoded.
    Failed(Fault),
    /// The rest of the packed bytes is missing; only some decoders see that themselves.
    CutOff,
}

/// A decoder of one format.
pub(crate) trait Decode {
    /// Takes bytes of `input`, puts plain bytes at the beginning of `out`. `at_end`: no input follows this. A step that
    /// neither takes nor gives anything, with input or at the end of it, and room in `out`, cannot go on.
    fn step(&mut self, input: &[u8], at_end: bool, out: &mut [u8]) -> Step;

    /// Whether these bytes, which follow a complete member, begin another one.
    fn begins(&self, next: &[u8]) -> bool;

    /// Gets ready for another member.
    fn restart(&mut self);

    /// Plain bytes that a decoder can have of a member that is cut off, beyond what its steps gave.
    fn salvage(&mut self, _out: &mut [u8]) -> usize {
        0
    }
}

/// Pushes the plain bytes of `input` in windows of the size of `window`; returns how many, and how it ended.
pub(crate) fn run(
    codec: Codec,
    input: &mut Input<'_>,
    window: &mut [u8],
    limit: u64,
    sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> io::Result<(u64, ReadState)> {
    let mut out = Windows { window, filled: 0, pushed: 0, limit, sink };
    let end = match codec {
        Codec::Plain => plain(input, &mut out)?,
        Codec::Gzip => packed(&mut gzip::Gzip::new(), input, &mut out)?,
        Codec::Lz4 => packed(&mut lz4::Lz4::new(), input, &mut out)?,
        Codec::Zstd => packed(&mut zstd::Zstd::new()?, input, &mut out)?,
        Codec::Xz => packed(&mut xz::Xz::new(), input, &mut out)?,
        Codec::Bzip2 => packed(&mut bzip2::Bzip2::new(), input, &mut out)?,
        Codec::Lzma => packed(&mut lzma::Lzma::new(), input, &mut out)?,
        Codec::Encrypted(_) | Codec::Unknown(_) => ReadState::Closed,
    };
    Ok(out.finish(end))
}

fn plain(input: &mut Input<'_>, out: &mut Windows<'_>) -> io::Result<ReadState> {
    loop {
        let given = input.read_into(out.room())?;
        out.filled += given;
        if !out.is_full() {
            return Ok(ReadState::Whole);
        }
        if let Some(end) = out.push() {
            return Ok(end);
        }
    }
}

fn packed(decoder: &mut dyn Decode, input: &mut Input<'_>, out: &mut Windows<'_>) -> io::Result<ReadState> {
    loop {
        let bytes = input.fill()?;
        let at_end = bytes.is_empty();
        let step = decoder.step(bytes, at_end, out.room());
        out.filled += step.given;
        input.consume(step.taken);
        if out.is_full()
            && let Some(end) = out.push()
        {
            return Ok(end);
        }
        match step.then {
            Then::Failed(fault) => return Ok(ReadState::Undecodable(fault)),
            Then::CutOff => return salvage(decoder, out),
            Then::Complete => {
                let next = input.peek(4)?;
                if next.is_empty() {
                    return Ok(ReadState::Whole);
                }
                if !decoder.begins(next) {
                    return Ok(ReadState::Undecodable(Fault::Trailing));
                }
                decoder.restart();
            }
            Then::More if step.taken == 0 && step.given == 0 => {
                return if at_end { salvage(decoder, out) } else { Ok(ReadState::Undecodable(Fault::Corrupt)) };
            }
            Then::More => {}
        }
    }
}

fn salvage(decoder: &mut dyn Decode, out: &mut Windows<'_>) -> io::Result<ReadState> {
    loop {
        let given = decoder.salvage(out.room());
        out.filled += given;
        if !out.is_full() {
            return Ok(ReadState::CutOff);
        }
        if let Some(end) = out.push() {
            return Ok(end);
        }
    }
}

/// The window that is being filled, and where full ones go.
struct Windows<'a> {
    window: &'a mut [u8],
    filled: usize,
    pushed: u64,
    limit: u64,
    sink: &'a mut dyn FnMut(&[u8]) -> ControlFlow<()>,
}

impl Windows<'_> {
    /// Never empty between steps: a full window is pushed at once.
    fn room(&mut self) -> &mut [u8] {
        &mut self.window[self.filled..]
    }

    fn is_full(&self) -> bool {
        self.filled == self.window.len()
    }

    /// Pushes what is there; says why that must be all.
    fn push(&mut self) -> Option<ReadState> {
        let filled = std::mem::take(&mut self.filled);
        self.pushed += filled as u64;
        if (self.sink)(&self.window[..filled]).is_break() {
            return Some(ReadState::Stopped);
        }
        (self.pushed > self.limit).then_some(ReadState::LimitReached)
    }

    fn finish(mut self, end: ReadState) -> (u64, ReadState) {
        if self.filled > 0
            && let Some(other) = self.push()
        {
            return (self.pushed, other);
        }
        (self.pushed, end)
    }
}
