//! Records of "XLOG", 9.5 and later (`src/include/catalog/pg_control.h`, `src/include/access/xlog_internal.h`).
//!
//! [`checkpoint`] is the largest of them; [`opening`] tells which timeline a record opens.

mod checkpoint;
mod opening;

use super::table::{Op, Part, V9_5, V9_6, V11, V12, V16, V17, V18, V19, bool, cstr, i32, lsn, op, text, time, u32, wal_level};
pub use opening::{Opening, opening};

const PARAMETERS: &[Part] = &[
    text("max_connections="),
    i32("max_connections", 0),
    text(" max_worker_processes="),
    i32("max_worker_processes", 4),
    text(" max_prepared_xacts="),
    i32("max_prepared_xacts", 8),
    text(" max_locks_per_xact="),
    i32("max_locks_per_xact", 12),
    text(" wal_level="),
    wal_level("wal_level", 16),
    text(" wal_log_hints="),
    bool("wal_log_hints", 20).on_off(),
    text(" track_commit_timestamp="),
    bool("track_commit_timestamp", 21).on_off(),
];
const PARAMETERS_12: &[Part] = &[
    text("max_connections="),
    i32("max_connections", 0),
    text(" max_worker_processes="),
    i32("max_worker_processes", 4),
    text(" max_wal_senders="),
    i32("max_wal_senders", 8),
    text(" max_prepared_xacts="),
    i32("max_prepared_xacts", 12),
    text(" max_locks_per_xact="),
    i32("max_locks_per_xact", 16),
    text(" wal_level="),
    wal_level("wal_level", 20),
    text(" wal_log_hints="),
    bool("wal_log_hints", 24).on_off(),
    text(" track_commit_timestamp="),
    bool("track_commit_timestamp", 25).on_off(),
];
const RECOVERY: &[Part] =
    &[text("tli "), u32("this_timeline_id", 8), text("; prev tli "), u32("prev_timeline_id", 12), text("; time "), time("end_time", 0)];
const RECOVERY_17: &[Part] = &[
    text("tli "),
    u32("this_timeline_id", 8),
    text("; prev tli "),
    u32("prev_timeline_id", 12),
    text("; time "),
    time("end_time", 0),
    text("; wal_level "),
    wal_level("wal_level", 16),
];
const OVERWRITTEN: &[Part] = &[text("lsn "), lsn("overwritten_lsn", 0), text("; time "), time("overwrite_time", 8)];

/// The operations of 9.5 and later. A page image (FPI) lies in the record's blocks.
pub const OPS: &[Op] = &[
    op(0x00, "CHECKPOINT_SHUTDOWN", V9_5, V11, checkpoint::V9_5),
    op(0x00, "CHECKPOINT_SHUTDOWN", V12, V16, checkpoint::V12),
    op(0x00, "CHECKPOINT_SHUTDOWN", V17, V18, checkpoint::V17),
    op(0x00, "CHECKPOINT_SHUTDOWN", V19, V19, checkpoint::V19),
    op(0x10, "CHECKPOINT_ONLINE", V9_5, V11, checkpoint::V9_5),
    op(0x10, "CHECKPOINT_ONLINE", V12, V16, checkpoint::V12),
    op(0x10, "CHECKPOINT_ONLINE", V17, V18, checkpoint::V17),
    op(0x10, "CHECKPOINT_ONLINE", V19, V19, checkpoint::V19),
    op(0x20, "NOOP", V9_5, V19, &[]),
    op(0x30, "NEXTOID", V9_5, V19, &[u32("next_oid", 0)]),
    op(0x40, "SWITCH", V9_5, V19, &[]),
    op(0x50, "BACKUP_END", V9_5, V19, &[lsn("startpoint", 0)]),
    op(0x60, "PARAMETER_CHANGE", V9_5, V11, PARAMETERS),
    op(0x60, "PARAMETER_CHANGE", V12, V19, PARAMETERS_12),
    op(0x70, "RESTORE_POINT", V9_5, V19, &[cstr("rp_name", 8, 64), time("rp_time", 0).hidden()]),
    op(0x80, "FPW_CHANGE", V9_5, V19, &[bool("full_page_writes", 0)]),
    op(0x90, "END_OF_RECOVERY", V9_5, V16, RECOVERY),
    op(0x90, "END_OF_RECOVERY", V17, V19, RECOVERY_17),
    op(0xA0, "FPI_FOR_HINT", V9_5, V19, &[]),
    op(0xB0, "FPI", V9_5, V19, &[]),
    op(0xC0, "FPI_MULTI", V9_5, V11, &[]),
    // Its four bytes mean nothing: a record cannot be empty.
    op(0xC0, "ASSIGN_LSN", V19, V19, &[]),
    op(0xD0, "OVERWRITE_CONTRECORD", V9_6, V19, OVERWRITTEN),
    op(0xE0, "CHECKPOINT_REDO", V17, V19, &[text("wal_level "), wal_level("wal_level", 0)]),
    op(0xF0, "LOGICAL_DECODING_STATUS_CHANGE", V19, V19, &[bool("logical_decoding_enabled", 0)]),
];
