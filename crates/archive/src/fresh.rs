//! Files that were written just now, and may not be whole yet.

use pgwal_source::{Entry, Source};
use std::time::Duration;

/// Looks that find nothing new: the time for them ([`Look::settle`](crate::Look::settle)) is cut into so many pauses.
pub(crate) const IDLE: u32 = 4;
/// A file of the last minute may be one that is still being written.
const FRESH: Duration = Duration::from_secs(60);

/// Reads a small file, and for the time that it has to settle again, where it is wrong and was written just now: it may
/// not be whole yet.
pub fn settled<T>(
    source: &dyn Source,
    entry: &Entry,
    settle: Duration,
    is_wrong: impl Fn(&T) -> bool,
    read: impl Fn() -> Option<T>,
) -> Option<T> {
    let mut said = read()?;
    for _ in 0..IDLE {
        if settle.is_zero() || source.is_kept(entry) || !is_wrong(&said) || !is_fresh(source, entry) {
            break;
        }
        std::thread::sleep(settle / IDLE);
        said = read()?;
    }
    Some(said)
}

/// Written within the minute before it was looked at, by either clock.
pub fn is_fresh(source: &dyn Source, entry: &Entry) -> bool {
    let Some(written) = source.stamp(entry).map(|stamp| stamp.written()) else { return false };
    source.seen_at(entry).duration_since(written).unwrap_or_else(|ahead| ahead.duration()) < FRESH
}
