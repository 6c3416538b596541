//! Records of "CLOG", 9.5 and later (`xl_clog_truncate`, `src/include/access/clog.h`).
//!
//! ```text
//! ZEROPAGE   page i32                    i64 from 17 on
//! TRUNCATE   page i32, [10+: oldest transaction u32, its database u32]
//! ```

use super::table::{Op, V9_5, V9_6, V10, V16, V17, V19, i32, i64, op, text, u32};

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "ZEROPAGE", V9_5, V9_6, &[i32("pageno", 0)]),
    op(0x00, "ZEROPAGE", V10, V16, &[text("page "), i32("pageno", 0)]),
    op(0x00, "ZEROPAGE", V17, V19, &[text("page "), i64("pageno", 0)]),
    op(0x10, "TRUNCATE", V9_5, V9_6, &[i32("pageno", 0)]),
    op(
        0x10,
        "TRUNCATE",
        V10,
        V16,
        &[text("page "), i32("pageno", 0), text("; oldestXact "), u32("oldest_xact", 4), u32("oldest_xact_db", 8).hidden()],
    ),
    op(
        0x10,
        "TRUNCATE",
        V17,
        V19,
        &[text("page "), i64("pageno", 0), text("; oldestXact "), u32("oldest_xact", 8), u32("oldest_xact_db", 12).hidden()],
    ),
];
