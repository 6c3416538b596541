//! Invalidation messages (`SharedInvalidationMessage`, `src/include/storage/sinval.h`), as commits, Standby and Heap
//! carry them.
//!
//! ```text
//! 0   i8   id, the kind; from 0 on a catalog cache
//! 4   u32  database; the relation's three numbers where files were dropped (-3)
//! 8   u32  hash value (cache), catalog (-1), relation (-2, -5, -6)
//! 16       the next
//! ```

use super::cursor::{Cursor, Cx};
use super::sink::{Nest, Sink, Value};
use super::table::Short;

/// Bytes of a message.
pub(super) const SIZE: usize = 16;

/// The fields of [`invalidations`].
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("db_id", "unsigned"),
    ("ts_id", "unsigned"),
    ("relcache_init_file_inval", "boolean"),
    ("msgs", "list"),
    ("nmsgs", "integer"),
];

/// Whose the messages are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    /// Database and its tablespace, where the record names them.
    pub database: Option<(u32, u32)>,
    /// The file with which the relation cache starts is out of date.
    pub init_file: bool,
}

/// Messages with the words before them; a text says nothing where there are none (`standby_desc_invalidations` of 13
/// and later).
pub(super) fn invalidations(
    cx: &Cx<'_>,
    cursor: &mut Cursor<'_>,
    count: i32,
    scope: Scope,
    sink: &mut dyn Sink,
) -> Result<(), Short> {
    if count > 0 {
        return with_words(cx, cursor, count, scope, sink);
    }
    if let Some((db, ts)) = scope.database {
        sink.hidden("db_id", Value::Unsigned(db.into()));
        sink.hidden("ts_id", Value::Unsigned(ts.into()));
    }
    sink.hidden("relcache_init_file_inval", Value::Bool(scope.init_file));
    Ok(())
}

/// Messages with the words before them, which stand there without messages too (9.6 - 12).
pub(super) fn with_words(
    cx: &Cx<'_>,
    cursor: &mut Cursor<'_>,
    count: i32,
    scope: Scope,
    sink: &mut dyn Sink,
) -> Result<(), Short> {
    let (db, ts) = scope.database.unwrap_or_default();
    let (db, ts) = (Value::Unsigned(db.into()), Value::Unsigned(ts.into()));
    if scope.init_file {
        sink.text("; relcache init file inval dbid ");
        sink.plain("db_id", db);
        sink.text(" tsid ");
        sink.plain("ts_id", ts);
    } else if scope.database.is_some() {
        sink.hidden("db_id", db);
        sink.hidden("ts_id", ts);
    }
    sink.hidden("relcache_init_file_inval", Value::Bool(scope.init_file));
    sink.text("; inval msgs:");
    messages(cx, cursor, count, sink)
}

/// A list of `count` messages: ` catcache 50 relcache 2619`.
pub(super) fn messages(cx: &Cx<'_>, cursor: &mut Cursor<'_>, count: i32, sink: &mut dyn Sink) -> Result<(), Short> {
    let count = cursor.fits("msgs", count.into(), SIZE)?;
    sink.open("msgs", Nest::List);
    for _ in 0..count {
        let bytes = cursor.bytes("msgs", SIZE)?;
        sink.open("", Nest::Object);
        message(cx, bytes, sink)?;
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}

fn message(cx: &Cx<'_>, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.over(bytes);
    let id = cursor.u8("id")? as i8;
    cursor.skip("id", 3)?;
    let mut relation = cursor;
    let (db, last) = (Value::Unsigned(cursor.u32("db_id")?.into()), Value::Unsigned(cursor.u32("rel_id")?.into()));
    let words = cx.layout().dialect.invalidations;
    let mut tell = |kind: &'static str, words: &str, shown: Option<&'static str>| {
        sink.hidden("kind", Value::Name(kind));
        sink.text(words);
        if let Some(name) = shown {
            sink.hidden("db_id", db);
            sink.plain(name, last);
        }
    };
    match id {
        0.. => {
            tell("catcache", " catcache ", None);
            sink.plain("id", Value::Signed(id.into()));
            sink.hidden("db_id", db);
            sink.hidden("hash_value", last);
        }
        -1 => tell("catalog", " catalog ", Some("cat_id")),
        -2 => tell("relcache", " relcache ", Some("rel_id")),
        -3 => {
            tell("smgr", " smgr", None);
            sink.hidden("rel", Value::Rel(relation.rel("rel")?));
        }
        -4 if words.relmap_db => {
            tell("relmap", " relmap db ", None);
            sink.plain("db_id", db);
        }
        -4 => {
            tell("relmap", " relmap", None);
            sink.hidden("db_id", db);
        }
        -5 => tell("snapshot", " snapshot ", Some("rel_id")),
        -6 if words.relsync => tell("relsync", " relsync ", Some("rel_id")),
        _ => {
            tell("unknown", words.unknown, None);
            sink.plain("id", Value::Signed(id.into()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rmgr::table::{V9_5, V9_6, V18};
    use crate::rmgr::told::told;

    #[test]
    fn every_kind_by_version() {
        let mut commit = vec![0; 8];
        commit.extend(0x08u32.to_le_bytes());
        commit.extend(8u32.to_le_bytes());
        for id in [3i8, -1, -2, -3, -4, -5, -6, -7] {
            commit.extend([id as u8, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0]);
        }
        for (version, words) in [
            (V9_5, "relmap snapshot 9 unknown id -6 unknown id -7"),
            (V9_6, "relmap db 5 snapshot 9 unrecognized id -6 unrecognized id -7"),
            (V18, "relmap db 5 snapshot 9 relsync 9 unrecognized id -7"),
        ] {
            let (text, document) = told(version, 1, 0x80, &commit, &[]);
            assert!(text.ends_with(&format!("; inval msgs: catcache 3 catalog 9 relcache 9 smgr {words}")), "{text}");
            assert!(
                document.contains("{kind=catcache id=3 db_id=5 hash_value=9} {kind=catalog db_id=5 cat_id=9}"),
                "{document}"
            );
            assert!(document.contains("{kind=smgr rel=5/9/7}"), "{document}");
        }
    }
}
