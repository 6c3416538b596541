//! Line numbers at the end of SPGist's records. Only documents have them.

use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::pointers::lines;
use crate::rmgr::sink::{Nest, Sink, Value};
use crate::rmgr::table::Short;

pub const LEAFS: &[(&str, &str)] = &[("to_delete", "list"), ("to_insert", "list")];
pub const SPLIT: &[(&str, &str)] = &[("to_delete", "list"), ("to_insert", "list"), ("leaf_page_select", "list")];
pub const VACUUMED: &[(&str, &str)] = &[
    ("to_dead", "list"),
    ("to_placeholder", "list"),
    ("move_src", "list"),
    ("move_dest", "list"),
    ("chain_src", "list"),
    ("chain_dest", "list"),
];
pub const ROOT: &[(&str, &str)] = &[("to_delete", "list")];
pub const REDIRECTS: &[(&str, &str)] = &[("item_to_placeholder", "list")];

/// A dead tuple that is replaced is not moved: then there is one new tuple alone.
pub fn move_leafs(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let moves = cx.cursor(0).u16("nmoves")?;
    let replace_dead = cx.cursor(3).u8("replace_dead")? != 0;
    let mut cursor = cx.cursor(20);
    lines(&mut cursor, sink, "to_delete", moves)?;
    lines(&mut cursor, sink, "to_insert", if replace_dead { 1 } else { moves.saturating_add(1) })
}

pub fn pick_split(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let (delete, insert) = (cx.cursor(2).u16("ndelete")?, cx.cursor(4).u16("ninsert")?);
    let mut cursor = cx.cursor(28);
    lines(&mut cursor, sink, "to_delete", delete)?;
    lines(&mut cursor, sink, "to_insert", insert)?;
    page_select(&mut cursor, sink, insert)
}

/// A byte for each new tuple: on the source page or on the destination.
pub fn page_select(cursor: &mut Cursor<'_>, sink: &mut dyn Sink, count: u16) -> Result<(), Short> {
    let pages = cursor.bytes("leaf_page_select", count.into())?;
    sink.open("leaf_page_select", Nest::List);
    for &page in pages {
        sink.hidden("", Value::Unsigned(page.into()));
    }
    sink.close(Nest::List);
    Ok(())
}

pub fn vacuum_leaf(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut head = cx.cursor(0);
    let (dead, placeholder) = (head.u16("ndead")?, head.u16("nplaceholder")?);
    let (moved, chain) = (head.u16("nmove")?, head.u16("nchain")?);
    let mut cursor = cx.cursor(16);
    for (&(name, _), count) in VACUUMED.iter().zip([dead, placeholder, moved, moved, chain, chain]) {
        lines(&mut cursor, sink, name, count)?;
    }
    Ok(())
}

pub fn vacuum_root(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    lines(&mut cx.cursor(12), sink, "to_delete", cx.cursor(0).u16("ndelete")?)
}

pub fn vacuum_redirect_9_5(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    lines(&mut cx.cursor(8), sink, "item_to_placeholder", cx.cursor(0).u16("ntoplaceholder")?)
}

pub fn vacuum_redirect_16(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    lines(&mut cx.cursor(10), sink, "item_to_placeholder", cx.cursor(0).u16("ntoplaceholder")?)
}
