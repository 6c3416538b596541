//! Times as people and programs want them.

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use pgwal_format::Layout;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_verify::Finding;
use pgwal_verify::backup::SettingsFile;
use pgwal_verify::reach::since;
use pgwal_verify::recovery::{ServerZone, TimeSaid};
use std::str::FromStr;

/// RFC 3339 in UTC with microseconds; `None` for times that no calendar has.
pub fn rfc3339(time: Timestamp) -> Option<String> {
    let zoned = jiff::Timestamp::from_microsecond(time.unix_micros()).ok()?.to_zoned(TimeZone::UTC);
    strtime::format("%Y-%m-%dT%H:%M:%S%.6fZ", &zoned).ok()
}

/// The zone of an answer, in which it reads times without one and tells all: by default this machine's. With it the
/// times that were read, and, where ages are wanted, this machine's time.
#[derive(Clone)]
pub struct Zone {
    zone: ServerZone,
    why: ZoneReason,
    asked: Option<String>,
    now: Option<Timestamp>,
    read: Vec<TimeSaid>,
}

/// Why it is that zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ZoneReason {
    /// It was asked for.
    Asked,
    /// The configuration of the backup names it.
    Backup,
    /// The setting `timezone` was given.
    Set,
    /// It is this machine's.
    Host,
    /// It is this machine's, since no configuration of the server's is at hand.
    ForWant,
}

impl Default for Zone {
    fn default() -> Zone {
        Zone::of(ServerZone::system(), ZoneReason::Host)
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Zone, String> {
        ServerZone::named(text)
            .map(|zone| Zone { asked: Some(text.to_owned()), ..Zone::of(zone, ZoneReason::Asked) })
            .ok_or_else(|| "the name of a zone, as Europe/Berlin or UTC, or a distance from UTC, as +01:00".to_owned())
    }
}

impl Zone {
    /// This one, for a reason.
    pub fn of(zone: ServerZone, why: ZoneReason) -> Zone {
        Zone { zone, why, asked: None, now: None, read: Vec::new() }
    }

    /// UTC.
    pub fn utc() -> Zone {
        Zone::of(ServerZone::UTC, ZoneReason::Asked)
    }

    /// The same, with this machine's time, by which ages are told.
    pub fn at(self, now: Timestamp) -> Zone {
        Zone { now: Some(now), ..self }
    }

    /// Takes the server's, where none was asked for: what was set, else what the last of these files that names it
    /// says.
    pub fn of_server(&mut self, set: Option<&str>, files: &[SettingsFile]) {
        if self.why == ZoneReason::Asked {
            return;
        }
        let set = set.and_then(ServerZone::named).map(|zone| (zone, ZoneReason::Set));
        let own = || ServerZone::of_settings(files).map(|zone| (zone, ZoneReason::Backup));
        match set.or_else(own) {
            Some((zone, why)) => (self.zone, self.why) = (zone, why),
            None => self.why = ZoneReason::ForWant,
        }
    }

    /// The server's was wanted, and is not known.
    pub fn is_for_want(&self) -> bool {
        self.why == ZoneReason::ForWant
    }

    /// Its name, where one was asked for.
    pub fn asked(&self) -> Option<&str> {
        self.asked.as_deref()
    }

    /// For what reads settings.
    pub fn server(&self) -> &ServerZone {
        &self.zone
    }

    /// Reads a time as people say it; one without a zone is one of this zone. It is told where the answer tells how
    /// times were read.
    ///
    /// # Errors
    /// It is no time.
    pub fn read(&mut self, text: &str, now: Timestamp) -> Result<Timestamp, String> {
        let said =
            self.zone.said(text, now).ok_or_else(|| no_such_day(text).unwrap_or_else(|| SPELLINGS.to_owned()))?;
        let at = said.at;
        self.was_read(said);
        Ok(at)
    }

    /// A time that was read in it.
    pub fn was_read(&mut self, said: TimeSaid) {
        if !self.read.contains(&said) {
            self.read.push(said);
        }
    }

    /// `2026-11-20 14:02:11.123456+01:00`.
    pub fn local(&self, time: Timestamp) -> Option<String> {
        self.zone.local(time)
    }

    /// A time that a server wrote with the name of its own zone, in this one; as it is, where that name is not known.
    pub fn as_written(&self, text: &str) -> String {
        let named = text.ends_with(|c: char| c.is_ascii_alphabetic());
        let time = self.zone.time(text).filter(|_| named);
        time.and_then(|time| self.local(time)).unwrap_or_else(|| text.to_owned())
    }

    /// `11 d 2 h ago`, where ages are wanted.
    pub fn ago(&self, time: Timestamp) -> Option<String> {
        Some(match since(time, self.now?) {
            Ok(age) => format!("{age} ago"),
            Err(ahead) => format!("{ahead} ahead of this machine's clock"),
        })
    }

    /// Whether a time is more than a day old, as far as ages are wanted.
    pub fn is_old(&self, time: Timestamp) -> bool {
        self.now.is_some_and(|now| now.0.saturating_sub(time.0) > 86_400_000_000)
    }

    /// What is wrong, with times in this zone.
    pub fn message(&self, finding: &Finding, layout: Option<&Layout>) -> String {
        let tell = |time| self.local(time).unwrap_or_else(|| "a time that no calendar has".into());
        finding.message_with_times(layout, &tell)
    }

    /// How times were read, in which zone, and why in that one.
    pub fn told(&self) -> String {
        let name = self.zone.name();
        let zone = match self.why {
            ZoneReason::Asked => match self.asked.as_ref().filter(|_| name.contains(' ')) {
                Some(asked) => format!("{asked}, {name} (--timezone)"),
                None => format!("{name} (--timezone)"),
            },
            ZoneReason::Backup => format!("{name}, as the configuration of the backup has it"),
            ZoneReason::Set => format!("{name} (--set timezone)"),
            ZoneReason::Host => format!("{name}, the zone of this machine"),
            ZoneReason::ForWant if !self.read.is_empty() && self.read.iter().all(|said| said.own_zone) => {
                format!("{name}, the zone of this machine")
            }
            ZoneReason::ForWant => format!("{name}, the zone of this machine; the server's is not known (--timezone)"),
        };
        let each: Vec<String> = self.read.iter().map(|said| self.reading(said)).collect();
        match each.as_slice() {
            [] => format!("in {zone}"),
            some if self.read.iter().all(|said| said.own_zone) => format!("{}; told in {zone}", some.join("; ")),
            some => format!("{}; read in {zone}", some.join("; ")),
        }
    }

    fn reading(&self, said: &TimeSaid) -> String {
        let none = || "a time that no calendar has".to_owned();
        let local = self.local(said.at).unwrap_or_else(none);
        let utc = ServerZone::UTC.local(said.at).unwrap_or_else(none);
        let utc = if utc == local { String::new() } else { format!(", in UTC {utc}") };
        let other = if said.own_zone { None } else { self.zone.other_of_two(said.at) };
        let twice = other.and_then(|other| self.local(other));
        let twice = twice.map(|other| format!(" (clocks showed it twice; the other is {other})")).unwrap_or_default();
        format!("'{}' is {local}{utc}{twice}", said.given)
    }
}

const SPELLINGS: &str = "a time, as in 2026-11-22 03:17:02.5, 2026-11-22 04:17+01:00, 2026-11-22, 14:00, \
                         yesterday 14:00, 2h ago";

/// What is wrong with a date in the usual spelling that no calendar has.
fn no_such_day(text: &str) -> Option<String> {
    let date = text.trim().split([' ', 'T']).next()?;
    let mut parts = date.split('-').map(|part| part.parse::<i16>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let exists = jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).is_ok();
    (!exists && parts.next().is_none()).then(|| format!("there is no such day as {date}"))
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
        // As a rule of POSIX has it, where nobody means it: said, at least.
        assert_eq!("UTC-3".parse::<Zone>().unwrap().told(), "in UTC-3, a zone without a name, +03:00 now (--timezone)");
        let mut zone = Zone::utc();
        assert!(zone.read("2026-11-31 10:00", Timestamp(0)).unwrap_err().contains("no such day as 2026-11-31"));
        assert_eq!(told("-03").unwrap(), "1999-12-31 21:00:00.5-03:00");
        for bad in ["", "Mars/Olympus", "+99:00"] {
            assert!(told(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_answer_says_how_times_were_read() {
        let mut zone: Zone = "Europe/Berlin".parse().unwrap();
        assert_eq!(zone.told(), "in Europe/Berlin (--timezone)");
        zone.read("2000-01-01 01:00+00", Timestamp(0)).unwrap();
        assert_eq!(
            zone.told(),
            "'2000-01-01 01:00+00' is 2000-01-01 02:00:00+01:00, in UTC 2000-01-01 01:00:00+00:00; \
             told in Europe/Berlin (--timezone)"
        );
        let mut zone = Zone::of(ServerZone::UTC, ZoneReason::ForWant);
        zone.read("23:00", Timestamp(0)).unwrap();
        assert_eq!(
            zone.told(),
            "'23:00' is 1999-12-31 23:00:00+00:00; read in UTC, the zone of this machine; \
             the server's is not known (--timezone)"
        );
        assert!(zone.read("noonish", Timestamp(0)).unwrap_err().contains("2h ago"));
    }

    #[test]
    fn an_hour_that_came_twice_is_told() {
        let told = |text: &str| {
            let mut zone: Zone = "Europe/Berlin".parse().unwrap();
            zone.read(text, Timestamp(0)).unwrap();
            zone.told()
        };
        assert!(told("2026-10-25 02:30").starts_with(
            "'2026-10-25 02:30' is 2026-10-25 02:30:00+01:00, in UTC 2026-10-25 01:30:00+00:00 \
             (clocks showed it twice; the other is 2026-10-25 02:30:00+02:00); read in Europe/Berlin"
        ));
        for once in ["2026-10-25 03:30", "2026-10-25 02:30+02", "2026-10-24 02:30"] {
            assert!(!told(once).contains("twice"), "{once}");
        }
    }

    #[test]
    fn ages_need_a_clock() {
        let hour = Timestamp(3_600_000_000);
        assert_eq!(Zone::utc().ago(Timestamp(0)), None);
        assert_eq!(Zone::utc().at(hour).ago(Timestamp(0)).as_deref(), Some("1 h ago"));
        assert_eq!(Zone::utc().at(Timestamp(0)).ago(hour).as_deref(), Some("1 h ahead of this machine's clock"));
    }
}
