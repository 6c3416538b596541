//! Checkpoint records of "XLOG", 8.2 to 9.4 (`CheckPoint`, `src/include/catalog/pg_control.h`).
//!
//! ```text
//! redo 8 bytes, [8.2: undo 8 bytes,] ThisTimeLineID, [9.3+: PrevTimeLineID,] [9.2+: fullPageWrites bool + 3,] nextXidEpoch, nextXid,
//! nextOid, nextMulti, nextMultiOffset, [9.0+: oldestXid, oldestXidDB,] [9.3+: oldestMulti, oldestMultiDB,] time, [9.0+: oldestActiveXid]
//! ```
//! Numbers of four bytes, but the time: eight, `time_t` up to 8.3.

use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Sink, Value};
use crate::rmgr::table::{OpPart, Short, bool, call, lsn, seconds, text, u32};

/// The parts of a layout, with each of the two words that end its text.
macro_rules! checkpoints {
    ($($shutdown:ident, $online:ident = [$($part:expr),* $(,)?];)*) => {
        $(
            pub(super) const $shutdown: &[OpPart] = &[text("checkpoint: redo "), $($part,)* text("; shutdown")];
            pub(super) const $online: &[OpPart] = &[text("checkpoint: redo "), $($part,)* text("; online")];
        )*
    };
}

const TIME: &[(&str, &str)] = &[("time", "time")];

checkpoints! {
    CHECKPOINT_8_2_SHUTDOWN, CHECKPOINT_8_2_ONLINE = [
        lsn("redo", 0),
        text("; undo "),
        lsn("undo", 8),
        text("; tli "),
        u32("this_timeline_id", 16),
        text("; xid "),
        u32("next_xid_epoch", 20),
        text("/"),
        u32("next_xid", 24),
        text("; oid "),
        u32("next_oid", 28),
        text("; multi "),
        u32("next_multi", 32),
        text("; offset "),
        u32("next_multi_offset", 36),
        call(|cx, sink| time(cx, 40, sink), TIME),
    ];
    CHECKPOINT_8_3_SHUTDOWN, CHECKPOINT_8_3_ONLINE = [
        lsn("redo", 0),
        text("; tli "),
        u32("this_timeline_id", 8),
        text("; xid "),
        u32("next_xid_epoch", 12),
        text("/"),
        u32("next_xid", 16),
        text("; oid "),
        u32("next_oid", 20),
        text("; multi "),
        u32("next_multi", 24),
        text("; offset "),
        u32("next_multi_offset", 28),
        call(|cx, sink| time(cx, 32, sink), TIME),
    ];
    CHECKPOINT_8_4_SHUTDOWN, CHECKPOINT_8_4_ONLINE = [
        lsn("redo", 0),
        text("; tli "),
        u32("this_timeline_id", 8),
        text("; xid "),
        u32("next_xid_epoch", 12),
        text("/"),
        u32("next_xid", 16),
        text("; oid "),
        u32("next_oid", 20),
        text("; multi "),
        u32("next_multi", 24),
        text("; offset "),
        u32("next_multi_offset", 28),
        seconds("time", 32).hidden(),
    ];
    CHECKPOINT_9_0_SHUTDOWN, CHECKPOINT_9_0_ONLINE = [
        lsn("redo", 0),
        text("; tli "),
        u32("this_timeline_id", 8),
        text("; xid "),
        u32("next_xid_epoch", 12),
        text("/"),
        u32("next_xid", 16),
        text("; oid "),
        u32("next_oid", 20),
        text("; multi "),
        u32("next_multi", 24),
        text("; offset "),
        u32("next_multi_offset", 28),
        text("; oldest xid "),
        u32("oldest_xid", 32),
        text(" in DB "),
        u32("oldest_xid_db", 36),
        text("; oldest running xid "),
        u32("oldest_active_xid", 48),
        seconds("time", 40).hidden(),
    ];
    CHECKPOINT_9_2_SHUTDOWN, CHECKPOINT_9_2_ONLINE = [
        lsn("redo", 0),
        text("; tli "),
        u32("this_timeline_id", 8),
        text("; fpw "),
        bool("full_page_writes", 12),
        text("; xid "),
        u32("next_xid_epoch", 16),
        text("/"),
        u32("next_xid", 20),
        text("; oid "),
        u32("next_oid", 24),
        text("; multi "),
        u32("next_multi", 28),
        text("; offset "),
        u32("next_multi_offset", 32),
        text("; oldest xid "),
        u32("oldest_xid", 36),
        text(" in DB "),
        u32("oldest_xid_db", 40),
        text("; oldest running xid "),
        u32("oldest_active_xid", 56).on32(52),
        seconds("time", 48).on32(44).hidden(),
    ];
    CHECKPOINT_9_3_SHUTDOWN, CHECKPOINT_9_3_ONLINE = [
        lsn("redo", 0),
        text("; tli "),
        u32("this_timeline_id", 8),
        text("; prev tli "),
        u32("prev_timeline_id", 12),
        text("; fpw "),
        bool("full_page_writes", 16),
        text("; xid "),
        u32("next_xid_epoch", 20),
        text("/"),
        u32("next_xid", 24),
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
        text("; oldest running xid "),
        u32("oldest_active_xid", 64),
        seconds("time", 56).hidden(),
    ];
}

fn time(cx: &Cx<'_>, at: usize, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.hidden("time", Value::Seconds(cx.cursor(at).time_t("time", cx.layout().align)?));
    Ok(())
}
