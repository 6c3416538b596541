//! What a health check is told: `ok`, or a line for each archive of which something is wrong.

use super::WatchedPlace;
use crate::outside::Shown;
use crate::words::verdict;

/// The lines, and whether all is well.
pub fn lines(places: &[WatchedPlace<'_>]) -> (bool, String) {
    let wrong: Vec<String> = places.iter().filter_map(|place| Some(format!("{}\n", Shown(wrong(place)?)))).collect();
    match wrong.as_slice() {
        [] => (true, "ok\n".to_owned()),
        lines => (false, lines.concat()),
    }
}

fn wrong(place: &WatchedPlace<'_>) -> Option<String> {
    let WatchedPlace { archive, state } = place;
    match (&state.unreachable, &state.wal) {
        _ if state.is_well() => None,
        (Some(unreachable), _) => Some(format!("{archive}: out of reach: {}", unreachable.why)),
        (None, Some(wal)) => Some(format!("{archive}: {}", verdict(wal.verdict))),
        (None, None) => Some(format!("{archive}: the first look is under way")),
    }
}
