//! Records of "RelMap", 9.5 and later (`xl_relmap_update`, `src/include/utils/relmapper.h`).
//!
//! ```text
//! 0  u32 database   4  u32 tablespace   8  i32 bytes of the map   12  the map, as in pg_filenode.map:
//!                                                                     magic i32, count i32, [oid u32, file u32]…, checksum
//! ```

use super::describe::Cx;
use super::sink::{Hidden, Nest, Sink, Value};
use super::table::{Op, Part, Short, V9_5, V19, call, op, text, u32};

const UPDATE: &[Part] = &[
    text("database "),
    u32("dbid", 0),
    text(" tablespace "),
    u32("tsid", 4),
    text(" size "),
    u32("nbytes", 8),
    call(mappings, &[("mappings", "list")]),
];

/// The operations.
pub const OPS: &[Op] = &[op(0x00, "UPDATE", V9_5, V19, UPDATE)];

/// The map. What is in it is not checked, as the text does not depend on it: a count too large tells what is there.
pub(super) fn mappings(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    const SIZE: usize = 8;
    let mut cursor = cx.cursor(16);
    let Ok(count) = cursor.i32("num_mappings") else { return Ok(()) };
    let count = usize::try_from(count).unwrap_or(0).min(cursor.rest.len() / SIZE);
    let mut sink = Hidden(sink);
    let sink: &mut dyn Sink = &mut sink;
    sink.open("mappings", Nest::List);
    for _ in 0..count {
        sink.open("", Nest::Object);
        sink.plain("mapoid", Value::Unsigned(cursor.u32("mapoid")?.into()));
        sink.plain("mapfilenumber", Value::Unsigned(cursor.u32("mapfilenumber")?.into()));
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rmgr::told::any_bytes;

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(7);
    }
}
