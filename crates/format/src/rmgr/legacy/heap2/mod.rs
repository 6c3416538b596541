//! Records of "Heap2", 8.2 to 9.4 (`src/include/access/heapam_xlog.h`, `htup.h` up to 9.2).
//!
//! ```text
//! FREEZE         (to 9.3) relation 3 × u32, 12 block u32, 16 cutoff_xid u32, [9.3: 20 cutoff_multi u32,] offsets
//! REWRITE        (9.4) mapped_xid, mapped_db, mapped_rel: u32, 16/12 offset i64, 24/20 num_mappings u32, 32/24 start_lsn, mappings
//! CLEAN…         relation, 12 block u32, [9.0+: 16 latestRemovedXid u32,] 16/20 nredirected u16, ndead u16, offsets
//! FREEZE_PAGE    relation, 12 block u32, 16 cutoff_xid u32, 20 ntuples u16, 24 plans of 12 bytes
//! CLEANUP_INFO   relation, 12 latestRemovedXid u32
//! VISIBLE        relation, 12 block u32, 16 cutoff_xid u32
//! MULTI_INSERT   relation, 12 block u32, 16 all_visible_cleared bool or flags u8, 18 ntuples u16, [no INIT: 20 offsets,] tuples
//! LOCK_UPDATED   target (see "Heap"), 20 xmax u32, 24 infobits_set u8
//! NEW_CID        top_xid, cmin, cmax, combocid: u32 each, 16 target
//! ```
//! Offsets, plans and tuples for a page whose image is in the record are left out: `lists.rs`.

mod lists;

use crate::rmgr::sink::Show;
use crate::rmgr::table::{
    Op, OpPart, V8_2, V8_3, V8_4, V9_0, V9_2, V9_3, V9_4, bool, i64, lsn, op, rel, text, tid, tid_block, u8, u16, u32,
};
use lists::{CLEANED_AT_20, CLEANED_AT_24, FROZEN_AT_20, FROZEN_AT_24, INFOBITS_AT_24, INSERTED_AT_20, PLANS_AT_24};

/// Words, a relation, a block in it, and more.
macro_rules! block {
    ($words:expr $(, $part:expr)* $(,)?) => {
        &[text($words), rel("rel", 0), text("; blk "), u32("blk", 12), $($part,)*]
    };
}

const HORIZON: OpPart = u32("snapshot_conflict_horizon", 16).hidden();
const CLEARED: OpPart = bool("all_visible_cleared", 16).hidden();
const FLAGS: OpPart = u8("flags", 16).hidden();
const MULTI_INSERT: &str = "multi-insert: rel ";
const MULTI_INSERT_INIT: &str = "multi-insert (init): rel ";
const T0: OpPart = text("; ");
const T1: OpPart = u16("ntuples", 18);
const T2: OpPart = text(" tuples");

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "FREEZE", V8_2, block!["freeze: rel ", text("; cutoff "), u32("cutoff_xid", 16), FROZEN_AT_20]),
    op(
        0x00,
        "FREEZE",
        V9_3,
        block![
            "freeze: rel ",
            text("; cutoff xid "),
            u32("cutoff_xid", 16),
            text(" multi "),
            u32("cutoff_multi", 20),
            FROZEN_AT_24
        ],
    ),
    op(
        0x00,
        "REWRITE",
        V9_4,
        &[
            text("heap rewrite:"),
            u32("mapped_xid", 0).hidden(),
            u32("mapped_db", 4).hidden(),
            u32("mapped_rel", 8).hidden(),
            i64("offset", 16).on32(12).hidden(),
            u32("num_mappings", 24).on32(20).hidden(),
            lsn("start_lsn", 32).on32(24).hidden(),
        ],
    ),
    op(
        0x10,
        "CLEAN",
        V8_3,
        block!["clean: rel ", u16("nredirected", 16).hidden(), u16("ndead", 18).hidden(), CLEANED_AT_20],
    ),
    op(
        0x10,
        "CLEAN",
        V9_0,
        block![
            "clean: rel ",
            text(" remxid "),
            u32("snapshot_conflict_horizon", 16),
            u16("nredirected", 20).hidden(),
            u16("ndead", 22).hidden(),
            CLEANED_AT_24
        ],
    ),
    op(
        0x20,
        "CLEAN_MOVE",
        V8_3,
        block!["clean_move: rel ", u16("nredirected", 16).hidden(), u16("ndead", 18).hidden(), CLEANED_AT_20],
    )
    .until(V8_4),
    op(
        0x20,
        "FREEZE_PAGE",
        V9_3,
        block![
            "freeze_page: rel ",
            text("; cutoff xid "),
            u32("cutoff_xid", 16),
            text(" ntuples "),
            u16("ntuples", 20),
            PLANS_AT_24
        ],
    ),
    op(
        0x30,
        "CLEANUP_INFO",
        V9_0,
        &[text("cleanup info: remxid "), u32("snapshot_conflict_horizon", 12), rel("rel", 0).hidden()],
    ),
    op(0x40, "VISIBLE", V9_2, block!["visible: rel ", HORIZON]),
    op(0x50, "MULTI_INSERT", V9_2, block![MULTI_INSERT, CLEARED, T0, T1, T2, INSERTED_AT_20]),
    op(0x50, "MULTI_INSERT", V9_4, block![MULTI_INSERT, FLAGS, T0, T1, T2, INSERTED_AT_20]),
    // A page made anew gets its tuples from offset 1 on.
    op(0xD0, "MULTI_INSERT+INIT", V9_2, block![MULTI_INSERT_INIT, CLEARED, T0, T1, T2]),
    op(0xD0, "MULTI_INSERT+INIT", V9_4, block![MULTI_INSERT_INIT, FLAGS, T0, T1, T2]),
    op(
        0x60,
        "LOCK_UPDATED",
        V9_3,
        &[
            text("lock updated: xmax "),
            u32("xmax", 20),
            text(" msk "),
            u8("infobits_set", 24).show(Show::Hex4),
            INFOBITS_AT_24,
            text("; rel "),
            rel("rel", 0),
            text("; tid "),
            tid("tid", 12),
            tid_block("blk", 12).hidden(),
            u16("off", 16).hidden(),
        ],
    ),
    op(
        0x70,
        "NEW_CID",
        V9_4,
        &[
            text("new_cid: rel "),
            rel("rel", 16),
            text("; tid "),
            tid("tid", 28),
            tid_block("blk", 28).hidden(),
            u16("off", 32).hidden(),
            text("; cmin: "),
            u32("cmin", 4),
            text(", cmax: "),
            u32("cmax", 8),
            text(", combo: "),
            u32("combo", 12),
            u32("top_xid", 0).hidden(),
        ],
    ),
];
