//! Records of "Storage", 8.2 to 9.4 (`xl_smgr_create`, `xl_smgr_truncate`; `src/include/catalog/storage_xlog.h` in 9.3
//! and 9.4, before that in `smgr.c` and `storage.c`).
//!
//! ```text
//! CREATE     relation 3 × u32, [9.1+: fork i32]
//! TRUNCATE   block u32, relation 3 × u32
//! ```

use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Sink, Value};
use crate::rmgr::table::{Op, OpPart, Short, V8_2, V8_4, V9_1, call, op, rel, text, u32};

const CREATE: OpPart = text("file create: ");
const REL: &[(&str, &str)] = &[("rel", "relation")];
const TRUNCATE: OpPart = text("file truncate: ");

/// The operations.
pub const OPS: &[Op] = &[
    op(0x10, "CREATE", V8_2, &[CREATE, rel("rel", 0)]),
    op(0x10, "CREATE", V8_4, &[CREATE, call(|cx, sink| path(cx, 0, sink), REL)]),
    op(0x10, "CREATE", V9_1, &[CREATE, call(created_with_fork, &[("rel", "relation"), ("fork", "unsigned")])]),
    op(0x20, "TRUNCATE", V8_2, &[TRUNCATE, rel("rel", 4), text(" to "), u32("blkno", 0), text(" blocks")]),
    op(
        0x20,
        "TRUNCATE",
        V8_4,
        &[TRUNCATE, call(|cx, sink| path(cx, 4, sink), REL), text(" to "), u32("blkno", 0), text(" blocks")],
    ),
];

fn path(cx: &Cx<'_>, at: usize, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.plain("rel", Value::Path(cx.cursor(at).rel("rel")?, 0));
    Ok(())
}

fn created_with_fork(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(0);
    let (rel, fork) = (cursor.rel("rel")?, cursor.u32("fork")?);
    sink.plain("rel", Value::Path(rel, fork as u8));
    sink.hidden("fork", Value::Unsigned(fork.into()));
    Ok(())
}
