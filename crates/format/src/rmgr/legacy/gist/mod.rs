//! Records of "Gist", 8.2 to 9.4 (`src/include/access/gist_private.h`).
//!
//! ```text
//! PAGE_UPDATE, NEW_ROOT  -9.0  relation, blkno u32, key ItemPointerData, ntodelete u16, line numbers, tuples
//! PAGE_UPDATE            9.1+  relation, blkno u32, leftchild u32, ntodelete u16, –, line numbers, tuples
//! PAGE_SPLIT             -9.0  relation, origblkno u32, origleaf u8, –, npage u16, key ItemPointerData, –, pages
//!                        9.1+  relation, origblkno u32, origrlink u32, orignsn (two halves up to 9.2, aligned u64 later),
//!                              origleaf u8, –, leftchild u32, npage u16, [9.2+: markfollowright u8,] –, pages
//! INSERT_COMPLETE        -9.0  relation, keys
//! CREATE_INDEX                 relation
//! PAGE_DELETE            -9.2  relation, blkno u32 (from 9.0 on never written)
//! relation                     3 × u32
//! pages                        for each: blkno u32, number of tuples i32, tuples
//! ```
//! The text of 9.0 and later does not know PAGE_DELETE any more, though its structure stayed.

#[cfg(test)]
mod tests;

use super::pointers::skip_tuple;
use crate::rmgr::cursor::Cx;
use crate::rmgr::pointers::{item_pointer, lines};
use crate::rmgr::sink::{Nest, Show, Sink, Value};
use crate::rmgr::table::{Op, OpPart, Short, V8_2, V9_0, V9_1, V9_2, V9_3, bool, call, lsn, op, rel, text, u16, u32};

const TARGET: &[(&str, &str)] = &[("rel", "relation"), ("key", "tid")];
const TO_DELETE: OpPart = call(to_delete, &[("todelete", "list")]);
const PAGES: &[(&str, &str)] = &[("pages", "list")];

const PAGE_UPDATE_8_2: &[OpPart] = &[
    text("page_update: "),
    call(target_16, TARGET),
    text("; block number "),
    u32("blkno", 12),
    u16("ntodelete", 22).hidden(),
    TO_DELETE_22,
];
const TO_DELETE_22: OpPart = call(to_delete_8_2, &[("todelete", "list")]);
const NEW_ROOT: &[OpPart] = &[
    text("new_root: "),
    call(target_16, TARGET),
    u32("blkno", 12).hidden(),
    u16("ntodelete", 22).hidden(),
    TO_DELETE_22,
];
const PAGE_UPDATE_9_1: &[OpPart] = &[
    text("page_update: rel "),
    rel("rel", 0),
    text("; block number "),
    u32("blkno", 12),
    u32("leftchild", 16).hidden(),
    u16("ntodelete", 20).hidden(),
    TO_DELETE,
];

const PAGE_SPLIT_8_2: &[OpPart] = &[
    text("page_split: "),
    call(target_20, TARGET),
    text("; block number "),
    u32("origblkno", 12),
    text(" splits to "),
    u16("npage", 18),
    text(" pages"),
    bool("origleaf", 16).hidden(),
    call(pages_8_2, PAGES),
];

const fn page_split(npage: OpPart, [nsn, leaf, leftchild, follow]: [OpPart; 4], pages: OpPart) -> [OpPart; 13] {
    [
        text("page_split: rel "),
        rel("rel", 0),
        text("; block number "),
        u32("origblkno", 12),
        text(" splits to "),
        npage,
        text(" pages"),
        u32("origrlink", 16).hidden(),
        nsn,
        leaf,
        leftchild,
        follow,
        pages,
    ]
}

const NSN_9_1: OpPart = lsn("orignsn", 20).hidden();
const LEAF_9_1: OpPart = bool("origleaf", 28).hidden();
const CHILD_9_1: OpPart = u32("leftchild", 32).hidden();
const FOLLOW_9_2: OpPart = bool("markfollowright", 38).hidden();
const PAGE_SPLIT_9_1: &[OpPart] =
    &page_split(u16("npage", 36), [NSN_9_1, LEAF_9_1, CHILD_9_1, text("")], call(pages_9_1, PAGES));
const PAGE_SPLIT_9_2: &[OpPart] =
    &page_split(u16("npage", 36), [NSN_9_1, LEAF_9_1, CHILD_9_1, FOLLOW_9_2], call(pages_9_1, PAGES));
const PAGE_SPLIT_9_3: &[OpPart] = &page_split(
    u16("npage", 40).on32(36),
    [
        lsn("orignsn", 24).on32(20).hidden(),
        bool("origleaf", 32).on32(28).hidden(),
        u32("leftchild", 36).on32(32).hidden(),
        bool("markfollowright", 42).on32(38).hidden(),
    ],
    call(pages_9_3, PAGES),
);

const INSERT_COMPLETE: &[OpPart] = &[text("complete_insert: rel "), rel("rel", 0), call(keys, &[("keys", "list")])];
const PAGE_DELETE_8_2: &[OpPart] = &[text("page_delete: rel "), rel("rel", 0), text("; blkno "), u32("blkno", 12)];
const PAGE_DELETE_9_0: &[OpPart] =
    &[text("unknown gist op code 96"), rel("rel", 0).hidden(), u32("blkno", 12).hidden()];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "PAGE_UPDATE", V8_2, PAGE_UPDATE_8_2),
    op(0x00, "PAGE_UPDATE", V9_1, PAGE_UPDATE_9_1),
    op(0x20, "NEW_ROOT", V8_2, NEW_ROOT).until(V9_0),
    op(0x30, "PAGE_SPLIT", V8_2, PAGE_SPLIT_8_2),
    op(0x30, "PAGE_SPLIT", V9_1, PAGE_SPLIT_9_1),
    op(0x30, "PAGE_SPLIT", V9_2, PAGE_SPLIT_9_2),
    op(0x30, "PAGE_SPLIT", V9_3, PAGE_SPLIT_9_3),
    op(0x40, "INSERT_COMPLETE", V8_2, INSERT_COMPLETE).until(V9_0),
    op(0x50, "CREATE_INDEX", V8_2, &[text("create_index: rel "), rel("rel", 0)]),
    op(0x60, "PAGE_DELETE", V8_2, PAGE_DELETE_8_2),
    op(0x60, "PAGE_DELETE", V9_0, PAGE_DELETE_9_0).until(V9_2),
];

/// `rel 1663/16384/2690[; tid 7/100]`: a key whose line number is 0 is none.
fn target(cx: &Cx<'_>, sink: &mut dyn Sink, key: usize) -> Result<(), Short> {
    sink.text("rel ");
    sink.plain("rel", Value::Rel(cx.cursor(0).rel("rel")?));
    let key = item_pointer(&mut cx.cursor(key), "key")?;
    if matches!(key, Value::Tid(_, 1..)) {
        sink.text("; tid ");
        sink.plain("key", key);
    }
    Ok(())
}

fn target_16(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    target(cx, sink, 16)
}

fn target_20(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    target(cx, sink, 20)
}

fn to_delete_8_2(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    deleted(cx, sink, 22)
}

fn to_delete(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    deleted(cx, sink, 20)
}

/// They are left out with the tuples where the page has an image.
fn deleted(cx: &Cx<'_>, sink: &mut dyn Sink, count: usize) -> Result<(), Short> {
    if cx.block(0).is_some() {
        return Ok(());
    }
    lines(&mut cx.cursor(24), sink, "todelete", cx.cursor(count).u16("ntodelete")?)
}

fn pages_8_2(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    pages(cx, sink, 18, 28)
}

fn pages_9_1(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    pages(cx, sink, 36, 40)
}

fn pages_9_3(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    pages(cx, sink, cx.aligned(40, 36), cx.aligned(48, 40))
}

/// The pages of a split; their tuples are passed over.
fn pages(cx: &Cx<'_>, sink: &mut dyn Sink, count: usize, from: usize) -> Result<(), Short> {
    let mut cursor = cx.cursor(from);
    let count = cursor.fits("pages", cx.cursor(count).u16("npage")?.into(), 8)?;
    sink.open("pages", Nest::List);
    for _ in 0..count {
        let (blkno, tuples) = (cursor.u32("pages")?, cursor.i32("pages")?);
        sink.open("", Nest::Object);
        sink.hidden("blkno", Value::Unsigned(blkno.into()));
        sink.field("num", Value::Signed(tuples.into()), Show::Not);
        sink.close(Nest::Object);
        for _ in 0..cursor.fits("pages", tuples.into(), 8)? {
            skip_tuple(cx, &mut cursor, "pages")?;
        }
    }
    sink.close(Nest::List);
    Ok(())
}

fn keys(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(12);
    sink.open("keys", Nest::List);
    while !cursor.rest.is_empty() {
        let key = item_pointer(&mut cursor, "keys")?;
        sink.hidden("", key);
    }
    sink.close(Nest::List);
    Ok(())
}
