//! What records of "Transaction" say (`src/include/access/xact.h`): `time` reads when one ended, in every version,
//! `end` what else is asked of its end.

mod end;
mod time;

use super::operation::operations;
use crate::record::RecordHeader;
pub use crate::rmgr::timestamp::{Timestamp, is_float, timestamp};
pub use end::{XactEnd, dropped_relations, ended};
pub use time::{XactOutcome, ended_at, plain_commit};

operations! {
    /// A transaction was committed.
    COMMIT = 0x00;
    /// It was prepared, for two-phase commit.
    PREPARE = 0x10;
    /// It was rolled back.
    ABORT = 0x20;
    /// A prepared one was committed.
    COMMIT_PREPARED = 0x30;
    /// A prepared one was rolled back.
    ABORT_PREPARED = 0x40;
    /// Whose subtransactions some are (9.0 and later).
    ASSIGNMENT = 0x50;
    /// Invalidation messages, for logical decoding (14 and later).
    INVALIDATION = 0x60;
    /// A commit with subtransactions alone (9.2 to 9.4).
    COMMIT_COMPACT = 0x60;
}

pub use super::rows::xact::HAS_INFO;

/// The operation of a record of "Transaction", without [`HAS_INFO`].
#[inline(always)]
pub const fn operation(header: &RecordHeader) -> u8 {
    header.operation() & !HAS_INFO
}

/// Whether a record of "Transaction" ends a prepared one.
#[inline]
pub const fn ends_prepared(header: &RecordHeader) -> bool {
    matches!(operation(header), COMMIT_PREPARED | ABORT_PREPARED)
}
