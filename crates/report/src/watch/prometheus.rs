//! What there is of all archives, as metrics. Where `verify` has one of the same meaning, it has the same name.

use super::{WatchedPlace, age};
use crate::metrics::{Metrics, seconds};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_verify::Verdict;
use pgwal_verify::watch::{WatchedState, WatchedWal};

/// The metrics.
pub fn metrics(places: &[WatchedPlace<'_>], now: Timestamp) -> String {
    let mut out = WatchTable { out: Metrics::of(&[]), places };
    out.out.head("watch_info", "The program; always 1");
    out.out.row("watch_info", &[("walproof", env!("CARGO_PKG_VERSION"))], 1);
    out.each("watch_up", "1 where the last look could look", |state| {
        Some(u8::from(state.unreachable.is_none() && state.wal.is_some()).to_string())
    });
    out.out.counter("watch_looks_total", "Looks that ended");
    out.rows("watch_looks_total", |state| Some(state.looks.to_string()));
    out.out.counter("watch_failed_looks_total", "Looks that could not look");
    out.rows("watch_failed_looks_total", |state| Some(state.failed_looks.to_string()));
    out.each("watch_look_timestamp_seconds", "When the last look began, since 1970", |state| {
        state.looked_at.map(seconds)
    });
    out.each("watch_look_duration_seconds", "How long it took", |state| {
        Some(format!("{:.6}", state.took.as_secs_f64()))
    });
    verdicts(&mut out);
    out.wal("watch_seen_timestamp_seconds", "When the last look began that could look", |wal| {
        Some(seconds(wal.seen_at))
    });
    out.wal("replay_end_lsn_bytes", "Where replay ends", |wal| Some(wal.verified_bytes?.to_string()));
    out.wal("watch_timeline", "The timeline to which replay leads", |wal| Some(wal.timeline.to_string()));
    out.wal("segments", "Segments that replay reads", |wal| Some(wal.segments.to_string()));
    out.wal("last_commit_timestamp_seconds", "Time of the last commit that replay reaches, since 1970", |wal| {
        wal.recovery_point.map(seconds)
    });
    out.wal("watch_recovery_point_age_seconds", "Since that commit, when these were written", |wal| {
        wal.recovery_point.map(|time| format!("{:.6}", age(time, now) as f64 / 1e6))
    });
    out.wal("watch_oldest_restorable_timestamp_seconds", "The oldest time that a backup restores to", |wal| {
        wal.oldest_restorable.and_then(|(_, time)| time).map(seconds)
    });
    out.wal("backups", "Base backups known", |wal| Some(wal.backups.0.to_string()));
    out.wal("watch_backups_restorable", "Those that restore", |wal| Some(wal.backups.1.to_string()));
    out.wal("watch_gaps", "Stretches of WAL that are missing and are needed", |wal| Some(wal.gaps.to_string()));
    out.wal("watch_wal_bytes_per_second", "WAL that came in the last minutes", |wal| {
        wal.bytes_per_second.map(|pace| format!("{pace:.3}"))
    });
    findings(&mut out);
    out.out.text
}

struct WatchTable<'a> {
    out: Metrics,
    places: &'a [WatchedPlace<'a>],
}

impl WatchTable<'_> {
    fn each(&mut self, name: &str, help: &str, value: impl Fn(&WatchedState) -> Option<String>) {
        if self.places.iter().any(|place| value(place.state).is_some()) {
            self.out.head(name, help);
            self.rows(name, value);
        }
    }

    fn rows(&mut self, name: &str, value: impl Fn(&WatchedState) -> Option<String>) {
        for place in self.places {
            if let Some(value) = value(place.state) {
                self.out.row(name, &[("archive", place.archive)], value);
            }
        }
    }

    /// Nothing is told of what was seen before an archive went out of reach: that would pass for what is there.
    fn wal(&mut self, name: &str, help: &str, value: impl Fn(&WatchedWal) -> Option<String>) {
        self.each(name, help, |state| value(state.wal.as_ref().filter(|_| state.unreachable.is_none())?));
    }
}

fn seen(state: &WatchedState) -> Option<&WatchedWal> {
    state.wal.as_ref().filter(|_| state.unreachable.is_none())
}

fn verdicts(table: &mut WatchTable<'_>) {
    table.out.head("verdict", "1 for the verdict of the last look, 0 for the others");
    for place in table.places {
        let Some(wal) = seen(place.state) else { continue };
        for each in [Verdict::Proven, Verdict::Refuted, Verdict::Unproven] {
            let labels = [("archive", place.archive), ("verdict", each.name())];
            table.out.row("verdict", &labels, u8::from(each == wal.verdict));
        }
    }
}

fn findings(table: &mut WatchTable<'_>) {
    table.out.head("findings_by_severity", "Findings of a severity");
    for place in table.places {
        let Some(wal) = seen(place.state) else { continue };
        for (severity, count) in ["error", "warning", "info"].into_iter().zip(wal.findings) {
            table.out.row("findings_by_severity", &[("archive", place.archive), ("severity", severity)], count);
        }
    }
}
