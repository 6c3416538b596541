//! Times as settings name them (`timestamptz_in`): ISO 8601 in the spellings that PostgreSQL prints and takes.
//!
//! ```text
//! 2026-11-22 03:17:02.5+01   2026-11-22T03:17Z   2026-11-22 03:17:02 CET   20261122 031702 Europe/Berlin   2026-11-22
//! 11/22/2026 3:17 PM         Sun Nov 22 03:17:02 2026 UTC   22 Nov 2026
//! ```
//! From 12 on it is a parameter in `postgresql.conf`, and a server reads that before it has loaded abbreviations of
//! zones: there `Z`, `PST` and `CEST` are refused, while `UTC` and `CET` are names of zones, too.

pub(crate) mod dates;
pub(crate) mod said;
pub(crate) mod zones;

use crate::time::dates::{DateOrder, DateRead};
use crate::time::zones::ZoneRead;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Disambiguation, Offset, TimeZone};
use pgwal_format::rmgr::xact::Timestamp;

/// The time zone of the server.
#[derive(Clone, PartialEq, Debug)]
pub struct ServerZone(TimeZone);

/// What a time's text came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TimeRead {
    /// This time; whether its zone was the server's, for want of one in the text.
    At(Timestamp, bool),
    /// A server refuses it, for a zone that it does not know where it reads the setting, or a date that is none.
    Refused,
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

    /// What a server makes of its own setting: a number is hours east of UTC, with a fraction (`check_timezone`).
    pub(crate) fn of_setting(text: &str) -> Option<ServerZone> {
        let Ok(hours) = text.trim().parse::<f64>() else { return ServerZone::named(text) };
        let seconds = Some(hours * 3600.0).filter(|seconds| seconds.abs() < 86_400.0)?;
        Offset::from_seconds(seconds as i32).ok().map(|offset| ServerZone(TimeZone::fixed(offset)))
    }

    /// The server's, as the last of these files that name it says.
    pub fn of_settings(files: &[crate::backup::SettingsFile]) -> Option<ServerZone> {
        files.iter().rev().find_map(|file| file.text.get("timezone")).and_then(ServerZone::of_setting)
    }

    /// `2026-11-20 14:02:11.123456+01:00`; `None` for times that no calendar has.
    pub fn local(&self, time: Timestamp) -> Option<String> {
        let zoned = jiff::Timestamp::from_microsecond(time.unix_micros()).ok()?.to_zoned(self.0.clone());
        jiff::fmt::strtime::format("%Y-%m-%d %H:%M:%S%.f%:z", &zoned).ok()
    }

    /// The other time that clocks here show as this one, where they were turned back.
    pub fn other_of_two(&self, time: Timestamp) -> Option<Timestamp> {
        let zoned = jiff::Timestamp::from_microsecond(time.unix_micros()).ok()?.to_zoned(self.0.clone());
        let AmbiguousOffset::Fold { before, after } = self.0.to_ambiguous_timestamp(zoned.datetime()).offset() else {
            return None;
        };
        let other = if zoned.offset() == after { before } else { after };
        let unix = other.to_timestamp(zoned.datetime()).ok()?.as_microsecond();
        Some(Timestamp(unix.checked_sub(Timestamp(0).unix_micros())?))
    }

    /// How far east of UTC it is at so many seconds since 1970; where no calendar counts them, at the nearest that it
    /// counts.
    pub fn seconds_east(&self, seconds: i64) -> i32 {
        let known = seconds.clamp(jiff::Timestamp::MIN.as_second(), jiff::Timestamp::MAX.as_second());
        jiff::Timestamp::from_second(known).map_or(0, |time| self.0.to_offset(time).seconds())
    }

    /// The day of a time by the calendar here, or so many days before it: `2026-11-20`.
    pub(crate) fn day(&self, time: Timestamp, back: i32) -> Option<String> {
        let zoned = jiff::Timestamp::from_microsecond(time.unix_micros()).ok()?.to_zoned(self.0.clone());
        Some(zoned.date().checked_sub(jiff::Span::new().days(back)).ok()?.to_string())
    }

    /// Reads a time; one without a zone is of this one. `None` where it is in no spelling that is read, or a word as
    /// `now`.
    pub fn time(&self, text: &str) -> Option<Timestamp> {
        match read(text, &TimeReading::anywhere(self)) {
            TimeRead::At(time, _) => Some(time),
            TimeRead::Special(_) | TimeRead::Refused | TimeRead::Unread => None,
        }
    }

    /// As settings name it. A rule in POSIX spelling has no name, and counts hours the other way round: what it comes
    /// to is told.
    pub fn name(&self) -> String {
        let of_rule = || {
            let now = jiff::Timestamp::now().to_zoned(self.0.clone());
            let offset = jiff::fmt::strtime::format("%:z", &now).unwrap_or_default();
            format!("a zone without a name, {offset} now")
        };
        match self.0.iana_name() {
            Some(name) => name.to_owned(),
            None => self.0.to_fixed_offset().map_or_else(|_| of_rule(), |offset| offset.to_string()),
        }
    }
}

/// The zone that a time names behind its last blank, and that name: `2026-11-22 03:46:51 CET`.
pub(crate) fn zone_of(text: &str) -> Option<(&str, ServerZone)> {
    let (_, name) = text.trim().rsplit_once(' ')?;
    match zones::of_name(name, false) {
        ZoneRead::Known(zone) if name.starts_with(|c: char| c.is_ascii_alphabetic()) => Some((name, ServerZone(zone))),
        _ => None,
    }
}

/// How a time is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeReading<'a> {
    /// The zone of a time without one.
    pub zone: &'a ServerZone,
    /// The order of a date in digits.
    pub order: DateOrder,
    /// It is read before abbreviations of zones are loaded.
    pub without_abbreviations: bool,
}

impl<'a> TimeReading<'a> {
    /// As a running server reads it.
    pub const fn anywhere(zone: &'a ServerZone) -> TimeReading<'a> {
        TimeReading { zone, order: DateOrder::Month, without_abbreviations: false }
    }
}

/// Reads a time.
pub(crate) fn read(text: &str, how: &TimeReading<'_>) -> TimeRead {
    let text = text.trim();
    let special = match text.to_ascii_lowercase().as_str() {
        "epoch" => Some(Some(Timestamp::from_unix_seconds(0))),
        "infinity" => Some(Some(Timestamp(i64::MAX))),
        "-infinity" => Some(Some(Timestamp(i64::MIN))),
        "now" | "today" | "tomorrow" | "yesterday" => Some(None),
        _ => None,
    };
    special.map(TimeRead::Special).or_else(|| stamp(text, how)).unwrap_or(TimeRead::Unread)
}

/// As every server takes it, in UTC.
pub fn spelled(time: Timestamp) -> Option<String> {
    let zoned = jiff::Timestamp::from_microsecond(time.unix_micros()).ok()?.to_zoned(TimeZone::UTC);
    jiff::fmt::strtime::format("%Y-%m-%d %H:%M:%S%.f+00", &zoned).ok()
}

fn stamp(text: &str, how: &TimeReading<'_>) -> Option<TimeRead> {
    if names_era(text) {
        return None;
    }
    let (date, rest) = match date(text).or_else(|| dates::date(text, how.order))? {
        DateRead::Date(date, rest) => (date, rest),
        DateRead::None if how.without_abbreviations => return Some(TimeRead::Refused),
        DateRead::None => return None,
    };
    let rest = rest.strip_prefix(['T', 't']).unwrap_or(&rest).trim_start();
    let (clock, micros, rest) =
        if rest.starts_with(|c: char| c.is_ascii_digit()) { clock(rest)? } else { (Time::midnight(), 0, rest) };
    let (clock, rest) = half_of_the_day(clock, rest)?;
    let own = match rest.trim() {
        "" => None,
        name => match zones::of_name(name, how.without_abbreviations) {
            ZoneRead::Known(zone) => Some(zone),
            ZoneRead::Refused => return Some(TimeRead::Refused),
            ZoneRead::Unknown => return None,
        },
    };
    let tz = own.as_ref().unwrap_or(&how.zone.0);
    // Of the hour that there is twice the second is meant; of the hour that is left out, the time by the old clock.
    let zoned = tz.to_ambiguous_zoned(DateTime::from_parts(date, clock)).disambiguate(Disambiguation::Later).ok()?;
    let unix = zoned.timestamp().as_microsecond().checked_add(micros)?;
    Some(TimeRead::At(Timestamp(unix.checked_sub(Timestamp(0).unix_micros())?), own.is_none()))
}

/// `AM` and `PM`, where they stand.
fn half_of_the_day(clock: Time, rest: &str) -> Option<(Time, &str)> {
    let word = rest.trim_start();
    let (half, behind) = word.split_at_checked(2).unwrap_or((word, ""));
    let afternoon = match half.to_ascii_lowercase().as_str() {
        "am" if !behind.starts_with(|c: char| c.is_ascii_alphabetic()) => false,
        "pm" if !behind.starts_with(|c: char| c.is_ascii_alphabetic()) => true,
        _ => return Some((clock, rest)),
    };
    let hour = match (clock.hour(), afternoon) {
        (13.., _) => return None,
        (12, false) => 0,
        (12, true) => 12,
        (hour, false) => hour,
        (hour, true) => hour + 12,
    };
    Some((Time::new(hour, clock.minute(), clock.second(), 0).ok()?, behind))
}

/// `BC` or `AD`, which servers take, and which nobody means.
fn names_era(text: &str) -> bool {
    let words = text.split_whitespace().map(|word| word.trim_start_matches(|c: char| !c.is_ascii_alphabetic()));
    words.into_iter().any(|word| word.eq_ignore_ascii_case("bc") || word.eq_ignore_ascii_case("ad"))
}

fn date(text: &str) -> Option<DateRead> {
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
    let [month, day] = [month, day].map(|part| part.parse().ok().filter(|_| part.len() <= 2));
    let (year, month, day) = (year.parse().ok()?, month?, day?);
    // There is no year 0.
    let found = Date::new(year, month, day).ok().filter(|_| year > 0);
    Some(found.map_or(DateRead::None, |date| DateRead::Date(date, rest.to_owned())))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<i64> {
        match read(text, &TimeReading::anywhere(&ServerZone::named("Europe/Berlin").unwrap())) {
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
            assert_eq!(read(text, &TimeReading::anywhere(&ServerZone::UTC)), TimeRead::Unread, "{text}");
        }
        let read = |text: &str| super::read(text, &TimeReading::anywhere(&ServerZone::UTC));
        assert_eq!(read("Infinity"), TimeRead::Special(Some(Timestamp(i64::MAX))));
        assert_eq!(read("now"), TimeRead::Special(None));
    }

    /// What servers of 12 to 18 made of it.
    #[test]
    fn what_a_configuration_file_takes() {
        let taken = |text: &str, order: DateOrder| {
            let how = TimeReading { zone: &ServerZone::named("UTC").unwrap(), order, without_abbreviations: true };
            match read(text, &how) {
                TimeRead::At(at, _) => spelled(at),
                _ => None,
            }
        };
        for zone in ["Z", " Z", " PST", " CEST", " BST", " EDT", " MSK", " EEST", " IST", " JST", " moon"] {
            let utc = ServerZone::UTC;
            let how = TimeReading { without_abbreviations: true, ..TimeReading::anywhere(&utc) };
            assert_eq!(read(&format!("2026-11-28 14:57:51{zone}"), &how), TimeRead::Refused, "{zone}");
        }
        for (zone, hour) in [("UTC", 14), ("CET", 13), ("EST", 19), ("HST", 24), ("Zulu", 14), ("MET", 13), ("+01", 13)]
        {
            let found = taken(&format!("2026-11-28 14:57:51 {zone}"), DateOrder::Month);
            let (day, hour) = (28 + hour / 24, hour % 24);
            assert_eq!(found, Some(format!("2026-11-{day} {hour:02}:57:51+00")), "{zone}");
        }
        for text in [
            "11/28/2026 14:57:51",
            "11-28-2026 14:57:51",
            "Nov 28 2026 14:57:51",
            "28 Nov 2026 14:57:51",
            "Sat Nov 28 14:57:51 2026",
            "Sat Nov 28 14:57:51 2026 UTC",
            "November 28, 2026 14:57:51",
            "2026-Nov-28 14:57:51",
            "2026-11-28 2:57:51 PM",
            "2026-11-28 02:57:51pm",
        ] {
            assert_eq!(taken(text, DateOrder::Month).as_deref(), Some("2026-11-28 14:57:51+00"), "{text}");
        }
        let utc = ServerZone::UTC;
        let how = TimeReading { without_abbreviations: true, ..TimeReading::anywhere(&utc) };
        for text in [
            "2026-13-45",
            "2026-13-01 06:00",
            "2026/02/30",
            "2026-2-30",
            "2026-00-10",
            "2026-11-00",
            "0000-11-01",
            "20261345",
            "20260230 060000",
            "2026-13-45 moon",
            "2026-30-11",
        ] {
            assert_eq!(read(text, &how), TimeRead::Refused, "{text}");
        }
        // They take these, and nobody has been here then.
        for text in ["2025-02-29 BC", "2026-11-30 06:00 BC", "2026-11-30 06:00bc", "2026-11-30 06:00 UTC AD"] {
            assert_eq!(read(text, &how), TimeRead::Unread, "{text}");
        }
        assert_eq!(taken("28.11.2026 14:57:51", DateOrder::Month), None);
        assert_eq!(taken("28.11.2026", DateOrder::Day).as_deref(), Some("2026-11-28 00:00:00+00"));
        assert_eq!(taken("2026-11-28 13:00 PM", DateOrder::Month), None);
    }
}
