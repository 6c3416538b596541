//! Files that were written just now, and may not be whole yet.

use pgwal_source::{Entry, Source};
use std::time::Duration;

/// Between two looks.
pub(crate) const PAUSE: Duration = Duration::from_millis(150);
/// Looks that find nothing new.
pub(crate) const IDLE: usize = 4;
/// A file of the last minute may be one that is still being written.
const FRESH: Duration = Duration::from_secs(60);

/// Reads a small file, and again where it is wrong and was written just now: it may not be whole yet.
pub fn settled<T>(
    source: &dyn Source,
    entry: &Entry,
    is_wrong: impl Fn(&T) -> bool,
    read: impl Fn() -> Option<T>,
) -> Option<T> {
    let mut said = read()?;
    for _ in 0..IDLE {
        if source.is_kept(entry) || !is_wrong(&said) || !is_fresh(source, entry) {
            break;
        }
        std::thread::sleep(PAUSE);
        said = read()?;
    }
    Some(said)
}

/// Written within the minute before it was looked at, by either clock.
pub fn is_fresh(source: &dyn Source, entry: &Entry) -> bool {
    let Some(written) = source.stamp(entry).map(|stamp| stamp.written()) else { return false };
    source.seen_at(entry).duration_since(written).unwrap_or_else(|ahead| ahead.duration()) < FRESH
}
