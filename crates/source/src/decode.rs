//! Packed bytes to plain bytes, window by window.
//!
//! A file may hold several members (gzip), streams (xz, bzip2) or frames (zstd, lz4) behind each other; the plain bytes
//! are those of all of them. A decoder that fails says how many bytes it gave before, so that nothing readable is lost.

#[cfg_attr(
    not(all(feature = "lzo", feature = "snappy")),
    allow(dead_code, reason = "of the formats that need all of it, features leave out some")
)]
mod blocks;
#[cfg(feature = "brotli")]
mod brotli;
#[cfg(feature = "bzip2")]
mod bzip2;
#[cfg(feature = "gzip")]
mod gzip;
mod lz4;
#[cfg(feature = "xz")]
mod lzma;
#[cfg(feature = "lzo")]
mod lzop;
#[cfg(feature = "snappy")]
mod snappy;
#[cfg(feature = "xz")]
mod xz;
#[cfg(feature = "zstd")]
mod zstd;

use crate::codec::Codec;
use crate::input::BufferedInput;
use crate::opening::BehindRule;
use crate::outcome::{ByteSink, LeftBehind, ReadFault, ReadState};
use std::io;

/// What one step of a decoder did.
pub(crate) struct DecodeStep {
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
    Failed(ReadFault),
    /// The rest of the packed bytes is missing; only some decoders see that themselves.
    #[cfg_attr(not(feature = "xz"), expect(dead_code, reason = "no other decoder says so"))]
    CutOff,
}

/// A decoder of one format.
pub(crate) trait Decode {
    /// Takes bytes of `input`, puts plain bytes at the beginning of `out`. `at_end`: no input follows this. A step that
    /// neither takes nor gives anything, with input or at the end of it, and room in `out`, cannot go on.
    fn step(&mut self, input: &[u8], at_end: bool, out: &mut [u8]) -> DecodeStep;

    /// Whether these bytes, which follow a complete member, begin another one.
    fn begins(&self, next: &[u8]) -> bool;

    /// Gets ready for another member.
    fn restart(&mut self);

    /// Plain bytes that a decoder can have of a member that is cut off, beyond what its steps gave.
    fn salvage(&mut self, _out: &mut [u8]) -> usize {
        0
    }
}

/// How unpacking a file went.
pub(crate) struct UnpackEnd {
    /// Plain bytes pushed.
    pub(crate) plain: u64,
    /// How it ended.
    pub(crate) state: ReadState,
    /// What was passed over behind the end.
    pub(crate) behind: Option<LeftBehind>,
}

/// Pushes the plain bytes of `input` in windows of the size of `window`.
pub(crate) fn run<R: io::Read>(
    (codec, behind): (Codec, BehindRule),
    input: &mut BufferedInput<R>,
    window: &mut [u8],
    limit: u64,
    sink: ByteSink<'_>,
) -> io::Result<UnpackEnd> {
    let mut unpacking = Unpacking { behind, ..Unpacking::new(codec)? };
    let mut pushed = 0;
    let ended = |plain, state, unpacking: &Unpacking| Ok(UnpackEnd { plain, state, behind: unpacking.left });
    loop {
        let filled = unpacking.fill(input, window)?;
        if filled > 0 {
            pushed += filled as u64;
            if sink(&window[..filled]).is_break() {
                return ended(pushed, ReadState::Stopped, &unpacking);
            }
            if pushed > limit {
                return ended(pushed, ReadState::LimitReached, &unpacking);
            }
        }
        if filled < window.len() {
            return ended(pushed, unpacking.end.unwrap_or(ReadState::Whole), &unpacking);
        }
    }
}

/// Whether the first plain bytes of a file are such ones, as far as its first packed bytes can be unpacked and give
/// any.
pub(crate) fn gives(codec: Codec, head: &[u8], are: impl FnOnce(&[u8]) -> bool) -> bool {
    let mut plain = [0; 512];
    let mut input = BufferedInput::new(head, Vec::new());
    // Without the feature nothing can be told.
    let Ok(mut unpacking) = Unpacking::new(codec) else { return true };
    let filled = unpacking.fill(&mut input, &mut plain).unwrap_or(0);
    match plain.get(..filled) {
        Some([]) | None => !matches!(unpacking.end, Some(ReadState::Undecodable(_))),
        Some(plain) => are(plain),
    }
}

/// The plain bytes of a file, as far as they were asked for.
pub(crate) struct Unpacking {
    form: StoredForm,
    codec: Codec,
    /// What is made of what follows the first member.
    behind: BehindRule,
    /// How it ended, once it has.
    end: Option<ReadState>,
    /// What was passed over behind the end.
    left: Option<LeftBehind>,
}

enum StoredForm {
    Plain,
    Packed(Box<dyn Decode + Send>),
    /// Packed bytes are missing: what the decoder has of the last ones is to be given.
    CutOff(Box<dyn Decode + Send>),
    Over,
}

impl Unpacking {
    pub(crate) fn new(codec: Codec) -> io::Result<Unpacking> {
        let decoder: Box<dyn Decode + Send> = match codec {
            Codec::Plain => return Ok(Unpacking::of(codec, StoredForm::Plain, None)),
            #[cfg(feature = "gzip")]
            Codec::Gzip => Box::new(gzip::Gzip::new()),
            Codec::Lz4 => Box::new(lz4::Lz4::new()),
            #[cfg(feature = "zstd")]
            Codec::Zstd => Box::new(zstd::Zstd::new()?),
            #[cfg(feature = "xz")]
            Codec::Xz => Box::new(xz::Xz::new()),
            #[cfg(feature = "bzip2")]
            Codec::Bzip2 => Box::new(bzip2::Bzip2::new()),
            #[cfg(feature = "xz")]
            Codec::Lzma => Box::new(lzma::Lzma::new()),
            Codec::Lz4Legacy => Box::new(blocks::Blocks::new(lz4::legacy::Lz4Legacy::default())),
            #[cfg(feature = "brotli")]
            Codec::Brotli => Box::new(brotli::Brotli::new()),
            #[cfg(feature = "snappy")]
            Codec::Snappy => Box::new(blocks::Blocks::new(snappy::Snappy::default())),
            #[cfg(feature = "lzo")]
            Codec::Lzop => Box::new(blocks::Blocks::new(lzop::Lzop::new())),
            Codec::Encrypted(_) | Codec::Unknown(_) => {
                return Ok(Unpacking::of(codec, StoredForm::Over, Some(ReadState::Closed)));
            }
            #[cfg(not(all(
                feature = "gzip",
                feature = "zstd",
                feature = "xz",
                feature = "bzip2",
                feature = "brotli",
                feature = "snappy",
                feature = "lzo"
            )))]
            _ => return Ok(Unpacking::of(codec, StoredForm::Over, Some(ReadState::Closed))),
        };
        Ok(Unpacking::of(codec, StoredForm::Packed(decoder), None))
    }

    fn of(codec: Codec, form: StoredForm, end: Option<ReadState>) -> Unpacking {
        Unpacking { form, codec, behind: BehindRule::default(), end, left: None }
    }

    /// Fills `out` with the next plain bytes; with fewer only at their end.
    pub(crate) fn fill<R: io::Read>(&mut self, input: &mut BufferedInput<R>, out: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < out.len() && self.end.is_none() {
            filled += self.step(input, &mut out[filled..])?;
        }
        Ok(filled)
    }

    fn step<R: io::Read>(&mut self, input: &mut BufferedInput<R>, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.form {
            StoredForm::Plain => {
                let given = input.read_into(out)?;
                self.end = (given < out.len()).then_some(ReadState::Whole);
                Ok(given)
            }
            StoredForm::Packed(decoder) => {
                let bytes = input.fill()?;
                let at_end = bytes.is_empty();
                let step = decoder.step(bytes, at_end, out);
                input.consume(step.taken);
                let stuck = step.taken == 0 && step.given == 0;
                match step.then {
                    Then::Failed(fault) => self.end = Some(ReadState::Undecodable(fault)),
                    Then::CutOff => self.salvage(),
                    Then::Complete => {
                        let next = input.peek(4)?;
                        match (next.is_empty(), decoder.begins(next)) {
                            (true, _) => self.end = Some(ReadState::Whole),
                            (_, true) if self.behind == BehindRule::Unread => {
                                (self.end, self.left) = (Some(ReadState::Whole), Some(LeftBehind::Members));
                            }
                            (_, true) => decoder.restart(),
                            (_, false) => self.pass_over(input)?,
                        }
                    }
                    Then::More if stuck && at_end => self.salvage(),
                    Then::More if stuck => self.end = Some(ReadState::Undecodable(ReadFault::Corrupt)),
                    Then::More => {}
                }
                Ok(step.given)
            }
            StoredForm::CutOff(decoder) => {
                let given = decoder.salvage(out);
                self.end = (given < out.len()).then_some(ReadState::CutOff);
                Ok(given)
            }
            StoredForm::Over => Ok(0),
        }
    }

    /// What is made of bytes behind the end that are no further member.
    fn pass_over<R: io::Read>(&mut self, input: &mut BufferedInput<R>) -> io::Result<()> {
        let left = if only_zeros(input)? { LeftBehind::Zeros } else { LeftBehind::Bytes };
        let passes = match self.behind {
            BehindRule::Unread | BehindRule::PassedOver => true,
            BehindRule::Refused => false,
            BehindRule::AsPrograms => {
                self.codec == Codec::Bzip2 || self.codec == Codec::Gzip && left == LeftBehind::Zeros
            }
        };
        self.end = Some(if passes { ReadState::Whole } else { ReadState::Undecodable(ReadFault::Trailing) });
        self.left = Some(left).filter(|_| passes);
        Ok(())
    }

    fn salvage(&mut self) {
        if let StoredForm::Packed(decoder) = std::mem::replace(&mut self.form, StoredForm::Over) {
            self.form = StoredForm::CutOff(decoder);
        }
    }
}

/// Whether nothing but zeros follows; up to the first other byte that is taken.
fn only_zeros<R: io::Read>(input: &mut BufferedInput<R>) -> io::Result<bool> {
    loop {
        let bytes = input.fill()?;
        let count = bytes.len();
        if count == 0 || bytes.iter().any(|byte| *byte != 0) {
            return Ok(count == 0);
        }
        input.consume(count);
    }
}
