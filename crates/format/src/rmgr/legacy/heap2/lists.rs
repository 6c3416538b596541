//! Lists in records of "Heap2".
//!
//! ```text
//! CLEAN          nredirected × {from u16, to u16}, ndead × u16, and to the end: offsets that are free now
//! FREEZE_PAGE    ntuples × {xmax u32, offset u16, t_infomask2 u16, t_infomask u16, frzflags u8, 1 unused}
//! ```

use crate::rmgr::cursor::Cx;
use crate::rmgr::legacy::heap::{infobits_at, offsets};
use crate::rmgr::sink::{Hidden, Nest, Sink, Value};
use crate::rmgr::table::{OpPart, Short, call};

const CLEANED: &[(&str, &str)] = &[("redirected", "list"), ("dead", "list"), ("unused", "list")];
const OFFSETS: &[(&str, &str)] = &[("offsets", "list")];
const PLANS: &[(&str, &str)] = &[
    ("tuples", "list"),
    ("xmax", "unsigned"),
    ("off", "unsigned"),
    ("t_infomask2", "unsigned"),
    ("t_infomask", "unsigned"),
    ("frzflags", "unsigned"),
];

pub(super) const FROZEN_AT_20: OpPart =
    call(|cx, sink| offsets(&mut cx.cursor(20), "offsets", usize::MAX, sink), OFFSETS);
pub(super) const FROZEN_AT_24: OpPart =
    call(|cx, sink| offsets(&mut cx.cursor(24), "offsets", usize::MAX, sink), OFFSETS);
pub(super) const CLEANED_AT_20: OpPart = call(|cx, sink| cleaned(cx, 20, sink), CLEANED);
pub(super) const CLEANED_AT_24: OpPart = call(|cx, sink| cleaned(cx, 24, sink), CLEANED);
pub(super) const INSERTED_AT_20: OpPart = call(inserted, OFFSETS);
pub(super) const PLANS_AT_24: OpPart = call(plans, PLANS);
/// The text shows the bits as a number.
pub(super) const INFOBITS_AT_24: OpPart =
    call(|cx, sink| infobits_at(cx, 24, "infobits", &mut Hidden(sink)), &[("infobits", "list")]);

/// The counts are in front of the lists.
fn cleaned(cx: &Cx<'_>, from: usize, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut counts = cx.cursor(from - 4);
    let (redirected, dead) = (usize::from(counts.u16("nredirected")?), usize::from(counts.u16("ndead")?));
    let mut cursor = cx.cursor(from);
    if redirected > 0 && cursor.rest.len() >= redirected * 4 {
        sink.open("redirected", Nest::List);
        for _ in 0..redirected {
            sink.open("", Nest::List);
            sink.hidden("", Value::Unsigned(cursor.u16("redirected")?.into()));
            sink.hidden("", Value::Unsigned(cursor.u16("redirected")?.into()));
            sink.close(Nest::List);
        }
        sink.close(Nest::List);
    }
    offsets(&mut cursor, "dead", dead, sink)?;
    offsets(&mut cursor, "unused", usize::MAX, sink)
}

fn inserted(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let count = cx.cursor(18).u16("ntuples")?;
    offsets(&mut cx.cursor(20), "offsets", count.into(), sink)
}

fn plans(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let count = cx.cursor(20).u16("ntuples")?;
    let mut cursor = cx.cursor(24);
    if cursor.rest.is_empty() {
        return Ok(());
    }
    let count = cursor.fits("tuples", count.into(), 12)?;
    sink.open("tuples", Nest::List);
    for _ in 0..count {
        sink.open("", Nest::Object);
        sink.hidden("xmax", Value::Unsigned(cursor.u32("xmax")?.into()));
        for name in ["off", "t_infomask2", "t_infomask"] {
            sink.hidden(name, Value::Unsigned(cursor.u16(name)?.into()));
        }
        sink.hidden("frzflags", Value::Unsigned(cursor.u8("frzflags")?.into()));
        cursor.skip("tuples", 1)?;
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}
