//! Checkpoints as they come by.

use pgwal_format::Lsn;
use pgwal_format::rmgr::xact::Timestamp;

/// A checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CheckpointSeen {
    /// Its record.
    pub lsn: Lsn,
    /// Where replay would begin.
    pub redo: Lsn,
    /// When it began.
    pub time: Option<Timestamp>,
    /// The server stopped with it, or had recovered.
    pub shutdown: bool,
}
