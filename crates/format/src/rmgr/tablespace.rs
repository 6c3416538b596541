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

/// What a record does to a tablespace, by its OID.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TablespaceChange {
    /// It is created in a directory of its own, to which a link leads: the bytes of its path, in no known encoding.
    Created(u32, Box<[u8]>),
    /// It is created in the data directory itself (`allow_in_place_tablespaces`: 10 and later).
    CreatedInPlace(u32),
    /// It is dropped.
    Dropped(u32),
}

/// What a record does to a tablespace; `None` for other records.
pub fn change(record: &Record<'_>) -> Option<TablespaceChange> {
    let data = record.main_data();
    let oid = || Some(u32::from_le_bytes(data.get(..4)?.try_into().ok()?));
    if record.header.is(TABLESPACE, DROP) {
        return oid().map(TablespaceChange::Dropped);
    }
    if !record.header.is(TABLESPACE, CREATE) {
        return None;
    }
    let path = data.get(4..)?.split(|&b| b == 0).next()?;
    let place = || path.get(..usize::from(LONGEST)).unwrap_or(path).into();
    oid().map(|oid| match path {
        [] => TablespaceChange::CreatedInPlace(oid),
        _ => TablespaceChange::Created(oid, place()),
    })
}

#[cfg(test)]
mod tests {
    use crate::rmgr::told::any_bytes;

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(5);
    }
}
