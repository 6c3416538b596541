//! The rows of "Standby", 9.5 and later (`src/include/storage/standbydefs.h`).
//!
//! ```text
//! LOCK            0 i32 count, then xid u32, database u32, relation u32 each
//! RUNNING_XACTS   0 i32 count  4 i32 subtransactions  8 bool overflowed  12 u32 next  16 u32 oldest running
//!                 20 u32 latest completed  24 xids u32, subtransactions behind the others
//! INVALIDATIONS   0 u32 database  4 u32 tablespace  8 bool init file  12 i32 count  16 messages
//! ```

use crate::rmgr::cursor::{Cursor, Cx};
use crate::rmgr::inval::{self, Scope};
use crate::rmgr::sink::{Hidden, Nest, Sink, Value};
use crate::rmgr::table::{Op, OpPart, Short, V9_5, V9_6, V13, V16, call, op, text, u32};
use crate::rmgr::xids;

const LISTS: &[(&str, &str)] = &[
    ("xcnt", "integer"),
    ("xids", "list"),
    ("subxid_overflow", "boolean"),
    ("subxcnt", "integer"),
    ("subxids", "list"),
];
const RUNNING: &[OpPart] = &[
    text("nextXid "),
    u32("next_xid", 12),
    text(" latestCompletedXid "),
    u32("latest_completed_xid", 20),
    text(" oldestRunningXid "),
    u32("oldest_running_xid", 16),
    call(running, LISTS),
];
const RUNNING_16: &[OpPart] = &[
    text("nextXid "),
    u32("next_xid", 12),
    text(" latestCompletedXid "),
    u32("latest_completed_xid", 20),
    text(" oldestRunningXid "),
    u32("oldest_running_xid", 16),
    call(running_16, LISTS),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "LOCK", V9_5, &[call(locks, &[("locks", "list")])]),
    op(0x10, "RUNNING_XACTS", V9_5, RUNNING),
    op(0x10, "RUNNING_XACTS", V16, RUNNING_16),
    op(0x20, "INVALIDATIONS", V9_6, &[call(invalidations_9_6, inval::FIELDS)]),
    op(0x20, "INVALIDATIONS", V13, &[call(invalidations, inval::FIELDS)]),
];

fn locks(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    const SIZE: usize = 12;
    let mut cursor = cx.cursor(0);
    let count = cursor.count("locks", SIZE)?;
    sink.open("locks", Nest::List);
    for _ in 0..count {
        sink.open("", Nest::Object);
        for (words, name) in [("xid ", "xid"), (" db ", "db_oid"), (" rel ", "rel_oid")] {
            sink.text(words);
            sink.plain(name, Value::Unsigned(cursor.u32(name)?.into()));
        }
        sink.text(" ");
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}

/// Lists of running transactions; the text leaves out subtransactions.
fn running(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let (mut cursor, subxcnt) = transactions(cx, "; subxid ovf", sink)?;
    xids::list(&mut cursor, "subxids", subxcnt, &mut Hidden(sink))
}

fn running_16(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let (mut cursor, subxcnt) = transactions(cx, "; subxid overflowed", sink)?;
    if subxcnt > 0 {
        sink.text("; ");
        sink.plain("subxcnt", Value::Signed(subxcnt.into()));
        sink.text(" subxacts:");
    }
    xids::list(&mut cursor, "subxids", subxcnt, sink)
}

/// The first list and what is said of subtransactions; hands back where theirs begin, and their count.
fn transactions<'a>(cx: &Cx<'a>, overflowed: &str, sink: &mut dyn Sink) -> Result<(Cursor<'a>, i32), Short> {
    let mut cursor = cx.cursor(0);
    let (xcnt, subxcnt, overflow) = (cursor.i32("xcnt")?, cursor.i32("subxcnt")?, cursor.u8("subxid_overflow")? != 0);
    let mut cursor = cx.cursor(24);
    if xcnt > 0 {
        sink.text("; ");
        sink.plain("xcnt", Value::Signed(xcnt.into()));
        sink.text(" xacts:");
    }
    xids::list(&mut cursor, "xids", xcnt, sink)?;
    if overflow {
        sink.text(overflowed);
    }
    sink.hidden("subxid_overflow", Value::Bool(overflow));
    Ok((cursor, subxcnt))
}

fn invalidations(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let (mut cursor, count, scope) = invalidated(cx)?;
    inval::invalidations(cx, &mut cursor, count, scope, sink)
}

/// Up to 12 the words stand there without messages too.
fn invalidations_9_6(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let (mut cursor, count, scope) = invalidated(cx)?;
    inval::with_words(cx, &mut cursor, count, scope, sink)
}

fn invalidated<'a>(cx: &Cx<'a>) -> Result<(Cursor<'a>, i32, Scope), Short> {
    let mut cursor = cx.cursor(0);
    let database = Some((cursor.u32("db_id")?, cursor.u32("ts_id")?));
    let init_file = cursor.u8("relcache_init_file_inval")? != 0;
    let mut cursor = cx.cursor(12);
    let count = cursor.i32("nmsgs")?;
    Ok((cursor, count, Scope { database, init_file }))
}

#[cfg(test)]
mod tests {
    use crate::rmgr::table::{V9_5, V9_6, V12, V13, V15, V16};
    use crate::rmgr::told::{any_bytes, told};

    const STANDBY: u8 = 8;

    fn numbers(of: &[u32]) -> Vec<u8> {
        of.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    #[test]
    fn running_transactions_with_subtransactions() {
        let data = numbers(&[2, 1, 1, 900, 801, 899, 801, 802, 803]);
        for (version, end) in
            [(V9_5, "; subxid ovf"), (V15, "; subxid ovf"), (V16, "; subxid overflowed; 1 subxacts: 803")]
        {
            let (text, document) = told(version, STANDBY, 0x10, &data, &[]);
            assert_eq!(text, format!("nextXid 900 latestCompletedXid 899 oldestRunningXid 801; 2 xacts: 801 802{end}"));
            assert!(document.contains("xids=[801 802]") && document.contains("subxids=[803]"), "{document}");
        }
    }

    #[test]
    fn no_messages() {
        let data = numbers(&[5, 1663, 1, 0]);
        let init = "; relcache init file inval dbid 5 tsid 1663";
        for (version, text) in
            [(V9_6, format!("{init}; inval msgs:")), (V12, format!("{init}; inval msgs:")), (V13, String::new())]
        {
            assert_eq!(told(version, STANDBY, 0x20, &data, &[]).0, text);
        }
    }

    #[test]
    fn locks_end_with_a_space() {
        assert_eq!(
            told(V9_5, STANDBY, 0, &numbers(&[2, 1, 2, 3, 4, 5, 6]), &[]).0,
            "xid 1 db 2 rel 3 xid 4 db 5 rel 6 "
        );
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(STANDBY);
    }
}
