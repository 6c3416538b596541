//! What the left page gets in a split of 8.3 and later, for documents only.
//!
//! ```text
//! 8.3-9.3  [not a leaf: downlink BlockIdData, high key*], [_L: newitemoff u16, new item*]
//! 9.4      [_L: newitemoff u16, new item*], [not a leaf: high key*, the child whose split this ends u32 (not where block 1 has an image)]
//! * an index tuple, padded; left out where block 0 has an image
//! ```

use crate::rmgr::cursor::Cx;
use crate::rmgr::legacy::pointers::skip_tuple;
use crate::rmgr::pointers::block_id;
use crate::rmgr::sink::{Sink, Value};
use crate::rmgr::table::{OpPart, Short, call};

const DOWNLINK: (&str, &str) = ("downlink", "unsigned");
const NEW_ITEM: (&str, &str) = ("newitemoff", "unsigned");
const ENDS: (&str, &str) = ("finishes_split", "unsigned");

pub const LEFT_8_3: OpPart = call(left_8_3, &[DOWNLINK, NEW_ITEM]);
pub const RIGHT_8_3: OpPart = call(downlink, &[DOWNLINK]);
pub const LEFT_9_4: OpPart = call(left_9_4, &[NEW_ITEM, ENDS]);
pub const RIGHT_9_4: OpPart = call(right_9_4, &[ENDS]);

fn level(cx: &Cx<'_>) -> Result<u32, Short> {
    cx.cursor(24).u32("level")
}

fn downlink(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    if level(cx)? > 0 {
        sink.hidden("downlink", Value::Unsigned(block_id(&mut cx.cursor(30), "downlink")?.into()));
    }
    Ok(())
}

fn left_8_3(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    downlink(cx, sink)?;
    let mut cursor = cx.cursor(30);
    if level(cx)? > 0 {
        cursor.skip("downlink", 4)?;
        if cx.block(0).is_none() {
            skip_tuple(cx, &mut cursor, "hikey")?;
        }
    }
    sink.hidden("newitemoff", Value::Unsigned(cursor.u16("newitemoff")?.into()));
    Ok(())
}

fn left_9_4(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.hidden("newitemoff", Value::Unsigned(cx.cursor(30).u16("newitemoff")?.into()));
    ends(cx, sink, true)
}

fn right_9_4(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    ends(cx, sink, false)
}

fn ends(cx: &Cx<'_>, sink: &mut dyn Sink, left: bool) -> Result<(), Short> {
    if level(cx)? == 0 || cx.block(1).is_some() {
        return Ok(());
    }
    let mut cursor = cx.cursor(if left { 32 } else { 30 });
    if cx.block(0).is_none() {
        if left {
            skip_tuple(cx, &mut cursor, "newitem")?;
        }
        skip_tuple(cx, &mut cursor, "hikey")?;
    }
    sink.hidden("finishes_split", Value::Unsigned(cursor.u32("finishes_split")?.into()));
    Ok(())
}
