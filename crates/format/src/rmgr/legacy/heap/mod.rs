//! Records of "Heap", 8.2 to 9.4 (`src/include/access/heapam_xlog.h`, `htup.h` up to 9.2).
//!
//! ```text
//! target      relation 3 × u32, tuple: block high u16, block low u16, offset u16
//! INSERT      target, 20 [8.4+: all_visible_cleared bool, 9.4: flags u8], tuple
//! DELETE      target, [9.3+: 20 xmax u32, 24 infobits_set u8,] 20/25 [8.4+: all_visible_cleared bool, 9.4: flags u8], [9.4: old tuple]
//! UPDATE…     up to 9.2: target, 20 new tid, [8.4+: 26 all_visible_cleared, 27 new_all_visible_cleared: bool,] [MOVE: xmax, xmin,] tuple
//!             9.3+: target, 20 old_xmax u32, 24 new_xmax u32, 28 new tid, 34 old_infobits_set u8, 35 …_cleared or flags, tuple
//! CLEAN       (8.2) relation, 12 block u32, offsets
//! NEWPAGE     relation, [8.4+: 12 fork i32,] 12/16 block u32, [9.4: 20 hole_offset u16, 22 hole_length u16,] page
//! LOCK        target, 20 locking_xid u32, up to 9.2: 24 xid_is_mxact, 25 shared_lock: bool; 9.3+: 24 infobits_set
//! INPLACE     target, tuple
//! ```
//! A tuple or offsets for a page whose image is in the record are left out: `tuple.rs`.

mod tuple;

use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Sink, Value};
use crate::rmgr::table::{
    Op, OpPart, Short, V8_2, V8_3, V8_4, V9_0, V9_3, V9_4, bool, call, op, rel, text, tid, tid_block, u8, u16, u32,
};
use tuple::{
    AT_18, AT_21, AT_26, AT_28, AT_37, INFOBITS_AT_24, MOVED_AT_26, MOVED_AT_28, OLD_INFOBITS_AT_34, UPDATED_9_4,
};
pub(super) use tuple::{infobits_at, offsets};

/// Words, a relation and a tuple in it, and more.
macro_rules! target {
    ($words:expr $(, $part:expr)* $(,)?) => {
        &[
            text($words),
            text("rel "),
            rel("rel", 0),
            text("; tid "),
            tid("tid", 12),
            tid_block("blk", 12).hidden(),
            u16("off", 16).hidden(),
            $($part,)*
        ]
    };
}

/// An update's, up to 9.2.
macro_rules! update {
    ($words:expr $(, $part:expr)* $(,)?) => {
        target![$words, text("; new "), tid("new_tid", 20), tid_block("new_blk", 20).hidden(), u16("new_off", 24).hidden(), $($part,)*]
    };
}

/// An update's, 9.3 and later.
macro_rules! update_with_xmax {
    ($words:expr $(, $part:expr)* $(,)?) => {
        target![
            $words,
            text(" xmax "),
            u32("old_xmax", 20),
            text(" "),
            OLD_INFOBITS_AT_34,
            text("; new tid "),
            tid("new_tid", 28),
            tid_block("new_blk", 28).hidden(),
            u16("new_off", 32).hidden(),
            text(" xmax "),
            u32("new_xmax", 24),
            $($part,)*
        ]
    };
}

macro_rules! updates_8_2 {
    ($words:expr, $tuple:expr) => {
        update![$words, $tuple]
    };
}

macro_rules! updates_8_4 {
    ($words:expr, $tuple:expr) => {
        update![$words, bool("all_visible_cleared", 26).hidden(), bool("new_all_visible_cleared", 27).hidden(), $tuple]
    };
}

macro_rules! updates_9_3 {
    ($words:expr) => {
        update_with_xmax![
            $words,
            bool("all_visible_cleared", 35).hidden(),
            bool("new_all_visible_cleared", 36).hidden(),
            AT_37
        ]
    };
}

macro_rules! updates_9_4 {
    ($words:expr) => {
        update_with_xmax![$words, u8("flags", 35).hidden(), UPDATED_9_4]
    };
}

const INSERT: &str = "insert: ";
const INSERT_INIT: &str = "insert(init): ";
const UPDATE: &str = "update: ";
const UPDATE_INIT: &str = "update(init): ";
const MOVE: &str = "move: ";
const MOVE_INIT: &str = "move(init): ";
const HOT: &str = "hot_update: ";
const HOT_INIT: &str = "hot_update(init): ";
const PAGE: OpPart = text("newpage: rel ");
const CLEARED: OpPart = bool("all_visible_cleared", 20).hidden();
const LOCK: &[(&str, &str)] = &[("shared_lock", "boolean"), ("xid_is_mxact", "boolean"), ("xmax", "unsigned")];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "INSERT", V8_2, target![INSERT, AT_18]),
    op(0x00, "INSERT", V8_4, target![INSERT, CLEARED, AT_21]),
    op(0x00, "INSERT", V9_4, target![INSERT, u8("flags", 20).hidden(), AT_21]),
    op(0x80, "INSERT+INIT", V8_2, target![INSERT_INIT, AT_18]),
    op(0x80, "INSERT+INIT", V8_4, target![INSERT_INIT, CLEARED, AT_21]),
    op(0x80, "INSERT+INIT", V9_4, target![INSERT_INIT, u8("flags", 20).hidden(), AT_21]),
    op(0x10, "DELETE", V8_2, target!["delete: "]),
    op(0x10, "DELETE", V8_4, target!["delete: ", CLEARED]),
    op(
        0x10,
        "DELETE",
        V9_3,
        target![
            "delete: ",
            text(" "),
            u32("xmax", 20).hidden(),
            INFOBITS_AT_24,
            bool("all_visible_cleared", 25).hidden()
        ],
    ),
    op(
        0x10,
        "DELETE",
        V9_4,
        target!["delete: ", text(" "), u32("xmax", 20).hidden(), INFOBITS_AT_24, u8("flags", 25).hidden(), AT_26],
    ),
    op(0x20, "UPDATE", V8_2, updates_8_2!(UPDATE, AT_26)),
    op(0x20, "UPDATE", V8_4, updates_8_4!(UPDATE, AT_28)),
    op(0x20, "UPDATE", V9_3, updates_9_3!(UPDATE)),
    op(0x20, "UPDATE", V9_4, updates_9_4!(UPDATE)),
    op(0xA0, "UPDATE+INIT", V8_2, updates_8_2!(UPDATE_INIT, AT_26)),
    op(0xA0, "UPDATE+INIT", V8_4, updates_8_4!(UPDATE_INIT, AT_28)),
    op(0xA0, "UPDATE+INIT", V9_3, updates_9_3!(UPDATE_INIT)),
    op(0xA0, "UPDATE+INIT", V9_4, updates_9_4!(UPDATE_INIT)),
    op(0x30, "MOVE", V8_2, updates_8_2!(MOVE, MOVED_AT_26)),
    op(0x30, "MOVE", V8_4, updates_8_4!(MOVE, MOVED_AT_28)).until(V8_4),
    op(0xB0, "MOVE+INIT", V8_2, updates_8_2!(MOVE_INIT, MOVED_AT_26)),
    op(0xB0, "MOVE+INIT", V8_4, updates_8_4!(MOVE_INIT, MOVED_AT_28)).until(V8_4),
    op(
        0x40,
        "CLEAN",
        V8_2,
        &[
            text("clean: rel "),
            rel("rel", 0),
            text("; blk "),
            u32("blk", 12),
            call(|cx, sink| offsets(&mut cx.cursor(16), "unused", usize::MAX, sink), &[("unused", "list")]),
        ],
    ),
    op(0x40, "HOT_UPDATE", V8_3, updates_8_2!(HOT, AT_26)),
    op(0x40, "HOT_UPDATE", V8_4, updates_8_4!(HOT, AT_28)),
    op(0x40, "HOT_UPDATE", V9_3, updates_9_3!(HOT)),
    op(0x40, "HOT_UPDATE", V9_4, updates_9_4!(HOT)),
    op(0xC0, "HOT_UPDATE+INIT", V8_3, updates_8_2!(HOT_INIT, AT_26)),
    op(0xC0, "HOT_UPDATE+INIT", V8_4, updates_8_4!(HOT_INIT, AT_28)),
    op(0xC0, "HOT_UPDATE+INIT", V9_3, updates_9_3!(HOT_INIT)),
    op(0xC0, "HOT_UPDATE+INIT", V9_4, updates_9_4!(HOT_INIT)),
    op(0x50, "NEWPAGE", V8_2, &[PAGE, rel("rel", 0), text("; blk "), u32("blk", 12)]),
    // 8.4 logs a fork but does not tell of it.
    op(0x50, "NEWPAGE", V8_4, &[PAGE, rel("rel", 0), u32("fork", 12).hidden(), text("; blk "), u32("blk", 16)]),
    op(0x50, "NEWPAGE", V9_0, &[PAGE, rel("rel", 0), text("; fork "), u32("fork", 12), text(", blk "), u32("blk", 16)]),
    op(
        0x50,
        "NEWPAGE",
        V9_4,
        &[
            PAGE,
            rel("rel", 0),
            text("; fork "),
            u32("fork", 12),
            text(", blk "),
            u32("blk", 16),
            u16("hole_offset", 20).hidden(),
            u16("hole_length", 22).hidden(),
        ],
    ),
    op(
        0x60,
        "LOCK",
        V8_2,
        &[
            call(lock, LOCK),
            text(" rel "),
            rel("rel", 0),
            text("; tid "),
            tid("tid", 12),
            tid_block("blk", 12).hidden(),
            u16("off", 16).hidden(),
        ],
    ),
    op(
        0x60,
        "LOCK",
        V9_3,
        &[
            text("lock "),
            u32("xmax", 20),
            text(": rel "),
            rel("rel", 0),
            text("; tid "),
            tid("tid", 12),
            tid_block("blk", 12).hidden(),
            u16("off", 16).hidden(),
            text(" "),
            INFOBITS_AT_24,
        ],
    ),
    op(0x70, "INPLACE", V8_2, target!["inplace: "]),
];

/// The words in front of a locked tuple, up to 9.2.
fn lock(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(20);
    let (xid, multi, shared) = (cursor.u32("xmax")?, cursor.u8("xid_is_mxact")? != 0, cursor.u8("shared_lock")? != 0);
    sink.text(if shared { "shared_lock: " } else { "exclusive_lock: " });
    sink.hidden("shared_lock", Value::Bool(shared));
    sink.text(if multi { "mxid " } else { "xid " });
    sink.hidden("xid_is_mxact", Value::Bool(multi));
    sink.plain("xmax", Value::Unsigned(xid.into()));
    Ok(())
}
