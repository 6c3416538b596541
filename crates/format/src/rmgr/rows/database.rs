//! The rows of "Database", 9.5 and later (`src/include/commands/dbcommands_xlog.h`).
//!
//! ```text
//! CREATE, CREATE_FILE_COPY   db u32, tablespace u32, source db u32, source tablespace u32
//! CREATE_WAL_LOG             db u32, tablespace u32
//! DROP    up to 12           db u32, tablespace u32
//!         13 and later       db u32, count i32, tablespaces u32
//! ```
//! Texts up to 11 name the database before the tablespace, later ones behind it, as paths do.

use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Nest, Sink, Value};
use crate::rmgr::table::{Op, OpPart, Short, V9_5, V12, V13, V15, call, op, text, u32};

const COPY: &[OpPart] = &[
    text("copy dir "),
    u32("src_tablespace_id", 12),
    text("/"),
    u32("src_db_id", 8),
    text(" to "),
    u32("tablespace_id", 4),
    text("/"),
    u32("db_id", 0),
];
const COPY_9_5: &[OpPart] = &[
    text("copy dir "),
    u32("src_db_id", 8),
    text("/"),
    u32("src_tablespace_id", 12),
    text(" to "),
    u32("db_id", 0),
    text("/"),
    u32("tablespace_id", 4),
];
const CREATE: &[OpPart] = &[text("create dir "), u32("tablespace_id", 4), text("/"), u32("db_id", 0)];
const DROP: &[OpPart] = &[u32("db_id", 0).hidden(), call(tell_dropped, &[("tablespace_ids", "list")])];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "CREATE", V9_5, COPY_9_5),
    op(0x00, "CREATE", V12, COPY),
    op(0x00, "CREATE_FILE_COPY", V15, COPY),
    op(0x10, "CREATE_WAL_LOG", V15, CREATE),
    op(0x10, "DROP", V9_5, &[text("dir "), u32("db_id", 0), text("/"), u32("tablespace_id", 4)]),
    op(0x10, "DROP", V12, &[text("dir "), u32("tablespace_id", 4), text("/"), u32("db_id", 0)]),
    op(0x10, "DROP", V13, DROP),
    op(0x20, "DROP", V15, DROP),
];

fn tell_dropped(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(0);
    let of = format!("/{}", cursor.u32("db_id")?);
    sink.text("dir");
    let count = cursor.count("tablespace_ids", 4)?;
    sink.open("tablespace_ids", Nest::List);
    for _ in 0..count {
        sink.text(" ");
        sink.plain("", Value::Unsigned(cursor.u32("tablespace_ids")?.into()));
        sink.text(&of);
    }
    sink.close(Nest::List);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rmgr::table::{V11, V12, V13, V15};
    use crate::rmgr::told::{any_bytes, told};

    const DATABASE: u8 = 4;

    fn numbers(of: &[u32]) -> Vec<u8> {
        of.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    #[test]
    fn the_order_of_database_and_tablespace_by_version() {
        let copy = numbers(&[16, 1663, 1, 1664]);
        for (version, text) in [
            (V11, "copy dir 1/1664 to 16/1663"),
            (V12, "copy dir 1664/1 to 1663/16"),
            (V15, "copy dir 1664/1 to 1663/16"),
        ] {
            assert_eq!(told(version, DATABASE, 0, &copy, &[]).0, text);
        }
        assert_eq!(told(V11, DATABASE, 0x10, &copy[..8], &[]).0, "dir 16/1663");
        assert_eq!(told(V12, DATABASE, 0x10, &copy[..8], &[]).0, "dir 1663/16");
        assert_eq!(told(V15, DATABASE, 0x10, &copy[..8], &[]).0, "create dir 1663/16");
        let (text, document) = told(V13, DATABASE, 0x10, &numbers(&[16, 2, 1663, 1700]), &[]);
        assert_eq!((text.as_str(), document.as_str()), ("dir 1663/16 1700/16", "db_id=16 tablespace_ids=[1663 1700]"));
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(DATABASE);
    }
}
