//! Records of "Tablespace", 9.5 and later (`src/include/commands/tablespace.h`).
//!
//! ```text
//! CREATE   tablespace u32, path that a zero byte ends
//! DROP     tablespace u32
//! ```

use super::TABLESPACE;
use super::operation::operations;
use super::table::{Op, V9_5, cstr, op, text, u32};
use crate::record::Record;

operations! {
    /// A tablespace is made.
    CREATE = 0x00;
    /// It is removed.
    DROP = 0x10;
}

/// The longest path (`MAXPGPATH`).
const LONGEST: u16 = 1024;

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "CREATE", V9_5, &[u32("ts_id", 0), text(" \""), cstr("ts_path", 4, LONGEST), text("\"")]),
    op(0x10, "DROP", V9_5, &[u32("ts_id", 0)]),
];

/// The directory in which a record creates a tablespace; empty where that lies in the data directory itself (15 and
/// later). `None` for other records.
pub fn created<'a>(record: &Record<'a>) -> Option<&'a [u8]> {
    if !record.header.is(TABLESPACE, CREATE) {
        return None;
    }
    let path = record.main_data().get(4..)?;
    path.split(|&b| b == 0).next()
}

#[cfg(test)]
mod tests {
    use crate::rmgr::told::any_bytes;

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(5);
    }
}
