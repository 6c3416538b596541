//! Why something could not be done.

use pgwal_source::SourceError;
use std::fmt;
use std::io;
use std::path::Path;

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShipStep {
    /// A file or a place was looked at.
    Read,
    /// A file was written, under a name that nobody looks at.
    Write,
    /// It was given its name.
    Name,
    /// A folder was made to keep its names over a crash.
    Flush,
    /// A file was packed.
    Pack,
    /// A file was removed.
    Remove,
    /// It was compared with what is to be there: it will not become right by itself.
    Compare,
}

/// Something that could not be done, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipFault {
    /// What.
    pub step: ShipStep,
    /// With which file or place.
    pub place: String,
    /// Why, in the words of the system or of the store.
    pub why: String,
}

impl ShipFault {
    pub(crate) fn io(step: ShipStep, path: &Path, error: &io::Error) -> ShipFault {
        ShipFault { step, place: path.display().to_string(), why: error.to_string() }
    }

    pub(crate) fn of(step: ShipStep, place: impl Into<String>, why: impl fmt::Display) -> ShipFault {
        ShipFault { step, place: place.into(), why: why.to_string() }
    }
}

impl From<SourceError> for ShipFault {
    fn from(error: SourceError) -> ShipFault {
        ShipFault { step: ShipStep::Read, place: String::new(), why: error.to_string() }
    }
}

impl fmt::Display for ShipFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ShipFault { step, place, why } = self;
        if place.is_empty() {
            return f.write_str(why);
        }
        match step {
            ShipStep::Read => write!(f, "cannot read {place}: {why}"),
            ShipStep::Write => write!(f, "cannot write to {place}: {why}"),
            ShipStep::Name => write!(f, "cannot give {place} its name: {why}"),
            ShipStep::Flush => write!(f, "cannot flush {place}: {why}"),
            ShipStep::Pack => write!(f, "cannot pack {place}: {why}"),
            ShipStep::Compare => write!(f, "{place}: {why}"),
            ShipStep::Remove => write!(f, "cannot remove {place}: {why}"),
        }
    }
}

impl std::error::Error for ShipFault {}
