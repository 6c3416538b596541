//! What did the user name?

use super::{Backup, BackupKind};
use crate::Error;
use std::path::Path;

/// Opens a base backup, or one of its files.
///
/// # Errors
/// It cannot be looked at, or is nothing of a backup.
pub fn open(path: &Path) -> Result<Backup, Error> {
    Ok(Backup::of(path.display().to_string(), BackupKind::DataDirectory))
}
