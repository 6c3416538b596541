//! Flags of SPGist's records, and the words that the text has only where they are set.

use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Show, Sink, Value};
use crate::rmgr::table::Short;

pub const FLAGS: &[(&str, &str)] = &[("new_page", "boolean"), ("replace_dead", "boolean"), ("stores_nulls", "boolean")];
pub const ADD_NODE: &[(&str, &str)] = &[("new_page", "boolean")];
pub const PARENT_BLK: &[(&str, &str)] = &[("parent_blk", "integer")];
pub const SAME: &[(&str, &str)] = &[("new_page", "boolean"), ("postfix_blk_same", "boolean")];
pub const PICK_SPLIT: &[(&str, &str)] =
    &[("inner_is_parent", "boolean"), ("stores_nulls", "boolean"), ("is_root_split", "boolean")];

/// A flag, its place, and its words.
type Word = (&'static str, usize, &'static str);

const NEW_PAGE: &str = " (newpage)";
const NULLS: &str = " (nulls)";

fn words(cx: &Cx<'_>, sink: &mut dyn Sink, flags: &[Word]) -> Result<(), Short> {
    for &(name, at, words) in flags {
        let set = cx.cursor(at).u8(name)? != 0;
        sink.hidden(name, Value::Bool(set));
        if set {
            sink.text(words);
        }
    }
    Ok(())
}

pub fn add_leaf(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    words(cx, sink, &[("new_page", 0, NEW_PAGE), ("stores_nulls", 1, NULLS)])
}

pub fn move_leafs(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    words(cx, sink, &[("new_page", 2, NEW_PAGE), ("replace_dead", 3, " (replacedead)"), ("stores_nulls", 4, NULLS)])
}

pub fn add_node(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    words(cx, sink, &[("new_page", 4, NEW_PAGE)])
}

pub fn split_tuple(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    words(cx, sink, &[("new_page", 4, NEW_PAGE), ("postfix_blk_same", 5, " (same)")])
}

/// Up to 13, 0 or 1 instead of words.
pub fn split_tuple_numbers(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let (new, same) = (cx.cursor(4).u8("new_page")?, cx.cursor(5).u8("postfix_blk_same")?);
    for (before, name, flag) in [(" (same ", "postfix_blk_same", same), (", new ", "new_page", new)] {
        sink.text(before);
        sink.text(if flag != 0 { "1" } else { "0" });
        sink.hidden(name, Value::Bool(flag != 0));
    }
    sink.text(")");
    Ok(())
}

pub fn pick_split(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    words(
        cx,
        sink,
        &[
            ("inner_is_parent", 12, " (innerIsParent)"),
            ("stores_nulls", 11, NULLS),
            ("is_root_split", 0, " (isRootSplit)"),
        ],
    )
}

/// Up to 13 without the word about nulls.
pub fn pick_split_9_5(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    words(cx, sink, &[("inner_is_parent", 12, " (innerIsParent)"), ("is_root_split", 0, " (isRootSplit)")])
}

/// Which of the record's blocks has the parent's downlink, -1 for none.
pub fn parent_blk(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    parent(cx, sink, Show::Plain)
}

pub fn parent_blk_hidden(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    parent(cx, sink, Show::Not)
}

fn parent(cx: &Cx<'_>, sink: &mut dyn Sink, show: Show) -> Result<(), Short> {
    let block = cx.cursor(5).u8("parent_blk")? as i8;
    sink.field("parent_blk", Value::Signed(block.into()), show);
    Ok(())
}
