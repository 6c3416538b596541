//! Records of "Standby", 9.0 to 9.4 (`src/include/storage/standby.h`, `standbydefs.h`).
//!
//! ```text
//! LOCK            nlocks i32, nlocks × {xid u32, dbOid u32, relOid u32}
//! RUNNING_XACTS   xcnt i32, [9.3+: subxcnt i32,] subxid_overflow bool + 3, nextXid u32, oldestRunningXid u32,
//!                 latestCompletedXid u32, xcnt × xid u32, [9.3+: subxcnt × xid u32]
//! ```

use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::sink::{Nest, Sink, Value};
use crate::rmgr::table::{Op, OpPart, Short, V9_0, V9_3, call, op, text, u32};

const LOCK: &[OpPart] = &[
    text("AccessExclusive locks:"),
    call(locks, &[("locks", "list"), ("xid", "unsigned"), ("db_oid", "unsigned"), ("rel_oid", "unsigned")]),
];
const LISTS: &[(&str, &str)] = &[
    ("xcnt", "integer"),
    ("xids", "list"),
    ("subxid_overflow", "boolean"),
    ("subxcnt", "integer"),
    ("subxids", "list"),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "LOCK", V9_0, LOCK),
    op(
        0x10,
        "RUNNING_XACTS",
        V9_0,
        &[
            // Where the words follow the manager's name, the space is one of two.
            text(" running xacts: nextXid "),
            u32("next_xid", 8),
            text(" latestCompletedXid "),
            u32("latest_completed_xid", 16),
            text(" oldestRunningXid "),
            u32("oldest_running_xid", 12),
            call(running, LISTS),
        ],
    ),
    op(
        0x10,
        "RUNNING_XACTS",
        V9_3,
        &[
            text("running xacts: nextXid "),
            u32("next_xid", 12),
            text(" latestCompletedXid "),
            u32("latest_completed_xid", 20),
            text(" oldestRunningXid "),
            u32("oldest_running_xid", 16),
            call(running_and_subxacts, LISTS),
        ],
    ),
];

fn locks(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(0);
    sink.open("locks", Nest::List);
    for _ in 0..cursor.count("locks", 12)? {
        sink.open("", Nest::Object);
        for (words, name) in [(" xid ", "xid"), (" db ", "db_oid"), (" rel ", "rel_oid")] {
            sink.text(words);
            sink.plain(name, Value::Unsigned(cursor.u32(name)?.into()));
        }
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}

fn running(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut head = cx.cursor(0);
    let (count, overflow) = (head.i32("xcnt")?, head.u8("subxid_overflow")? != 0);
    xids(&mut cx.cursor(20), count, overflow, sink)
}

fn running_and_subxacts(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut head = cx.cursor(0);
    let (count, below, overflow) = (head.i32("xcnt")?, head.i32("subxcnt")?, head.u8("subxid_overflow")? != 0);
    let mut cursor = cx.cursor(24);
    xids(&mut cursor, count, overflow, sink)?;
    let fits = cursor.fits("subxids", below.into(), 4)?;
    sink.hidden("subxcnt", Value::Signed(below.into()));
    sink.open("subxids", Nest::List);
    for _ in 0..fits {
        sink.hidden("", Value::Unsigned(cursor.u32("subxids")?.into()));
    }
    sink.close(Nest::List);
    Ok(())
}

/// The text shows top-level transactions only.
fn xids(cursor: &mut Cursor<'_>, count: i32, overflow: bool, sink: &mut dyn Sink) -> Result<(), Short> {
    let fits = cursor.fits("xids", count.into(), 4)?;
    if fits > 0 {
        sink.text("; ");
        sink.plain("xcnt", Value::Signed(count.into()));
        sink.text(" xacts:");
    } else {
        sink.hidden("xcnt", Value::Signed(count.into()));
    }
    sink.open("xids", Nest::List);
    for _ in 0..fits {
        sink.text(" ");
        sink.plain("", Value::Unsigned(cursor.u32("xids")?.into()));
    }
    sink.close(Nest::List);
    if overflow {
        sink.text("; subxid ovf");
    }
    sink.hidden("subxid_overflow", Value::Bool(overflow));
    Ok(())
}
