//! Records of "Gist", 9.5 and later (`src/include/access/gistxlog.h`; `gist_private.h` up to 9.6).
//!
//! ```text
//! PAGE_UPDATE  ntodelete u16, ntoinsert u16; data of block 0: line numbers to delete, tuples to insert
//! DELETE       xid u32, ntodelete u16, [16+: isCatalogRel u8, –,] line numbers
//! PAGE_REUSE   relation 3 × u32, block u32, full xid u64, [16+: isCatalogRel u8]
//! PAGE_SPLIT   origrlink u32, orignsn u64 (aligned), origleaf u8, –, npage u16, markfollowright u8
//! PAGE_DELETE  full xid u64, downlinkOffset u16
//! ```

use super::cursor::Cx;
use super::pointers::lines;
use super::sink::Sink;
use super::table::{
    Op, OpPart, Short, V9_5, V11, V12, V13, V16, V17, V18, bool, call, full_xid, lsn, op, rel, text, u16, u32,
};

const PAGE_UPDATE: &[OpPart] =
    &[u16("ntodelete", 0).hidden(), u16("ntoinsert", 2).hidden(), call(to_delete, TO_DELETE)];

const TO_DELETE: &[(&str, &str)] = &[("todelete", "list")];

const PAGE_SPLIT: &[OpPart] = &[
    text("page_split: splits to "),
    u16("npage", 18).on32(14),
    text(" pages"),
    u32("origrlink", 0).hidden(),
    lsn("orignsn", 8).on32(4).hidden(),
    bool("origleaf", 16).on32(12).hidden(),
    bool("markfollowright", 20).on32(16).hidden(),
];

const PAGE_DELETE: &[OpPart] =
    &[text("deleteXid "), full_xid("delete_xid", 0), text("; downlink "), u16("downlink", 8)];

const HORIZON: OpPart = u32("snapshot_conflict_horizon", 0);
const NITEMS: OpPart = u16("nitems", 4);

const DELETE_12: &[OpPart] =
    &[text("delete: latestRemovedXid "), HORIZON, text(", nitems: "), NITEMS, call(deleted_12, TO_DELETE)];
const DELETE_16: &[OpPart] = &[
    text("delete: snapshotConflictHorizon "),
    HORIZON,
    text(", nitems: "),
    NITEMS,
    bool("is_catalog_rel", 6).hidden(),
    call(deleted_16, TO_DELETE),
];
const DELETE_17: &[OpPart] = &[
    text("delete: snapshotConflictHorizon "),
    HORIZON,
    text(", nitems: "),
    NITEMS,
    text(", isCatalogRel "),
    bool("is_catalog_rel", 6).tf(),
    call(deleted_16, TO_DELETE),
];

const FULL_HORIZON: OpPart = full_xid("snapshot_conflict_horizon", 16);

const PAGE_REUSE_12: &[OpPart] =
    &[text("rel "), rel("rel", 0), text("; blk "), u32("blk", 12), text("; latestRemovedXid "), FULL_HORIZON];
const PAGE_REUSE_16: &[OpPart] = &[
    text("rel "),
    rel("rel", 0),
    text("; blk "),
    u32("blk", 12),
    text("; snapshotConflictHorizon "),
    FULL_HORIZON,
    bool("is_catalog_rel", 24).hidden(),
];
const PAGE_REUSE_17: &[OpPart] = &[
    text("rel "),
    rel("rel", 0),
    text("; blk "),
    u32("blk", 12),
    text("; snapshotConflictHorizon "),
    FULL_HORIZON,
    text(", isCatalogRel "),
    bool("is_catalog_rel", 24).tf(),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "PAGE_UPDATE", V9_5, PAGE_UPDATE),
    op(0x10, "DELETE", V12, DELETE_12),
    op(0x10, "DELETE", V16, DELETE_16),
    op(0x10, "DELETE", V17, DELETE_17),
    op(0x20, "PAGE_REUSE", V12, PAGE_REUSE_12),
    op(0x20, "PAGE_REUSE", V16, PAGE_REUSE_16),
    op(0x20, "PAGE_REUSE", V17, PAGE_REUSE_17),
    op(0x30, "PAGE_SPLIT", V9_5, PAGE_SPLIT),
    op(0x50, "CREATE_INDEX", V9_5, &[]).until(V11),
    op(0x60, "PAGE_DELETE", V12, PAGE_DELETE),
    op(0x70, "ASSIGN_LSN", V13, &[]).until(V18),
];

/// They lie in the block's data, which is left out where the block has an image.
fn to_delete(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let data = cx.block_data(0);
    if data.is_empty() {
        return Ok(());
    }
    lines(&mut cx.over(data), sink, "todelete", cx.cursor(0).u16("ntodelete")?)
}

fn deleted_12(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    deleted(cx, sink, 6)
}

fn deleted_16(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    deleted(cx, sink, 8)
}

fn deleted(cx: &Cx<'_>, sink: &mut dyn Sink, from: usize) -> Result<(), Short> {
    lines(&mut cx.cursor(from), sink, "todelete", cx.cursor(4).u16("nitems")?)
}
