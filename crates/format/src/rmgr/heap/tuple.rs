//! Tuples in heap records, for documents: their headers and lengths. A page image may have taken their place.
//!
//! ```text
//! 0   u16   t_infomask2, whose low 11 bits are the number of attributes
//! 2   u16   t_infomask
//! 4   u8    t_hoff
//! 5         null bitmap, data
//! ```

use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Nest, Sink, Value};
use crate::rmgr::table::{OpPart, Short, unsaid};

const NATTS: u16 = 0x07FF;
const PREFIX_FROM_OLD: u8 = 0x20;
const SUFFIX_FROM_OLD: u8 = 0x40;

/// What INSERT gives.
pub(super) const INSERTED: OpPart = unsaid(inserted, &[("new_tuple", "object")]);
/// What DELETE gives.
pub(super) const DELETED: OpPart = unsaid(deleted, &[("old_tuple", "object")]);
/// What UPDATE and HOT_UPDATE give.
pub(super) const UPDATED: OpPart = unsaid(
    updated,
    &[("prefixlen", "unsigned"), ("suffixlen", "unsigned"), ("new_tuple", "object"), ("old_tuple", "object")],
);

/// The fields of a header, inside an object.
pub(in crate::rmgr) fn header(sink: &mut dyn Sink, t_infomask2: u16, t_infomask: u16, t_hoff: u8, datalen: usize) {
    sink.numbers(&[
        ("natts", (t_infomask2 & NATTS).into()),
        ("t_infomask2", t_infomask2.into()),
        ("t_infomask", t_infomask.into()),
        ("t_hoff", t_hoff.into()),
        ("datalen", datalen as u64),
    ]);
}

fn tuple(cx: &Cx<'_>, name: &'static str, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.over(bytes);
    let (t_infomask2, t_infomask, t_hoff) = (cursor.u16(name)?, cursor.u16(name)?, cursor.u8(name)?);
    sink.open(name, Nest::Object);
    header(sink, t_infomask2, t_infomask, t_hoff, cursor.rest.len());
    sink.close(Nest::Object);
    Ok(())
}

fn inserted(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    match cx.block_data(0) {
        [] => Ok(()),
        bytes => tuple(cx, "new_tuple", bytes, sink),
    }
}

/// The old tuple or its key, behind the structure, where one of the flags says so.
fn old(cx: &Cx<'_>, flags: u8, from: usize, sink: &mut dyn Sink) -> Result<(), Short> {
    if cx.cursor(7).u8("flags")? & flags == 0 {
        return Ok(());
    }
    tuple(cx, "old_tuple", cx.cursor(from).rest, sink)
}

fn deleted(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    old(cx, 0x02 | 0x04, 8, sink)
}

fn updated(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let flags = cx.cursor(7).u8("flags")?;
    let mut new = cx.over(cx.block_data(0));
    if !new.rest.is_empty() {
        for (bit, name) in [(PREFIX_FROM_OLD, "prefixlen"), (SUFFIX_FROM_OLD, "suffixlen")] {
            if flags & bit != 0 {
                sink.hidden(name, Value::Unsigned(new.u16(name)?.into()));
            }
        }
        tuple(cx, "new_tuple", new.rest, sink)?;
    }
    old(cx, 0x04 | 0x08, 14, sink)
}
