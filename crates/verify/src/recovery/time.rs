//! Times as settings name them.

/// The time zone of the server.
#[derive(Clone, Debug)]
pub struct Zone(pub(crate) jiff::tz::TimeZone);

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone(jiff::tz::TimeZone::UTC);

    /// This machine's.
    pub fn system() -> Zone {
        Zone(jiff::tz::TimeZone::system())
    }

    /// `Europe/Berlin`, `UTC`, `+01:00`. `None` where nothing has that name.
    pub fn named(name: &str) -> Option<Zone> {
        jiff::fmt::temporal::DateTimeParser::new().parse_time_zone(name).ok().map(Zone)
    }
}
