//! Records of "ReplicationOrigin", 9.5 and later (`src/include/replication/origin.h`).
//!
//! ```text
//! SET    0 u64 position on the origin  8 u16 origin  10 bool backwards too
//! DROP   0 u16 origin
//! ```

use super::table::{Op, OpPart, V9_5, bool, lsn, op, text, u16};

const SET: &[OpPart] = &[
    text("set "),
    u16("node_id", 8),
    text("; lsn "),
    lsn("remote_lsn", 0),
    text("; force: "),
    bool("force", 10).digit(),
];

/// The operations.
pub const OPS: &[Op] = &[op(0x00, "SET", V9_5, SET), op(0x10, "DROP", V9_5, &[text("drop "), u16("node_id", 0)])];

#[cfg(test)]
mod tests {
    use crate::rmgr::table::V9_5;
    use crate::rmgr::told::{any_bytes, told};

    const ORIGIN: u8 = 19;

    #[test]
    fn set_and_dropped() {
        assert_eq!(
            told(V9_5, ORIGIN, 0, &[3, 0, 0, 0, 2, 0, 0, 0, 7, 0, 1, 0], &[]).0,
            "set 7; lsn 2/00000003; force: 1"
        );
        assert_eq!(told(V9_5, ORIGIN, 0x10, &[7, 0], &[]).0, "drop 7");
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(ORIGIN);
    }
}
