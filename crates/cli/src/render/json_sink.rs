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

use super::digits::{decimal, position};
use super::time::rfc3339;
use crate::filter::FORKS;
use pgwal::format::record::RelFileLocator;
use pgwal::format::rmgr::sink::{Nest, Show, Sink, Value};
use pgwal::format::rmgr::xact::Timestamp;
use std::cell::RefCell;
use std::io::Write;

/// Writes into a line.
pub struct Fields<'a> {
    /// The line.
    pub out: &'a mut Vec<u8>,
    /// Lists (0) and objects (1) that are open, the innermost in the lowest bit.
    nests: u64,
    depth: u32,
}

impl<'a> Fields<'a> {
    /// Fields that are appended to the line, in an object that is open there.
    pub fn new(out: &'a mut Vec<u8>) -> Fields<'a> {
        Fields { out, nests: 0, depth: 0 }
    }

    /// Closes what a description that broke off left open.
    pub fn close_all(&mut self) {
        while self.depth > 0 {
            let nest = if self.nests & 1 == 1 { Nest::Object } else { Nest::List };
            self.close(nest);
        }
    }
}

impl Sink for Fields<'_> {
    fn text(&mut self, _: &str) {}

    fn field(&mut self, name: &'static str, value: Value<'_>, _: Show) {
        key(self.out, name);
        self::value(self.out, value);
    }

    fn open(&mut self, name: &'static str, nest: Nest) {
        key(self.out, name);
        self.nests = self.nests << 1 | u64::from(nest == Nest::Object);
        self.depth += 1;
        self.out.push(if nest == Nest::Object { b'{' } else { b'[' });
    }

    fn close(&mut self, nest: Nest) {
        self.nests >>= 1;
        self.depth = self.depth.saturating_sub(1);
        self.out.push(if nest == Nest::Object { b'}' } else { b']' });
    }
}

/// A comma where something stands before, and the name where there is one.
#[inline]
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
    match value {
        Value::Unsigned(n) | Value::FullXid(n) => decimal(out, n, 0),
        Value::Signed(n) => {
            if n < 0 {
                out.push(b'-');
            }
            decimal(out, n.unsigned_abs(), 0);
        }
        Value::Float(n) if n.is_finite() => drop(write!(out, "{n}")),
        Value::Bool(b) => out.extend_from_slice(if b { b"true" } else { b"false" }),
        Value::Lsn(lsn) => {
            out.push(b'"');
            position(out, lsn, 0);
            out.push(b'"');
        }
        Value::Rel(rel) => {
            relation(out, &rel);
            out.push(b'}');
        }
        Value::Path(rel, fork) => {
            relation(out, &rel);
            out.extend_from_slice(b",\"fork\":\"");
            out.extend_from_slice(FORKS.get(usize::from(fork)).copied().unwrap_or("unknown").as_bytes());
            out.extend_from_slice(b"\"}");
        }
        Value::Time(time) => self::time(out, time),
        Value::Seconds(seconds) => self::time(out, Timestamp::from_unix_seconds(seconds)),
        Value::Tid(block, offset) => {
            out.extend_from_slice(b"{\"block\":");
            decimal(out, block.into(), 0);
            out.extend_from_slice(b",\"offset\":");
            decimal(out, offset.into(), 0);
            out.push(b'}');
        }
        Value::Text(bytes) => text(out, bytes),
        Value::Name(name) => text(out, name.as_bytes()),
        Value::Bytes(bytes) => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            out.push(b'"');
            for byte in bytes {
                out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xF)]]);
            }
            out.push(b'"');
        }
        _ => out.extend_from_slice(b"null"),
    }
}

fn relation(out: &mut Vec<u8>, rel: &RelFileLocator) {
    out.extend_from_slice(b"{\"tablespace\":");
    decimal(out, rel.spc.into(), 0);
    out.extend_from_slice(b",\"database\":");
    decimal(out, rel.db.into(), 0);
    out.extend_from_slice(b",\"relation\":");
    decimal(out, rel.rel.into(), 0);
}

thread_local! {
    /// The last second that was told, up to its decimal point: commits come many to a second.
    static LAST: RefCell<(i64, Vec<u8>)> = const { RefCell::new((i64::MIN, Vec::new())) };
}

/// A time, in quotes.
pub fn time(out: &mut Vec<u8>, time: Timestamp) {
    let (second, micros) = (time.0.div_euclid(1_000_000), time.0.rem_euclid(1_000_000));
    LAST.with_borrow_mut(|(last, text)| {
        if *last != second {
            let Some(whole) = second.checked_mul(1_000_000).and_then(|micros| rfc3339(Timestamp(micros))) else {
                out.extend_from_slice(b"null");
                return;
            };
            text.clear();
            text.extend_from_slice(whole.trim_end_matches("000000Z").as_bytes());
            *last = second;
        }
        out.push(b'"');
        out.extend_from_slice(text);
        let from = out.len();
        decimal(out, micros as u64 + 1_000_000, 0);
        // The leading 1 kept the zeros.
        out.remove(from);
        out.extend_from_slice(b"Z\"");
    });
}

/// Text, in quotes.
pub fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for chunk in bytes.utf8_chunks() {
        for &byte in chunk.valid().as_bytes() {
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\t' => out.extend_from_slice(b"\\t"),
                b'\r' => out.extend_from_slice(b"\\r"),
                0..=0x1F => drop(write!(out, "\\u{byte:04x}")),
                _ => out.push(byte),
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
    use pgwal::format::Lsn;

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
        let mut sink = Fields::new(&mut out);
        sink.field("a", Value::Unsigned(1), Show::Plain);
        sink.open("list", Nest::List);
        sink.field("", Value::Unsigned(2), Show::Plain);
        sink.open("", Nest::Object);
        sink.field("b", Value::Unsigned(3), Show::Not);
        sink.close_all();
        out.push(b'}');
        assert_eq!(String::from_utf8(out).unwrap(), "{\"a\":1,\"list\":[2,{\"b\":3}]}");
    }
}
