//! Records of "Gin", 8.2 to 9.4 (`src/include/access/gin.h`; `gin_private.h` from 9.1 on).
//!
//! ```text
//! CREATE_INDEX           relation
//! CREATE_PTREE           relation, blkno u32, nitem u32 (9.4: size u32), items
//! INSERT            -9.3 relation, blkno u32, updateBlkno u32, offset u16, isDelete u8, isData u8, isLeaf u8, –, nitem u16, items
//!                   9.4  relation, blkno u32, flags u16, –, see [`insert`]
//! SPLIT             -9.3 relation, lblkno u32, rootBlkno u32, rblkno u32, rrlink u32, separator u16, nitem u16, isData u8, isLeaf u8,
//!                        isRootSplit u8, –, leftChildBlkno u32, updateBlkno u32, rightbound ItemPointerData, –, items
//!                   9.4  relation, lblkno u32, rblkno u32, rrlink u32, leftChildBlkno u32, rightChildBlkno u32, flags u16
//! VACUUM_PAGE       -9.3 relation, blkno u32, nitem u16
//!                   9.4  relation, blkno u32, hole_offset u16, hole_length u16, page
//! DELETE_PAGE            relation, blkno u32, parentBlkno u32, parentOffset u16, –, leftBlkno u32, rightLink u32,
//!                        [9.4, but not its first minor releases: deleteXid u32]
//! UPDATE_META_PAGE       relation, metadata (aligned), prevTail u32, newRightlink u32, ntuples i32
//! INSERT_LISTPAGE        relation, blkno u32, rightlink u32, ntuples i32
//! DELETE_LISTPAGE        relation, metadata (aligned), ndeleted i32, up to 16 × u32
//! VACUUM_DATA_LEAF_PAGE  relation, blkno u32, segments
//! relation               3 × u32
//! metadata               head u32, tail u32, tailFreeSize u32, nPendingPages u32, nPendingHeapTuples i64, [9.1+: nTotalPages u32,
//!                        nEntryPages u32, nDataPages u32, nEntries i64 (aligned), ginVersion i32] (24 bytes; 9.1+: 56, or 48)
//! ```

mod insert;
#[cfg(test)]
mod tests;

use crate::rmgr::cursor::Cx;
use crate::rmgr::gin::{ISDATA, ISLEAF, split_kind};
use crate::rmgr::pointers::item_pointer;
use crate::rmgr::sink::{Nest, Sink, Value};
use crate::rmgr::table::{Op, OpPart, Short, V8_2, V8_4, V9_1, V9_4, bool, call, i32, i64, op, rel, text, u16, u32};

const REL: OpPart = rel("rel", 0);
const BLKNO: OpPart = u32("blkno", 12);
const AT: OpPart = text(" blkno: ");

/// The root moved behind the new metapage.
const CREATE_INDEX_8_2: &[OpPart] = &[text("Create index, node: "), REL, text(" blkno: 0")];
const CREATE_INDEX_8_4: &[OpPart] = &[text("Create index, node: "), REL, text(" blkno: 1")];

const CREATE_PTREE_8_2: &[OpPart] = &[text("Create posting tree, node: "), REL, AT, BLKNO, u32("nitem", 16).hidden()];
const CREATE_PTREE_9_4: &[OpPart] = &[text("Create posting tree, node: "), REL, AT, BLKNO, u32("size", 16).hidden()];

const INSERT_8_2: &[OpPart] = &[
    text("Insert item, node: "),
    REL,
    AT,
    BLKNO,
    text(" offset: "),
    u16("off", 20),
    text(" nitem: "),
    u16("nitem", 26),
    text(" isdata: "),
    bool("isdata", 23).tf(),
    text(" isleaf "),
    bool("isleaf", 24).tf(),
    text(" isdelete "),
    bool("isdelete", 22).tf(),
    text(" updateBlkno:"),
    u32("update_blkno", 16),
    call(insert::items_8_2, insert::ITEMS),
];
const INSERT_9_4: &[OpPart] =
    &[text("Insert item, node: "), REL, AT, BLKNO, text(" "), call(insert::insert_9_4, insert::FIELDS)];

const SPLIT_8_2: &[OpPart] = &[
    text("Page split, node: "),
    REL,
    AT,
    u32("lblkno", 12),
    text(" isrootsplit: "),
    bool("isrootsplit", 34).tf(),
    bool("isdata", 32).hidden(),
    bool("isleaf", 33).hidden(),
    u32("root_blkno", 16).hidden(),
    u32("rblkno", 20).hidden(),
    u32("rrlink", 24).hidden(),
    u16("separator", 28).hidden(),
    u16("nitem", 30).hidden(),
    u32("left_child_blkno", 36).hidden(),
    u32("update_blkno", 40).hidden(),
    call(right_bound, &[("rightbound", "tid")]),
];
const SPLIT_9_4: &[OpPart] = &[
    text("Page split, node: "),
    REL,
    AT,
    u32("lblkno", 12),
    text(" "),
    call(
        split_9_4,
        &[
            ("flags", "unsigned"),
            ("isrootsplit", "boolean"),
            ("isdata", "boolean"),
            ("isleaf", "boolean"),
            ("children", "list"),
        ],
    ),
    u32("rblkno", 16).hidden(),
    u32("rrlink", 20).hidden(),
];

const VACUUM_PAGE_8_2: &[OpPart] = &[text("Vacuum page, node: "), REL, AT, BLKNO, u16("nitem", 16).hidden()];
const VACUUM_PAGE_9_4: &[OpPart] =
    &[text("Vacuum page, node: "), REL, AT, BLKNO, u16("hole_offset", 16).hidden(), u16("hole_length", 18).hidden()];

const fn delete_page(xid: OpPart) -> [OpPart; 9] {
    [
        text("Delete page, node: "),
        REL,
        AT,
        BLKNO,
        u32("parent_blkno", 16).hidden(),
        u16("parent_offset", 20).hidden(),
        u32("left_blkno", 24).hidden(),
        u32("right_link", 28).hidden(),
        xid,
    ]
}
const DELETE_PAGE_8_2: &[OpPart] = &delete_page(text(""));
const DELETE_PAGE_9_4: &[OpPart] = &delete_page(call(delete_xid, &[("delete_xid", "unsigned")]));

/// The part of the metadata that all versions have.
const HEAD: OpPart = u32("head", 16).on32(12).hidden();
const TAIL: OpPart = u32("tail", 20).on32(16).hidden();
const TAIL_FREE: OpPart = u32("tail_free_size", 24).on32(20).hidden();
const PENDING: OpPart = u32("n_pending_pages", 28).on32(24).hidden();
const PENDING_TUPLES: OpPart = i64("n_pending_heap_tuples", 32).on32(28).hidden();
const TOTAL: OpPart = u32("n_total_pages", 40).on32(36).hidden();
const ENTRY: OpPart = u32("n_entry_pages", 44).on32(40).hidden();
const DATA: OpPart = u32("n_data_pages", 48).on32(44).hidden();
const ENTRIES: OpPart = i64("n_entries", 56).on32(48).hidden();
const VERSION: OpPart = i32("gin_version", 64).on32(56).hidden();

const UPDATE_META_PAGE_8_4: &[OpPart] = &[
    text("Update metapage, node: "),
    REL,
    text(" blkno: 0"),
    u32("prev_tail", 40).on32(36).hidden(),
    u32("new_rightlink", 44).on32(40).hidden(),
    i32("ntuples", 48).on32(44).hidden(),
    HEAD,
    TAIL,
    TAIL_FREE,
    PENDING,
    PENDING_TUPLES,
];
const UPDATE_META_PAGE_9_1: &[OpPart] = &[
    text("Update metapage, node: "),
    REL,
    text(" blkno: 0"),
    u32("prev_tail", 72).on32(60).hidden(),
    u32("new_rightlink", 76).on32(64).hidden(),
    i32("ntuples", 80).on32(68).hidden(),
    HEAD,
    TAIL,
    TAIL_FREE,
    PENDING,
    PENDING_TUPLES,
    TOTAL,
    ENTRY,
    DATA,
    ENTRIES,
    VERSION,
];

const INSERT_LISTPAGE: &[OpPart] =
    &[text("Insert new list page, node: "), REL, AT, BLKNO, u32("rightlink", 16).hidden(), i32("ntuples", 20).hidden()];

const TO_DELETE: &[(&str, &str)] = &[("to_delete", "list")];
const DELETE_LISTPAGE_8_4: &[OpPart] = &[
    text("Delete list pages ("),
    i32("ndeleted", 40).on32(36),
    text("), node: "),
    REL,
    text(" blkno: 0"),
    HEAD,
    TAIL,
    TAIL_FREE,
    PENDING,
    PENDING_TUPLES,
    call(to_delete_8_4, TO_DELETE),
];
const DELETE_LISTPAGE_9_1: &[OpPart] = &[
    text("Delete list pages ("),
    i32("ndeleted", 72).on32(60),
    text("), node: "),
    REL,
    text(" blkno: 0"),
    HEAD,
    TAIL,
    TAIL_FREE,
    PENDING,
    PENDING_TUPLES,
    TOTAL,
    ENTRY,
    DATA,
    ENTRIES,
    VERSION,
    call(to_delete_9_1, TO_DELETE),
];

const VACUUM_DATA_LEAF_PAGE: &[OpPart] =
    &[text("Vacuum data leaf page, node: "), REL, AT, BLKNO, call(insert::vacuum, insert::SEGMENTS)];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "CREATE_INDEX", V8_2, CREATE_INDEX_8_2),
    op(0x00, "CREATE_INDEX", V8_4, CREATE_INDEX_8_4),
    op(0x10, "CREATE_PTREE", V8_2, CREATE_PTREE_8_2),
    op(0x10, "CREATE_PTREE", V9_4, CREATE_PTREE_9_4),
    op(0x20, "INSERT", V8_2, INSERT_8_2),
    op(0x20, "INSERT", V9_4, INSERT_9_4),
    op(0x30, "SPLIT", V8_2, SPLIT_8_2),
    op(0x30, "SPLIT", V9_4, SPLIT_9_4),
    op(0x40, "VACUUM_PAGE", V8_2, VACUUM_PAGE_8_2),
    op(0x40, "VACUUM_PAGE", V9_4, VACUUM_PAGE_9_4),
    op(0x50, "DELETE_PAGE", V8_2, DELETE_PAGE_8_2),
    op(0x50, "DELETE_PAGE", V9_4, DELETE_PAGE_9_4),
    op(0x60, "UPDATE_META_PAGE", V8_4, UPDATE_META_PAGE_8_4),
    op(0x60, "UPDATE_META_PAGE", V9_1, UPDATE_META_PAGE_9_1),
    op(0x70, "INSERT_LISTPAGE", V8_4, INSERT_LISTPAGE),
    op(0x80, "DELETE_LISTPAGE", V8_4, DELETE_LISTPAGE_8_4),
    op(0x80, "DELETE_LISTPAGE", V9_1, DELETE_LISTPAGE_9_1),
    op(0x90, "VACUUM_DATA_LEAF_PAGE", V9_4, VACUUM_DATA_LEAF_PAGE),
];

fn right_bound(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let bound = item_pointer(&mut cx.cursor(44), "rightbound")?;
    sink.hidden("rightbound", bound);
    Ok(())
}

fn split_9_4(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let flags = cx.cursor(32).u16("flags")?;
    split_kind(sink, flags);
    if flags & ISLEAF == 0 {
        let mut cursor = cx.cursor(24);
        sink.open("children", Nest::List);
        for _ in 0..2 {
            sink.hidden("", Value::Unsigned(cursor.u32("children")?.into()));
        }
        sink.close(Nest::List);
    }
    Ok(())
}

fn delete_xid(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    if let Ok(xid) = cx.cursor(32).u32("delete_xid") {
        sink.hidden("delete_xid", Value::Unsigned(xid.into()));
    }
    Ok(())
}

fn to_delete_8_4(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    to_delete(cx, sink, cx.aligned(40, 36))
}

fn to_delete_9_1(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    to_delete(cx, sink, cx.aligned(72, 60))
}

/// Blocks that leave the list: the record has room for 16.
fn to_delete(cx: &Cx<'_>, sink: &mut dyn Sink, from: usize) -> Result<(), Short> {
    let mut cursor = cx.cursor(from);
    let count = cursor.count("to_delete", 4)?;
    sink.open("to_delete", Nest::List);
    for _ in 0..count {
        sink.hidden("", Value::Unsigned(cursor.u32("to_delete")?.into()));
    }
    sink.close(Nest::List);
    Ok(())
}
