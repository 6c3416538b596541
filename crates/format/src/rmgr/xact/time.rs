//! When transactions ended (`src/include/access/xact.h`).
//!
//! The time stands first in commit and abort records, behind the transaction number in the prepared kinds up to 9.4.
//! It is microseconds since 2000-01-01 UTC; up to 9.6 a server may have been built with float seconds instead, and 8.2
//! wrote Unix seconds.

use crate::bytes::at;
use crate::record::Record;
use crate::{Align, Generation};

/// Microseconds since 2000-01-01 00:00:00 UTC (`TimestampTz`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// Seconds from 1970-01-01 to 2000-01-01.
const UNIX_TO_POSTGRES: i64 = 946_684_800;

impl Timestamp {
    /// Microseconds since 1970-01-01 00:00:00 UTC; saturating.
    pub const fn unix_micros(self) -> i64 {
        self.0.saturating_add(UNIX_TO_POSTGRES * 1_000_000)
    }

    /// From microseconds since 1970-01-01 00:00:00 UTC; saturating.
    pub const fn from_unix_micros(micros: i64) -> Timestamp {
        Timestamp(micros.saturating_sub(UNIX_TO_POSTGRES * 1_000_000))
    }

    /// From Unix seconds; saturating.
    pub const fn from_unix_seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds.saturating_sub(UNIX_TO_POSTGRES).saturating_mul(1_000_000))
    }
}

/// How a transaction ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Commit, of a prepared transaction or not.
    Commit,
    /// Abort, of a prepared transaction or not.
    Abort,
}

/// The end of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Commit or abort.
    pub ending: Ending,
    /// The transaction; that of the prepared one where the record names it (up to 9.4), else the record's.
    pub xid: u32,
    /// When.
    pub time: Timestamp,
}

/// Reads the end of a transaction from a record of "Transaction". `None` for its other records and for cut data.
pub fn ended(record: &Record<'_>) -> Option<Ended> {
    let layout = record.layout;
    let e = layout.endian;
    let data = record.main_data();
    let modern = layout.dialect.generation == Generation::Modern;
    let operation = record.header.info & if modern { 0x70 } else { 0xF0 };
    let (ending, prepared) = match operation {
        0x00 => (Ending::Commit, false),
        0x20 => (Ending::Abort, false),
        0x30 => (Ending::Commit, true),
        0x40 => (Ending::Abort, true),
        0x60 if !modern && layout.dialect.rmgr_max == 16 => (Ending::Commit, false),
        _ => return None,
    };
    let (xid, start) = match (prepared, modern, layout.align) {
        (true, false, Align::Eight) => (e.u32(at(data, 0)), 8),
        (true, false, Align::Four) => (e.u32(at(data, 0)), 4),
        _ => (record.header.xid, 0),
    };
    let time = if layout.dialect.unix_commit_time {
        let seconds = match layout.align {
            Align::Eight => e.u64(*data.get(start..)?.first_chunk()?) as i64,
            Align::Four => i64::from(e.u32(*data.get(start..)?.first_chunk()?) as i32),
        };
        Timestamp::from_unix_seconds(seconds)
    } else {
        timestamp(e.u64(*data.get(start..)?.first_chunk()?), layout.dialect.float_times)
    };
    Some(Ended { ending, xid, time })
}

/// The time of a commit of 9.6 or later that has main data alone, as nearly all commits do: what [`ended`] says,
/// sooner.
#[inline(always)]
pub fn plain_commit(record: &Record<'_>) -> Option<Timestamp> {
    let layout = record.layout;
    match record.body {
        [255, len, data @ ..]
            if !layout.dialect.float_times && record.header.info & 0x70 == 0 && data.len() == usize::from(*len) =>
        {
            Some(Timestamp(layout.endian.u64(*data.first_chunk()?) as i64))
        }
        _ => None,
    }
}

/// A `TimestampTz` that may be float seconds: as integer microseconds such a value lies over a hundred thousand years
/// away, where the other reading is an ordinary time.
pub fn timestamp(bits: u64, may_be_float: bool) -> Timestamp {
    if may_be_float && is_float(bits) {
        // Servers round to microseconds before they show such a time.
        return Timestamp((f64::from_bits(bits) * 1e6).round() as i64);
    }
    Timestamp(bits as i64)
}

/// A `TimestampTz` of a server that may have been built with float seconds is one of them.
pub fn is_float(bits: u64) -> bool {
    const FAR: u64 = 1 << 60;
    let seconds = f64::from_bits(bits);
    (bits as i64).unsigned_abs() > FAR && seconds.is_finite() && seconds.abs() < 1e11
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_and_integer_times_are_told_apart() {
        let seconds = 848_000_000.25f64;
        assert_eq!(timestamp(seconds.to_bits(), true), Timestamp(848_000_000_250_000));
        assert_eq!(timestamp(848_000_000.000_001f64.to_bits(), true), Timestamp(848_000_000_000_001));
        assert_eq!(timestamp(848_000_000_250_000, true), Timestamp(848_000_000_250_000));
        assert_eq!(Timestamp::from_unix_seconds(946_684_801), Timestamp(1_000_000));
    }
}
