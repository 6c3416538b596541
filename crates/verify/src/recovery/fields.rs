//! The fields of a record by name, whatever the version.

use pgwal_format::Lsn;
use pgwal_format::record::Record;
use pgwal_format::rmgr::describe::{Cx, Vocabulary, describe};
use pgwal_format::rmgr::sink::{Nest, Show, Sink, Value};
use pgwal_format::rmgr::xact::Timestamp;

/// The fields that stand outside lists.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fields {
    list: Vec<(&'static str, Held)>,
    depth: u32,
}

#[derive(Clone, PartialEq, Debug)]
enum Held {
    Number(i64),
    Truth(bool),
    Lsn(Lsn),
    Time(Timestamp),
    Text(Vec<u8>),
    Name(&'static str),
}

impl Fields {
    /// Those of a record without block references.
    pub fn of(record: &Record<'_>) -> Fields {
        let mut fields = Fields::default();
        if let Some(op) = Vocabulary::of(record.layout.dialect).op(record.header.rmid, record.header.info) {
            // What came before cut data was told.
            let _ = describe(op, &Cx { record, main: record.main_data(), blocks: &[] }, &mut fields);
        }
        fields
    }

    fn get(&self, name: &str) -> Option<&Held> {
        self.list.iter().find(|(known, _)| *known == name).map(|(_, held)| held)
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<i64> {
        if let Some(Held::Number(n)) = self.get(name) { Some(*n) } else { None }
    }

    /// A truth.
    pub fn truth(&self, name: &str) -> Option<bool> {
        if let Some(Held::Truth(b)) = self.get(name) { Some(*b) } else { None }
    }

    /// A position.
    pub fn lsn(&self, name: &str) -> Option<Lsn> {
        if let Some(Held::Lsn(lsn)) = self.get(name) { Some(*lsn) } else { None }
    }

    /// A time.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        if let Some(Held::Time(time)) = self.get(name) { Some(*time) } else { None }
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&[u8]> {
        if let Some(Held::Text(text)) = self.get(name) { Some(text) } else { None }
    }

    /// One of few words.
    pub fn name(&self, name: &str) -> Option<&'static str> {
        if let Some(Held::Name(word)) = self.get(name) { Some(word) } else { None }
    }
}

impl Sink for Fields {
    fn text(&mut self, _: &str) {}

    fn field(&mut self, name: &'static str, value: Value<'_>, _: Show) {
        if self.depth > 0 {
            return;
        }
        let held = match value {
            Value::Unsigned(n) => Held::Number(n as i64),
            Value::Signed(n) => Held::Number(n),
            Value::Bool(b) => Held::Truth(b),
            Value::Lsn(lsn) => Held::Lsn(lsn),
            Value::Time(time) => Held::Time(time),
            Value::Seconds(seconds) => Held::Time(Timestamp::from_unix_seconds(seconds)),
            Value::Text(bytes) => Held::Text(bytes.to_vec()),
            Value::Name(word) => Held::Name(word),
            _ => return,
        };
        self.list.push((name, held));
    }

    fn open(&mut self, _: &'static str, _: Nest) {
        self.depth += 1;
    }

    fn close(&mut self, _: Nest) {
        self.depth = self.depth.saturating_sub(1);
    }
}
