//! Data that ends too early for the type of its record, though the checksum is right.

use super::describe::{Cx, describe};
use super::sink::{Nest, Show, Sink, Value};
use super::table::Short;
use super::vocabulary::Vocabulary;
use crate::record::{Block, Record};

/// Describes a whole record to nobody: the field that its data ends before. `None` too where the operation is not
/// known.
pub fn short(vocabulary: &Vocabulary, record: &Record<'_>, blocks: &[Block]) -> Option<Short> {
    let op = vocabulary.op(record.header.rmid, record.header.info)?;
    describe(op, &Cx { record, main: record.main_data(), blocks }, &mut NullSink).err()
}

struct NullSink;

impl Sink for NullSink {
    fn text(&mut self, _: &str) {}

    fn field(&mut self, _: &'static str, _: Value<'_>, _: Show) {}

    fn open(&mut self, _: &'static str, _: Nest) {}

    fn close(&mut self, _: Nest) {}
}
