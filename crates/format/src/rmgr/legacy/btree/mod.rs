//! Records of "Btree", 8.2 to 9.4 (`src/include/access/nbtree.h`).
//!
//! ```text
//! INSERT_*            target, [not a leaf: downlink u32 (9.4: the split that this ends, left out where block 0 has an image)],
//!                     [META: metadata], tuple
//! SPLIT_*        8.2  target, –, otherblk u32, leftblk u32, rightblk u32, level u32, leftlen u16, tuples
//!               8.3+  relation, leftsib u32, rightsib u32, rnext u32, level u32, firstright u16, what the left page gets, tuples
//! DELETE              relation, block u32, [9.0+: heap relation, nitems i32,] line numbers
//! DELETE_PAGE_*       target, –, deadblk u32, leftblk u32, rightblk u32, [9.0+: btpo_xact u32,] [META: metadata]
//! NEWROOT             relation, rootblk u32, level u32, tuples
//! VACUUM              relation, block u32, lastBlockVacuumed u32, line numbers
//! REUSE_PAGE          relation, block u32, xid u32
//! MARK_PAGE_HALFDEAD  target, –, leafblk u32, leftblk u32, rightblk u32, topparent u32
//! UNLINK_PAGE_*       relation, deadblk, leftsib, rightsib, leafblk, leafleftsib, leafrightsib, topparent, btpo_xact: u32 each,
//!                     [META: metadata]
//! relation            3 × u32
//! target              relation, ItemPointerData (18 bytes)
//! metadata            root u32, level u32, fastroot u32, fastlevel u32
//! ```
//! No structure has an item of eight bytes, so 4-byte aligned servers place all of them alike.

mod split;
#[cfg(test)]
mod tests;

use super::pointers::{TARGET, rest_lines, target};
use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Sink, Value};
use crate::rmgr::table::{Op, OpPart, Short, V8_2, V8_3, V9_0, V9_4, call, i32, op, rel, text, u16, u32};
use split::{LEFT_8_3, LEFT_9_4, RIGHT_8_3, RIGHT_9_4};

const META: &[(&str, &str)] =
    &[("root", "unsigned"), ("level", "unsigned"), ("fastroot", "unsigned"), ("fastlevel", "unsigned")];

const fn insert(words: &'static str, rest: OpPart) -> [OpPart; 3] {
    [text(words), call(target, TARGET), rest]
}

const DOWNLINK: OpPart = u32("downlink", 18).hidden();
const ENDS: &[(&str, &str)] = &[("finishes_split", "unsigned")];
const ENDS_META: &[(&str, &str)] = &[ENDS[0], META[0], META[1], META[2], META[3]];

const INSERT_LEAF: &[OpPart] = &[text("insert: "), call(target, TARGET)];
const INSERT_UPPER_8_2: &[OpPart] = &insert("insert_upper: ", DOWNLINK);
const INSERT_UPPER_9_4: &[OpPart] = &insert("insert_upper: ", call(upper_9_4, ENDS));
const INSERT_META_8_2: &[OpPart] = &[text("insert_meta: "), call(target, TARGET), DOWNLINK, call(meta_at_22, META)];
const INSERT_META_9_4: &[OpPart] = &insert("insert_meta: ", call(meta_9_4, ENDS_META));

const fn split_8_2(words: &'static str) -> [OpPart; 9] {
    [
        text(words),
        call(target, TARGET),
        text("; oth "),
        u32("otherblk", 20),
        text("; rgh "),
        u32("rightblk", 28),
        u32("leftblk", 24).hidden(),
        u32("level", 32).hidden(),
        u16("leftlen", 36).hidden(),
    ]
}

const fn split_8_3(words: &'static str, rest: OpPart) -> [OpPart; 14] {
    [
        text(words),
        text("rel "),
        rel("rel", 0),
        text(" left "),
        u32("leftsib", 12),
        text(", right "),
        u32("rightsib", 16),
        text(", next "),
        u32("rnext", 20),
        text(", level "),
        u32("level", 24),
        text(", firstright "),
        u16("firstrightoff", 28),
        rest,
    ]
}

const SPLIT_L_8_2: &[OpPart] = &split_8_2("split_l: ");
const SPLIT_R_8_2: &[OpPart] = &split_8_2("split_r: ");
const SPLIT_L_ROOT_8_2: &[OpPart] = &split_8_2("split_l_root: ");
const SPLIT_R_ROOT_8_2: &[OpPart] = &split_8_2("split_r_root: ");
const SPLIT_L_8_3: &[OpPart] = &split_8_3("split_l: ", LEFT_8_3);
const SPLIT_R_8_3: &[OpPart] = &split_8_3("split_r: ", RIGHT_8_3);
const SPLIT_L_ROOT_8_3: &[OpPart] = &split_8_3("split_l_root: ", LEFT_8_3);
const SPLIT_R_ROOT_8_3: &[OpPart] = &split_8_3("split_r_root: ", RIGHT_8_3);
const SPLIT_L_9_4: &[OpPart] = &split_8_3("split_l: ", LEFT_9_4);
const SPLIT_R_9_4: &[OpPart] = &split_8_3("split_r: ", RIGHT_9_4);
const SPLIT_L_ROOT_9_4: &[OpPart] = &split_8_3("split_l_root: ", LEFT_9_4);
const SPLIT_R_ROOT_9_4: &[OpPart] = &split_8_3("split_r_root: ", RIGHT_9_4);

const LINES: &[(&str, &str)] = &[("deleted", "list")];
const DELETE_8_2: &[OpPart] =
    &[text("delete: rel "), rel("rel", 0), text("; blk "), u32("blk", 12), call(deleted_at_16, LINES)];
const DELETE_9_0: &[OpPart] = &[
    text("delete: index "),
    rel("rel", 0),
    text("; iblk "),
    u32("blk", 12),
    text(", heap "),
    rel("hnode", 16),
    text(";"),
    i32("ndeleted", 28).hidden(),
    call(deleted_at_32, LINES),
];

const fn delete_page(xid: OpPart, rest: OpPart) -> [OpPart; 10] {
    [
        text("delete_page: "),
        call(target, TARGET),
        text("; dead "),
        u32("deadblk", 20),
        text("; left "),
        u32("leftsib", 24),
        text("; right "),
        u32("rightsib", 28),
        xid,
        rest,
    ]
}

const NOTHING: OpPart = text("");
const XID: OpPart = u32("btpo_xact", 32).hidden();
const DELETE_PAGE_8_2: &[OpPart] = &delete_page(NOTHING, NOTHING);
const DELETE_PAGE_9_0: &[OpPart] = &delete_page(XID, NOTHING);
const DELETE_PAGE_META_8_2: &[OpPart] = &delete_page(NOTHING, call(meta_at_32, META));
const DELETE_PAGE_META_9_0: &[OpPart] = &delete_page(XID, call(meta_at_36, META));

const MARK_PAGE_HALFDEAD: &[OpPart] = &[
    text("mark_page_halfdead: "),
    call(target, TARGET),
    text("; topparent "),
    u32("topparent", 32),
    text("; leaf "),
    u32("leafblk", 20),
    text("; left "),
    u32("leftblk", 24),
    text("; right "),
    u32("rightblk", 28),
];

const fn unlink_page(rest: OpPart) -> [OpPart; 19] {
    [
        text("unlink_page: rel "),
        rel("rel", 0),
        text("; dead "),
        u32("deadblk", 12),
        text("; left "),
        u32("leftsib", 16),
        text("; right "),
        u32("rightsib", 20),
        text("; btpo_xact "),
        u32("btpo_xact", 40),
        text("; leaf "),
        u32("leafblk", 24),
        text("; leafleft "),
        u32("leafleftsib", 28),
        text("; leafright "),
        u32("leafrightsib", 32),
        text("; topparent "),
        u32("topparent", 36),
        rest,
    ]
}

const UNLINK_PAGE: &[OpPart] = &unlink_page(NOTHING);
const UNLINK_PAGE_META: &[OpPart] = &unlink_page(call(meta_at_44, META));

const NEWROOT: &[OpPart] =
    &[text("newroot: rel "), rel("rel", 0), text("; root "), u32("rootblk", 12), text(" lev "), u32("level", 16)];

const VACUUM: &[OpPart] = &[
    text("vacuum: rel "),
    rel("rel", 0),
    text("; blk "),
    u32("blk", 12),
    text(", lastBlockVacuumed "),
    u32("last_block_vacuumed", 16),
    call(deleted_at_20, LINES),
];

const REUSE_PAGE: &[OpPart] = &[
    text("reuse_page: rel "),
    rel("rel", 0),
    text("; latestRemovedXid "),
    u32("snapshot_conflict_horizon", 16),
    u32("blk", 12).hidden(),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "INSERT_LEAF", V8_2, INSERT_LEAF),
    op(0x10, "INSERT_UPPER", V8_2, INSERT_UPPER_8_2),
    op(0x10, "INSERT_UPPER", V9_4, INSERT_UPPER_9_4),
    op(0x20, "INSERT_META", V8_2, INSERT_META_8_2),
    op(0x20, "INSERT_META", V9_4, INSERT_META_9_4),
    op(0x30, "SPLIT_L", V8_2, SPLIT_L_8_2),
    op(0x30, "SPLIT_L", V8_3, SPLIT_L_8_3),
    op(0x30, "SPLIT_L", V9_4, SPLIT_L_9_4),
    op(0x40, "SPLIT_R", V8_2, SPLIT_R_8_2),
    op(0x40, "SPLIT_R", V8_3, SPLIT_R_8_3),
    op(0x40, "SPLIT_R", V9_4, SPLIT_R_9_4),
    op(0x50, "SPLIT_L_ROOT", V8_2, SPLIT_L_ROOT_8_2),
    op(0x50, "SPLIT_L_ROOT", V8_3, SPLIT_L_ROOT_8_3),
    op(0x50, "SPLIT_L_ROOT", V9_4, SPLIT_L_ROOT_9_4),
    op(0x60, "SPLIT_R_ROOT", V8_2, SPLIT_R_ROOT_8_2),
    op(0x60, "SPLIT_R_ROOT", V8_3, SPLIT_R_ROOT_8_3),
    op(0x60, "SPLIT_R_ROOT", V9_4, SPLIT_R_ROOT_9_4),
    op(0x70, "DELETE", V8_2, DELETE_8_2),
    op(0x70, "DELETE", V9_0, DELETE_9_0),
    op(0x80, "DELETE_PAGE", V8_2, DELETE_PAGE_8_2),
    op(0x80, "DELETE_PAGE", V9_0, DELETE_PAGE_9_0),
    op(0x80, "UNLINK_PAGE", V9_4, UNLINK_PAGE),
    op(0x90, "DELETE_PAGE_META", V8_2, DELETE_PAGE_META_8_2),
    op(0x90, "DELETE_PAGE_META", V9_0, DELETE_PAGE_META_9_0),
    op(0x90, "UNLINK_PAGE_META", V9_4, UNLINK_PAGE_META),
    op(0xA0, "NEWROOT", V8_2, NEWROOT),
    op(0xB0, "DELETE_PAGE_HALF", V8_2, DELETE_PAGE_8_2),
    op(0xB0, "DELETE_PAGE_HALF", V9_0, DELETE_PAGE_9_0),
    op(0xB0, "MARK_PAGE_HALFDEAD", V9_4, MARK_PAGE_HALFDEAD),
    op(0xC0, "VACUUM", V9_0, VACUUM),
    op(0xD0, "REUSE_PAGE", V9_0, REUSE_PAGE),
];

fn meta(cx: &Cx<'_>, sink: &mut dyn Sink, from: usize) -> Result<(), Short> {
    let mut cursor = cx.cursor(from);
    for (name, _) in META {
        sink.hidden(name, Value::Unsigned(cursor.u32(name)?.into()));
    }
    Ok(())
}

fn meta_at_22(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    meta(cx, sink, 22)
}

fn meta_at_32(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    meta(cx, sink, 32)
}

fn meta_at_36(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    meta(cx, sink, 36)
}

fn meta_at_44(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    meta(cx, sink, 44)
}

/// Tells whose split the insertion ends, and returns where that ends.
fn ends(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<usize, Short> {
    if cx.block(0).is_some() {
        return Ok(18);
    }
    sink.hidden("finishes_split", Value::Unsigned(cx.cursor(18).u32("finishes_split")?.into()));
    Ok(22)
}

fn upper_9_4(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    ends(cx, sink).map(|_| ())
}

fn meta_9_4(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let from = ends(cx, sink)?;
    meta(cx, sink, from)
}

fn deleted_at_16(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    rest_lines(&mut cx.cursor(16), sink, "deleted")
}

fn deleted_at_20(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    rest_lines(&mut cx.cursor(20), sink, "deleted")
}

fn deleted_at_32(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    rest_lines(&mut cx.cursor(32), sink, "deleted")
}
