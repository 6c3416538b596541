//! Times as people say them on a command line: in every spelling of a setting, and in words that a server reads
//! otherwise or not at all.
//!
//! ```text
//! 14:00   3:17 PM                   the last time that it was that late
//! today 14:00   yesterday 14:00     by the calendar of the zone; without a clock time, midnight
//! 2h ago   90 min ago   1 d 6 h ago   now
//! ```

use crate::time::{self, ServerZone, TimeRead, TimeReading};
use pgwal_format::rmgr::xact::Timestamp;

/// A time that somebody wrote, as it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimeSaid {
    /// As it was written.
    pub given: String,
    /// What it was read as.
    pub at: Timestamp,
    /// The text names its zone, so that no other one counts.
    pub own_zone: bool,
}

/// A time without a zone that is another one in a zone that speaks for itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneDoubt {
    /// The name of that zone.
    pub zone: String,
    /// What the time is there.
    pub at: Timestamp,
}

/// A time as the command line has it, and as a server is to be given it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Respelled {
    /// As it was written.
    pub given: String,
    /// As every server reads it, in UTC.
    pub spelled: String,
    /// As it was written no server takes it there; else it names no zone, and the server's may be another one.
    pub refused: bool,
}

impl TimeSaid {
    /// Whether it is another time in the zone of what a server wrote than in the one in which it was read.
    pub(crate) fn doubt(&self, own: &ServerZone, written: &str, now: Option<Timestamp>) -> Option<ZoneDoubt> {
        let (name, zone) = time::zone_of(written).filter(|_| !self.own_zone)?;
        let bare = written.trim().strip_suffix(name)?;
        // What the server wrote in summer names another distance than a time in winter has in the same zone.
        if own.time(bare) == own.time(written) {
            return None;
        }
        let other = zone.said(&self.given, now.unwrap_or(self.at))?;
        (other.at != self.at).then(|| ZoneDoubt { zone: name.to_owned(), at: other.at })
    }
}

impl ServerZone {
    /// Reads a time as people say it; one without a zone is of this one. `None` where it is in no spelling that is
    /// read.
    pub fn said(&self, text: &str, now: Timestamp) -> Option<TimeSaid> {
        let how = TimeReading::anywhere(self);
        match in_words(text, &how, now).unwrap_or_else(|| time::read(text, &how)) {
            TimeRead::At(at, taken) => Some(TimeSaid { given: text.trim().to_owned(), at, own_zone: !taken }),
            TimeRead::Special(_) | TimeRead::Refused | TimeRead::Unread => None,
        }
    }
}

/// Reads words; `None` where they are none.
pub(crate) fn in_words(text: &str, how: &TimeReading<'_>, now: Timestamp) -> Option<TimeRead> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    if lower == "now" {
        return Some(TimeRead::At(now, false));
    }
    if let Some(age) = lower.strip_suffix("ago") {
        return Some(TimeRead::At(Timestamp(now.0.checked_sub(micros(age)?)?), false));
    }
    let (day, clock) = match lower.split_once(char::is_whitespace).unwrap_or((&lower, "")) {
        ("today", _) => (Some(0), text.get(5..)?.trim_start()),
        ("yesterday", _) => (Some(1), text.get(9..)?.trim_start()),
        _ if begins_with_a_clock(text) => (None, text),
        _ => return None,
    };
    let of = |back: i32| {
        let day = how.zone.day(now, back)?;
        Some(time::read(format!("{day} {clock}").trim_end(), how))
    };
    match day {
        Some(back) => of(back),
        // What is still to come today was yesterday.
        None => match of(0)? {
            TimeRead::At(at, _) if at > now => of(1),
            read => Some(read),
        },
    }
}

/// `3:17`, not a date.
fn begins_with_a_clock(text: &str) -> bool {
    let hour = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=2).contains(&hour) && text.as_bytes().get(hour) == Some(&b':')
}

/// `1 d 6 h`, `90min`.
fn micros(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut sum = 0i64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at_checked(digits)?;
        let behind = behind.trim_start();
        let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, behind) = behind.split_at_checked(letters)?;
        let seconds = match unit {
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => return None,
        };
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(seconds)?.checked_mul(1_000_000)?)?;
        rest = behind.trim_start();
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-28 12:30 in Berlin.
    const NOW: &str = "2026-11-28 11:30:00+00";

    fn berlin(text: &str) -> Option<String> {
        let zone = ServerZone::named("Europe/Berlin").unwrap();
        let now = ServerZone::UTC.time(NOW).unwrap();
        zone.said(text, now).and_then(|said| ServerZone::UTC.local(said.at))
    }

    #[test]
    fn words_are_read_by_the_calendar_of_the_zone() {
        for (text, utc) in [
            ("11:00", "2026-11-28 10:00:00+00:00"),
            ("12:30", "2026-11-28 11:30:00+00:00"),
            // Not yet today.
            ("14:00", "2026-11-27 13:00:00+00:00"),
            ("2:15 PM", "2026-11-27 13:15:00+00:00"),
            ("11:00+00", "2026-11-28 11:00:00+00:00"),
            ("today 14:00", "2026-11-28 13:00:00+00:00"),
            ("Yesterday 14:00:05.5", "2026-11-27 13:00:05.5+00:00"),
            ("yesterday", "2026-11-26 23:00:00+00:00"),
            ("2h ago", "2026-11-28 09:30:00+00:00"),
            ("90 min ago", "2026-11-28 10:00:00+00:00"),
            ("1 d 6 hours ago", "2026-11-27 05:30:00+00:00"),
            ("now", "2026-11-28 11:30:00+00:00"),
            ("2026-11-22 14:00", "2026-11-22 13:00:00+00:00"),
        ] {
            assert_eq!(berlin(text).as_deref(), Some(utc), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["ago", "2 ago", "h ago", "2 moons ago", "25:00", "today noonish", "99999999999999999 d ago", "2h", ""]
        {
            assert_eq!(berlin(text), None, "{text}");
        }
    }

    #[test]
    fn a_zone_that_a_server_wrote_is_held_against_it() {
        let (zone, now) = (ServerZone::UTC, ServerZone::UTC.time(NOW).unwrap());
        let doubt = |text: &str, written: &str| {
            let found = zone.said(text, now).unwrap().doubt(&zone, written, Some(now))?;
            Some((found.zone, ServerZone::UTC.local(found.at).unwrap()))
        };
        let other = Some(("CET".to_owned(), "2026-11-22 13:00:00+00:00".to_owned()));
        assert_eq!(doubt("2026-11-22 14:00", "2026-11-22 03:46:51 CET"), other);
        assert_eq!(doubt("2026-11-22 14:00", "2026-11-22 03:46:51 UTC"), None);
        assert_eq!(doubt("2026-11-22 14:00+00", "2026-11-22 03:46:51 CET"), None);
        assert_eq!(doubt("2026-11-22 14:00", "2026-11-22 03:46:51 XYZ"), None);
        let berlin = ServerZone::named("Europe/Berlin").unwrap();
        let winter = berlin.said("2026-11-22 14:00", now).unwrap();
        assert_eq!(winter.doubt(&berlin, "2026-07-22 03:46:51 CEST", Some(now)), None);
        assert!(winter.doubt(&berlin, "2026-07-22 03:46:51 UTC", Some(now)).is_some());
    }

    #[test]
    fn a_zone_of_its_own_is_told() {
        let (zone, now) = (ServerZone::UTC, ServerZone::UTC.time(NOW).unwrap());
        let own = |text: &str| zone.said(text, now).unwrap().own_zone;
        assert!(own("10:00+02") && own("2h ago") && !own("10:00") && !own("yesterday 10:00"));
    }
}
