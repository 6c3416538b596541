//! Records of "CLOG", 9.5 and later (`xl_clog_truncate`, `src/include/access/clog.h`).
//!
//! ```text
//! ZEROPAGE   page i32                    i64 from 17 on
//! TRUNCATE   page i32, [10+: oldest transaction u32, its database u32]
//! ```

use super::table::{Op, V9_5, V10, V17, i32, i64, op, text, u32};

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "ZEROPAGE", V9_5, &[i32("pageno", 0)]),
    op(0x00, "ZEROPAGE", V10, &[text("page "), i32("pageno", 0)]),
    op(0x00, "ZEROPAGE", V17, &[text("page "), i64("pageno", 0)]),
    op(0x10, "TRUNCATE", V9_5, &[i32("pageno", 0)]),
    op(
        0x10,
        "TRUNCATE",
        V10,
        &[
            text("page "),
            i32("pageno", 0),
            text("; oldestXact "),
            u32("oldest_xact", 4),
            u32("oldest_xact_db", 8).hidden(),
        ],
    ),
    op(
        0x10,
        "TRUNCATE",
        V17,
        &[
            text("page "),
            i64("pageno", 0),
            text("; oldestXact "),
            u32("oldest_xact", 8),
            u32("oldest_xact_db", 12).hidden(),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use crate::rmgr::table::{V9_6, V10, V17};
    use crate::rmgr::told::{any_bytes, told};

    const CLOG: u8 = 3;

    #[test]
    fn truncations_by_version() {
        for (version, data, text) in [
            (V9_6, &[4, 0, 0, 0][..], "4"),
            (V10, &[4, 0, 0, 0, 9, 0, 0, 0, 5, 0, 0, 0], "page 4; oldestXact 9"),
            (V17, &[4, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 5, 0, 0, 0], "page 4294967300; oldestXact 9"),
        ] {
            assert_eq!(told(version, CLOG, 0x10, data, &[]).0, text);
        }
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(CLOG);
    }
}
