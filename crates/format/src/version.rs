//! Major versions of PostgreSQL, as people write them.

use std::fmt;

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

    /// That of a server, by its `server_version_num`: 90_624 is 9.6, 150_018 is 15.
    pub const fn of_server(number: u32) -> Version {
        let (major, minor) = (number / 10_000, number / 100 % 100);
        let major = if major > u8::MAX as u32 { u8::MAX } else { major as u8 };
        Version { major, minor: if major < 10 { minor as u8 } else { 0 } }
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

macro_rules! versions {
    ($($name:ident = $major:literal . $minor:literal;)*) => {
        $(#[doc = concat!("Version ", stringify!($major), ".", stringify!($minor), " (second number 0 from 10 on).")]
        pub const $name: Version = Version::new($major, $minor);)*

        /// Every version whose format is known, oldest first.
        pub const KNOWN: &[Version] = &[$($name),*];
    };
}

versions! {
    V8_2 = 8 . 2; V8_3 = 8 . 3; V8_4 = 8 . 4; V9_0 = 9 . 0; V9_1 = 9 . 1; V9_2 = 9 . 2; V9_3 = 9 . 3; V9_4 = 9 . 4; V9_5 = 9 . 5; V9_6 = 9 . 6;
    V10 = 10 . 0; V11 = 11 . 0; V12 = 12 . 0; V13 = 13 . 0; V14 = 14 . 0; V15 = 15 . 0; V16 = 16 . 0; V17 = 17 . 0; V18 = 18 . 0; V19 = 19 . 0;
}
