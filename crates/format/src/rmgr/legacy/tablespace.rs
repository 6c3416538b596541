//! Records of "Tablespace", 8.2 to 9.4 (`src/include/commands/tablespace.h`): ts_id u32, and in CREATE the path, ended
//! by a zero byte.

use crate::rmgr::table::{Op, V8_2, V9_0, cstr, op, text, u32};

/// The longest path (`MAXPGPATH`).
const PATH: u16 = 1024;

/// The operations.
pub const OPS: &[Op] = &[
    op(
        0x00,
        "CREATE",
        V8_2,
        &[text("create ts: "), u32("ts_id", 0), text(" \""), cstr("ts_path", 4, PATH), text("\"")],
    ),
    op(
        0x00,
        "CREATE",
        V9_0,
        &[text("create tablespace: "), u32("ts_id", 0), text(" \""), cstr("ts_path", 4, PATH), text("\"")],
    ),
    op(0x10, "DROP", V8_2, &[text("drop ts: "), u32("ts_id", 0)]),
    op(0x10, "DROP", V9_0, &[text("drop tablespace: "), u32("ts_id", 0)]),
];
