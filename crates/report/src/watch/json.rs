//! `walproof.watch/1`: a document a line.

use super::{WatchNews, WatchedPlace, age};
use crate::time::rfc3339;
use crate::verify::json::finding;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_verify::watch::{WatchEvent, WatchedWal};
use serde_json::{Value, json};

/// The line that comes first.
pub fn started(archives: &[String], listen: Option<&str>, interval: u64, at: Timestamp) -> Value {
    json!({
        "schema": "walproof.watch/1",
        "event": "started",
        "time": rfc3339(at),
        "archives": archives,
        "listen": listen,
        "interval_seconds": interval,
    })
}

/// Something new.
pub fn news(news: &WatchNews<'_>) -> Value {
    let (name, told, why) = match news.event {
        WatchEvent::Appeared(told) => ("appeared", Some(told), None),
        WatchEvent::Gone(told) => ("gone", Some(told), None),
        WatchEvent::OutOfReach(unreachable) => ("out_of_reach", None, Some(unreachable)),
        WatchEvent::InReach(unreachable) => ("in_reach", None, Some(unreachable)),
        WatchEvent::State => ("state", None, None),
    };
    json!({
        "schema": "walproof.watch/1",
        "event": name,
        "time": rfc3339(news.at),
        "archive": news.place.archive,
        "finding": told.map(|told| finding(&told.finding, Some(&told.layout))),
        "why": why.map(|unreachable| &unreachable.why),
        "since": why.and_then(|unreachable| rfc3339(unreachable.since)),
        "state": state(&news.place, news.at),
    })
}

fn state(place: &WatchedPlace<'_>, now: Timestamp) -> Value {
    json!({
        "well": place.state.is_well(),
        "looks": place.state.looks,
        "failed_looks": place.state.failed_looks,
        "wal": place.state.wal.as_ref().map(|seen| wal(seen, now)),
    })
}

fn wal(wal: &WatchedWal, now: Timestamp) -> Value {
    let [errors, warnings, infos] = wal.findings;
    json!({
        "seen": rfc3339(wal.seen_at),
        "verdict": wal.verdict.name(),
        "system_identifier": wal.system_id.map(|id| id.to_string()),
        "version": wal.version.to_string(),
        "timeline": wal.timeline,
        "verified_lsn": wal.verified,
        "segment": wal.segment.map(|segment| segment.to_string()),
        "end": wal.end.map(|end| end.name()),
        "segments": wal.segments,
        "recovery_point": wal.recovery_point.and_then(rfc3339),
        "recovery_point_age_seconds": wal.recovery_point.map(|time| age(time, now) as f64 / 1e6),
        "oldest_restorable_lsn": wal.oldest_restorable.map(|(lsn, _)| lsn),
        "oldest_restorable_time": wal.oldest_restorable.and_then(|(_, time)| time).and_then(rfc3339),
        "backups": wal.backups.0,
        "backups_restorable": wal.backups.1,
        "gaps": wal.gaps,
        "errors": errors,
        "warnings": warnings,
        "infos": infos,
        "bytes_per_second": wal.bytes_per_second,
        "index_unsaved": wal.unsaved,
    })
}
