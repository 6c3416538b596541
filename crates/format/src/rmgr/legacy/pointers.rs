//! What the records of several indexes have alike: a relation with a row's place, line numbers up to the end, tuples to
//! pass over.

use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::pointers::{item_pointer, lines};
use crate::rmgr::sink::{Sink, Value};
use crate::rmgr::table::Short;

pub const TARGET: &[(&str, &str)] = &[("rel", "relation"), ("tid", "tid"), ("off", "unsigned")];

/// `rel 1663/16384/2690; tid 7/100`: relation and `ItemPointerData` at the start (`xl_btreetid`). Later versions have
/// the line number alone, so documents name it as they do.
pub fn target(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(0);
    let rel = cursor.rel("rel")?;
    sink.text("rel ");
    sink.plain("rel", Value::Rel(rel));
    let tid = item_pointer(&mut cursor, "tid")?;
    sink.text("; tid ");
    sink.plain("tid", tid);
    if let Value::Tid(_, off) = tid {
        sink.hidden("off", Value::Unsigned(off.into()));
    }
    Ok(())
}

/// Line numbers up to the end of the data, for documents only. They are left out where the page has an image.
pub fn rest_lines(cursor: &mut Cursor<'_>, sink: &mut dyn Sink, name: &'static str) -> Result<(), Short> {
    if cursor.rest.is_empty() {
        return Ok(());
    }
    let count = u16::try_from(cursor.rest.len() / 2).map_err(|_| Short(name))?;
    lines(cursor, sink, name, count)
}

/// Passes over an index tuple: its size is in the 13 low bits of the last of its first 8 bytes (`t_info`).
pub fn skip_tuple(cx: &Cx<'_>, cursor: &mut Cursor<'_>, name: &'static str) -> Result<(), Short> {
    let mut head = *cursor;
    head.skip(name, 6)?;
    let size = usize::from(head.u16(name)? & 0x1FFF).max(8);
    cursor.skip(name, size.next_multiple_of(cx.aligned(8, 4)))
}
