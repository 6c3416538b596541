//! Times in WAL: microseconds since 2000-01-01 UTC (`src/include/datatype/timestamp.h`); up to 9.6 a server may have
//! been built with float seconds instead, and 8.2 wrote Unix seconds.

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
