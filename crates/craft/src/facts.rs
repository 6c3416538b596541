//! What servers of a version write that a reader of their WAL need not know.
//!
//! Sources: `CheckPoint` of `src/include/catalog/pg_control.h`, `xl_xact_commit` of `xact.h`, `xl_end_of_recovery` and
//! the
//! page flags of `xlog_internal.h`, `AdvanceXLInsertBuffer` and `CopyXLogRecordToWAL` of `xlog.c`.

use pgwal_format::{Align, Layout, Version};

/// What becomes of the pages behind the one that holds an `XLOG_SWITCH`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Padding {
    /// Nothing: a file keeps what it held before (9.3 and earlier).
    Untouched,
    /// A header each, and zeros (9.4 to 10).
    Headers,
    /// Zeros, headers included (11 and later).
    Zeros,
}

/// Facts of one version on one alignment.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// What lies behind a switch.
    pub padding: Padding,
    /// Flags that every page carries while no backup runs: `XLP_BKP_REMOVABLE` from 9.2 to 18.
    pub page_flags: u16,
    /// Flags that every record with backup blocks carries then: `XLR_BKP_REMOVABLE` from 8.3 to 9.1.
    pub block_flags: u8,
    /// Offset of `ThisTimeLineID` in a checkpoint.
    pub checkpoint_timeline: usize,
    /// Bytes of a checkpoint.
    pub checkpoint: usize,
    /// A timeline's first record names the timeline before, and may be an end-of-recovery record (9.3 and later).
    pub names_previous: bool,
    /// Bytes of an end-of-recovery record.
    pub end_of_recovery: usize,
    /// Bytes of a commit record's fixed part.
    pub commit: usize,
    /// Commit times are Unix seconds (8.2), 8 bytes on 64-bit servers, else 4.
    pub unix_commit_time: bool,
    /// `XLOG_NOOP` exists (8.3 and later).
    pub noop: bool,
}

impl Facts {
    /// The facts of a layout.
    pub fn of(layout: &Layout) -> Facts {
        let version = layout.dialect.version;
        let v = Version::new;
        let by_align = |eight, four| if layout.align == Align::Eight { eight } else { four };
        let checkpoint = match version {
            x if x == v(8, 2) => by_align(48, 44),
            x if x == v(8, 3) => by_align(40, 36),
            x if x == v(8, 4) => 40,
            x if x <= v(9, 1) => by_align(56, 52),
            x if x == v(9, 2) => by_align(64, 56),
            x if x <= v(9, 4) => by_align(72, 68),
            x if x <= v(11, 0) => by_align(80, 76),
            x if x <= v(16, 0) => by_align(88, 76),
            x if x <= v(18, 0) => by_align(88, 80),
            _ => by_align(96, 88),
        };
        Facts {
            padding: match version {
                x if x <= v(9, 3) => Padding::Untouched,
                x if x <= v(10, 0) => Padding::Headers,
                _ => Padding::Zeros,
            },
            page_flags: if version >= v(9, 2) && version <= v(18, 0) { 0x0004 } else { 0 },
            block_flags: if version >= v(8, 3) && version <= v(9, 1) { 0x01 } else { 0 },
            checkpoint_timeline: if version == v(8, 2) { 16 } else { 8 },
            checkpoint,
            names_previous: version >= v(9, 3),
            end_of_recovery: if version >= v(17, 0) { by_align(24, 20) } else { 16 },
            commit: match version {
                x if x == v(8, 2) => by_align(16, 12),
                x if x <= v(8, 4) => 16,
                x if x <= v(9, 4) => 32,
                _ => 8,
            },
            unix_commit_time: version == v(8, 2),
            noop: version >= v(8, 3),
        }
    }
}
