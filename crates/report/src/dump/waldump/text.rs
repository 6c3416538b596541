//! The words and fields of a description as text.

use super::relation::{path, relation};
use super::zone::LocalZone;
use crate::dump::line::LineBuffer;
use pgwal_format::rmgr::sink::{Nest, Show, Sink, Value};
use pgwal_format::{Dialect, Lsn};
use std::io::Write;

/// Writes into a line.
pub struct DescriptionText<'a, 'b> {
    /// The line.
    pub line: LineBuffer<'a>,
    /// The version.
    pub dialect: &'static Dialect,
    /// Where times are told in.
    pub zone: &'b LocalZone,
}

impl Sink for DescriptionText<'_, '_> {
    #[inline(always)]
    fn wants_hidden(&self) -> bool {
        false
    }

    #[inline(always)]
    fn text(&mut self, words: &str) {
        self.line.words(words.as_bytes());
    }

    #[inline(always)]
    fn field(&mut self, _: &'static str, value: Value<'_>, show: Show) {
        match (value, show) {
            (_, Show::Not) => {}
            (Value::Unsigned(n), Show::Hex) => {
                self.line.all(b"0x");
                self.line.hexadecimal(n as u32, 2);
            }
            (Value::Unsigned(n), Show::Plain) => self.line.decimal(n),
            (value, show) => self.other(value, show),
        }
    }

    fn open(&mut self, _: &'static str, _: Nest) {}

    fn close(&mut self, _: Nest) {}
}

impl DescriptionText<'_, '_> {
    #[inline(never)]
    fn other(&mut self, value: Value<'_>, show: Show) {
        let line = &mut self.line;
        match (value, show) {
            (Value::Unsigned(n), Show::Hex4) => line.with(|out| drop(write!(out, "{n:04x}"))),
            (Value::Unsigned(n), _) => line.decimal(n),
            (Value::Signed(n) | Value::Seconds(n), _) => {
                if n < 0 {
                    line.byte(b'-');
                }
                line.decimal(n.unsigned_abs());
            }
            (Value::Float(n), _) if !n.is_finite() => line.words(no_number(n, self.dialect).as_bytes()),
            (Value::Float(n), Show::Fixed) => line.with(|out| drop(write!(out, "{n:.6}"))),
            (Value::Float(n), _) => line.with(|out| general(out, n)),
            (Value::Bool(b), Show::TrueFalseLetter) => line.byte(if b { b'T' } else { b'F' }),
            (Value::Bool(b), Show::OnOff) => line.words(if b { b"on" } else { b"off" }),
            (Value::Bool(b), Show::Digit) => line.byte(if b { b'1' } else { b'0' }),
            (Value::Bool(b), _) => line.words(if b { b"true" } else { b"false" }),
            (Value::Lsn(lsn), _) => position(line, lsn, self.dialect),
            (Value::FullXid(n), _) => {
                line.decimal(n >> 32);
                line.words(self.dialect.epoch_separator.as_bytes());
                line.decimal(n & 0xFFFF_FFFF);
            }
            (Value::Rel(rel), Show::TwoOfThree) => {
                line.decimal(rel.spc.into());
                line.byte(b'/');
                line.decimal(rel.db.into());
            }
            (Value::Rel(rel), _) => relation(line, &rel),
            (Value::Path(rel, fork), _) => path(line, &rel, fork, self.dialect),
            (Value::Time(time), show) => self.zone.write(line, time, self.dialect.time_text, show == Show::FloatTime),
            (Value::Tid(block, offset), _) => {
                line.decimal(block.into());
                line.byte(b'/');
                line.decimal(offset.into());
            }
            (Value::Text(bytes), _) => line.words(bytes),
            (Value::Name(name), _) => line.words(name.as_bytes()),
            (Value::Bytes(bytes), _) => {
                for (i, &byte) in bytes.iter().enumerate() {
                    if i > 0 {
                        line.byte(b' ');
                    }
                    line.hexadecimal(byte.into(), 2);
                }
            }
            _ => {}
        }
    }
}

/// A position in a description: padded from 19 on.
fn position(line: &mut LineBuffer<'_>, lsn: Lsn, dialect: &Dialect) {
    line.hexadecimal(lsn.high(), 1);
    line.byte(b'/');
    line.hexadecimal(lsn.low(), if dialect.wording.padded { 8 } else { 1 });
}

/// What a version calls a float that is no number.
fn no_number(n: f64, dialect: &Dialect) -> &'static str {
    match (dialect.wording.own_floats, n.is_nan(), n.is_sign_negative()) {
        (true, true, _) => "NaN",
        (true, false, false) => "Infinity",
        (true, false, true) => "-Infinity",
        (false, true, false) => "nan",
        (false, true, true) => "-nan",
        (false, false, false) => "inf",
        (false, false, true) => "-inf",
    }
}

/// `%g` of a number: six significant digits, no zeros behind them, an exponent where it is below -4 or from 6 on.
fn general(out: &mut Vec<u8>, n: f64) {
    let scientific = format!("{n:.5e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |digits: &str| {
        if digits.contains('.') {
            digits.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            digits.to_owned()
        }
    };
    let _ = if (-4..6).contains(&exponent) {
        write!(out, "{}", trimmed(&format!("{n:.*}", (5 - exponent).max(0) as usize)))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "{}e{sign}{:02}", trimmed(digits), exponent.unsigned_abs())
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_c_prints_them() {
        for (n, shown) in [
            (0.0, "0"),
            (1.0, "1"),
            (-1.0, "-1"),
            (123456.0, "123456"),
            (1234567.0, "1.23457e+06"),
            (0.5, "0.5"),
            (0.00001, "1e-05"),
        ] {
            let mut out = Vec::new();
            general(&mut out, n);
            assert_eq!(String::from_utf8(out).unwrap(), shown);
        }
    }

    #[test]
    fn no_numbers_have_names_of_their_version() {
        use pgwal_format::dialect::DIALECTS;
        let named = |major, n| DIALECTS.iter().find(|d| d.version.major == major).map(|d| no_number(n, d));
        assert_eq!(named(18, f64::NAN), Some("NaN"));
        assert_eq!(named(12, f64::NEG_INFINITY), Some("-Infinity"));
        assert_eq!(named(11, f64::INFINITY), Some("inf"));
    }
}
