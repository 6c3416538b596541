//! The versions that are known: found by their names, and their rows.

use crate::dialect::{self, DIALECTS, Dialect};
use crate::version::Version;
use std::fmt;
use std::str::FromStr;

impl Version {
    /// The newest version that is known.
    pub const NEWEST: Version = dialect::NEWEST;

    /// The row of this version.
    pub fn dialect(self) -> Option<&'static Dialect> {
        DIALECTS.iter().find(|d| d.version == self)
    }
}

/// The text is no version of [`DIALECTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownVersion;

impl fmt::Display for UnknownVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, .., _] = &DIALECTS;
        write!(f, "not a PostgreSQL version from {} to {}", first.version, Version::NEWEST)
    }
}

impl std::error::Error for UnknownVersion {}

/// Reads `9.2`, `9.2.24`, `15`, `15.4`.
impl FromStr for Version {
    type Err = UnknownVersion;
    fn from_str(text: &str) -> Result<Version, UnknownVersion> {
        let mut parts = text.trim().split('.').map(|p| p.parse::<u8>().ok());
        let major = parts.next().flatten().ok_or(UnknownVersion)?;
        let version = if major >= 10 {
            Version::new(major, 0)
        } else {
            Version::new(major, parts.next().flatten().ok_or(UnknownVersion)?)
        };
        if parts.any(|p| p.is_none()) {
            return Err(UnknownVersion);
        }
        version.dialect().map(|d| d.version).ok_or(UnknownVersion)
    }
}
