//! The one seam to nom, and native-order integers.

use nom::IResult;
use nom::error::{Error, ErrorKind};

/// What every parser over bytes returns: what is left, and what was read.
pub type Parsed<'a, T> = IResult<&'a [u8], T>;

/// Takes exactly `N` bytes. Every fixed-layout structure is read through this one leaf.
#[inline]
pub fn array<const N: usize>(input: &[u8]) -> Parsed<'_, &[u8; N]> {
    match input.split_first_chunk::<N>() {
        Some((taken, rest)) => Ok((rest, taken)),
        None => Err(nom::Err::Error(Error::new(input, ErrorKind::Eof))),
    }
}

/// The `N` bytes at `at`, zeros where the input is too short.
#[inline]
pub(crate) fn at<const N: usize>(input: &[u8], at: usize) -> [u8; N] {
    input.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
}
