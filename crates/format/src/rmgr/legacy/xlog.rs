//! Records of "XLOG", 8.2 to 9.4 (`src/include/catalog/pg_control.h`, `src/include/access/xlog_internal.h`).
//!
//! ```text
//! CHECKPOINT_*       CheckPoint: `checkpoint.rs`
//! NEXTOID            next OID u32
//! BACKUP_END         where the backup starts, a position
//! PARAMETER_CHANGE   MaxConnections, [9.4: max_worker_processes,] max_prepared_xacts, max_locks_per_xact, wal_level: i32 each, [9.4: wal_log_hints bool]
//! RESTORE_POINT      rp_time 8 bytes, rp_name 64 bytes, ended by a zero byte
//! FPW_CHANGE         bool
//! END_OF_RECOVERY    end_time 8 bytes, ThisTimeLineID u32, PrevTimeLineID u32
//! FPI (9.3, 9.4)     relation 3 × u32, fork i32, block u32, hole_offset u16, hole_length u16, then the page without its hole
//! ```

use super::checkpoint::*;
use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Sink, Value};
use crate::rmgr::table::{
    Op, OpPart, Short, V8_2, V8_3, V8_4, V9_0, V9_1, V9_2, V9_3, V9_4, bool, call, cstr, i32, lsn, op, text, time, u16,
    u32, wal_level,
};

const PARAMETER_CHANGE: &[OpPart] = &[
    text("parameter change: max_connections="),
    i32("max_connections", 0),
    text(" max_prepared_xacts="),
    i32("max_prepared_xacts", 4),
    text(" max_locks_per_xact="),
    i32("max_locks_per_xact", 8),
    text(" wal_level="),
    wal_level("wal_level", 12),
];
const PARAMETER_CHANGE_9_4: &[OpPart] = &[
    text("parameter change: max_connections="),
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
];
const END_OF_RECOVERY: &[OpPart] = &[
    text("end_of_recovery: tli "),
    u32("this_timeline_id", 8),
    text("; prev tli "),
    u32("prev_timeline_id", 12),
    text("; time "),
    time("end_time", 0),
];
const FPI: &[OpPart] = &[
    text("full-page image: "),
    call(page_path, &[("rel", "relation"), ("fork", "unsigned")]),
    text(" block "),
    u32("blkno", 16),
    u16("hole_offset", 20).hidden(),
    u16("hole_length", 22).hidden(),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "CHECKPOINT_SHUTDOWN", V8_2, CHECKPOINT_8_2_SHUTDOWN),
    op(0x00, "CHECKPOINT_SHUTDOWN", V8_3, CHECKPOINT_8_3_SHUTDOWN),
    op(0x00, "CHECKPOINT_SHUTDOWN", V8_4, CHECKPOINT_8_4_SHUTDOWN),
    op(0x00, "CHECKPOINT_SHUTDOWN", V9_0, CHECKPOINT_9_0_SHUTDOWN),
    op(0x00, "CHECKPOINT_SHUTDOWN", V9_2, CHECKPOINT_9_2_SHUTDOWN),
    op(0x00, "CHECKPOINT_SHUTDOWN", V9_3, CHECKPOINT_9_3_SHUTDOWN),
    op(0x10, "CHECKPOINT_ONLINE", V8_2, CHECKPOINT_8_2_ONLINE),
    op(0x10, "CHECKPOINT_ONLINE", V8_3, CHECKPOINT_8_3_ONLINE),
    op(0x10, "CHECKPOINT_ONLINE", V8_4, CHECKPOINT_8_4_ONLINE),
    op(0x10, "CHECKPOINT_ONLINE", V9_0, CHECKPOINT_9_0_ONLINE),
    op(0x10, "CHECKPOINT_ONLINE", V9_2, CHECKPOINT_9_2_ONLINE),
    op(0x10, "CHECKPOINT_ONLINE", V9_3, CHECKPOINT_9_3_ONLINE),
    op(0x20, "NOOP", V8_3, &[text("xlog no-op")]),
    op(0x30, "NEXTOID", V8_2, &[text("nextOid: "), u32("next_oid", 0)]),
    op(0x40, "SWITCH", V8_2, &[text("xlog switch")]),
    op(0x50, "BACKUP_END", V9_0, &[text("backup end: "), lsn("startpoint", 0)]),
    op(0x60, "PARAMETER_CHANGE", V9_0, PARAMETER_CHANGE),
    op(0x60, "PARAMETER_CHANGE", V9_4, PARAMETER_CHANGE_9_4),
    op(0x70, "RESTORE_POINT", V9_1, &[text("restore point: "), time("rp_time", 0).hidden(), cstr("rp_name", 8, 64)]),
    op(0x80, "FPW_CHANGE", V9_2, &[text("full_page_writes: "), bool("full_page_writes", 0)]),
    op(0x90, "END_OF_RECOVERY", V9_3, END_OF_RECOVERY),
    op(0xA0, "FPI", V9_3, FPI),
];

fn page_path(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(0);
    let (rel, fork) = (cursor.rel("rel")?, cursor.u32("fork")?);
    sink.plain("rel", Value::Path(rel, fork as u8));
    sink.hidden("fork", Value::Unsigned(fork.into()));
    Ok(())
}
