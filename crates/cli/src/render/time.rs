//! Times as people and programs want them.

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use pgwal::format::rmgr::xact::Timestamp;

/// RFC 3339 in UTC with microseconds; `None` for times that no calendar has.
pub fn rfc3339(time: Timestamp) -> Option<String> {
    let zoned = jiff::Timestamp::from_microsecond(time.unix_micros()).ok()?.to_zoned(TimeZone::UTC);
    strtime::format("%Y-%m-%dT%H:%M:%S.%6fZ", &zoned).ok()
}

/// `2026-11-20 14:02:11.123456+01`, in the zone of this machine.
pub fn local(time: Timestamp) -> Option<String> {
    let zoned = jiff::Timestamp::from_microsecond(time.unix_micros()).ok()?.to_zoned(TimeZone::system());
    strtime::format("%Y-%m-%d %H:%M:%S%.f%:z", &zoned).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_since_2000() {
        assert_eq!(rfc3339(Timestamp(0)).unwrap(), "2000-01-01T00:00:00.000000Z");
        assert_eq!(rfc3339(Timestamp(-1)).unwrap(), "1999-12-31T23:59:59.999999Z");
        assert_eq!(rfc3339(Timestamp(i64::MAX)), None);
    }
}
