//! The state of a prepared transaction, as in a file of `pg_twophase` (`xl_xact_prepare`; `TwoPhaseFileHeader` up to
//! 12).
//!
//! ```text
//! 0   u32 magic   4  u32 length   8  u32 transaction   12  u32 database   16  i64 time   24  u32 owner
//! 28  i32 subtransactions   32  i32 relations to drop on commit   36  i32 on abort
//! [15+: i32 statistics to drop on commit, i32 on abort]
//! 40 (48)  i32 messages   44 (52)  bool init file
//! 9.5                45  name, 200 bytes, then up to 248
//! 9.6 and later      46 (54)  u16 length of the name, its zero byte included
//! 11 and later       48 (56)  u64 position, i64 time of origin
//! then the name and each list, each filled up to the alignment; then what resource managers keep
//! ```

use super::parts::{Origin, REL, origin, origin_id, relations, statistics, subtransactions};
use crate::Dialect;
use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::inval::{self, Scope};
use crate::rmgr::sink::{Hidden, Show, Sink, Value};
use crate::rmgr::table::{OpPart, Short, call};
use crate::rmgr::timestamp::Timestamp;

/// What a version's record holds, and what its text says.
struct PrepareStyle {
    /// The name has its place in the head, and no length.
    inline_name: bool,
    /// Position and time of the origin.
    origin: bool,
    /// The text says something, the origin too.
    says: Says,
}

#[derive(PartialEq, Eq)]
enum Says {
    Nothing,
    Something,
    OriginToo,
}

const FIELDS: &[(&str, &str)] = &[
    ("gid", "text"),
    ("prepared_at", "time"),
    ("xid", "unsigned"),
    ("owner", "unsigned"),
    ("commitrels", "list"),
    ("abortrels", "list"),
    ("commitstats", "list"),
    ("abortstats", "list"),
    ("subxacts", "list"),
    ("db_id", "unsigned"),
    ("ts_id", "unsigned"),
    ("relcache_init_file_inval", "boolean"),
    ("msgs", "list"),
    ("origin_id", "unsigned"),
    ("origin_lsn", "lsn"),
    ("origin_timestamp", "time"),
];

const STYLE_9_5: PrepareStyle = PrepareStyle { inline_name: true, origin: false, says: Says::Nothing };
const STYLE_9_6: PrepareStyle = PrepareStyle { inline_name: false, ..STYLE_9_5 };
const STYLE_11: PrepareStyle = PrepareStyle { origin: true, ..STYLE_9_6 };
const STYLE_13: PrepareStyle = PrepareStyle { says: Says::Something, ..STYLE_11 };
const STYLE_15: PrepareStyle = PrepareStyle { says: Says::OriginToo, ..STYLE_11 };

/// Of 9.5.
pub const V9_5: &[OpPart] = &[call(|cx, sink| describe(cx, &STYLE_9_5, sink), FIELDS)];
/// Of 9.6 and 10.
pub const V9_6: &[OpPart] = &[call(|cx, sink| describe(cx, &STYLE_9_6, sink), FIELDS)];
/// Of 11 and 12.
pub const V11: &[OpPart] = &[call(|cx, sink| describe(cx, &STYLE_11, sink), FIELDS)];
/// Of 13 and 14.
pub const V13: &[OpPart] = &[call(|cx, sink| describe(cx, &STYLE_13, sink), FIELDS)];
/// Of 15 and later.
pub const V15: &[OpPart] = &[call(|cx, sink| describe(cx, &STYLE_15, sink), FIELDS)];

fn describe(cx: &Cx<'_>, style: &PrepareStyle, sink: &mut dyn Sink) -> Result<(), Short> {
    if style.says == Says::Nothing { tell(cx, style, &mut Hidden(sink)) } else { tell(cx, style, sink) }
}

/// The part of fixed length.
struct PrepareHead<'a> {
    xid: u32,
    database: u32,
    prepared_at: Timestamp,
    owner: u32,
    subtransactions: i32,
    relations: [i32; 2],
    statistics: [i32; 2],
    messages: i32,
    init_file: bool,
    /// 9.5 alone.
    name: Option<&'a [u8]>,
    name_length: u16,
    origin: Option<Origin>,
}

impl<'a> PrepareHead<'a> {
    fn read(cursor: &mut Cursor<'a>, style: &PrepareStyle, dialect: &Dialect) -> Result<PrepareHead<'a>, Short> {
        cursor.skip("magic", 4)?;
        cursor.skip("total_len", 4)?;
        let mut head = PrepareHead {
            xid: cursor.u32("xid")?,
            database: cursor.u32("database")?,
            prepared_at: cursor.time("prepared_at", dialect)?,
            owner: cursor.u32("owner")?,
            subtransactions: cursor.i32("nsubxacts")?,
            relations: [cursor.i32("ncommitrels")?, cursor.i32("nabortrels")?],
            statistics: [0; 2],
            messages: 0,
            init_file: false,
            name: None,
            name_length: 0,
            origin: None,
        };
        if dialect.stats_item > 0 {
            head.statistics = [cursor.i32("ncommitstats")?, cursor.i32("nabortstats")?];
        }
        head.messages = cursor.i32("ninvalmsgs")?;
        head.init_file = cursor.u8("initfileinval")? != 0;
        if style.inline_name {
            head.name = Some(cursor.bytes("gid", 200)?);
            cursor.skip("gid", 3)?;
        } else {
            cursor.skip("gidlen", 1)?;
            head.name_length = cursor.u16("gidlen")?;
        }
        if style.origin {
            let lsn = cursor.lsn("origin_lsn", dialect.generation)?;
            head.origin = Some(Origin { lsn, time: cursor.time("origin_timestamp", dialect)? });
        }
        Ok(head)
    }
}

fn tell(cx: &Cx<'_>, style: &PrepareStyle, sink: &mut dyn Sink) -> Result<(), Short> {
    let dialect = cx.layout().dialect;
    let mut cursor = cx.cursor(0);
    let head = PrepareHead::read(&mut cursor, style, dialect)?;
    let name = match head.name {
        Some(name) => name,
        None => filled(cx, &mut cursor, "gid", head.name_length.into(), 1)?,
    };
    sink.text("gid ");
    sink.plain("gid", Value::Text(name.split(|&b| b == 0).next().unwrap_or(name)));
    sink.text(": ");
    sink.plain("prepared_at", Value::Time(head.prepared_at));
    sink.hidden("xid", Value::Unsigned(head.xid.into()));
    sink.hidden("owner", Value::Unsigned(head.owner.into()));

    let subxacts = filled(cx, &mut cursor, "subxacts", head.subtransactions, 4)?;
    let [on_commit, on_abort] = head.relations;
    relations(cx, "; rels(commit):", "commitrels", filled(cx, &mut cursor, "commitrels", on_commit, REL)?, sink)?;
    relations(cx, "; rels(abort):", "abortrels", filled(cx, &mut cursor, "abortrels", on_abort, REL)?, sink)?;
    let [on_commit, on_abort] = head.statistics;
    let size = dialect.stats_item;
    statistics(
        cx,
        "; commit dropped stats:",
        "commitstats",
        filled(cx, &mut cursor, "commitstats", on_commit, size)?,
        sink,
    )?;
    statistics(
        cx,
        "; abort dropped stats:",
        "abortstats",
        filled(cx, &mut cursor, "abortstats", on_abort, size)?,
        sink,
    )?;
    subtransactions(cx, subxacts, sink)?;
    // The tablespace is not in the record; texts say 0.
    let scope = Scope { database: Some((head.database, 0)), init_file: head.init_file };
    inval::invalidations(cx, &mut cursor, head.messages, scope, sink)?;
    let id = origin_id(cx);
    if let Some(told) = head.origin.filter(|_| id != 0) {
        origin(id, told, if style.says == Says::OriginToo { Show::Plain } else { Show::Not }, sink);
    }
    Ok(())
}

/// `count` things of `size` bytes, and what fills them up to the alignment, which may be missing at the end.
fn filled<'a>(
    cx: &Cx<'a>,
    cursor: &mut Cursor<'a>,
    name: &'static str,
    count: i32,
    size: usize,
) -> Result<&'a [u8], Short> {
    let length = cursor.fits(name, count.into(), size)? * size;
    let bytes = cursor.bytes(name, length)?;
    let fill = length.next_multiple_of(cx.aligned(8, 4)) - length;
    cursor.skip(name, fill.min(cursor.rest.len()))?;
    Ok(bytes)
}
