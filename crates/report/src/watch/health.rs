//! What a health check is told: `ok`, or a line for each archive of which something is wrong.

use super::WatchedPlace;
use crate::figures::counted;
use crate::outside::Shown;
use pgwal_verify::watch::WatchedWal;

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
        (None, Some(wal)) => Some(format!("{archive}: {}{}", wal.verdict.name(), known(wal))),
        (None, None) => Some(format!("{archive}: the first look is under way")),
    }
}

/// How far it is right all the same, and how much is wrong.
fn known(wal: &WatchedWal) -> String {
    let to = wal.verified.map(|to| format!(" behind {to} on timeline {}", wal.timeline)).unwrap_or_default();
    let [errors, warnings, _] = wal.findings;
    let found = [(errors, "error"), (warnings, "warning")].into_iter().filter(|(count, _)| *count > 0);
    let found: Vec<String> = found.map(|(count, what)| counted(count.into(), what)).collect();
    if found.is_empty() { to } else { format!("{to}: {}", found.join(", ")) }
}
