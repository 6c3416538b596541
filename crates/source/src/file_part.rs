//! Files that are handed on one after the other.

/// A part of one of several files.
#[derive(Clone, Copy, Debug)]
pub enum FilePart<'a> {
    /// A file begins: its path.
    Begin(&'a str),
    /// Its next bytes.
    Bytes(&'a [u8]),
}

/// Whether a file is wanted, by its path.
pub type WantsFile<'a> = dyn Fn(&str) -> bool + 'a;
/// Takes the files that are wanted.
pub type TakeFile<'a> = dyn FnMut(FilePart<'_>) + 'a;
