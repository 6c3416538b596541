//! The first record of a run.

use pgwal_format::Lsn;

/// The first record that starts in a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// The record.
    pub lsn: Lsn,
    /// The record before it, as it says.
    pub prev: Lsn,
    /// Nothing was lost before it, so that it must follow the last record of the run before.
    pub linked: bool,
    /// The aborted record that it tells of, where it is an `OVERWRITE_CONTRECORD`.
    pub overwrites: Option<Lsn>,
}

/// The first record that begins in a run: whole, going on behind it, or one that proved itself behind a loss.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Begin {
    /// The record.
    pub lsn: Lsn,
    /// The record before it, as it says, where nothing was lost in front of it and that can be read.
    pub prev: Option<Lsn>,
}
