//! Records of "Sequence", 8.2 to 9.4 (`xl_seq_rec`, `src/include/commands/sequence.h`).
//!
//! ```text
//! relation 3 × u32, then the sequence's whole tuple: header (byte 22, 8.2: byte 26: where its values begin), values
//!
//! 8.2, 8.3   name 64 bytes, last_value, increment_by, max_value, min_value, cache_value, log_cnt: i64 each; is_cycled, is_called: bool
//! 8.4-9.4    name 64 bytes, last_value, start_value, increment_by, …, as above
//! ```
//! Integers of eight bytes are aligned to the server's alignment, which the tuple's start keeps.

use crate::rmgr::cursor::Cx;
use crate::rmgr::sink::{Sink, Value};
use crate::rmgr::table::{Op, OpPart, Short, V8_2, V8_3, V8_4, call, op, rel, text};

const FIELDS: &[(&str, &str)] = &[("last_value", "integer"), ("log_cnt", "integer"), ("is_called", "boolean")];

const TUPLE_8_2: OpPart = call(|cx, sink| tuple(cx, 26, 4, sink), FIELDS);
const TUPLE_8_3: OpPart = call(|cx, sink| tuple(cx, 22, 4, sink), FIELDS);
const TUPLE_8_4: OpPart = call(|cx, sink| tuple(cx, 22, 5, sink), FIELDS);

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "LOG", V8_2, &[text("log: rel "), rel("rel", 0), TUPLE_8_2]),
    op(0x00, "LOG", V8_3, &[text("log: rel "), rel("rel", 0), TUPLE_8_3]),
    op(0x00, "LOG", V8_4, &[text("log: rel "), rel("rel", 0), TUPLE_8_4]),
];

/// `sizeof(xl_seq_rec)`.
const FIXED: usize = 12;
/// `NAMEDATALEN`.
const NAME: usize = 64;

/// What sequences are about, if the tuple is whole. `hoff`: where `t_hoff` is; `between`: numbers between `last_value`
/// and `log_cnt`.
fn tuple(cx: &Cx<'_>, hoff: usize, between: usize, sink: &mut dyn Sink) -> Result<(), Short> {
    if let Some((last, count, called)) = values(cx, hoff, between) {
        sink.hidden("last_value", Value::Signed(last));
        sink.hidden("log_cnt", Value::Signed(count));
        sink.hidden("is_called", Value::Bool(called));
    }
    Ok(())
}

fn values(cx: &Cx<'_>, hoff: usize, between: usize) -> Option<(i64, i64, bool)> {
    let start = FIXED + usize::from(*cx.main.get(FIXED + hoff)?) + NAME;
    let mut cursor = cx.cursor(start);
    let last = cursor.u64("last_value").ok()?;
    cursor.skip("log_cnt", between * 8).ok()?;
    let count = cursor.u64("log_cnt").ok()?;
    let _cycled = cursor.u8("is_cycled").ok()?;
    let called = cursor.u8("is_called").ok()?;
    Some((last as i64, count as i64, called != 0))
}
