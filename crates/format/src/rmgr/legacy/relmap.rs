//! Records of "RelMap", 9.0 to 9.4 (`src/include/utils/relmapper.h`; the file's layout: `relmapper.c`).
//!
//! ```text
//! dbid u32, tsid u32, nbytes i32, then the new file: magic u32, num_mappings i32, num_mappings × {mapoid u32, mapfilenode u32}, …
//! ```

use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Nest, Sink, Value};
use crate::rmgr::table::{Op, Short, V9_0, call, op, text, u32};

/// The operations.
pub const OPS: &[Op] = &[op(
    0x00,
    "UPDATE",
    V9_0,
    &[
        text("update relmap: database "),
        u32("dbid", 0),
        text(" tablespace "),
        u32("tsid", 4),
        text(" size "),
        u32("nbytes", 8),
        call(mappings, &[("mappings", "list"), ("mapoid", "unsigned"), ("mapfilenumber", "unsigned")]),
    ],
)];

/// The file's mappings, where it is whole.
fn mappings(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(16);
    let Ok(count) = cursor.count("num_mappings", 8) else { return Ok(()) };
    sink.open("mappings", Nest::List);
    for _ in 0..count {
        sink.open("", Nest::Object);
        sink.hidden("mapoid", Value::Unsigned(cursor.u32("mapoid")?.into()));
        sink.hidden("mapfilenumber", Value::Unsigned(cursor.u32("mapfilenumber")?.into()));
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}
