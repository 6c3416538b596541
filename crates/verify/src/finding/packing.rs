//! The facts of a finding about how a file is packed, and where it is kept.

use pgwal_archive::PackedOtherwise;
use pgwal_source::{Codec, LeftBehind};

/// What is wrong with how a file is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PackingFlaw {
    /// It is packed twice.
    Twice {
        /// In which way.
        outer: Codec,
        /// What lies inside.
        inner: Codec,
    },
    /// It is packed otherwise than whoever gives it out unpacks it.
    Otherwise {
        /// How.
        how: PackedOtherwise,
        /// Bytes that are given out; `None`: nothing is.
        given: Option<u64>,
    },
    /// Something lies behind its end.
    Behind(LeftBehind),
}

/// WAL that lies where the tool which keeps the place does not look for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MisfiledAt {
    /// Where the tool looks for it, shown as the file itself is; `None`: that is not known.
    pub to: Option<String>,
    /// As it is packed the tool does not take it: it has to be unpacked.
    pub unpack: bool,
    /// The folder in which the tool looks.
    pub look_in: String,
    /// The file that the tool gives out in its place, shown as the file itself is.
    pub taken: Option<String>,
    /// What a user types in front of both; `None`: they lie on no disk of this machine.
    pub root: Option<String>,
}
