//! What is wrong with a backup.

use super::Backup;
use crate::finding::Finding;

/// Whether a backup is of the archive's cluster.
pub fn of_archive(_backup: &Backup, _system_id: u64) -> Option<Finding> {
    None
}
