//! Commits and aborts.
//!
//! ```text
//! i64 time                            always; what follows, in this order:
//! u32 xinfo                           xl_info & 0x80
//! u32 database, u32 tablespace        xinfo & 0x01     aborts: 11 and later
//! i32 count, u32 subtransactions      xinfo & 0x02
//! i32 count, 12-byte relations        xinfo & 0x04
//! i32 count, dropped statistics       xinfo & 0x100    15 and later: 12 bytes each, 16 from 18 on
//! i32 count, 16-byte messages         xinfo & 0x08     commits alone
//! u32 prepared transaction            xinfo & 0x10
//! its name, a zero byte at the end    xinfo & 0x80     11 and later, behind a prepared transaction alone
//! u64 position, i64 time of origin    xinfo & 0x20     aborts: 11 and later
//! ```

use super::parts::{Origin, origin, origin_id, relations, statistics, subtransactions};
use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::inval::{self, Scope};
use crate::rmgr::sink::{Show, Sink, Value};
use crate::rmgr::table::{OpPart, Short, call};
use crate::rmgr::timestamp::Timestamp;

const DATABASE: u32 = 0x01;
const SUBTRANSACTIONS: u32 = 0x02;
const RELATIONS: u32 = 0x04;
const MESSAGES: u32 = 0x08;
const PREPARED: u32 = 0x10;
const ORIGIN: u32 = 0x20;
const NAME: u32 = 0x80;
const STATISTICS: u32 = 0x100;
const APPLY_FEEDBACK: u32 = 1 << 29;
const INIT_FILE: u32 = 1 << 30;
const SYNC: u32 = 1 << 31;

/// What a version's record can hold, and what its text says.
struct EndingStyle {
    /// Bits that mean a part.
    parts: u32,
    /// The text tells an abort's origin, and whether a commit waits for being applied (15 and later).
    says_more: bool,
}

const ALL: u32 = DATABASE | SUBTRANSACTIONS | RELATIONS | STATISTICS | MESSAGES | PREPARED | NAME | ORIGIN;
const OLD_COMMIT: EndingStyle = EndingStyle { parts: ALL & !NAME, says_more: false };
const COMMIT: EndingStyle = EndingStyle { parts: ALL, says_more: false };
const NEW_COMMIT: EndingStyle = EndingStyle { parts: ALL, says_more: true };
const OLD_ABORT: EndingStyle = EndingStyle { parts: SUBTRANSACTIONS | RELATIONS | PREPARED, says_more: false };
const ABORT: EndingStyle = EndingStyle { parts: ALL & !MESSAGES, says_more: false };
const NEW_ABORT: EndingStyle = EndingStyle { parts: ALL & !MESSAGES, says_more: true };

const FIELDS: &[(&str, &str)] = &[
    ("twophase_xid", "unsigned"),
    ("xact_time", "time"),
    ("xinfo", "unsigned"),
    ("rels", "list"),
    ("subxacts", "list"),
    ("stats", "list"),
    ("db_id", "unsigned"),
    ("ts_id", "unsigned"),
    ("relcache_init_file_inval", "boolean"),
    ("msgs", "list"),
    ("apply_feedback", "boolean"),
    ("sync", "boolean"),
    ("twophase_gid", "text"),
    ("origin_id", "unsigned"),
    ("origin_lsn", "lsn"),
    ("origin_timestamp", "time"),
];

/// Of 9.5 to 10.
pub const COMMIT_9_5: &[OpPart] = &[call(|cx, sink| describe(cx, &OLD_COMMIT, commit, sink), FIELDS)];
/// Of 11 to 14.
pub const COMMIT_11: &[OpPart] = &[call(|cx, sink| describe(cx, &COMMIT, commit, sink), FIELDS)];
/// Of 15 and later.
pub const COMMIT_15: &[OpPart] = &[call(|cx, sink| describe(cx, &NEW_COMMIT, commit, sink), FIELDS)];
/// Of 9.5 to 10.
pub const ABORT_9_5: &[OpPart] = &[call(|cx, sink| describe(cx, &OLD_ABORT, abort, sink), FIELDS)];
/// Of 11 to 14.
pub const ABORT_11: &[OpPart] = &[call(|cx, sink| describe(cx, &ABORT, abort, sink), FIELDS)];
/// Of 15 and later.
pub const ABORT_15: &[OpPart] = &[call(|cx, sink| describe(cx, &NEW_ABORT, abort, sink), FIELDS)];

/// The parts of a record; those that it has not are empty.
#[derive(Default)]
struct EndingParts<'a> {
    time: Option<Timestamp>,
    xinfo: Option<u32>,
    database: Option<(u32, u32)>,
    subtransactions: &'a [u8],
    relations: &'a [u8],
    statistics: &'a [u8],
    messages: &'a [u8],
    prepared: u32,
    name: Option<&'a [u8]>,
    origin: Option<Origin>,
}

type TellParts = fn(&Cx<'_>, &EndingParts<'_>, &EndingStyle, &mut dyn Sink) -> Result<(), Short>;

/// Reads all parts before any is told, as the text has them in another order; of cut data it tells what is there.
fn describe(cx: &Cx<'_>, style: &EndingStyle, tell: TellParts, sink: &mut dyn Sink) -> Result<(), Short> {
    if cx.record.header.info & super::HAS_INFO == 0 {
        // Nearly all: a time alone.
        sink.plain("xact_time", Value::Time(cx.cursor(0).time("xact_time", cx.layout().dialect)?));
        return Ok(());
    }
    let mut parts = EndingParts::default();
    let read = parts.read(cx, style);
    beginning(cx, &parts, sink)?;
    tell(cx, &parts, style, sink)?;
    if let Some(name) = parts.name {
        sink.hidden("twophase_gid", Value::Text(name));
    }
    read
}

impl<'a> EndingParts<'a> {
    fn read(&mut self, cx: &Cx<'a>, style: &EndingStyle) -> Result<(), Short> {
        let dialect = cx.layout().dialect;
        let mut cursor = cx.cursor(0);
        self.time = Some(cursor.time("xact_time", dialect)?);
        let xinfo = cursor.u32("xinfo")?;
        self.xinfo = Some(xinfo);
        let has = |part: u32| xinfo & style.parts & part != 0;
        if has(DATABASE) {
            self.database = Some((cursor.u32("db_id")?, cursor.u32("ts_id")?));
        }
        if has(SUBTRANSACTIONS) {
            self.subtransactions = list(&mut cursor, "subxacts", 4)?;
        }
        if has(RELATIONS) {
            self.relations = list(&mut cursor, "rels", super::parts::REL)?;
        }
        if has(STATISTICS) && dialect.stats_item > 0 {
            self.statistics = list(&mut cursor, "stats", dialect.stats_item)?;
        }
        if has(MESSAGES) {
            self.messages = list(&mut cursor, "msgs", inval::SIZE)?;
        }
        if has(PREPARED) {
            self.prepared = cursor.u32("twophase_xid")?;
            if has(NAME) {
                let length = cursor.rest.iter().position(|&b| b == 0).ok_or(Short("twophase_gid"))?;
                self.name = Some(cursor.bytes("twophase_gid", length)?);
                cursor.skip("twophase_gid", 1)?;
            }
        }
        if has(ORIGIN) {
            let lsn = cursor.lsn("origin_lsn", dialect.generation)?;
            self.origin = Some(Origin { lsn, time: cursor.time("origin_timestamp", dialect)? });
        }
        Ok(())
    }
}

/// A count, and so many things of `size` bytes.
fn list<'a>(cursor: &mut Cursor<'a>, name: &'static str, size: usize) -> Result<&'a [u8], Short> {
    let count = cursor.count(name, size)?;
    cursor.bytes(name, count * size)
}

/// What commits and aborts begin with.
fn beginning(cx: &Cx<'_>, parts: &EndingParts<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    if parts.prepared != 0 {
        sink.plain("twophase_xid", Value::Unsigned(parts.prepared.into()));
        sink.text(": ");
    }
    if let Some(time) = parts.time {
        sink.plain("xact_time", Value::Time(time));
    }
    if let Some(xinfo) = parts.xinfo {
        sink.hidden("xinfo", Value::Unsigned(xinfo.into()));
    }
    relations(cx, "; rels:", "rels", parts.relations, sink)?;
    subtransactions(cx, parts.subtransactions, sink)
}

fn commit(cx: &Cx<'_>, parts: &EndingParts<'_>, style: &EndingStyle, sink: &mut dyn Sink) -> Result<(), Short> {
    let Some(xinfo) = parts.xinfo else { return Ok(()) };
    statistics(cx, "; dropped stats:", "stats", parts.statistics, sink)?;
    let count = i32::try_from(parts.messages.len() / inval::SIZE).unwrap_or(i32::MAX);
    let scope = Scope { database: parts.database, init_file: xinfo & INIT_FILE != 0 };
    inval::invalidations(cx, &mut cx.over(parts.messages), count, scope, sink)?;
    let mut flag = |bit: u32, words: &str, name: &'static str| {
        if xinfo & bit != 0 {
            sink.text(words);
            sink.hidden(name, Value::Bool(true));
        }
    };
    flag(APPLY_FEEDBACK, if style.says_more { "; apply_feedback" } else { "" }, "apply_feedback");
    flag(SYNC, "; sync", "sync");
    if let Some(told) = parts.origin {
        origin(origin_id(cx), told, Show::Plain, sink);
    }
    Ok(())
}

fn abort(cx: &Cx<'_>, parts: &EndingParts<'_>, style: &EndingStyle, sink: &mut dyn Sink) -> Result<(), Short> {
    if let Some((db, ts)) = parts.database {
        sink.hidden("db_id", Value::Unsigned(db.into()));
        sink.hidden("ts_id", Value::Unsigned(ts.into()));
    }
    if let Some(told) = parts.origin {
        origin(origin_id(cx), told, if style.says_more { Show::Plain } else { Show::Not }, sink);
    }
    statistics(cx, "; dropped stats:", "stats", parts.statistics, sink)
}
