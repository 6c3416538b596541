//! Lists of transaction numbers, of whichever resource manager.

use super::cursor::Cursor;
use super::sink::{Nest, Sink, Value};
use super::table::Short;

/// `count` transaction numbers, a space before each.
pub(super) fn list(cursor: &mut Cursor<'_>, name: &'static str, count: i32, sink: &mut dyn Sink) -> Result<(), Short> {
    let count = cursor.fits(name, count.into(), 4)?;
    sink.open(name, Nest::List);
    for _ in 0..count {
        sink.text(" ");
        sink.plain("", Value::Unsigned(cursor.u32(name)?.into()));
    }
    sink.close(Nest::List);
    Ok(())
}
