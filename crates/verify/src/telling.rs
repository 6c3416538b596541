//! How a time is told: words about findings have times, and only who answers knows the zone.

use pgwal_format::rmgr::xact::Timestamp;

/// Tells a time.
pub type TellTime<'a> = &'a dyn Fn(Timestamp) -> String;

/// In UTC, as JSON has it.
pub(crate) fn utc(time: Timestamp) -> String {
    let told = jiff::Timestamp::from_microsecond(time.unix_micros()).map(|t| t.to_string());
    told.unwrap_or_else(|_| "a time that no calendar has".into())
}
