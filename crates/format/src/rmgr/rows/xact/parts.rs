//! Lists that commits, aborts and prepared transactions carry, and how they are told.

use crate::Lsn;
use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Nest, Show, Sink, Value};
use crate::rmgr::table::Short;
use crate::rmgr::timestamp::Timestamp;
use crate::rmgr::xids;

/// Bytes of a relation's number.
pub const REL: usize = 12;

/// Where a replicated transaction ended, and when.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// Position on the origin.
    pub lsn: Lsn,
    /// Time there.
    pub time: Timestamp,
}

/// Files of relations, as paths: `; rels: base/5/16384`. Nothing where there are none.
pub fn relations(cx: &Cx<'_>, words: &str, name: &'static str, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), Short> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut cursor = cx.over(bytes);
    sink.text(words);
    sink.open(name, Nest::List);
    while !cursor.rest.is_empty() {
        sink.text(" ");
        sink.plain("", Value::Path(cursor.rel(name)?, 0));
    }
    sink.close(Nest::List);
    Ok(())
}

/// Subtransactions. Nothing where there are none.
pub fn subtransactions(cx: &Cx<'_>, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), Short> {
    if bytes.is_empty() {
        return Ok(());
    }
    sink.text("; subxacts:");
    xids::list(&mut cx.over(bytes), "subxacts", i32::try_from(bytes.len() / 4).unwrap_or(i32::MAX), sink)
}

/// Statistics that go away (15 and later): kind i32, database u32, object u32; from 18 on its high half u32. Nothing
/// where there are none.
pub fn statistics(
    cx: &Cx<'_>,
    words: &str,
    name: &'static str,
    bytes: &[u8],
    sink: &mut dyn Sink,
) -> Result<(), Short> {
    if bytes.is_empty() {
        return Ok(());
    }
    let wide = cx.layout().dialect.stats_item == 16;
    let mut cursor = cx.over(bytes);
    sink.text(words);
    sink.open(name, Nest::List);
    while !cursor.rest.is_empty() {
        sink.open("", Nest::Object);
        let (kind, database, low) = (cursor.i32("kind")?, cursor.u32("dboid")?, cursor.u32("objid")?);
        let high = if wide { cursor.u32("objid")? } else { 0 };
        sink.text(" ");
        sink.plain("kind", Value::Signed(kind.into()));
        sink.text("/");
        sink.plain("dboid", Value::Unsigned(database.into()));
        sink.text("/");
        sink.plain("objid", Value::Unsigned(u64::from(high) << 32 | u64::from(low)));
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}

/// The number of the origin, 0 where the record has none.
pub fn origin_id(cx: &Cx<'_>) -> u16 {
    cx.record.shape(&mut |_| ()).ok().and_then(|shape| shape.origin).unwrap_or(0)
}

/// The origin of a replicated transaction.
pub fn origin(id: u16, origin: Origin, show: Show, sink: &mut dyn Sink) {
    let words = |sink: &mut dyn Sink, words: &str| {
        if show != Show::Not {
            sink.text(words);
        }
    };
    words(sink, "; origin: node ");
    sink.field("origin_id", Value::Unsigned(id.into()), show);
    words(sink, ", lsn ");
    sink.field("origin_lsn", Value::Lsn(origin.lsn), show);
    words(sink, ", at ");
    sink.field("origin_timestamp", Value::Time(origin.time), show);
}
