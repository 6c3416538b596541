//! Line numbers behind the structures. Only documents have them.

use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::pointers::lines;
use crate::rmgr::sink::Sink;
use crate::rmgr::spgist::lists::{VACUUMED, page_select};
use crate::rmgr::table::Short;

/// What a list of so many bytes takes of the record.
type Padded = fn(&Cx<'_>, usize) -> usize;

fn aligned(cx: &Cx<'_>, bytes: usize) -> usize {
    bytes.next_multiple_of(cx.aligned(8, 4))
}

fn packed(_: &Cx<'_>, bytes: usize) -> usize {
    bytes
}

fn list<'a>(
    cx: &Cx<'a>,
    cursor: &mut Cursor<'a>,
    sink: &mut dyn Sink,
    name: &'static str,
    count: u16,
    padded: Padded,
) -> Result<(), Short> {
    let bytes = cursor.bytes(name, padded(cx, usize::from(count) * 2))?;
    lines(&mut cx.over(bytes), sink, name, count)
}

pub fn move_leafs_9_2(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    move_leafs(cx, sink, aligned)
}

pub fn move_leafs_9_4(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    move_leafs(cx, sink, packed)
}

/// A dead tuple that is replaced is not moved: then there is one new tuple alone.
fn move_leafs(cx: &Cx<'_>, sink: &mut dyn Sink, padded: Padded) -> Result<(), Short> {
    let moves = cx.cursor(20).u16("nmoves")?;
    let replace_dead = cx.cursor(23).u8("replace_dead")? != 0;
    let mut cursor = cx.cursor(padded(cx, 44));
    list(cx, &mut cursor, sink, "to_delete", moves, padded)?;
    list(cx, &mut cursor, sink, "to_insert", if replace_dead { 1 } else { moves.saturating_add(1) }, padded)
}

/// The inner tuple comes first; its size is in the two bytes behind its first four.
pub fn pick_split_9_2(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let from = aligned(cx, 52);
    let size = cx.cursor(from + 4).u16("inner_tuple")?;
    pick_split(cx, sink, from + usize::from(size), aligned)
}

pub fn pick_split_9_4(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    pick_split(cx, sink, 52, packed)
}

fn pick_split(cx: &Cx<'_>, sink: &mut dyn Sink, from: usize, padded: Padded) -> Result<(), Short> {
    let (delete, insert) = (cx.cursor(20).u16("ndelete")?, cx.cursor(22).u16("ninsert")?);
    let mut cursor = cx.cursor(from);
    list(cx, &mut cursor, sink, "to_delete", delete, padded)?;
    list(cx, &mut cursor, sink, "to_insert", insert, padded)?;
    page_select(&mut cursor, sink, insert)
}

pub fn vacuum_leaf(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut head = cx.cursor(16);
    let (dead, placeholder) = (head.u16("ndead")?, head.u16("nplaceholder")?);
    let (moved, chain) = (head.u16("nmove")?, head.u16("nchain")?);
    let mut cursor = cx.cursor(32);
    for (&(name, _), count) in VACUUMED.iter().zip([dead, placeholder, moved, moved, chain, chain]) {
        lines(&mut cursor, sink, name, count)?;
    }
    Ok(())
}

pub fn vacuum_root(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    lines(&mut cx.cursor(28), sink, "to_delete", cx.cursor(16).u16("ndelete")?)
}

pub fn vacuum_redirect(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    lines(&mut cx.cursor(24), sink, "item_to_placeholder", cx.cursor(16).u16("ntoplaceholder")?)
}
