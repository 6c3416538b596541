//! What records of "XLOG" say (`src/include/catalog/pg_control.h`, `src/include/access/xlog_internal.h`).
//!
//! Operations have names ([`CHECKPOINT_SHUTDOWN`] …); records that others ask for are types, read by a function each
//! from any version ([`checkpoint`], [`restore_point`], [`end_of_recovery`], [`backup_end`], [`parameter_change`],
//! [`overwritten`]); [`opening`] tells sooner which timeline a record opens.

mod checkpoint_record;
mod opening;
mod recovery_records;
mod restore_point;
#[cfg(test)]
mod typed_tests;

use super::operation::operations;
use crate::record::RecordHeader;
pub use checkpoint_record::{Checkpoint, checkpoint, is_checkpoint};
pub use opening::{TimelineOpening, opening};
pub use recovery_records::{EndOfRecovery, backup_end, end_of_recovery, overwritten, parameter_change};
pub use restore_point::{NamedPoint, restore_point};

operations! {
    /// A checkpoint when the server stops.
    CHECKPOINT_SHUTDOWN = 0x00;
    /// A checkpoint while it runs.
    CHECKPOINT_ONLINE = 0x10;
    /// Nothing (8.3 and later).
    NOOP = 0x20;
    /// Object ids that are given out from here on.
    NEXTOID = 0x30;
    /// The rest of the segment is empty.
    SWITCH = 0x40;
    /// The end of a base backup (9.0 and later).
    BACKUP_END = 0x50;
    /// Settings that a standby compares (9.0 and later).
    PARAMETER_CHANGE = 0x60;
    /// A named restore point (9.1 and later).
    RESTORE_POINT = 0x70;
    /// `full_page_writes` was changed (9.2 and later).
    FPW_CHANGE = 0x80;
    /// The end of a recovery, in place of a checkpoint (9.3 and later).
    END_OF_RECOVERY = 0x90;
    /// An image of a page of which only hints changed (9.5 and later).
    FPI_FOR_HINT = 0xA0;
    /// Images of pages (9.5 and later; 9.3 and 9.4 have [`FPI_9_3`]).
    FPI = 0xB0;
    /// Images of pages, up to 11.
    FPI_MULTI = 0xC0;
    /// A position for unlogged relations (19 and later).
    ASSIGN_LSN = 0xC0;
    /// A record was given up whose rest a crash lost (late releases of 9.6 and later).
    OVERWRITE_CONTRECORD = 0xD0;
    /// Where replay from an online checkpoint begins (17 and later).
    CHECKPOINT_REDO = 0xE0;
    /// Logical decoding was turned on or off (19 and later).
    LOGICAL_DECODING_STATUS_CHANGE = 0xF0;
}

impl RecordHeader {
    /// `XLOG_SWITCH`: the rest of the segment is empty.
    #[inline(always)]
    pub const fn is_switch(&self) -> bool {
        self.is(super::XLOG, SWITCH)
    }
}

/// An image of a page, in 9.3 and 9.4.
pub const FPI_9_3: u8 = 0xA0;
