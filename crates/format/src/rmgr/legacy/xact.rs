//! Records of "Transaction", 8.2 to 9.4 (`src/include/access/xact.h`).
//!
//! ```text
//! COMMIT            time 8 bytes, [9.0+: xinfo u32,] nrels i32, nsubxacts i32, [9.0+: nmsgs i32, dbId u32, tsId u32,]
//!                   nrels × relation, nsubxacts × xid, [9.0+: nmsgs × 16 bytes]
//! ABORT             time 8 bytes, nrels i32, nsubxacts i32, nrels × relation, nsubxacts × xid
//! *_PREPARED        xid u32, then COMMIT's or ABORT's, aligned
//! COMMIT_COMPACT    time 8 bytes, nsubxacts i32, nsubxacts × xid
//! ASSIGNMENT        xtop u32, nsubxacts i32, nsubxacts × xid
//! PREPARE           a file of `pg_twophase`: `prepare.rs`
//! ```
//! 8.2's time is the C library's `time_t`.

use super::inval::{INVAL_9_0, INVAL_9_1, INVAL_9_2, INVAL_9_4, Inval, messages};
use super::prepare::{PREPARE_8_2, PREPARE_9_0};
use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Nest, Sink, Value};
use crate::rmgr::table::{Op, OpPart, Short, V8_2, V8_3, V8_4, V9_0, V9_1, V9_2, V9_4, call, op, text, u32};
use crate::rmgr::timestamp::Timestamp;
use crate::rmgr::xids;

/// What changed in the ends of transactions.
struct EndingShape {
    /// The time is a `time_t`.
    unix: bool,
    /// The text shows relations by their files' paths.
    paths: bool,
    /// Invalidation messages follow, and what comes with them.
    inval: Option<&'static Inval>,
}

const ENDING_8_2: EndingShape = EndingShape { unix: true, paths: false, inval: None };
const ENDING_8_3: EndingShape = EndingShape { unix: false, paths: false, inval: None };
const ENDING_8_4: EndingShape = EndingShape { unix: false, paths: true, inval: None };
const COMMIT_9_0: EndingShape = EndingShape { inval: Some(&INVAL_9_0), ..ENDING_8_4 };
const COMMIT_9_1: EndingShape = EndingShape { inval: Some(&INVAL_9_1), ..ENDING_8_4 };
const COMMIT_9_2: EndingShape = EndingShape { inval: Some(&INVAL_9_2), ..ENDING_8_4 };
const COMMIT_9_4: EndingShape = EndingShape { inval: Some(&INVAL_9_4), ..ENDING_8_4 };

const FIELDS: &[(&str, &str)] = &[
    ("xact_time", "time"),
    ("xinfo", "unsigned"),
    ("rels", "list"),
    ("subxacts", "list"),
    ("db_id", "unsigned"),
    ("ts_id", "unsigned"),
    ("relcache_init_file_inval", "boolean"),
    ("msgs", "list"),
];

macro_rules! endings {
    ($($plain:ident $prepared:ident $facts:ident;)*) => {
        $(
            const $plain: OpPart = call(|cx, sink| ended(cx, 0, &$facts, sink), FIELDS);
            const $prepared: OpPart = call(|cx, sink| ended(cx, cx.aligned(8, 4), &$facts, sink), FIELDS);
        )*
    };
}

// Alone, and behind a prepared transaction's number.
endings! {
    ENDED_8_2 PREPARED_8_2 ENDING_8_2;
    ENDED_8_3 PREPARED_8_3 ENDING_8_3;
    ENDED_8_4 PREPARED_8_4 ENDING_8_4;
    ENDED_9_0 PREPARED_9_0 COMMIT_9_0;
    ENDED_9_1 PREPARED_9_1 COMMIT_9_1;
    ENDED_9_2 PREPARED_9_2 COMMIT_9_2;
    ENDED_9_4 PREPARED_9_4 COMMIT_9_4;
}

const XID: OpPart = u32("twophase_xid", 0);

/// The operations. Up to 8.4 the words do not tell a prepared transaction from another.
pub const OPS: &[Op] = &[
    op(0x00, "COMMIT", V8_2, &[text("commit: "), ENDED_8_2]),
    op(0x00, "COMMIT", V8_3, &[text("commit: "), ENDED_8_3]),
    op(0x00, "COMMIT", V8_4, &[text("commit: "), ENDED_8_4]),
    op(0x00, "COMMIT", V9_0, &[text("commit: "), ENDED_9_0]),
    op(0x00, "COMMIT", V9_1, &[text("commit: "), ENDED_9_1]),
    op(0x00, "COMMIT", V9_2, &[text("commit: "), ENDED_9_2]),
    op(0x00, "COMMIT", V9_4, &[text("commit: "), ENDED_9_4]),
    op(0x10, "PREPARE", V8_2, PREPARE_8_2),
    op(0x10, "PREPARE", V9_0, PREPARE_9_0),
    op(0x20, "ABORT", V8_2, &[text("abort: "), ENDED_8_2]),
    op(0x20, "ABORT", V8_3, &[text("abort: "), ENDED_8_3]),
    op(0x20, "ABORT", V8_4, &[text("abort: "), ENDED_8_4]),
    op(0x30, "COMMIT_PREPARED", V8_2, &[text("commit "), XID, text(": "), PREPARED_8_2]),
    op(0x30, "COMMIT_PREPARED", V8_3, &[text("commit "), XID, text(": "), PREPARED_8_3]),
    op(0x30, "COMMIT_PREPARED", V8_4, &[text("commit "), XID, text(": "), PREPARED_8_4]),
    op(0x30, "COMMIT_PREPARED", V9_0, &[text("commit prepared "), XID, text(": "), PREPARED_9_0]),
    op(0x30, "COMMIT_PREPARED", V9_1, &[text("commit prepared "), XID, text(": "), PREPARED_9_1]),
    op(0x30, "COMMIT_PREPARED", V9_2, &[text("commit prepared "), XID, text(": "), PREPARED_9_2]),
    op(0x30, "COMMIT_PREPARED", V9_4, &[text("commit prepared "), XID, text(": "), PREPARED_9_4]),
    op(0x40, "ABORT_PREPARED", V8_2, &[text("abort "), XID, text(": "), PREPARED_8_2]),
    op(0x40, "ABORT_PREPARED", V8_3, &[text("abort "), XID, text(": "), PREPARED_8_3]),
    op(0x40, "ABORT_PREPARED", V8_4, &[text("abort "), XID, text(": "), PREPARED_8_4]),
    op(0x40, "ABORT_PREPARED", V9_0, &[text("abort prepared "), XID, text(": "), PREPARED_8_4]),
    op(
        0x50,
        "ASSIGNMENT",
        V9_0,
        &[text("xid assignment xtop "), u32("xtop", 0), text(": subxacts:"), call(assigned, &[("xsub", "list")])],
    ),
    op(
        0x60,
        "COMMIT_COMPACT",
        V9_2,
        &[text("commit: "), call(compact, &[("xact_time", "time"), ("subxacts", "list")])],
    ),
];

fn ended(cx: &Cx<'_>, from: usize, facts: &EndingShape, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(from);
    if facts.unix {
        let seconds = cursor.time_t("xact_time", cx.layout().align)?;
        sink.plain("xact_time", Value::Time(Timestamp::from_unix_seconds(seconds)));
    } else {
        sink.moment("xact_time", cursor.u64("xact_time")?, cx.layout().dialect);
    }
    let xinfo = facts.inval.map(|_| cursor.u32("xinfo")).transpose()?;
    let (nrels, nsubxacts) = (cursor.i32("nrels")?, cursor.i32("nsubxacts")?);
    let inval = match facts.inval {
        Some(inval) => Some((inval, cursor.i32("nmsgs")?, cursor.u32("db_id")?, cursor.u32("ts_id")?)),
        None => None,
    };
    let count = cursor.fits("rels", nrels.into(), 12)?;
    if count > 0 {
        sink.text("; rels:");
        sink.open("rels", Nest::List);
        for _ in 0..count {
            let rel = cursor.rel("rels")?;
            sink.text(" ");
            sink.plain("", if facts.paths { Value::Path(rel, 0) } else { Value::Rel(rel) });
        }
        sink.close(Nest::List);
    }
    if nsubxacts > 0 {
        sink.text("; subxacts:");
        xids::list(&mut cursor, "subxacts", nsubxacts, sink)?;
    }
    let (Some(xinfo), Some((inval, count, db, ts))) = (xinfo, inval) else { return Ok(()) };
    sink.hidden("xinfo", Value::Unsigned(xinfo.into()));
    messages(&mut cursor, count, xinfo, (db, ts), inval, sink)
}

fn compact(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(0);
    sink.moment("xact_time", cursor.u64("xact_time")?, cx.layout().dialect);
    let count = cursor.i32("nsubxacts")?;
    if count > 0 {
        sink.text("; subxacts:");
        xids::list(&mut cursor, "subxacts", count, sink)?;
    }
    Ok(())
}

fn assigned(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(4);
    let count = cursor.i32("nsubxacts")?;
    xids::list(&mut cursor, "xsub", count, sink)
}
