//! A file that is kept open.

use crate::{SourceError, regular};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// A file that is kept open: whoever removes or renames it meanwhile, its bytes stay within reach. As stored, not
/// unpacked.
#[derive(Debug)]
pub struct HeldEntry(File);

impl HeldEntry {
    pub(crate) fn open(path: &Path) -> Result<HeldEntry, SourceError> {
        regular::open(path).map(|(file, _)| HeldEntry(file))
    }

    /// Bytes on disk now.
    ///
    /// # Errors
    /// The operating system refuses, as where another client of a network share has removed the file.
    pub fn size(&self) -> io::Result<u64> {
        self.0.metadata().map(|metadata| metadata.len())
    }

    /// Appends at most `most` bytes from the offset `from` on to `bytes`; fewer where the file ends.
    ///
    /// # Errors
    /// As [`HeldEntry::size`].
    pub fn read(&self, from: u64, most: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(from))?;
        file.take(most).read_to_end(bytes).map(|_| ())
    }
}
