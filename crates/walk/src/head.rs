//! How a run begins: with a record, or with the rest of one that was begun before it.

use pgwal_format::Lsn;

/// How a run begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Head {
    /// With a record.
    Record,
    /// With the rest of a record.
    Rest(Continuation),
    /// With a record, in the place of the rest of one that was aborted (`XLP_FIRST_IS_OVERWRITE_CONTRECORD`).
    Overwrite,
    /// With bytes that cannot be read.
    Damaged,
    /// With pages that contradict each other on how much of a record begun before is still to come.
    Contradicted {
        /// What the first page says, in bytes.
        rem_len: u32,
    },
}

/// The rest of a record begun before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Continuation {
    /// What the first page says is to come, in bytes.
    pub rem_len: u32,
    /// Bytes at hand.
    pub got: u64,
    /// The first of them.
    pub(crate) kept: Vec<u8>,
    /// The checksum of the others, from 0.
    pub(crate) crc: u32,
    /// Where it ends; `None` where it goes on behind the run.
    pub end: Option<Lsn>,
    /// A segment behind does not go on with it: what the pages of both say contradicts each other.
    pub(crate) at_seam: bool,
    /// The record was aborted in the middle of this rest: `OVERWRITE_CONTRECORD` follows.
    pub aborted: bool,
}
