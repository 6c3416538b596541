//! Records of "Generic", 9.6 and later (`src/backend/access/transam/generic_xlog.c`): what extensions did to pages.
//!
//! ```text
//! a block's data:   u16 offset in the page, u16 length, so many bytes   … to the end
//! ```
//! The dump programs look for this in main data, where it never is.

use super::describe::{Cursor, Cx};
use super::sink::{Hidden, Nest, Sink, Value};
use super::table::{Op, Part, Short, V9_6, V19, call, op};

const DELTAS: &[Part] = &[call(main, &[]), call(blocks, &[("blocks", "list")])];

/// The operations.
pub const OPS: &[Op] = &[op(0x00, "Generic", V9_6, V19, DELTAS)];

fn main(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    if cx.main.is_empty() {
        return Ok(());
    }
    regions("regions", cx.cursor(0), sink)
}

fn blocks(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut hidden = Hidden(sink);
    let sink: &mut dyn Sink = &mut hidden;
    sink.open("blocks", Nest::List);
    for block in cx.blocks {
        sink.open("", Nest::Object);
        sink.plain("id", Value::Unsigned(block.reference.id.into()));
        // An image may stand in place of the data.
        regions("regions", cx.over(block.data(cx.record)), sink)?;
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}

fn regions(name: &'static str, mut cursor: Cursor<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.open(name, Nest::List);
    while !cursor.rest.is_empty() {
        sink.open("", Nest::Object);
        let (offset, length) = (cursor.u16("offset")?, cursor.u16("length")?);
        sink.text("offset ");
        sink.plain("offset", Value::Unsigned(offset.into()));
        sink.text(", length ");
        sink.plain("length", Value::Unsigned(length.into()));
        cursor.skip("region", length.into())?;
        if !cursor.rest.is_empty() {
            sink.text("; ");
        }
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    Ok(())
}
