//! Who is told a description: a text, a document, a filter.

use super::timestamp::Timestamp;
use crate::Lsn;
use crate::record::RelFileLocator;

/// Is told a description, in the order of the text.
pub trait Sink {
    /// Whether it has a use for what the text does not show.
    fn wants_hidden(&self) -> bool {
        true
    }

    /// Words of the text. Documents have no use for them.
    fn text(&mut self, words: &str);

    /// A field; of no interest for a text where `show` is [`Show::Not`]. Inside a list the name is empty.
    fn field(&mut self, name: &'static str, value: Value<'_>, show: Show);

    /// Unsigned numbers for documents only, at once: what [`Sink::field`] would be told of each, with [`Show::Not`].
    fn numbers(&mut self, fields: &[(&'static str, u64)]) {
        for &(name, n) in fields {
            self.field(name, Value::Unsigned(n), Show::Not);
        }
    }

    /// A list or an object begins. Inside a list the name is empty.
    fn open(&mut self, name: &'static str, nest: Nest);

    /// And ends.
    fn close(&mut self, nest: Nest);
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn wants_hidden(&self) -> bool {
        (**self).wants_hidden()
    }

    fn text(&mut self, words: &str) {
        (**self).text(words);
    }

    fn field(&mut self, name: &'static str, value: Value<'_>, show: Show) {
        (**self).field(name, value, show);
    }

    fn numbers(&mut self, fields: &[(&'static str, u64)]) {
        (**self).numbers(fields);
    }

    fn open(&mut self, name: &'static str, nest: Nest) {
        (**self).open(name, nest);
    }

    fn close(&mut self, nest: Nest) {
        (**self).close(nest);
    }
}

/// What can hold values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nest {
    /// Values in order.
    List,
    /// Values with names.
    Object,
}

/// How a text shows a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Show {
    /// As its type is usually shown.
    Plain,
    /// Not at all.
    Not,
    /// `0x` and at least two digits, `%02X`.
    Hex,
    /// `%x`-style lower case digits, at least four, nothing in front.
    Hex4,
    /// A float with six digits behind the point, `%f`.
    Fixed,
    /// `T` or `F`.
    TrueFalseLetter,
    /// `on` or `off`.
    OnOff,
    /// A truth as `1` or `0`.
    Digit,
    /// A relation's tablespace and database alone, `spc/db`.
    TwoOfThree,
    /// A time that lies in the record as float seconds.
    FloatTime,
}

/// A value.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Value<'a> {
    /// An unsigned number.
    Unsigned(u64),
    /// A signed number.
    Signed(i64),
    /// A floating-point number. Text: `%g` as C prints it.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A position. Text: padded as the version does in descriptions.
    Lsn(Lsn),
    /// Epoch and transaction. Text: `epoch:xid`.
    FullXid(u64),
    /// A relation. Text: `spc/db/rel`.
    Rel(RelFileLocator),
    /// A relation's file, by fork. Text: its path in the data directory.
    Path(RelFileLocator, u8),
    /// A time. Text: in the zone of whoever prints it.
    Time(Timestamp),
    /// Unix seconds that are shown as a number.
    Seconds(i64),
    /// A block and an offset in it. Text: `block/offset`.
    Tid(u32, u16),
    /// Text, in whatever encoding the server had.
    Text(&'a [u8]),
    /// One of few words.
    Name(&'static str),
    /// Bytes. Text: `XX XX`.
    Bytes(&'a [u8]),
}

impl dyn Sink + '_ {
    /// A shown field.
    pub fn plain(&mut self, name: &'static str, value: Value<'_>) {
        self.field(name, value, Show::Plain);
    }

    /// A field for documents only.
    pub fn hidden(&mut self, name: &'static str, value: Value<'_>) {
        self.field(name, value, Show::Not);
    }
}

/// Passes on what is told as fields for documents only: for parts that the text leaves out.
pub struct Hidden<'a>(pub &'a mut dyn Sink);

impl Sink for Hidden<'_> {
    fn text(&mut self, _: &str) {}

    fn field(&mut self, name: &'static str, value: Value<'_>, _: Show) {
        self.0.field(name, value, Show::Not);
    }

    fn open(&mut self, name: &'static str, nest: Nest) {
        self.0.open(name, nest);
    }

    fn close(&mut self, nest: Nest) {
        self.0.close(nest);
    }
}
