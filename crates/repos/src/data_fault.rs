//! Why files of a backup cannot be handed on.

use pgwal_source::SourceError;
use std::fmt;

/// Why a file of a backup cannot be handed on.
#[derive(Debug)]
pub enum DataFault {
    /// It cannot be looked at.
    Source(SourceError),
    /// It cannot be read: which, and why, as what follows its name.
    Unread(String, String),
}

impl DataFault {
    pub(crate) fn unread(file: &str, why: &str) -> DataFault {
        DataFault::Unread(file.to_owned(), why.to_owned())
    }
}

impl fmt::Display for DataFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataFault::Source(error) => error.fmt(f),
            DataFault::Unread(file, why) => write!(f, "{file}: {why}"),
        }
    }
}

impl std::error::Error for DataFault {}

impl From<SourceError> for DataFault {
    fn from(error: SourceError) -> DataFault {
        DataFault::Source(error)
    }
}
