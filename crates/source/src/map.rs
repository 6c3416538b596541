//! Memory maps of files that others may write.
//!
//! This is the only module of the crate with `unsafe`. A map of a file is not memory of ours: another process may
//! change its bytes between two looks, and a file that shrinks turns an access into `SIGBUS`. The argument why the two
//! uses here hold:
//!
//! * **A shrinking file.** A [`Bytes`] can be made only with a [`guard::MapGuard`], the proof that the handler of
//!   [`guard`] is installed, and only after its range is in the handler's table. An access beyond the file's end then
//!   finds a page of zeros, and [`Bytes::faulted`] says so.
//! * **A changing file.** That bytes behind a `&[u8]` change is outside of what Rust promises about references. What is
//!   handed these bytes must hold when any byte has any value at any look, which for readers of untrusted input is
//!   checked indexing and no decision from a byte looked at twice. The file's size and time are compared afterwards,
//!   and the answer is then [`ReadState::Changed`](crate::ReadState::Changed). A live `pg_wal` should be read in
//!   windows.

pub mod guard;

use guard::{MapGuard, Watched};
use std::fs::File;
use std::io;

/// A file's bytes as a memory map, watched by the guard.
#[derive(Debug)]
pub struct Bytes {
    // Dropped first, so that no range is watched that is not mapped any more.
    watched: Watched,
    map: memmap2::Mmap,
}

impl Bytes {
    /// Maps the first `length` bytes of a regular file, to be read once from front to back.
    ///
    /// # Safety
    /// Whoever reads the bytes must stay within its slice whatever value any byte has, and must not rely on a byte
    /// being the same at a second look: other processes may write to the file. Nothing read through the map may be
    /// relied upon unless [`Bytes::faulted`] is false and the file's size and time are unchanged after reading.
    ///
    /// # Errors
    /// The file cannot be mapped, `length` is 0, or all places of the guard are taken
    /// ([`io::ErrorKind::QuotaExceeded`]).
    pub unsafe fn map(file: &File, length: usize, guard: MapGuard) -> io::Result<Bytes> {
        if length == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: the file is opened for reading, and the caller promises what the bytes need; a shrinking file is
        // caught by the guard, in whose table the range is before this function hands it out.
        let map = unsafe { memmap2::MmapOptions::new().len(length).map(file)? };
        #[cfg(unix)]
        // Only advice: a system that does not take it reads a little slower.
        let _ = map.advise(memmap2::Advice::Sequential);
        let watched = guard.watch(&map).ok_or(io::ErrorKind::QuotaExceeded)?;
        Ok(Bytes { watched, map })
    }

    /// The bytes. Zeros from the first page that the file lost.
    pub fn as_slice(&self) -> &[u8] {
        &self.map
    }

    /// Whether a page was touched that the file has lost.
    pub fn faulted(&self) -> bool {
        self.watched.faulted()
    }
}

/// Maps a file and shows its bytes to `look`; says whether a page was missing, or `None` if the file cannot be mapped.
pub(crate) fn look(file: &File, length: u64, guard: MapGuard, look: &mut dyn FnMut(&[u8])) -> Option<bool> {
    let length = usize::try_from(length).ok()?;
    // SAFETY: every sink is one that takes bytes of untrusted files, and `read` compares the file's size and time
    // afterwards and asks for faults.
    let bytes = unsafe { Bytes::map(file, length, guard) }.ok()?;
    look(bytes.as_slice());
    Some(bytes.faulted())
}
