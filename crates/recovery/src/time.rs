//! Times as settings name them (`timestamptz_in`): ISO 8601 in the spellings that PostgreSQL prints and takes.
//!
//! ```text
//! 2026-11-22 03:17:02.5+01   2026-11-22T03:17Z   2026-11-22 03:17:02 CET   20261122 031702 Europe/Berlin   2026-11-22
//! ```

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Disambiguation, Offset, TimeZone};
use pgwal_format::rmgr::xact::Timestamp;

/// The time zone of the server.
#[derive(Clone, PartialEq, Debug)]
pub struct ServerZone(TimeZone);

/// What a time's text came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TimeRead {
    /// This time; whether its zone was the server's, for want of one in the text.
    At(Timestamp, bool),
    /// A word that means a time: `epoch`, `infinity`, `now`, …
    Special(Option<Timestamp>),
    /// Not in a spelling that is read here.
    Unread,
}

impl ServerZone {
    /// UTC.
    pub const UTC: ServerZone = ServerZone(TimeZone::UTC);

    /// This machine's.
    pub fn system() -> ServerZone {
        ServerZone(TimeZone::system())
    }

    /// `Europe/Berlin`, `UTC`, `+01:00`. `None` where nothing has that name.
    pub fn named(name: &str) -> Option<ServerZone> {
        jiff::fmt::temporal::DateTimeParser::new().parse_time_zone(name).ok().map(ServerZone)
    }

    /// The server's, as the last of these files that name it says.
    pub fn of_settings(files: &[crate::backup::SettingsFile]) -> Option<ServerZone> {
        files.iter().rev().find_map(|file| file.text.get("timezone")).and_then(ServerZone::named)
    }

    /// Reads a time; one without a zone is of this one. `None` where it is in no spelling that is read, or a word as
    /// `now`.
    pub fn time(&self, text: &str) -> Option<Timestamp> {
        match read(text, self) {
            TimeRead::At(time, _) => Some(time),
            TimeRead::Special(_) | TimeRead::Unread => None,
        }
    }

    /// As settings name it.
    pub fn name(&self) -> String {
        match self.0.iana_name() {
            Some(name) => name.to_owned(),
            None => self.0.to_fixed_offset().map_or_else(|_| "this machine's".to_owned(), |offset| offset.to_string()),
        }
    }
}

/// Reads a time. Without a zone it is one of `zone`.
pub(crate) fn read(text: &str, zone: &ServerZone) -> TimeRead {
    let text = text.trim();
    let special = match text.to_ascii_lowercase().as_str() {
        "epoch" => Some(Some(Timestamp::from_unix_seconds(0))),
        "infinity" => Some(Some(Timestamp(i64::MAX))),
        "-infinity" => Some(Some(Timestamp(i64::MIN))),
        "now" | "today" | "tomorrow" | "yesterday" => Some(None),
        _ => None,
    };
    special.map(TimeRead::Special).or_else(|| stamp(text, zone)).unwrap_or(TimeRead::Unread)
}

fn stamp(text: &str, zone: &ServerZone) -> Option<TimeRead> {
    let (date, rest) = date(text)?;
    let rest = rest.strip_prefix(['T', 't']).unwrap_or(rest).trim_start();
    let (clock, micros, rest) =
        if rest.starts_with(|c: char| c.is_ascii_digit()) { clock(rest)? } else { (Time::midnight(), 0, rest) };
    let own = match rest.trim() {
        "" => None,
        name => Some(of_zone(name)?),
    };
    let tz = own.as_ref().unwrap_or(&zone.0);
    // Of the hour that there is twice the second is meant; of the hour that is left out, the time by the old clock.
    let zoned = tz.to_ambiguous_zoned(DateTime::from_parts(date, clock)).disambiguate(Disambiguation::Later).ok()?;
    let unix = zoned.timestamp().as_microsecond().checked_add(micros)?;
    Some(TimeRead::At(Timestamp(unix.checked_sub(Timestamp(0).unix_micros())?), own.is_none()))
}

fn date(text: &str) -> Option<(Date, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (year, month, day, rest) = match digits(text) {
        8 => (text.get(..4)?, text.get(4..6)?, text.get(6..8)?, text.get(8..)?),
        4 => {
            let (month, rest) = text.get(4..)?.strip_prefix(['-', '/'])?.split_once(['-', '/'])?;
            let (day, rest) = rest.split_at_checked(digits(rest))?;
            (text.get(..4)?, month, day, rest)
        }
        _ => return None,
    };
    Some((Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?, rest))
}

/// The time of day without its fraction, which is rounded to microseconds and may be a second.
fn clock(text: &str) -> Option<(Time, i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let packed = !digits.contains(':');
    let parts: Vec<&str> = match (packed, digits.len()) {
        (false, _) => digits.split(':').collect(),
        (true, 4) => vec![digits.get(..2)?, digits.get(2..)?],
        (true, 6) => vec![digits.get(..2)?, digits.get(2..4)?, digits.get(4..)?],
        _ => return None,
    };
    let part = |at: usize| parts.get(at).map_or(Some(0), |part| part.parse::<i8>().ok());
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let (hour, minute, second) = (part(0)?, part(1)?, part(2)?);
    // 24:00:00 is the next midnight, 60 the next minute's first second.
    let whole = Time::new(hour.min(23), minute, second.min(59), 0).ok()?;
    let over = match (hour, minute, second) {
        (24, 0, 0) => 3_600_000_000,
        (0..24, _, 0..60) => 0,
        (0..24, _, 60) => 1_000_000,
        _ => return None,
    };
    let Some(fraction) = rest.strip_prefix('.') else { return Some((whole, over, rest)) };
    let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, rest) = fraction.split_at_checked(length)?;
    let seconds = format!("0.{fraction}0").parse::<f64>().ok()?;
    Some((whole, over + (seconds * 1e6).round_ties_even() as i64, rest))
}

/// Abbreviations that PostgreSQL knows by default and prints for the most usual zones, in minutes east of UTC.
const ABBREVIATIONS: [(&str, i32); 22] = [
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("WET", 0),
    ("BST", 60),
    ("WEST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("IST", 120),
    ("JST", 540),
    ("AEST", 600),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
];

fn of_zone(name: &str) -> Option<TimeZone> {
    let fixed = |seconds: i32| Offset::from_seconds(seconds).ok().map(TimeZone::fixed);
    if let Some((_, minutes)) = ABBREVIATIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return fixed(minutes * 60);
    }
    let Some(digits) = name.strip_prefix(['+', '-']) else {
        return name.contains('/').then(|| TimeZone::get(name).ok()).flatten();
    };
    let mut parts: Vec<&str> = digits.split(':').collect();
    if let ([packed], true) = (parts.as_slice(), digits.len() > 2) {
        let (hour, minute) = packed.split_at_checked(packed.len() - 2)?;
        parts = vec![hour, minute];
    }
    let mut seconds = 0;
    for (part, unit) in parts.iter().zip([3600, 60, 1]) {
        let value = part
            .parse::<i32>()
            .ok()
            .filter(|value| (0..60).contains(value) && part.bytes().all(|b| b.is_ascii_digit()))?;
        seconds += value * unit;
    }
    if parts.len() > 3 || seconds >= 16 * 3600 {
        return None;
    }
    fixed(if name.starts_with('-') { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<i64> {
        match read(text, &ServerZone::named("Europe/Berlin").unwrap()) {
            TimeRead::At(Timestamp(micros), _) => Some(micros),
            _ => None,
        }
    }

    #[test]
    fn spellings_of_one_moment() {
        for text in [
            "2000-01-01 00:00:01.5+00",
            "2000-01-01T00:00:01.5Z",
            "2000-01-01 01:00:01.5",
            "2000-01-01 01:00:01.5 CET",
            "2000-1-1 05:30:01.5 +05:30",
            "2000/01/01 05:30:01.5+0530",
            "20000101 010001.5",
            "20000101T000001.5 UTC",
            "1999-12-31 19:00:01.5 America/New_York",
        ] {
            assert_eq!(at(text), Some(1_500_000), "{text}");
        }
        assert_eq!(
            (at("2000-01-01"), at("2000-01-01 00:00:00.0000005 UTC"), at("1999-12-31 24:00 UTC")),
            (Some(-3_600_000_000), Some(0), Some(0))
        );
        assert_eq!(at("1999-12-31 23:59:60 UTC"), Some(0));
    }

    #[test]
    fn the_hour_that_is_there_twice_and_the_one_that_is_not() {
        assert_eq!(at("2026-10-25 02:30:00"), at("2026-10-25 02:30:00+01"));
        assert_eq!(at("2026-03-29 02:30:00"), at("2026-03-29 02:30:00+01"));
    }

    #[test]
    fn what_is_no_time_here() {
        for text in [
            "",
            "moon",
            "2026-13-01",
            "2026-11-22 25:00",
            "2026-11-22 03",
            "22.11.2026",
            "2026-11-22 03:17 Mars/Olympus",
            "2026-11-22 03:17+99",
            "é",
        ] {
            assert_eq!(read(text, &ServerZone::UTC), TimeRead::Unread, "{text}");
        }
        assert_eq!(read("Infinity", &ServerZone::UTC), TimeRead::Special(Some(Timestamp(i64::MAX))));
        assert_eq!(read("now", &ServerZone::UTC), TimeRead::Special(None));
    }
}
