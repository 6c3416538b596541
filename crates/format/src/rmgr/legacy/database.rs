//! Records of "Database", 8.2 to 9.4 (`src/include/commands/dbcommands.h`).
//!
//! ```text
//! CREATE   db_id u32, tablespace_id u32, src_db_id u32, src_tablespace_id u32
//! DROP     db_id u32, tablespace_id u32
//! ```

use crate::rmgr::table::{Op, V8_2, op, text, u32};

/// The operations. The text names the database before the tablespace.
pub const OPS: &[Op] = &[
    op(
        0x00,
        "CREATE",
        V8_2,
        &[
            text("create db: copy dir "),
            u32("src_db_id", 8),
            text("/"),
            u32("src_tablespace_id", 12),
            text(" to "),
            u32("db_id", 0),
            text("/"),
            u32("tablespace_id", 4),
        ],
    ),
    op(0x10, "DROP", V8_2, &[text("drop db: dir "), u32("db_id", 0), text("/"), u32("tablespace_id", 4)]),
];
