//! Blocks, rows and line numbers inside records (`src/include/storage/block.h`, `itemptr.h`, `off.h`).
//!
//! ```text
//! BlockIdData      high half u16, low half u16
//! ItemPointerData  BlockIdData, line number u16
//! ```

use super::cursor::Cursor;
use super::sink::{Nest, Sink, Value};
use super::table::Short;

/// A block number in two halves, so that it needs alignment to two bytes only.
pub fn block_id(cursor: &mut Cursor<'_>, name: &'static str) -> Result<u32, Short> {
    let (high, low) = (cursor.u16(name)?, cursor.u16(name)?);
    Ok(u32::from(high) << 16 | u32::from(low))
}

/// A block and a line number in it.
pub fn item_pointer(cursor: &mut Cursor<'_>, name: &'static str) -> Result<Value<'static>, Short> {
    Ok(Value::Tid(block_id(cursor, name)?, cursor.u16(name)?))
}

/// So many line numbers, for documents only.
pub fn lines(cursor: &mut Cursor<'_>, sink: &mut dyn Sink, name: &'static str, count: u16) -> Result<(), Short> {
    let count = cursor.fits(name, count.into(), 2)?;
    sink.open(name, Nest::List);
    for _ in 0..count {
        sink.hidden("", Value::Unsigned(cursor.u16(name)?.into()));
    }
    sink.close(Nest::List);
    Ok(())
}
