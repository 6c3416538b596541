//! What records of "Heap" and "Heap2" tell of tuples (`xl_heap_header`, `infobits_set`).
//!
//! ```text
//! tuple        t_infomask2 u16 (8.2: t_natts, now its low bits), t_infomask u16, t_hoff u8, then its data; behind MOVE's, in front of the data, xmax and xmin
//! 9.4 UPDATE   [flag 0x20: prefix length u16,] [flag 0x40: suffix length u16,] t_len u16, tuple
//! ```

use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::sink::{Nest, Sink, Value};
use crate::rmgr::table::{OpPart, Short, call};

pub(super) const INFOBITS_AT_24: OpPart =
    call(|cx, sink| infobits_at(cx, 24, "infobits", sink), &[("infobits", "list")]);
pub(super) const OLD_INFOBITS_AT_34: OpPart =
    call(|cx, sink| infobits_at(cx, 34, "old_infobits", sink), &[("old_infobits", "list")]);
pub(super) const UPDATED_9_4: OpPart = call(updated_9_4, UPDATED);
const HEADER: &[(&str, &str)] =
    &[("t_infomask2", "unsigned"), ("t_infomask", "unsigned"), ("t_hoff", "unsigned"), ("datalen", "unsigned")];
const UPDATED: &[(&str, &str)] = &[
    ("prefixlen", "unsigned"),
    ("suffixlen", "unsigned"),
    ("t_infomask2", "unsigned"),
    ("t_infomask", "unsigned"),
    ("t_hoff", "unsigned"),
    ("datalen", "unsigned"),
];

/// Bytes of a tuple's header (`SizeOfHeapHeader`).
const SIZE: usize = 5;
/// Bits of `infobits_set`, from the lowest.
const NAMES: [&str; 5] = ["IS_MULTI", "LOCK_ONLY", "EXCL_LOCK", "KEYSHR_LOCK", "KEYS_UPDATED"];

/// Each bit's name and a space.
pub(in crate::rmgr::legacy) fn infobits_at(
    cx: &Cx<'_>,
    at: usize,
    name: &'static str,
    sink: &mut dyn Sink,
) -> Result<(), Short> {
    let bits = cx.cursor(at).u8(name)?;
    sink.open(name, Nest::List);
    for (bit, word) in NAMES.into_iter().enumerate() {
        if bits & (1 << bit) != 0 {
            sink.plain("", Value::Name(word));
            sink.text(" ");
        }
    }
    sink.close(Nest::List);
    Ok(())
}

/// A tuple's header at `$at`, its data behind `$more` bytes.
macro_rules! tuples {
    ($($name:ident $at:literal $more:literal;)*) => {
        $(pub(super) const $name: OpPart = call(|cx, sink| header(cx.cursor($at), $more, sink), HEADER);)*
    };
}

tuples! {
    AT_18 18 0; AT_21 21 0; AT_26 26 0; AT_28 28 0; AT_37 37 0; MOVED_AT_26 26 8; MOVED_AT_28 28 8;
}

/// A tuple's header, if the record has one, and how much data is behind it and `more` bytes.
fn header(mut cursor: Cursor<'_>, more: usize, sink: &mut dyn Sink) -> Result<(), Short> {
    if cursor.rest.len() < SIZE + more {
        return Ok(());
    }
    for name in ["t_infomask2", "t_infomask"] {
        sink.hidden(name, Value::Unsigned(cursor.u16(name)?.into()));
    }
    sink.hidden("t_hoff", Value::Unsigned(cursor.u8("t_hoff")?.into()));
    cursor.skip("datalen", more)?;
    sink.hidden("datalen", Value::Unsigned(cursor.rest.len() as u64));
    Ok(())
}

fn updated_9_4(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let flags = cx.cursor(35).u8("flags")?;
    let mut cursor = cx.cursor(36);
    if cursor.rest.is_empty() {
        return Ok(());
    }
    for (flag, name) in [(0x20, "prefixlen"), (0x40, "suffixlen")] {
        if flags & flag != 0 {
            sink.hidden(name, Value::Unsigned(cursor.u16(name)?.into()));
        }
    }
    // The old tuple may follow the new one.
    let Ok(length) = cursor.u16("t_len") else { return Ok(()) };
    let Ok(count) = cursor.fits("t_len", i64::from(length) + SIZE as i64, 1) else { return Ok(()) };
    header(cx.over(cursor.bytes("t_len", count)?), 0, sink)
}

/// Offsets, at most `most`: a list, unless there are none.
pub(in crate::rmgr::legacy) fn offsets(
    cursor: &mut Cursor<'_>,
    name: &'static str,
    most: usize,
    sink: &mut dyn Sink,
) -> Result<(), Short> {
    let count = most.min(cursor.rest.len() / 2);
    if count == 0 {
        return Ok(());
    }
    sink.open(name, Nest::List);
    for _ in 0..count {
        sink.hidden("", Value::Unsigned(cursor.u16(name)?.into()));
    }
    sink.close(Nest::List);
    Ok(())
}
