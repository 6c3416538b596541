//! A position in WAL.
//!
//! PostgreSQL writes it `<high>/<low>` in hexadecimal (`src/include/access/xlogdefs.h`). Up to 9.2 the two halves are a
//! log id and an offset in it; from 9.3 they are the halves of one 64-bit byte position. Which of the two, an [`Lsn`]
//! does not know: arithmetic is asked of the [`crate::AddressScheme`].

use std::fmt;
use std::str::FromStr;

/// A WAL position: bytes from the beginning of WAL (9.3 and later), or log id and offset (9.2 and earlier).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lsn(u64);

impl Lsn {
    /// `InvalidXLogRecPtr`, 0/0.
    pub const ZERO: Lsn = Lsn(0);
    /// The greatest value, FFFFFFFF/FFFFFFFF.
    pub const MAX: Lsn = Lsn(u64::MAX);

    /// From the 64-bit value.
    pub const fn new(value: u64) -> Lsn {
        Lsn(value)
    }

    /// From the high half (log id) and the low half (offset).
    pub const fn from_halves(high: u32, low: u32) -> Lsn {
        Lsn((high as u64) << 32 | low as u64)
    }

    /// The 64-bit value.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The high half: the log id of 9.2 and earlier.
    pub const fn high(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The low half: the offset in the log id of 9.2 and earlier.
    pub const fn low(self) -> u32 {
        self.0 as u32
    }

    /// The position `offset` bytes into the segment (or page) that starts here. Only for offsets that stay inside it.
    pub const fn plus_within(self, offset: u64) -> Lsn {
        Lsn(self.0.wrapping_add(offset))
    }

    /// Bytes from `start` of the same segment to here; zero when `start` lies behind.
    pub const fn minus_within(self, start: Lsn) -> u64 {
        self.0.saturating_sub(start.0)
    }

    /// As servers up to 18 print it: no padding (`0/84FF48`).
    pub fn unpadded(self) -> Unpadded {
        Unpadded(self)
    }
}

/// As `X/XXXXXXXX`, the low half padded to eight digits.
impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:08X}", self.high(), self.low())
    }
}

impl fmt::Debug for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The spelling of servers up to 18.
#[derive(Clone, Copy)]
pub struct Unpadded(Lsn);

impl fmt::Display for Unpadded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0.high(), self.0.low())
    }
}

/// The text is not a WAL position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLsn;

impl fmt::Display for BadLsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a WAL position of the form X/Y in hexadecimal")
    }
}

impl std::error::Error for BadLsn {}

/// Reads `X/Y`, each half of one to eight hexadecimal digits of either case, as `pg_lsn_in` of 9.4 and later does.
impl FromStr for Lsn {
    type Err = BadLsn;
    fn from_str(text: &str) -> Result<Lsn, BadLsn> {
        let (high, low) = text.split_once('/').ok_or(BadLsn)?;
        Ok(Lsn::from_halves(half(high)?, half(low)?))
    }
}

fn half(text: &str) -> Result<u32, BadLsn> {
    if !(1..=8).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(BadLsn);
    }
    u32::from_str_radix(text, 16).map_err(|_| BadLsn)
}

impl serde::Serialize for Lsn {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Lsn {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Lsn, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for (text, padded) in
            [("0/84FF48", "0/0084FF48"), ("A2F57FDA/dd165b38", "A2F57FDA/DD165B38"), ("0/0", "0/00000000")]
        {
            assert_eq!(text.parse::<Lsn>().unwrap().to_string(), padded);
        }
        for bad in ["", "/", "1/", "/1", "1", "0/100000000", "g/0", " 0/1", "0/1 ", "-1/5", "0x1/2", "0/1/2", "+1/2"] {
            assert_eq!(bad.parse::<Lsn>(), Err(BadLsn), "{bad}");
        }
        assert_eq!(Lsn::new(0x1_0084_FF48).unpadded().to_string(), "1/84FF48");
    }
}
