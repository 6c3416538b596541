//! Items of index pages in records: those that went, posting lists that lost some of their rows, the one that came.
//!
//! ```text
//! DELETE      9.5-12   main data: offsets × u16
//! VACUUM      9.5-12   block 0: offsets × u16
//! both        13+      block 0: deleted × u16, updated × u16, then for each updated: count u16, positions in its posting list × u16
//! INSERT_*             block 0: the tuple: block 2 × u16, offset u16, info u16, key
//! INSERT_POST          block 0: position u16, the tuple
//! DEDUP                block 0: (first offset u16, count u16) × intervals
//! ```

use crate::rmgr::arrays::{array, offsets};
use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::sink::{Nest, Show, Sink, Value};
use crate::rmgr::table::{Describer, OpPart, Short, call, unsaid};

const FIELDS: &[(&str, &str)] = &[("deleted", "list"), ("updated", "list")];

/// DELETE up to 11: the offsets, for documents.
pub(super) const DELETED_9_5: OpPart = unsaid(D9_5, FIELDS);
/// 12.
pub(super) const DELETED_12: OpPart = unsaid(D12, FIELDS);
/// 13, which updates nothing.
pub(super) const DELETED_13: OpPart = unsaid(D13, FIELDS);
/// 14 and 15.
pub(super) const DELETED_14: OpPart = unsaid(D14, FIELDS);
/// 16 and later: in the text too.
pub(super) const DELETED_16: OpPart = call(D16, FIELDS);
/// VACUUM up to 12: the offsets, for documents.
pub(super) const VACUUMED_9_5: OpPart = unsaid(V9_5, FIELDS);
/// 13 to 15.
pub(super) const VACUUMED_13: OpPart = unsaid(V13, FIELDS);
/// 16 and later: in the text too.
pub(super) const VACUUMED_16: OpPart = call(V16, FIELDS);

const D9_5: Describer = |cx, sink| named(cx, cx.cursor(12).count("nitems", 0)?, 16, sink);
const D12: Describer = |cx, sink| named(cx, cx.cursor(4).count("nitems", 0)?, 8, sink);
const D13: Describer = |cx, sink| gone(cx, cx.cursor(4).u32("ndeleted")?, 0, false, sink);
const D14: Describer = |cx, sink| counted(cx, cx.cursor(4), false, sink);
const D16: Describer = |cx, sink| counted(cx, cx.cursor(4), true, sink);
const V9_5: Describer = |cx, sink| {
    let data = cx.block_data(0);
    if data.is_empty() { Ok(()) } else { offsets(sink, "deleted", None, cx.over(data)) }
};
const V13: Describer = |cx, sink| counted(cx, cx.cursor(0), false, sink);
const V16: Describer = |cx, sink| counted(cx, cx.cursor(0), true, sink);

/// Offsets in main data.
fn named(cx: &Cx<'_>, count: usize, from: usize, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut rest = cx.cursor(from);
    let count = rest.fits("deleted", i64::try_from(count).unwrap_or(i64::MAX), 2)?;
    let bytes = rest.bytes("deleted", count * 2)?;
    offsets(sink, "deleted", None, cx.over(bytes))
}

fn counted(cx: &Cx<'_>, mut counts: Cursor<'_>, shown: bool, sink: &mut dyn Sink) -> Result<(), Short> {
    let (ndeleted, nupdated) = (counts.u16("ndeleted")?, counts.u16("nupdated")?);
    gone(cx, ndeleted.into(), nupdated, shown, sink)
}

fn gone(cx: &Cx<'_>, ndeleted: u32, nupdated: u16, shown: bool, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut data = cx.over(cx.block_data(0));
    if data.rest.is_empty() {
        return Ok(());
    }
    let words = |words| shown.then_some(words);
    let ndeleted = data.fits("deleted", ndeleted.into(), 2)?;
    let deleted = data.bytes("deleted", ndeleted * 2)?;
    offsets(sink, "deleted", words(", deleted: "), cx.over(deleted))?;
    let mut updated = cx.over(data.bytes("updated", usize::from(nupdated) * 2)?);
    array(sink, "updated", words(", updated: "), nupdated.into(), &mut |sink, show| {
        let (off, nptids) = (updated.u16("updated")?, data.u16("nptids")?);
        let ptids = cx.over(data.bytes("ptids", usize::from(nptids) * 2)?);
        let say = |sink: &mut dyn Sink, words: &str| {
            if show != Show::Not {
                sink.text(words);
            }
        };
        sink.open("", Nest::Object);
        say(sink, "{ off: ");
        sink.field("off", Value::Unsigned(off.into()), show);
        say(sink, ", nptids: ");
        sink.field("nptids", Value::Unsigned(nptids.into()), show);
        let told = offsets(sink, "ptids", words(", ptids: "), ptids);
        say(sink, " }");
        sink.close(Nest::Object);
        told
    })
}

const TUPLE: &[(&str, &str)] = &[("postingoff", "unsigned"), ("t_tid", "tid"), ("tuple_len", "unsigned")];
/// The new item, for documents.
pub(super) const INSERTED: OpPart = unsaid(inserted, TUPLE);
/// The new item that splits a posting list, for documents.
pub(super) const POSTED: OpPart = unsaid(posted, TUPLE);

fn inserted(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let data = cx.block_data(0);
    if data.is_empty() { Ok(()) } else { tuple(cx.over(data), sink) }
}

fn posted(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut data = cx.over(cx.block_data(0));
    if data.rest.is_empty() {
        return Ok(());
    }
    sink.hidden("postingoff", Value::Unsigned(data.u16("postingoff")?.into()));
    tuple(data, sink)
}

fn tuple(mut data: Cursor<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let length = data.rest.len();
    let (high, low, offset) = (data.u16("t_tid")?, data.u16("t_tid")?, data.u16("t_tid")?);
    sink.hidden("t_tid", Value::Tid(u32::from(high) << 16 | u32::from(low), offset));
    sink.hidden("tuple_len", Value::Unsigned(length as u64));
    Ok(())
}

/// The posting lists that DEDUP made, for documents.
pub(super) const INTERVALS: OpPart = unsaid(intervals, &[("intervals", "list")]);

fn intervals(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let count = cx.cursor(0).u16("nintervals")?;
    let mut data = cx.over(cx.block_data(0));
    if data.rest.is_empty() {
        return Ok(());
    }
    let count = data.fits("intervals", count.into(), 4)?;
    array(sink, "intervals", None, count, &mut |sink, _| {
        let (baseoff, nitems) = (data.u16("intervals")?, data.u16("intervals")?);
        sink.open("", Nest::Object);
        sink.hidden("baseoff", Value::Unsigned(baseoff.into()));
        sink.hidden("nitems", Value::Unsigned(nitems.into()));
        sink.close(Nest::Object);
        Ok(())
    })
}
