//! A backup by its name in the archive.

use super::Backup;
use crate::Error;
use pgwal_source::Source;

/// The backup of this name: a backup history file's, with `.backup` or without, or a backup's label; `latest` is the
/// one that starts last. `None` where the archive knows none of that name.
///
/// # Errors
/// The archive cannot be looked at.
pub fn find(_archive: &dyn Source, _name: &str) -> Result<Option<Backup>, Error> {
    Ok(None)
}
