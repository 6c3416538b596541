//! The fields of a record by name, whatever the version: what typed records are read from.

use super::describe::{Cx, describe};
use super::sink::{Nest, Show, Sink, Value};
use super::vocabulary::Vocabulary;
use crate::record::{Block, Record};

/// A field as it is told.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RecordField<'a> {
    /// The list or object in which it stands, the innermost one; `None` outside of any.
    pub inside: Option<&'static str>,
    /// Its name: PostgreSQL's own, in lower case. What a list holds has none.
    pub name: &'static str,
    /// What it says.
    pub value: Value<'a>,
}

/// Hands on the fields of a record in order, those of block references excepted. Of cut data those that are there;
/// of an operation that is not known, none.
///
/// ```
/// use pgwal_format::record::{Record, RecordHeader};
/// use pgwal_format::rmgr::sink::Value;
/// use pgwal_format::rmgr::{self, fields, xlog};
///
/// # use pgwal_format::{Align, Endian, Layout, Lsn, PageSize, SegmentSize, Version};
/// # let layout = Layout {
/// #     dialect: Version::new(15, 0).dialect().unwrap(),
/// #     align: Align::Eight,
/// #     endian: Endian::Little,
/// #     segment: SegmentSize::DEFAULT,
/// #     page: PageSize::DEFAULT,
/// # };
/// # let header = RecordHeader { tot_len: 30, xid: 0, prev: Lsn::ZERO, info: xlog::NEXTOID, rmid: rmgr::XLOG, crc: 0, len: 0 };
/// # let body = [255, 4, 0x40, 0x9C, 0, 0];
/// # let record = Record { lsn: Lsn::ZERO, end: Lsn::ZERO, header, body: &body, layout: &layout };
/// let mut oid = None;
/// fields::each(&record, &mut |field| {
///     if let ("next_oid", Value::Unsigned(n)) = (field.name, field.value) {
///         oid = Some(n);
///     }
/// });
/// assert_eq!(oid, Some(40000));
/// ```
pub fn each(record: &Record<'_>, take: &mut dyn FnMut(RecordField<'_>)) {
    each_with(record, &[], take);
}

/// The same, with those that stand in the data of blocks; `blocks`: those of the record.
pub fn each_with(record: &Record<'_>, blocks: &[Block], take: &mut dyn FnMut(RecordField<'_>)) {
    if let Some(op) = Vocabulary::of(record.layout.dialect).op(record.header.rmid, record.header.info) {
        let cx = Cx { record, main: record.main_data(), blocks };
        // What came before cut data was told.
        let _ = describe(op, &cx, &mut Taken { take, inside: Vec::new() });
    }
}

struct Taken<'t> {
    take: &'t mut dyn FnMut(RecordField<'_>),
    inside: Vec<&'static str>,
}

impl Sink for Taken<'_> {
    fn text(&mut self, _: &str) {}

    fn field(&mut self, name: &'static str, value: Value<'_>, _: Show) {
        (self.take)(RecordField { inside: self.inside.last().copied(), name, value });
    }

    fn open(&mut self, name: &'static str, _: Nest) {
        // What a list holds has no name of its own.
        self.inside.push(if name.is_empty() { self.inside.last().copied().unwrap_or_default() } else { name });
    }

    fn close(&mut self, _: Nest) {
        self.inside.pop();
    }
}

/// A number, whatever its sign, in so many bits.
pub(super) fn number(value: Value<'_>) -> Option<u32> {
    match value {
        Value::Unsigned(n) => u32::try_from(n).ok(),
        Value::Signed(n) => i32::try_from(n).ok().map(i32::cast_unsigned),
        _ => None,
    }
}
