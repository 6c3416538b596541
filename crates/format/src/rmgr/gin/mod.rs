//! Records of "Gin", 9.5 and later (`src/include/access/ginxlog.h`; `gin_private.h` up to 9.6).
//!
//! ```text
//! CREATE_PTREE      size u32
//! INSERT            flags u16, [not a leaf: left and right child as BlockIdData]; data of block 0: see [`insert`]
//! SPLIT             relation 3 × u32, rrlink u32, leftChildBlkno u32, rightChildBlkno u32, flags u16
//! DELETE_PAGE       parentOffset u16, –, rightLink u32, deleteXid u32 (up to 11 not in the first minor releases)
//! UPDATE_META_PAGE  relation 3 × u32, metadata (aligned), prevTail u32, newRightlink u32, ntuples i32
//! INSERT_LISTPAGE   rightlink u32, ntuples i32
//! DELETE_LISTPAGE   metadata, ndeleted i32
//! metadata          head u32, tail u32, tailFreeSize u32, nPendingPages u32, nPendingHeapTuples i64, nTotalPages u32,
//!                   nEntryPages u32, nDataPages u32, nEntries i64 (aligned), ginVersion i32, – (56 bytes, or 48)
//! ```

pub mod insert;

use super::cursor::Cx;
use super::sink::{Nest, Show, Sink, Value};
use super::table::{Op, OpPart, Short, V9_5, V11, V12, V19, call, i32, i64, op, rel, text, u16, u32};

pub const ISDATA: u16 = 0x01;
pub const ISLEAF: u16 = 0x02;
pub const ROOT: u16 = 0x04;

/// Written for the number of a block that there is not.
const INVALID_BLOCK: u32 = u32::MAX;

const SPLIT_FIELDS: &[(&str, &str)] = &[
    ("flags", "unsigned"),
    ("isrootsplit", "boolean"),
    ("isdata", "boolean"),
    ("isleaf", "boolean"),
    ("children", "list"),
];
const SPLIT_9_5: &[OpPart] =
    &[call(split, SPLIT_FIELDS), call(children_hidden, &[]), rel("rel", 0).hidden(), u32("rrlink", 12).hidden()];
const SPLIT_19: &[OpPart] =
    &[call(split, SPLIT_FIELDS), call(children_shown, &[]), rel("rel", 0).hidden(), u32("rrlink", 12).hidden()];

const DELETE_PAGE_9_5: &[OpPart] =
    &[u16("parent_offset", 0).hidden(), u32("right_link", 4).hidden(), call(delete_xid, &[("delete_xid", "unsigned")])];
const DELETE_PAGE_12: &[OpPart] =
    &[u16("parent_offset", 0).hidden(), u32("right_link", 4).hidden(), u32("delete_xid", 8).hidden()];

const UPDATE_META_PAGE_9_5: &[OpPart] = &[
    u32("prev_tail", 72).on32(60).hidden(),
    u32("new_rightlink", 76).on32(64).hidden(),
    i32("ntuples", 80).on32(68).hidden(),
    rel("rel", 0).hidden(),
    u32("head", 16).on32(12).hidden(),
    u32("tail", 20).on32(16).hidden(),
    u32("tail_free_size", 24).on32(20).hidden(),
    u32("n_pending_pages", 28).on32(24).hidden(),
    i64("n_pending_heap_tuples", 32).on32(28).hidden(),
    u32("n_total_pages", 40).on32(36).hidden(),
    u32("n_entry_pages", 44).on32(40).hidden(),
    u32("n_data_pages", 48).on32(44).hidden(),
    i64("n_entries", 56).on32(48).hidden(),
    i32("gin_version", 64).on32(56).hidden(),
];
const UPDATE_META_PAGE_19: &[OpPart] = &[
    text("ntuples: "),
    i32("ntuples", 80).on32(68),
    call(links, &[("prev_tail", "unsigned"), ("new_rightlink", "unsigned")]),
    rel("rel", 0).hidden(),
    u32("head", 16).on32(12).hidden(),
    u32("tail", 20).on32(16).hidden(),
    u32("tail_free_size", 24).on32(20).hidden(),
    u32("n_pending_pages", 28).on32(24).hidden(),
    i64("n_pending_heap_tuples", 32).on32(28).hidden(),
    u32("n_total_pages", 40).on32(36).hidden(),
    u32("n_entry_pages", 44).on32(40).hidden(),
    u32("n_data_pages", 48).on32(44).hidden(),
    i64("n_entries", 56).on32(48).hidden(),
    i32("gin_version", 64).on32(56).hidden(),
];

const INSERT_LISTPAGE_9_5: &[OpPart] = &[u32("rightlink", 0).hidden(), i32("ntuples", 4).hidden()];
const INSERT_LISTPAGE_19: &[OpPart] =
    &[text("ntuples: "), i32("ntuples", 4), call(rightlink, &[("rightlink", "unsigned")])];

const DELETE_LISTPAGE: &[OpPart] = &[
    text("ndeleted: "),
    i32("ndeleted", 56).on32(48),
    u32("head", 0).hidden(),
    u32("tail", 4).hidden(),
    u32("tail_free_size", 8).hidden(),
    u32("n_pending_pages", 12).hidden(),
    i64("n_pending_heap_tuples", 16).hidden(),
    u32("n_total_pages", 24).hidden(),
    u32("n_entry_pages", 28).hidden(),
    u32("n_data_pages", 32).hidden(),
    i64("n_entries", 40).on32(36).hidden(),
    i32("gin_version", 48).on32(44).hidden(),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "CREATE_INDEX", V9_5, &[]).until(V11),
    op(0x10, "CREATE_PTREE", V9_5, &[u32("size", 0).hidden()]),
    op(0x20, "INSERT", V9_5, &[call(insert::insert_9_5, insert::FIELDS)]),
    op(0x20, "INSERT", V19, &[call(insert::insert_19, insert::FIELDS)]),
    op(0x30, "SPLIT", V9_5, SPLIT_9_5),
    op(0x30, "SPLIT", V19, SPLIT_19),
    op(0x40, "VACUUM_PAGE", V9_5, &[]),
    op(0x50, "DELETE_PAGE", V9_5, DELETE_PAGE_9_5),
    op(0x50, "DELETE_PAGE", V12, DELETE_PAGE_12),
    op(0x60, "UPDATE_META_PAGE", V9_5, UPDATE_META_PAGE_9_5),
    op(0x60, "UPDATE_META_PAGE", V19, UPDATE_META_PAGE_19),
    op(0x70, "INSERT_LISTPAGE", V9_5, INSERT_LISTPAGE_9_5),
    op(0x70, "INSERT_LISTPAGE", V19, INSERT_LISTPAGE_19),
    op(0x80, "DELETE_LISTPAGE", V9_5, DELETE_LISTPAGE),
    op(0x90, "VACUUM_DATA_LEAF_PAGE", V9_5, &[call(insert::vacuum_9_5, insert::SEGMENTS)]),
    op(0x90, "VACUUM_DATA_LEAF_PAGE", V19, &[call(insert::vacuum_19, insert::SEGMENTS)]),
];

/// `isdata: T isleaf: F`.
pub fn page_kind(sink: &mut dyn Sink, flags: u16) {
    sink.text("isdata: ");
    sink.field("isdata", Value::Bool(flags & ISDATA != 0), Show::TrueFalseLetter);
    sink.text(" isleaf: ");
    sink.field("isleaf", Value::Bool(flags & ISLEAF != 0), Show::TrueFalseLetter);
}

/// Two blocks as the text shows them.
pub fn children(sink: &mut dyn Sink, [left, right]: [u32; 2], show: Show) {
    sink.open("children", Nest::List);
    sink.field("", Value::Unsigned(left.into()), show);
    if show != Show::Not {
        sink.text("/");
    }
    sink.field("", Value::Unsigned(right.into()), show);
    sink.close(Nest::List);
}

fn split(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    split_kind(sink, cx.cursor(24).u16("flags")?);
    Ok(())
}

/// `isrootsplit: F isdata: T isleaf: F`.
pub fn split_kind(sink: &mut dyn Sink, flags: u16) {
    sink.hidden("flags", Value::Unsigned(flags.into()));
    sink.text("isrootsplit: ");
    sink.field("isrootsplit", Value::Bool(flags & ROOT != 0), Show::TrueFalseLetter);
    sink.text(" ");
    page_kind(sink, flags);
}

fn children_hidden(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    split_children(cx, sink, "", Show::Not)
}

fn children_shown(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    split_children(cx, sink, " children: ", Show::Plain)
}

/// A leaf has none; what stands there means nothing.
fn split_children(cx: &Cx<'_>, sink: &mut dyn Sink, words: &str, show: Show) -> Result<(), Short> {
    if cx.cursor(24).u16("flags")? & ISLEAF != 0 {
        return Ok(());
    }
    let mut cursor = cx.cursor(16);
    let both = [cursor.u32("children")?, cursor.u32("children")?];
    sink.text(words);
    children(sink, both, show);
    Ok(())
}

fn delete_xid(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    if let Ok(xid) = cx.cursor(8).u32("delete_xid") {
        sink.hidden("delete_xid", Value::Unsigned(xid.into()));
    }
    Ok(())
}

fn links(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(cx.aligned(72, 60));
    block(sink, " prevTail: ", "prev_tail", cursor.u32("prev_tail")?);
    block(sink, " newRightlink: ", "new_rightlink", cursor.u32("new_rightlink")?);
    Ok(())
}

fn rightlink(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    block(sink, " rightlink: ", "rightlink", cx.cursor(0).u32("rightlink")?);
    Ok(())
}

/// The text shows a block only where there is one.
fn block(sink: &mut dyn Sink, words: &str, name: &'static str, number: u32) {
    let show = if number == INVALID_BLOCK { Show::Not } else { Show::Plain };
    if show != Show::Not {
        sink.text(words);
    }
    sink.field(name, Value::Unsigned(number.into()), show);
}
