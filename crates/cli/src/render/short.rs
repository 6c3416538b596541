//! Records whose data ends too early for their type, though their checksum is right (WP212).

use pgwal::format::record::{Block, Record};
use pgwal::format::rmgr::describe::{Cx, Vocabulary, describe};
use pgwal::format::rmgr::sink::{Nest, Show, Sink, Value};
use pgwal::format::rmgr::table::Short;

/// What is wrong with the data of a record that nobody describes.
pub fn short(vocabulary: &Vocabulary, record: &Record<'_>, blocks: &[Block]) -> Option<Short> {
    let op = vocabulary.op(record.header.rmid, record.header.info)?;
    describe(op, &Cx { record, main: record.main_data(), blocks }, &mut Nowhere).err()
}

/// Takes what is told of a record and says nothing.
struct Nowhere;

impl Sink for Nowhere {
    fn text(&mut self, _: &str) {}

    fn field(&mut self, _: &'static str, _: Value<'_>, _: Show) {}

    fn open(&mut self, _: &'static str, _: Nest) {}

    fn close(&mut self, _: Nest) {}
}
