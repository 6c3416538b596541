//! Times as people and programs want them.

use jiff::fmt::strtime;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use pgwal_format::rmgr::xact::Timestamp;
use std::str::FromStr;

/// RFC 3339 in UTC with microseconds; `None` for times that no calendar has.
pub fn rfc3339(time: Timestamp) -> Option<String> {
    let zoned = jiff::Timestamp::from_microsecond(time.unix_micros()).ok()?.to_zoned(TimeZone::UTC);
    strtime::format("%Y-%m-%dT%H:%M:%S.%6fZ", &zoned).ok()
}

/// In which zone times are told to people: by default this machine's.
#[derive(Clone)]
pub struct Zone {
    zone: TimeZone,
    name: Option<String>,
}

impl Default for Zone {
    fn default() -> Zone {
        Zone { zone: TimeZone::system(), name: None }
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Zone, String> {
        let zone = DateTimeParser::new().parse_time_zone(text);
        zone.map(|zone| Zone { zone, name: Some(text.to_owned()) })
            .map_err(|_| "the name of a zone, as Europe/Berlin or UTC, or a distance from UTC, as +01:00".to_owned())
    }
}

impl Zone {
    /// Its name, where one was given.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// UTC.
    pub fn utc() -> Zone {
        Zone { zone: TimeZone::UTC, name: Some("UTC".into()) }
    }

    /// Reads a time; one without a zone is one of this zone.
    pub fn read(&self, text: &str) -> Result<Timestamp, String> {
        pgwal_query::filter::time_in(text, &self.zone)
    }

    /// `2026-11-20 14:02:11.123456+01:00`.
    pub fn local(&self, time: Timestamp) -> Option<String> {
        let zoned = jiff::Timestamp::from_microsecond(time.unix_micros()).ok()?.to_zoned(self.zone.clone());
        strtime::format("%Y-%m-%d %H:%M:%S%.f%:z", &zoned).ok()
    }
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

    #[test]
    fn zones_have_names_and_distances() {
        let told = |zone: &str| zone.parse::<Zone>().map(|zone| zone.local(Timestamp(500_000)).unwrap());
        assert_eq!(told("UTC").unwrap(), "2000-01-01 00:00:00.5+00:00");
        assert_eq!(told("+05:30").unwrap(), "2000-01-01 05:30:00.5+05:30");
        assert_eq!(told("-03").unwrap(), "1999-12-31 21:00:00.5-03:00");
        for bad in ["", "Mars/Olympus", "+99:00"] {
            assert!(told(bad).is_err(), "{bad}");
        }
    }
}
