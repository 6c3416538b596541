//! A file that does not lie on this machine, and is written only over the version that was read.

use crate::SourceError;
use std::fmt::Debug;

/// A file that does not lie on this machine, and is written only over the version that was read: who loses the race
/// reads it again. It needs no lock that a dead process could leave behind.
pub trait VersionedFile: Debug + Send + Sync {
    /// As a user would name it.
    fn describe(&self) -> String;

    /// Its bytes and what names this version of them; `None` where there is no such file.
    ///
    /// # Errors
    /// It cannot be had, or is larger than `limit`.
    fn load(&self, limit: u64) -> Result<Option<(Vec<u8>, String)>, SourceError>;

    /// Writes it, where the version is still this one; `None`: where there is none yet. `false`: it is another by now.
    ///
    /// # Errors
    /// It cannot be written.
    fn store(&self, bytes: &[u8], over: Option<&str>) -> Result<bool, SourceError>;
}
