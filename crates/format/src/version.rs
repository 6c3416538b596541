//! Major versions of PostgreSQL, as people write them.

use crate::dialect::{self, DIALECTS, Dialect};
use std::fmt;
use std::str::FromStr;

/// A major version of PostgreSQL: 8.2 … 9.6, 10 and later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 8, 9, or the whole version from 10 on.
    pub major: u8,
    /// The second number up to 9.6, else 0.
    pub minor: u8,
}

impl Version {
    /// `v(9, 2)`, `v(15, 0)`.
    pub const fn new(major: u8, minor: u8) -> Version {
        Version { major, minor }
    }

    /// The newest version that is known.
    pub const NEWEST: Version = dialect::NEWEST;

    /// The row of this version.
    pub fn dialect(self) -> Option<&'static Dialect> {
        DIALECTS.iter().find(|d| d.version == self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.major >= 10 { write!(f, "{}", self.major) } else { write!(f, "{}.{}", self.major, self.minor) }
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
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
