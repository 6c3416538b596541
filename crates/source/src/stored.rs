//! The bytes of a file as they are stored: before anything is unpacked.

use std::fs::File;
use std::io;

/// An open file: its stored bytes in order ([`io::Read`]), or from where they are wanted.
///
/// An [`io::Error`] made of a [`SourceError`](crate::SourceError) comes out of a reading as that. Bytes in memory are
/// one already: an [`io::Cursor`].
pub trait Stored: io::Read + Send {
    /// Puts bytes from an offset on into `out`; fewer where they end there, none at the end. What was read in order
    /// goes on where it was.
    ///
    /// # Errors
    /// They cannot be had.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize>;

    /// How many there are; `None` where nobody knows before their end.
    fn size(&self) -> Option<u64>;

    /// Whether they are others by now than when the file was opened.
    ///
    /// # Errors
    /// It cannot be looked at any more.
    fn has_changed(&self) -> io::Result<bool>;

    /// The file of the disk whose bytes these are, all of them and no others, if it may be mapped. Nobody asks where
    /// the source is not [`Local`](crate::Local).
    fn file(&self) -> Option<&File>;
}

impl<T: AsRef<[u8]> + Send> Stored for io::Cursor<T> {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|from| self.get_ref().as_ref().get(from..)).unwrap_or(&[]);
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn size(&self) -> Option<u64> {
        Some(self.get_ref().as_ref().len() as u64)
    }

    fn has_changed(&self) -> io::Result<bool> {
        Ok(false)
    }

    fn file(&self) -> Option<&File> {
        None
    }
}

/// Fills `out` from an offset on as far as there are bytes.
pub(crate) fn fill_at(stored: &(dyn Stored + '_), offset: u64, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match stored.read_at(offset + filled as u64, &mut out[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
