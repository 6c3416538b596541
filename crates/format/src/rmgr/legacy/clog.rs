//! Records of "CLOG", 8.2 to 9.4 (`src/include/access/clog.h`): a page number, i32.

use crate::rmgr::table::{Op, V8_2, i32, op, text};

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "ZEROPAGE", V8_2, &[text("zeropage: "), i32("pageno", 0)]),
    op(0x10, "TRUNCATE", V8_2, &[text("truncate before: "), i32("pageno", 0)]),
];
