//! Records of "MultiXact", 9.5 and later (`src/include/access/multixact.h`).
//!
//! ```text
//! ZERO_*_PAGE            page i32               i64 from 17 on
//! CREATE_ID   9.5-18     multi u32, offset u32, count i32, members from 12
//!             19         multi u32, offset u64 at 8 (4), count i32, members from 20 (16)
//!                        a member: xid u32, status u32
//! TRUNCATE_ID 9.5-18     database u32, multis from, to u32, members from, to u32
//!             19         database u32, oldest multi u32, oldest offset u64
//! ```

use super::cursor::{Cursor, Cx};
use super::sink::{Nest, Sink, Value};
use super::table::{Op, OpPart, Short, V9_5, V17, V19, call, i32, i64, op, text, u32, u64};

const MEMBERS: &[(&str, &str)] = &[("nmembers", "integer"), ("members", "list")];
const CREATE: &[OpPart] = &[u32("mid", 0), text(" offset "), u32("moff", 4), call(members_9_5, MEMBERS)];
const CREATE_19: &[OpPart] = &[u32("mid", 0), text(" offset "), u64("moff", 8).on32(4), call(members_19, MEMBERS)];
const TRUNCATE: &[OpPart] = &[
    text("offsets ["),
    u32("start_trunc_off", 4),
    text(", "),
    u32("end_trunc_off", 8),
    text("), members ["),
    u32("start_trunc_memb", 12),
    text(", "),
    u32("end_trunc_memb", 16),
    text(")"),
    u32("oldest_multi_db", 0).hidden(),
];
const TRUNCATE_19: &[OpPart] = &[
    text("oldestMulti "),
    u32("oldest_multi", 4),
    text(", oldestOffset "),
    u64("oldest_offset", 8),
    u32("oldest_multi_db", 0).hidden(),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "ZERO_OFF_PAGE", V9_5, &[i32("pageno", 0)]),
    op(0x00, "ZERO_OFF_PAGE", V17, &[i64("pageno", 0)]),
    op(0x10, "ZERO_MEM_PAGE", V9_5, &[i32("pageno", 0)]),
    op(0x10, "ZERO_MEM_PAGE", V17, &[i64("pageno", 0)]),
    op(0x20, "CREATE_ID", V9_5, CREATE),
    op(0x20, "CREATE_ID", V19, CREATE_19),
    op(0x30, "TRUNCATE_ID", V9_5, TRUNCATE),
    op(0x30, "TRUNCATE_ID", V19, TRUNCATE_19),
];

fn members_9_5(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    members(cx.cursor(8), sink)
}

fn members_19(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    members(cx.cursor(cx.aligned(16, 12)), sink)
}

/// What a member does to the row, by number.
const STATUS: [&str; 6] = ["keysh", "sh", "fornokeyupd", "forupd", "nokeyupd", "upd"];

fn members(mut cursor: Cursor<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let count = cursor.i32("nmembers")?;
    sink.text(" nmembers ");
    sink.plain("nmembers", Value::Signed(count.into()));
    sink.text(": ");
    let count = cursor.fits("members", count.into(), MEMBER)?;
    list(&mut cursor, count, sink)
}

/// Bytes of a member.
pub(super) const MEMBER: usize = 8;

/// So many members (9.3 and later).
pub(super) fn list(cursor: &mut Cursor<'_>, count: usize, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.open("members", Nest::List);
    for _ in 0..count {
        sink.open("", Nest::Object);
        sink.plain("xid", Value::Unsigned(cursor.u32("xid")?.into()));
        sink.text(" (");
        let status = cursor.u32("status")? as usize;
        sink.plain("status", Value::Name(STATUS.get(status).copied().unwrap_or("unk")));
        sink.text(") ");
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rmgr::table::{V18, V19};
    use crate::rmgr::told::{any_bytes, layout, tell, told};
    use crate::{Align, Endian};

    const MULTIXACT: u8 = 6;

    fn numbers(of: &[u32]) -> Vec<u8> {
        of.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    #[test]
    fn members_on_both_alignments() {
        let text = "7 offset 4294967297 nmembers 2: 801 (keysh) 802 (unk) ";
        for (align, from) in [(Align::Eight, &[7, 0, 1, 1][..]), (Align::Four, &[7, 1, 1])] {
            let data = numbers(&[from, &[2, 801, 0, 802, 9]].concat());
            let (told, end) = tell(&layout(V19, align, Endian::Little), MULTIXACT, 0x20, &data, &[]);
            assert_eq!((told.text.as_str(), end), (text, Ok(())));
            assert!(
                told.document.contains("members=[{xid=801 status=keysh} {xid=802 status=unk}]"),
                "{}",
                told.document
            );
        }
    }

    #[test]
    fn truncations() {
        assert_eq!(told(V18, MULTIXACT, 0x30, &numbers(&[5, 1, 2, 3, 4]), &[]).0, "offsets [1, 2), members [3, 4)");
        assert_eq!(
            told(V19, MULTIXACT, 0x30, &numbers(&[5, 1, 2, 1]), &[]).0,
            "oldestMulti 1, oldestOffset 4294967298"
        );
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(MULTIXACT);
    }
}
