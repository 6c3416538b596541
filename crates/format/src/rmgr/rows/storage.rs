//! The rows of "Storage", 9.5 and later (`xl_smgr_create`, `xl_smgr_truncate`; `src/include/catalog/storage_xlog.h`).
//!
//! ```text
//! CREATE     relation 3 × u32, fork i32
//! TRUNCATE   block u32, relation 3 × u32, [9.6+: flags i32]
//! ```

use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Sink, Value};
use crate::rmgr::table::{Op, OpPart, Short, V9_5, V9_6, call, i32, op, text, u32};

const PATH: &[(&str, &str)] = &[("rel", "relation"), ("fork", "unsigned")];
const CREATE_PARTS: &[OpPart] = &[call(tell_created, PATH)];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x10, "CREATE", V9_5, CREATE_PARTS),
    op(0x20, "TRUNCATE", V9_5, &[call(tell_truncated, PATH), text(" to "), u32("blkno", 0), text(" blocks")]),
    op(
        0x20,
        "TRUNCATE",
        V9_6,
        &[call(tell_truncated, PATH), text(" to "), u32("blkno", 0), text(" blocks flags "), i32("flags", 16)],
    ),
];

fn tell_created(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(0);
    let (rel, fork) = (cursor.rel("rel")?, cursor.u32("fork")?);
    sink.plain("rel", Value::Path(rel, u8::try_from(fork).unwrap_or(u8::MAX)));
    sink.hidden("fork", Value::Unsigned(fork.into()));
    Ok(())
}

fn tell_truncated(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.plain("rel", Value::Path(cx.cursor(4).rel("rel")?, 0));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rmgr::table::V15;
    use crate::rmgr::told::{any_bytes, told};

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(2);
    }

    #[test]
    fn a_fork_beyond_a_byte_is_not_another_fork() {
        let main = [1663u32, 5, 16384, 0x0202].map(u32::to_le_bytes).concat();
        let (_, document) = told(V15, 2, 0x10, &main, &[]);
        assert!(document.ends_with("255 fork=514"), "{document}");
    }
}
