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

use super::describe::{Cursor, Cx};
use super::sink::{Nest, Sink, Value};
use super::table::{Op, Part, Short, V9_5, V16, V17, V18, V19, call, i32, i64, op, text, u32, u64};

const MEMBERS: &[(&str, &str)] = &[("nmembers", "integer"), ("members", "list")];
const CREATE: &[Part] = &[u32("mid", 0), text(" offset "), u32("moff", 4), call(members_9_5, MEMBERS)];
const CREATE_19: &[Part] = &[u32("mid", 0), text(" offset "), u64("moff", 8).on32(4), call(members_19, MEMBERS)];
const TRUNCATE: &[Part] = &[
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
const TRUNCATE_19: &[Part] =
    &[text("oldestMulti "), u32("oldest_multi", 4), text(", oldestOffset "), u64("oldest_offset", 8), u32("oldest_multi_db", 0).hidden()];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "ZERO_OFF_PAGE", V9_5, V16, &[i32("pageno", 0)]),
    op(0x00, "ZERO_OFF_PAGE", V17, V19, &[i64("pageno", 0)]),
    op(0x10, "ZERO_MEM_PAGE", V9_5, V16, &[i32("pageno", 0)]),
    op(0x10, "ZERO_MEM_PAGE", V17, V19, &[i64("pageno", 0)]),
    op(0x20, "CREATE_ID", V9_5, V18, CREATE),
    op(0x20, "CREATE_ID", V19, V19, CREATE_19),
    op(0x30, "TRUNCATE_ID", V9_5, V18, TRUNCATE),
    op(0x30, "TRUNCATE_ID", V19, V19, TRUNCATE_19),
];

fn members_9_5(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    members(cx.cursor(8), sink)
}

fn members_19(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    members(cx.cursor(cx.aligned(16, 12)), sink)
}

/// What a member does to the row, by number.
const STATUS: [&str; 6] = ["keysh", "sh", "fornokeyupd", "forupd", "nokeyupd", "upd"];

/// Tells members: 9.3 and later.
pub(super) fn members(mut cursor: Cursor<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    const SIZE: usize = 8;
    let count = cursor.i32("nmembers")?;
    sink.text(" nmembers ");
    sink.plain("nmembers", Value::Signed(count.into()));
    sink.text(": ");
    let count = cursor.fits("members", count.into(), SIZE)?;
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
