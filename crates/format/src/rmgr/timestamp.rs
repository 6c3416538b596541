//! Times in WAL: microseconds since 2000-01-01 UTC (`src/include/datatype/timestamp.h`); up to 9.6 a server may have
//! been built with float seconds instead, and 8.2 wrote Unix seconds.

use std::fmt;

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

/// In UTC, with microseconds: `2026-11-22T03:17:02.474508Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, micros) = (self.0.div_euclid(DAY_MICROS), self.0.rem_euclid(DAY_MICROS));
        let (year, month, day) = civil(days + UNIX_TO_POSTGRES / 86_400);
        let second = micros / 1_000_000;
        write!(f, "{year:04}-{:02}-{day:02}T", month + 1)?;
        write!(f, "{:02}:{:02}:{:02}.{:06}Z", second / 3600, second / 60 % 60, second % 60, micros % 1_000_000)
    }
}

const DAY_MICROS: i64 = 86_400 * 1_000_000;

/// Year, month from 0 and day of a day since 1970: years are counted from March, so that a leap day is a year's last.
pub fn civil(days: i64) -> (i64, usize, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = (from_march + 2) % 12;
    (year_of_era + era * 400 + i64::from(month < 2), month as usize, day_of_year - (153 * from_march + 2) / 5 + 1)
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

    #[test]
    fn a_time_is_shown_in_utc() {
        assert_eq!(Timestamp(-1).to_string(), "1999-12-31T23:59:59.999999Z");
        assert_eq!(Timestamp::from_unix_micros(1_709_164_800_000_001).to_string(), "2024-02-29T00:00:00.000001Z");
        assert_eq!(Timestamp(i64::MAX).to_string(), "294277-01-09T04:00:54.775807Z");
        assert_eq!(Timestamp::from_unix_seconds(-62_198_755_200).to_string(), "-001-01-01T00:00:00.000000Z");
    }
}
