//! Records of "Generic", 9.6 and later (`src/backend/access/transam/generic_xlog.c`): what extensions did to pages.
//!
//! ```text
//! a block's data:   u16 offset in the page, u16 length, so many bytes   … to the end
//! ```
//! The dump programs look for this in main data, where it never is.

use super::cursor::{Cursor, Cx};
use super::sink::{Hidden, Nest, Sink, Value};
use super::table::{Op, OpPart, Short, V9_6, call, op};

const DELTAS: &[OpPart] = &[call(main, &[("regions", "list")]), call(blocks, &[("blocks", "list")])];

/// The operations.
pub const OPS: &[Op] = &[op(0x00, "Generic", V9_6, DELTAS)];

fn main(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    if cx.main.is_empty() {
        return Ok(());
    }
    regions(cx.cursor(0), sink)
}

fn blocks(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut hidden = Hidden(sink);
    let sink: &mut dyn Sink = &mut hidden;
    let mut told = Ok(());
    sink.open("blocks", Nest::List);
    for block in cx.blocks {
        sink.open("", Nest::Object);
        sink.plain("id", Value::Unsigned(block.reference.id.into()));
        // An image may stand in place of the data.
        told = told.and(regions(cx.over(block.data(cx.record)), sink));
        sink.close(Nest::Object);
    }
    sink.close(Nest::List);
    told
}

fn regions(mut cursor: Cursor<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.open("regions", Nest::List);
    let mut told = Ok(());
    while told.is_ok() && !cursor.rest.is_empty() {
        told = region(&mut cursor, sink);
    }
    sink.close(Nest::List);
    told
}

fn region(cursor: &mut Cursor<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let (offset, length) = (cursor.u16("offset")?, cursor.u16("length")?);
    sink.open("", Nest::Object);
    sink.text("offset ");
    sink.plain("offset", Value::Unsigned(offset.into()));
    sink.text(", length ");
    sink.plain("length", Value::Unsigned(length.into()));
    sink.close(Nest::Object);
    cursor.skip("region", length.into())?;
    if !cursor.rest.is_empty() {
        sink.text("; ");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rmgr::table::V9_6;
    use crate::rmgr::told::{any_bytes, told};

    const GENERIC: u8 = 20;

    #[test]
    fn regions_of_main_data_and_of_blocks() {
        let (text, document) = told(V9_6, GENERIC, 0, &[], &[24, 0, 2, 0, 1, 1, 40, 0, 1, 0, 9]);
        assert_eq!(text, "");
        assert_eq!(document, "blocks=[{id=0 regions=[{offset=24 length=2} {offset=40 length=1}]}]");
        let (text, _) = told(V9_6, GENERIC, 0x30, &[24, 0, 2, 0, 1, 1, 40, 0, 1, 0, 9], &[]);
        assert_eq!(text, "offset 24, length 2; offset 40, length 1");
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(GENERIC);
    }
}
