//! Records of "RelMap", 9.5 and later (`xl_relmap_update`, `src/include/utils/relmapper.h`).
//!
//! ```text
//! 0  u32 database   4  u32 tablespace   8  i32 bytes of the map   12  the map, as in pg_filenode.map:
//!                                                                     magic i32, count i32, [oid u32, file u32]…, checksum
//! ```

use super::cursor::Cx;
use super::sink::{Hidden, Nest, Sink, Value};
use super::table::{Op, OpPart, Short, V9_5, V15, call, i32, op, text, u32};

const DATABASE: OpPart = text("database ");
const TABLESPACE: OpPart = text(" tablespace ");
const SIZE: OpPart = text(" size ");
const MAPPINGS: OpPart = call(mappings, &[("mappings", "list")]);

/// The operations. The size is a signed number, which is what the text says from 15 on.
pub const OPS: &[Op] = &[
    op(0x00, "UPDATE", V9_5, &[DATABASE, u32("dbid", 0), TABLESPACE, u32("tsid", 4), SIZE, u32("nbytes", 8), MAPPINGS]),
    op(0x00, "UPDATE", V15, &[DATABASE, u32("dbid", 0), TABLESPACE, u32("tsid", 4), SIZE, i32("nbytes", 8), MAPPINGS]),
];

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
    use crate::rmgr::table::{V14, V15};
    use crate::rmgr::told::{any_bytes, told};

    const RELMAP: u8 = 7;

    #[test]
    fn the_size_is_signed_from_15_on() {
        let main = [&5u32.to_le_bytes()[..], &1663u32.to_le_bytes(), &0xFF00_0200u32.to_le_bytes()].concat();
        assert_eq!(told(V14, RELMAP, 0, &main, &[]).0, "database 5 tablespace 1663 size 4278190592");
        assert_eq!(told(V15, RELMAP, 0, &main, &[]).0, "database 5 tablespace 1663 size -16776704");
    }

    #[test]
    fn no_bytes_make_it_panic() {
        any_bytes(RELMAP);
    }
}
