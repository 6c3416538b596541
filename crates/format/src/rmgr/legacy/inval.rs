//! Invalidation messages in commit records, 9.0 to 9.4 (`SharedInvalidationMessage`, `src/include/storage/sinval.h`):
//! sixteen bytes each.
//!
//! ```text
//! 0 id: i16 in 9.0, then i8     4 dbId u32   8 catalog, relation u32
//!   id ≥ 0, of a catalog cache: 4 dbId u32   8 hashValue u32       9.0, 9.1: tuple 6 bytes at 2, 8 dbId u32, 12 hashValue u32
//!   id -3, of a relation's files: 4 relation 3 × u32
//! ```

use crate::rmgr::cursor::Cursor;
use crate::rmgr::sink::{Nest, Show, Sink, Value};
use crate::rmgr::table::Short;

/// What changed in them.
pub(super) struct Inval {
    /// The id has two bytes.
    wide: bool,
    /// Bytes in front of a catalog cache's `dbId` behind the first four.
    tuple: usize,
    /// Kinds by id, -1 first: how the text calls it, and the field that it shows behind the database.
    kinds: &'static [(&'static str, &'static str)],
}

const KINDS: &[(&str, &str)] = &[("catalog", "cat_id"), ("relcache", "rel_id"), ("smgr", ""), ("relmap", "")];

pub(super) const INVAL_9_0: Inval = Inval { wide: true, tuple: 4, kinds: KINDS };
pub(super) const INVAL_9_1: Inval = Inval { wide: false, ..INVAL_9_0 };
pub(super) const INVAL_9_2: Inval = Inval { tuple: 0, ..INVAL_9_1 };
pub(super) const INVAL_9_4: Inval = Inval {
    kinds: &[("catalog", "cat_id"), ("relcache", "rel_id"), ("smgr", ""), ("relmap", ""), ("snapshot", "rel_id")],
    ..INVAL_9_2
};

/// The file of cached relations is to be removed (`XACT_COMPLETION_UPDATE_RELCACHE_FILE`).
const RELCACHE_FILE: u32 = 0x01;
const SIZE: usize = 16;

/// The messages, and in which database and tablespace the file of cached relations goes.
pub(super) fn messages(
    cursor: &mut Cursor<'_>,
    count: i32,
    xinfo: u32,
    (db, ts): (u32, u32),
    facts: &Inval,
    sink: &mut dyn Sink,
) -> Result<(), Short> {
    let count = cursor.fits("msgs", count.into(), SIZE)?;
    let shown = count > 0 && xinfo & RELCACHE_FILE != 0;
    let show = if shown { Show::Plain } else { Show::Not };
    if shown {
        sink.text("; relcache init file inval dbid ");
    }
    sink.field("db_id", Value::Unsigned(db.into()), show);
    if shown {
        sink.text(" tsid ");
    }
    sink.field("ts_id", Value::Unsigned(ts.into()), show);
    sink.hidden("relcache_init_file_inval", Value::Bool(xinfo & RELCACHE_FILE != 0));
    if count == 0 {
        return Ok(());
    }
    sink.text("; inval msgs:");
    sink.open("msgs", Nest::List);
    for _ in 0..count {
        sink.open("", Nest::Object);
        message(cursor, facts, sink)?;
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}

fn message(cursor: &mut Cursor<'_>, facts: &Inval, sink: &mut dyn Sink) -> Result<(), Short> {
    let start = *cursor;
    cursor.skip("msgs", SIZE)?;
    let mut id = start;
    let id = if facts.wide { id.u16("msgs")? as i16 } else { i16::from(id.u8("msgs")? as i8) };
    let mut rest = start;
    rest.skip("msgs", 4)?;
    sink.text(" ");
    if id >= 0 {
        sink.plain("kind", Value::Name("catcache"));
        sink.text(" ");
        sink.plain("id", Value::Signed(id.into()));
        rest.skip("msgs", facts.tuple)?;
        sink.hidden("db_id", Value::Unsigned(rest.u32("msgs")?.into()));
        sink.hidden("hash_value", Value::Unsigned(rest.u32("msgs")?.into()));
        return Ok(());
    }
    match facts.kinds.get(usize::from((-(i32::from(id)) - 1) as u16)) {
        Some((kind, "")) => {
            sink.plain("kind", Value::Name(kind));
            if id == -3 {
                sink.hidden("rel", Value::Rel(rest.rel("msgs")?));
            } else {
                sink.hidden("db_id", Value::Unsigned(rest.u32("msgs")?.into()));
            }
        }
        Some((kind, field)) => {
            sink.plain("kind", Value::Name(kind));
            sink.hidden("db_id", Value::Unsigned(rest.u32("msgs")?.into()));
            sink.text(" ");
            sink.plain(field, Value::Unsigned(rest.u32("msgs")?.into()));
        }
        None => {
            sink.hidden("kind", Value::Name("unknown"));
            sink.text("unknown id ");
            sink.plain("id", Value::Signed(id.into()));
        }
    }
    Ok(())
}
