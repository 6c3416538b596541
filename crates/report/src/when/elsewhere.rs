//! What is not on the way that is read, and is on other timelines.

use pgwal_format::{Lsn, TimelineId};

/// Where it is, and what asks for it; `None` where it is nowhere.
pub fn told(what: &str, places: &[(TimelineId, Lsn)]) -> Option<String> {
    let place =
        |(timeline, lsn): &(TimelineId, Lsn)| format!("on timeline {timeline} at {lsn} (--timeline {timeline})");
    let places: Vec<String> = places.iter().map(place).collect();
    let beside = format!("{what} is not on the way that is read, but beside it: {}", places.join(", "));
    (!places.is_empty()).then_some(beside)
}
