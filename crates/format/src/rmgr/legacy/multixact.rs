//! Records of "MultiXact", 8.2 to 9.4 (`src/include/access/multixact.h`).
//!
//! ```text
//! ZERO_OFF_PAGE, ZERO_MEM_PAGE   page number i32
//! CREATE_ID                      mid u32, moff u32, count i32, up to 9.2: xids u32 …; then: members {xid u32, status u32} …
//! ```

use crate::rmgr::cursor::Cx;
use crate::rmgr::multixact;
use crate::rmgr::sink::{Nest, Sink, Value};
use crate::rmgr::table::{Op, Short, V8_2, V9_3, call, i32, op, text, u32};

const XIDS: &[(&str, &str)] = &[("members", "list"), ("xid", "unsigned")];
const MEMBERS: &[(&str, &str)] = &[("members", "list"), ("xid", "unsigned"), ("status", "text")];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "ZERO_OFF_PAGE", V8_2, &[text("zero offsets page: "), i32("pageno", 0)]),
    op(0x10, "ZERO_MEM_PAGE", V8_2, &[text("zero members page: "), i32("pageno", 0)]),
    op(
        0x20,
        "CREATE_ID",
        V8_2,
        &[
            text("create multixact "),
            u32("mid", 0),
            text(" offset "),
            u32("moff", 4),
            text(":"),
            i32("nmembers", 8).hidden(),
            call(xids, XIDS),
        ],
    ),
    op(
        0x20,
        "CREATE_ID",
        V9_3,
        &[
            text("create mxid "),
            u32("mid", 0),
            text(" offset "),
            u32("moff", 4),
            text(" nmembers "),
            i32("nmembers", 8),
            text(": "),
            call(members, MEMBERS),
        ],
    ),
];

fn xids(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(8);
    sink.open("members", Nest::List);
    for _ in 0..cursor.count("members", 4)? {
        sink.open("", Nest::Object);
        sink.text(" ");
        sink.plain("xid", Value::Unsigned(cursor.u32("xid")?.into()));
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}

fn members(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(8);
    let count = cursor.count("members", multixact::MEMBER)?;
    multixact::list(&mut cursor, count, sink)
}
