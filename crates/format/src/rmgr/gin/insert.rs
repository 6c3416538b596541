//! What is inserted into a page of a Gin index, and what vacuum does to a leaf of a posting tree.
//!
//! ```text
//! entry tree           offset u16, isDelete u8, –, index tuple
//! posting tree, inner  offset u16, child BlockIdData, key ItemPointerData
//! posting tree, leaf   nactions u16, then for each: segno u8, action u8, and
//!                      2 insert, 3 replace   first ItemPointerData, nbytes u16, bytes (padded to an even number)
//!                      4 add                 nitems u16, so many ItemPointerData
//! ```
//! These are data of block 0, which is left out where the block has an image.

use super::{ISDATA, ISLEAF, children, page_kind};
use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::pointers::{block_id, item_pointer};
use crate::rmgr::sink::{Nest, Show, Sink, Value};
use crate::rmgr::table::Short;

pub const FIELDS: &[(&str, &str)] = &[
    ("flags", "unsigned"),
    ("isdata", "boolean"),
    ("isleaf", "boolean"),
    ("children", "list"),
    ("off", "unsigned"),
    ("isdelete", "boolean"),
    ("segments", "list"),
    ("pitem", "object"),
];
pub const SEGMENTS: &[(&str, &str)] = &[("segments", "list")];

/// The words for an image that replay applies, and for one that only checks.
type ImageWords = [&'static str; 2];

const WORDS_9_5: ImageWords = [" (full page image)", " (full page image, for WAL verification)"];
const WORDS_19: ImageWords = ["", ""];

pub fn insert_9_5(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    insert(cx, sink, WORDS_9_5)
}

pub fn insert_19(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    insert(cx, sink, WORDS_19)
}

pub fn vacuum_9_5(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    if image(cx, sink, WORDS_9_5) { Ok(()) } else { segments(&mut cx.over(cx.block_data(0)), sink) }
}

pub fn vacuum_19(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    if image(cx, sink, WORDS_19) { Ok(()) } else { segments(&mut cx.over(cx.block_data(0)), sink) }
}

/// Whether block 0 has an image.
fn image(cx: &Cx<'_>, sink: &mut dyn Sink, [applied, checked]: ImageWords) -> bool {
    let image = cx.block(0).and_then(|block| block.reference.image);
    if let Some(image) = image {
        sink.text(if image.apply { applied } else { checked });
    }
    image.is_some()
}

fn insert(cx: &Cx<'_>, sink: &mut dyn Sink, words: ImageWords) -> Result<(), Short> {
    let mut main = cx.cursor(0);
    let flags = main.u16("flags")?;
    sink.hidden("flags", Value::Unsigned(flags.into()));
    page_kind(sink, flags);
    if flags & ISLEAF == 0 {
        let both = [block_id(&mut main, "children")?, block_id(&mut main, "children")?];
        sink.text(" children: ");
        children(sink, both, Show::Plain);
    }
    if image(cx, sink, words) {
        return Ok(());
    }
    let mut data = cx.over(cx.block_data(0));
    match (flags & ISDATA != 0, flags & ISLEAF != 0) {
        (false, _) => {
            sink.hidden("off", Value::Unsigned(data.u16("off")?.into()));
            let deletes = data.u8("isdelete")? != 0;
            sink.text(" isdelete: ");
            sink.field("isdelete", Value::Bool(deletes), Show::TrueFalseLetter);
            Ok(())
        }
        (true, true) => segments(&mut data, sink),
        (true, false) => {
            sink.hidden("off", Value::Unsigned(data.u16("off")?.into()));
            let (child, key) = (block_id(&mut data, "pitem")?, item_pointer(&mut data, "pitem")?);
            sink.text(" pitem: ");
            sink.open("pitem", Nest::Object);
            sink.plain("child_blkno", Value::Unsigned(child.into()));
            sink.text("-");
            sink.plain("key", key);
            sink.close(Nest::Object);
            Ok(())
        }
    }
}

/// The segments of a leaf of a posting tree.
pub fn segments(data: &mut Cursor<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let count = data.u16("nactions")?;
    sink.text(" ");
    sink.plain("nactions", Value::Unsigned(count.into()));
    sink.text(" segments:");
    sink.open("segments", Nest::List);
    for _ in 0..count {
        let (segment, action) = (data.u8("segno")?, data.u8("action")?);
        sink.text(" ");
        sink.open("", Nest::Object);
        sink.plain("segno", Value::Unsigned(segment.into()));
        let known = self::action(data, sink, action)?;
        sink.close(Nest::Object);
        if !known {
            // What an unknown action is followed by is not known either.
            break;
        }
    }
    sink.close(Nest::List);
    Ok(())
}

fn action(data: &mut Cursor<'_>, sink: &mut dyn Sink, action: u8) -> Result<bool, Short> {
    match action {
        1 => named(sink, "delete", " (delete)"),
        2 => {
            posting_list(data, sink)?;
            named(sink, "insert", " (insert)");
        }
        3 => {
            posting_list(data, sink)?;
            named(sink, "replace", " (replace)");
        }
        4 => {
            let nitems = data.u16("nitems")?;
            let count = data.fits("items", nitems.into(), 6)?;
            named(sink, "add", " (add ");
            sink.plain("nitems", Value::Unsigned(nitems.into()));
            sink.text(" items)");
            sink.open("items", Nest::List);
            for _ in 0..count {
                let item = item_pointer(data, "items")?;
                sink.hidden("", item);
            }
            sink.close(Nest::List);
        }
        other => {
            sink.text(" unknown action ");
            sink.plain("action", Value::Unsigned(other.into()));
            sink.text(" ???");
            return Ok(false);
        }
    }
    Ok(true)
}

fn named(sink: &mut dyn Sink, name: &'static str, words: &str) {
    sink.hidden("action", Value::Name(name));
    sink.text(words);
}

/// A compressed list: its first item stands in full.
fn posting_list(data: &mut Cursor<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let first = item_pointer(data, "first")?;
    let nbytes = data.u16("nbytes")?;
    data.skip("bytes", usize::from(nbytes).next_multiple_of(2))?;
    sink.hidden("first", first);
    sink.hidden("nbytes", Value::Unsigned(nbytes.into()));
    Ok(())
}
