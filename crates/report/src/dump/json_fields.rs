//! The fields of a record as JSON, straight into the line.
//!
//! | field | JSON |
//! |---|---|
//! | a number, a transaction with its epoch (`epoch << 32 \| xid`) | a number; `null` for a float that is none |
//! | a position | `"0/01F00C98"`, the low half padded |
//! | a time | RFC 3339 in UTC with microseconds; `null` where no calendar has it |
//! | a relation | `{"tablespace":1663,"database":5,"relation":16384}`, of a file with `"fork":"main"` |
//! | a tuple | `{"block":7,"offset":2}` |
//! | bytes | hexadecimal digits, lower case |
//! | text | as it is; each byte that is not UTF-8 as `\xE9` (in JSON `"\\xE9"`) |
//! | lists, objects | lists, objects |

use crate::dump::line::LineBuffer;
use crate::outside::is_harmful;
use crate::time::rfc3339;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::sink::{Nest, Show, Sink, Value};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_query::filter::FORKS;
use std::cell::RefCell;
use std::io::Write;

/// Writes into a line.
pub struct JsonFields<'a> {
    /// The line.
    pub line: LineBuffer<'a>,
    /// Something stands before, and a comma behind it.
    pub comma: bool,
    /// Lists (0) and objects (1) that are open, the innermost in the lowest bit.
    nests: u64,
    depth: u32,
}

impl<'a> JsonFields<'a> {
    /// JsonFields that are appended to the line, in an object that is open there and empty.
    #[inline(always)]
    pub fn new(line: LineBuffer<'a>) -> JsonFields<'a> {
        JsonFields { line, comma: false, nests: 0, depth: 0 }
    }

    /// Closes what a description that broke off left open.
    #[inline(always)]
    pub fn close_all(&mut self) {
        while self.depth > 0 {
            let nest = if self.nests & 1 == 1 { Nest::Object } else { Nest::List };
            self.close(nest);
        }
    }

    /// A name, and a comma before it where there is something before it.
    #[inline(always)]
    pub fn key(&mut self, name: &str) {
        let line = &mut self.line;
        match (self.comma, name.is_empty()) {
            (true, false) => line.all(b",\""),
            (false, false) => line.byte(b'"'),
            (true, true) => line.byte(b','),
            (false, true) => {}
        }
        self.comma = true;
        if !name.is_empty() {
            line.words(name.as_bytes());
            line.all(b"\":");
        }
    }
}

impl Sink for JsonFields<'_> {
    #[inline(always)]
    fn text(&mut self, _: &str) {}

    #[inline(always)]
    fn field(&mut self, name: &'static str, value: Value<'_>, _: Show) {
        self.key(name);
        match value {
            Value::Unsigned(n) => self.line.decimal(n),
            value => write_value(&mut self.line, value),
        }
    }

    fn numbers(&mut self, fields: &[(&'static str, u64)]) {
        for &(name, n) in fields {
            self.key(name);
            self.line.decimal(n);
        }
    }

    #[inline(always)]
    fn open(&mut self, name: &'static str, nest: Nest) {
        self.key(name);
        self.comma = false;
        self.nests = self.nests << 1 | u64::from(nest == Nest::Object);
        self.depth += 1;
        self.line.byte(if nest == Nest::Object { b'{' } else { b'[' });
    }

    #[inline(always)]
    fn close(&mut self, nest: Nest) {
        self.comma = true;
        self.nests >>= 1;
        self.depth = self.depth.saturating_sub(1);
        self.line.byte(if nest == Nest::Object { b'}' } else { b']' });
    }
}

/// A comma where something stands before, and the name where there is one.
pub fn key(out: &mut Vec<u8>, name: &str) {
    if !matches!(out.last(), None | Some(b'{' | b'[')) {
        out.push(b',');
    }
    if !name.is_empty() {
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
    }
}

/// A value.
pub fn value(out: &mut Vec<u8>, value: Value<'_>) {
    write_value(&mut LineBuffer::new(out), value);
}

#[inline(never)]
fn write_value(line: &mut LineBuffer<'_>, value: Value<'_>) {
    match value {
        Value::Unsigned(n) | Value::FullXid(n) => line.decimal(n),
        Value::Signed(n) => {
            if n < 0 {
                line.byte(b'-');
            }
            line.decimal(n.unsigned_abs());
        }
        Value::Float(n) if n.is_finite() => line.with(|out| drop(write!(out, "{n}"))),
        Value::Bool(b) => line.words(if b { b"true" } else { b"false" }),
        Value::Lsn(lsn) => {
            line.byte(b'"');
            line.position(lsn);
            line.byte(b'"');
        }
        Value::Rel(rel) => {
            relation(line, &rel);
            line.byte(b'}');
        }
        Value::Path(rel, fork) => {
            relation(line, &rel);
            line.all(b",\"fork\":\"");
            line.words(FORKS.get(usize::from(fork)).copied().unwrap_or("unknown").as_bytes());
            line.all(b"\"}");
        }
        Value::Time(time) => self::time(line, time),
        Value::Seconds(seconds) => self::time(line, Timestamp::from_unix_seconds(seconds)),
        Value::Tid(block, offset) => {
            line.all(b"{\"block\":");
            line.decimal(block.into());
            line.all(b",\"offset\":");
            line.decimal(offset.into());
            line.byte(b'}');
        }
        Value::Text(bytes) => line.with(|out| text(out, bytes)),
        // Words of our tables, which need no escapes.
        Value::Name(name) => {
            line.byte(b'"');
            line.words(name.as_bytes());
            line.byte(b'"');
        }
        Value::Bytes(bytes) => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            line.byte(b'"');
            for byte in bytes {
                line.all(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xF)]]);
            }
            line.byte(b'"');
        }
        _ => line.all(b"null"),
    }
}

fn relation(line: &mut LineBuffer<'_>, rel: &RelFileLocator) {
    line.all(b"{\"tablespace\":");
    line.decimal(rel.spc.into());
    line.all(b",\"database\":");
    line.decimal(rel.db.into());
    line.all(b",\"relation\":");
    line.decimal(rel.rel.into());
}

thread_local! {
    /// The last second that was told, up to its decimal point: commits come many to a second.
    static LAST: RefCell<(i64, Vec<u8>)> = const { RefCell::new((i64::MIN, Vec::new())) };
}

/// A time, in quotes.
fn time(line: &mut LineBuffer<'_>, time: Timestamp) {
    let (second, micros) = (time.0.div_euclid(1_000_000), time.0.rem_euclid(1_000_000));
    LAST.with_borrow_mut(|(last, text)| {
        if *last != second {
            let Some(whole) = second.checked_mul(1_000_000).and_then(|micros| rfc3339(Timestamp(micros))) else {
                line.all(b"null");
                return;
            };
            text.clear();
            text.extend_from_slice(whole.trim_end_matches("000000Z").as_bytes());
            *last = second;
        }
        line.byte(b'"');
        line.words(text);
        line.six(micros as u32);
        line.all(b"Z\"");
    });
}

/// Text, in quotes.
fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for chunk in bytes.utf8_chunks() {
        let mut units = [0; 2];
        for c in chunk.valid().chars() {
            match c {
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\t' => out.extend_from_slice(b"\\t"),
                '\r' => out.extend_from_slice(b"\\r"),
                c if is_harmful(c) => {
                    c.encode_utf16(&mut units).iter().for_each(|unit| drop(write!(out, "\\u{unit:04x}")));
                }
                c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\\\x{byte:02X}");
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgwal_format::Lsn;

    fn shown(v: Value<'_>) -> String {
        let mut out = Vec::new();
        value(&mut out, v);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_kind_of_value_is_a_document() {
        let rel = RelFileLocator { spc: 1663, db: 5, rel: 16384 };
        for (v, expected) in [
            (Value::Unsigned(u64::MAX), "18446744073709551615"),
            (Value::Signed(-7), "-7"),
            (Value::Float(0.5), "0.5"),
            (Value::Float(f64::NAN), "null"),
            (Value::Bool(true), "true"),
            (Value::Lsn(Lsn::new(0x1_0000_0028)), "\"1/00000028\""),
            (Value::FullXid(7 << 32 | 9), "30064771081"),
            (Value::Rel(rel), "{\"tablespace\":1663,\"database\":5,\"relation\":16384}"),
            (Value::Path(rel, 2), "{\"tablespace\":1663,\"database\":5,\"relation\":16384,\"fork\":\"vm\"}"),
            (Value::Time(Timestamp(-1)), "\"1999-12-31T23:59:59.999999Z\""),
            (Value::Time(Timestamp(1_000_042)), "\"2000-01-01T00:00:01.000042Z\""),
            (Value::Time(Timestamp(1_000_000)), "\"2000-01-01T00:00:01.000000Z\""),
            (Value::Time(Timestamp(i64::MAX)), "null"),
            (Value::Seconds(0), "\"1970-01-01T00:00:00.000000Z\""),
            (Value::Tid(7, 2), "{\"block\":7,\"offset\":2}"),
            (Value::Text(b"a\"\\\n\x01\xE9\xC3\xA9"), "\"a\\\"\\\\\\n\\u0001\\\\xE9é\""),
            (Value::Name("replica"), "\"replica\""),
            (Value::Bytes(&[0, 0xAB]), "\"00ab\""),
        ] {
            assert_eq!(shown(v), expected);
            serde_json::from_str::<serde_json::Value>(expected).unwrap();
        }
    }

    #[test]
    fn what_breaks_off_is_closed() {
        let mut out = b"{".to_vec();
        let mut sink = JsonFields::new(LineBuffer::new(&mut out));
        sink.field("a", Value::Unsigned(1), Show::Plain);
        sink.open("list", Nest::List);
        sink.field("", Value::Unsigned(2), Show::Plain);
        sink.open("", Nest::Object);
        sink.field("b", Value::Unsigned(3), Show::Not);
        sink.close_all();
        drop(sink);
        out.push(b'}');
        assert_eq!(String::from_utf8(out).unwrap(), "{\"a\":1,\"list\":[2,{\"b\":3}]}");
    }
}
