//! Records of "CommitTs", 9.5 and later (`src/include/access/commit_ts.h`).
//!
//! ```text
//! ZEROPAGE   page i32                            i64 from 17 on
//! TRUNCATE   page i32, [10+: oldest transaction u32]
//! SETTS      time i64, origin u16 at 8, transaction u32 at 12, subtransactions u32 to the end
//! ```

use super::cursor::Cx;
use super::sink::{Nest, Sink, Value};
use super::table::{Op, OpPart, Short, V9_5, V10, V13, V17, call, i32, i64, op, text, time, u16, u32};

const SET: &[OpPart] = &[
    text("set "),
    time("timestamp", 0),
    text("/"),
    u16("nodeid", 8),
    text(" for: "),
    u32("mainxid", 12),
    call(subtransactions, &[("subxids", "list")]),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "ZEROPAGE", V9_5, &[i32("pageno", 0)]),
    op(0x00, "ZEROPAGE", V17, &[i64("pageno", 0)]),
    op(0x10, "TRUNCATE", V9_5, &[i32("pageno", 0)]),
    op(0x10, "TRUNCATE", V10, &[text("pageno "), i32("pageno", 0), text(", oldestXid "), u32("oldest_xid", 4)]),
    op(0x10, "TRUNCATE", V17, &[text("pageno "), i64("pageno", 0), text(", oldestXid "), u32("oldest_xid", 8)]),
    op(0x20, "SETTS", V9_5, SET).until(V13),
];

fn subtransactions(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(16);
    sink.open("subxids", Nest::List);
    while let Ok(xid) = cursor.u32("subxids") {
        sink.text(", ");
        sink.plain("", Value::Unsigned(xid.into()));
    }
    sink.close(Nest::List);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rmgr::table::{V9_5, V10, V13, V17};
    use crate::rmgr::told::{any_bytes, told};

    const COMMIT_TS: u8 = 18;

    fn numbers(of: &[u32]) -> Vec<u8> {
        of.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    #[test]
    fn every_operation_by_version() {
        for version in [V9_5, V13] {
            let (text, document) = told(version, COMMIT_TS, 0x20, &numbers(&[1000, 0, 3, 800, 801, 802]), &[]);
            assert_eq!(text, "set @1000/3 for: 800, 801, 802");
            assert!(document.ends_with("mainxid=800 subxids=[801 802]"), "{document}");
        }
        assert_eq!(told(V9_5, COMMIT_TS, 0x10, &numbers(&[4]), &[]).0, "4");
        assert_eq!(told(V10, COMMIT_TS, 0x10, &numbers(&[4, 800]), &[]).0, "pageno 4, oldestXid 800");
        assert_eq!(told(V17, COMMIT_TS, 0x10, &numbers(&[4, 1, 800]), &[]).0, "pageno 4294967300, oldestXid 800");
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(COMMIT_TS);
    }
}
