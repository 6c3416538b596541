//! A data directory that does not lie on this machine's disk as one: inside a tar, or in an object store.

use super::assemble::assemble;
use super::parts::{BackupParts, SMALL};
use super::{Backup, BackupKind};
use pgwal_source::{SourceError, Stored};
use std::io::Read;
use std::path::Path;

/// The files of a data directory, wherever they lie. Names are those that they have in it.
pub trait DataFiles: Sync {
    /// The place as a user would name it.
    fn describe(&self) -> String;

    /// All of them, with their sizes.
    fn list(&self) -> Vec<(String, u64)>;

    /// The bytes of one; `None`: it is not there.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open(&self, name: &str) -> Result<Option<Box<dyn Stored + '_>>, SourceError>;
}

/// Opens it. What only a disk tells (links, folders without a file) is not looked at.
///
/// # Errors
/// A small file of it cannot be read.
pub fn of_files(files: &dyn DataFiles) -> Result<Backup, SourceError> {
    let mut parts = BackupParts { sizes: files.list(), ..BackupParts::default() };
    for (name, limit) in SMALL {
        let is_there = parts.sizes.iter().any(|(own, _)| own == name);
        let Some(stored) = (if is_there { files.open(name)? } else { None }) else { continue };
        let mut bytes = Vec::new();
        stored.take(limit).read_to_end(&mut bytes).map_err(|error| SourceError::io(Path::new(name), &error))?;
        parts.files.insert(name.to_owned(), bytes);
    }
    parts.whole = parts.sizes.iter().any(|(name, _)| name.starts_with("base/"));
    Ok(assemble(Backup::of(files.describe(), BackupKind::DataDirectory), parts))
}
