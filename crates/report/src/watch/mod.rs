//! Archives that are watched: events as they come, what there is now, and whether all is well.

pub mod health;
pub mod json;
pub mod prometheus;
pub mod text;

use pgwal_format::rmgr::xact::Timestamp;
use pgwal_verify::watch::{WatchEvent, WatchedState};

/// An archive that is watched.
#[derive(Clone, Copy)]
pub struct WatchedPlace<'a> {
    /// As the user named it.
    pub archive: &'a str,
    /// What is known of it.
    pub state: &'a WatchedState,
}

/// Something that is told, and when.
#[derive(Clone, Copy)]
pub struct WatchNews<'a> {
    /// The archive, with what is known of it now.
    pub place: WatchedPlace<'a>,
    /// What is new.
    pub event: &'a WatchEvent,
    /// This machine's time.
    pub at: Timestamp,
}

/// Microseconds since a time; a clock that was set back makes nothing older.
fn age(time: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.0.saturating_sub(time.0)).unwrap_or(0)
}
