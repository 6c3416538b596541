//! What is inserted into a page of a Gin index.
//!
//! ```text
//! -9.3  posting tree, inner  child BlockIdData, key ItemPointerData
//!       posting tree, leaf   nitem × ItemPointerData
//!       entry tree           index tuple
//! 9.4   [not a leaf: left and right child as BlockIdData], then what 9.5 has as data of the block: offset u16 and, in the entry
//!       tree, isDelete u8; in a posting tree's inner page child BlockIdData and key; in its leaf, segments
//! ```
//! In 9.4 this is left out where the page has an image. `pg_xlogdump` looks for that only in leaves of posting trees;
//! elsewhere it shows what it finds in its place, the header of the backup block.

use super::{ISDATA, ISLEAF};
use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::gin::insert::segments;
use crate::rmgr::gin::{children, page_kind};
use crate::rmgr::pointers::{block_id, item_pointer};
use crate::rmgr::sink::{Nest, Show, Sink, Value};
use crate::rmgr::table::Short;

pub use crate::rmgr::gin::insert::{FIELDS, SEGMENTS};

pub const ITEMS: &[(&str, &str)] = &[("items", "list"), ("pitem", "object")];

/// For documents only. Nothing is left out for an image, but 8.2's first minor releases are not known to keep to that.
pub fn items_8_2(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut head = cx.cursor(23);
    let (data, leaf) = (head.u8("isdata")? != 0, head.u8("isleaf")? != 0);
    let mut cursor = cx.cursor(28);
    if !data || cursor.rest.is_empty() {
        return Ok(());
    }
    if !leaf {
        return pitem(&mut cursor, sink, Show::Not);
    }
    let count = cursor.fits("items", cx.cursor(26).u16("nitem")?.into(), 6)?;
    sink.open("items", Nest::List);
    for _ in 0..count {
        let item = item_pointer(&mut cursor, "items")?;
        sink.hidden("", item);
    }
    sink.close(Nest::List);
    Ok(())
}

fn pitem(cursor: &mut Cursor<'_>, sink: &mut dyn Sink, show: Show) -> Result<(), Short> {
    let (child, key) = (block_id(cursor, "pitem")?, item_pointer(cursor, "pitem")?);
    if show != Show::Not {
        sink.text(" pitem: ");
    }
    sink.open("pitem", Nest::Object);
    sink.field("child_blkno", Value::Unsigned(child.into()), show);
    if show != Show::Not {
        sink.text("-");
    }
    sink.field("key", key, show);
    sink.close(Nest::Object);
    Ok(())
}

pub fn insert_9_4(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let flags = cx.cursor(16).u16("flags")?;
    sink.hidden("flags", Value::Unsigned(flags.into()));
    page_kind(sink, flags);
    let (data, leaf) = (flags & ISDATA != 0, flags & ISLEAF != 0);
    let mut cursor = cx.cursor(20);
    if !leaf {
        let both = [block_id(&mut cursor, "children")?, block_id(&mut cursor, "children")?];
        sink.text(" children: ");
        children(sink, both, Show::Plain);
    }
    // The page is the first block in a leaf, else the child is.
    let image = cx.block(if leaf { 0 } else { 1 }).is_some();
    match (data, image) {
        (true, _) if leaf => leaf_segments(cx, cursor, sink),
        (_, true) => words_of_header(cx, sink, data),
        (false, _) => {
            sink.hidden("off", Value::Unsigned(cursor.u16("off")?.into()));
            sink.text(" isdelete: ");
            sink.field("isdelete", Value::Bool(cursor.u8("isdelete")? != 0), Show::TrueFalseLetter);
            Ok(())
        }
        _ => {
            sink.hidden("off", Value::Unsigned(cursor.u16("off")?.into()));
            pitem(&mut cursor, sink, Show::Plain)
        }
    }
}

pub fn vacuum(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    leaf_segments(cx, cx.cursor(16), sink)
}

fn leaf_segments(cx: &Cx<'_>, mut cursor: Cursor<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    if cx.block(0).is_some() {
        sink.text(" (full page image)");
        return Ok(());
    }
    segments(&mut cursor, sink)
}

/// Words that the reference program makes of a backup block's header: no fields.
fn words_of_header(cx: &Cx<'_>, sink: &mut dyn Sink, data: bool) -> Result<(), Short> {
    let mut cursor = cx.over(cx.record.body.get(cx.main.len()..).unwrap_or(&[]));
    cursor.skip("off", 2)?;
    if !data {
        let set = cursor.u8("isdelete")? != 0;
        sink.text(if set { " isdelete: T" } else { " isdelete: F" });
        return Ok(());
    }
    let child = block_id(&mut cursor, "pitem")?;
    let (block, off) = (block_id(&mut cursor, "pitem")?, cursor.u16("pitem")?);
    sink.text(&format!(" pitem: {child}-{block}/{off}"));
    Ok(())
}
