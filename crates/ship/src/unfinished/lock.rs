//! One ship a folder: a file that is locked as long as it ships.

use crate::fault::{ShipFault, ShipStep};
use pgwal_source::name::OWN_SUFFIX;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// The lock. Who is killed leaves none behind; the file stays, and means nothing.
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes it.
    ///
    /// # Errors
    /// Somebody else has it. Where nothing can be locked, nobody has.
    pub fn take(folder: &Path) -> Result<FolderLock, ShipFault> {
        let path = folder.join(format!(".ship{OWN_SUFFIX}"));
        let failed = |error: std::io::Error| ShipFault::io(ShipStep::Write, &path, &error);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let why = "another `walproof ship` writes there";
                Err(ShipFault::of(ShipStep::Compare, folder.display().to_string(), why))
            }
            _ => Ok(FolderLock { _file: file }),
        }
    }
}
