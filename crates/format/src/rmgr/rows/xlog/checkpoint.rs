//! A checkpoint (`CheckPoint`, `src/include/catalog/pg_control.h`), the same bytes as in `pg_control`.
//!
//! ```text
//!                          9.5-11   12-16    17, 18   19         (on 4-byte aligned servers)
//! redo                      0        0        0        0
//! this, previous timeline   8, 12    8, 12    8, 12    8, 12
//! full_page_writes         16       16       16       16
//! wal_level                 -        -       20       20
//! logical decoding          -        -        -       24
//! epoch and transaction    20, 24   24 (20)  24       32 (28)    two numbers, the epoch first; one number from 12 on
//! next oid                 28       32 (28)  32       40 (36)
//! next multi               32       36 (32)  36       44 (40)
//! next multi's offset      36       40 (36)  40       48 (44)    eight bytes in 19
//! oldest xid, its db       40, 44   44 (40)  44       56 (52)
//! oldest multi, its db     48, 52   52 (48)  52       64 (60)
//! time                     56       64 (56)  64 (60)  72 (68)
//! oldest, newest commit ts 64, 68   72 (64)  72 (68)  80 (76)
//! oldest running           72       80 (72)  80 (76)  88 (84)
//! ```

use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Sink, Value};
use crate::rmgr::table::{OpPart, Short, bool, call, full_xid, lsn, seconds, text, u32, u64, wal_level};

/// `XLOG_CHECKPOINT_SHUTDOWN`; online checkpoints have 0x10.
const SHUTDOWN: u8 = 0x00;

/// Of 9.5 to 11.
pub const V9_5: &[OpPart] = &[
    text("redo "),
    lsn("redo", 0),
    text("; tli "),
    u32("this_timeline_id", 8),
    text("; prev tli "),
    u32("prev_timeline_id", 12),
    text("; fpw "),
    bool("full_page_writes", 16),
    text("; xid "),
    call(split_xid, &[("next_xid", "full xid")]),
    text("; oid "),
    u32("next_oid", 28),
    text("; multi "),
    u32("next_multi", 32),
    text("; offset "),
    u32("next_multi_offset", 36),
    text("; oldest xid "),
    u32("oldest_xid", 40),
    text(" in DB "),
    u32("oldest_xid_db", 44),
    text("; oldest multi "),
    u32("oldest_multi", 48),
    text(" in DB "),
    u32("oldest_multi_db", 52),
    text("; oldest/newest commit timestamp xid: "),
    u32("oldest_commit_ts_xid", 64),
    text("/"),
    u32("newest_commit_ts_xid", 68),
    text("; oldest running xid "),
    u32("oldest_active_xid", 72),
    call(kind, &[]),
    seconds("time", 56).hidden(),
];
/// Of 12 to 16.
pub const V12: &[OpPart] = &[
    text("redo "),
    lsn("redo", 0),
    text("; tli "),
    u32("this_timeline_id", 8),
    text("; prev tli "),
    u32("prev_timeline_id", 12),
    text("; fpw "),
    bool("full_page_writes", 16),
    text("; xid "),
    full_xid("next_xid", 24).on32(20),
    text("; oid "),
    u32("next_oid", 32).on32(28),
    text("; multi "),
    u32("next_multi", 36).on32(32),
    text("; offset "),
    u32("next_multi_offset", 40).on32(36),
    text("; oldest xid "),
    u32("oldest_xid", 44).on32(40),
    text(" in DB "),
    u32("oldest_xid_db", 48).on32(44),
    text("; oldest multi "),
    u32("oldest_multi", 52).on32(48),
    text(" in DB "),
    u32("oldest_multi_db", 56).on32(52),
    text("; oldest/newest commit timestamp xid: "),
    u32("oldest_commit_ts_xid", 72).on32(64),
    text("/"),
    u32("newest_commit_ts_xid", 76).on32(68),
    text("; oldest running xid "),
    u32("oldest_active_xid", 80).on32(72),
    call(kind, &[]),
    seconds("time", 64).on32(56).hidden(),
];
/// Of 17 and 18.
pub const V17: &[OpPart] = &[
    text("redo "),
    lsn("redo", 0),
    text("; tli "),
    u32("this_timeline_id", 8),
    text("; prev tli "),
    u32("prev_timeline_id", 12),
    text("; fpw "),
    bool("full_page_writes", 16),
    text("; wal_level "),
    wal_level("wal_level", 20),
    text("; xid "),
    full_xid("next_xid", 24),
    text("; oid "),
    u32("next_oid", 32),
    text("; multi "),
    u32("next_multi", 36),
    text("; offset "),
    u32("next_multi_offset", 40),
    text("; oldest xid "),
    u32("oldest_xid", 44),
    text(" in DB "),
    u32("oldest_xid_db", 48),
    text("; oldest multi "),
    u32("oldest_multi", 52),
    text(" in DB "),
    u32("oldest_multi_db", 56),
    text("; oldest/newest commit timestamp xid: "),
    u32("oldest_commit_ts_xid", 72).on32(68),
    text("/"),
    u32("newest_commit_ts_xid", 76).on32(72),
    text("; oldest running xid "),
    u32("oldest_active_xid", 80).on32(76),
    call(kind, &[]),
    seconds("time", 64).on32(60).hidden(),
];
/// Of 19.
pub const V19: &[OpPart] = &[
    text("redo "),
    lsn("redo", 0),
    text("; tli "),
    u32("this_timeline_id", 8),
    text("; prev tli "),
    u32("prev_timeline_id", 12),
    text("; fpw "),
    bool("full_page_writes", 16),
    text("; wal_level "),
    wal_level("wal_level", 20),
    text("; logical decoding "),
    bool("logical_decoding_enabled", 24),
    text("; xid "),
    full_xid("next_xid", 32).on32(28),
    text("; oid "),
    u32("next_oid", 40).on32(36),
    text("; multi "),
    u32("next_multi", 44).on32(40),
    text("; offset "),
    u64("next_multi_offset", 48).on32(44),
    text("; oldest xid "),
    u32("oldest_xid", 56).on32(52),
    text(" in DB "),
    u32("oldest_xid_db", 60).on32(56),
    text("; oldest multi "),
    u32("oldest_multi", 64).on32(60),
    text(" in DB "),
    u32("oldest_multi_db", 68).on32(64),
    text("; oldest/newest commit timestamp xid: "),
    u32("oldest_commit_ts_xid", 80).on32(76),
    text("/"),
    u32("newest_commit_ts_xid", 84).on32(80),
    text("; oldest running xid "),
    u32("oldest_active_xid", 88).on32(84),
    call(kind, &[]),
    seconds("time", 72).on32(68).hidden(),
];

fn split_xid(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(20);
    let (epoch, xid) = (cursor.u32("next_xid_epoch")?, cursor.u32("next_xid")?);
    sink.plain("next_xid", Value::FullXid(u64::from(epoch) << 32 | u64::from(xid)));
    Ok(())
}

fn kind(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.text(if cx.record.header.operation() == SHUTDOWN { "; shutdown" } else { "; online" });
    Ok(())
}
