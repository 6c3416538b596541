//! Why no verdict can be given.

use pgwal_source::{Ignored, SourceError};
use std::fmt;
use std::path::PathBuf;

/// We could not look. Damage is never an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The source cannot be listed.
    Source(SourceError),
    /// No file there has the name of WAL.
    NoWal {
        /// What was looked at.
        place: String,
        /// Files whose names say nothing.
        unknown: Ignored,
    },
    /// What was named as a base backup is none, nor one of its files.
    NotBackup {
        /// What was named.
        path: PathBuf,
        /// Backups in that folder, to be named instead.
        use_instead: Vec<PathBuf>,
    },
    /// The caller asked for an early end.
    Interrupted,
    /// The threads that were asked for cannot be started.
    Threads,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Source(error) => write!(f, "{error}"),
            Error::NoWal { place, unknown } if unknown.count == 0 => write!(f, "{place}: no WAL there, the folder is empty"),
            Error::NoWal { place, unknown } => {
                write!(f, "{place}: no WAL there, {} other files: {}", unknown.count, unknown.first.join(", "))
            }
            Error::NotBackup { path, use_instead } if use_instead.is_empty() => {
                write!(f, "{}: no base backup: no backup_label, no global/pg_control, no base.tar", path.display())
            }
            Error::NotBackup { path, use_instead } => {
                let folders: Vec<String> = use_instead.iter().map(|folder| folder.display().to_string()).collect();
                write!(f, "{}: no base backup, but there is one in it; name {}", path.display(), folders.join(" or "))
            }
            Error::Interrupted => f.write_str("interrupted"),
            Error::Threads => f.write_str("the threads asked for cannot be started"),
        }
    }
}

impl std::error::Error for Error {}

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Error {
        Error::Source(error)
    }
}
