//! `walproof.when/1`.

use crate::time::rfc3339;
use crate::verify::json::{index, lines};
use crate::when::WhenAnswer;
use crate::when::settings;
use crate::window::{end, reach_of, why};
use pgwal_format::Lsn;
use pgwal_verify::times::Times;
use pgwal_verify::windows::BackupWindow;
use pgwal_verify::{Facts, RestorePoint};
use serde_json::{Map, Value, json};

/// The document.
pub fn document(times: &Times, backups: &[BackupWindow<'_>], answer: Option<&WhenAnswer>) -> Value {
    let outcome = &times.outcome;
    let mut document = json!({
        "schema": "walproof.when/1",
        "verdict": outcome.verdict.name(),
        "system_identifier": outcome.system_id.map(|id| id.to_string()),
        "version": times.layout().dialect.version.to_string(),
        "timeline": times.timeline(),
        "path": outcome.path,
        "lines": lines(outcome),
        "reach": outcome.replay.map(|(from, to)| reach(times, from, to)),
        "timelines": outcome.timelines.iter().map(|t| json!({
            "timeline": t.timeline,
            "on_path": outcome.path.contains(&t.timeline),
            "reach": of(&t.tally.facts, t.from, t.to),
        })).collect::<Vec<_>>(),
        "backups": backups.iter().map(backup).collect::<Vec<_>>(),
        "position": answer.map(|answer| position(times, answer)),
    });
    if let (Some(used), Some(fields)) = (&outcome.index, document.as_object_mut()) {
        fields.insert("index".into(), index(used));
    }
    document
}

fn reach(times: &Times, from: Lsn, to: Lsn) -> Value {
    of(times.segments(), from, to)
}

/// What lies in some segments.
fn of(segments: &[Facts], from: Lsn, to: Lsn) -> Value {
    let spans = || segments.iter().filter(|facts| facts.from < to).filter_map(|facts| facts.span.as_ref());
    let points: Vec<Value> =
        segments.iter().flat_map(|facts| &facts.points).filter(|p| from <= p.lsn && p.lsn < to).map(point).collect();
    json!({
        "from_lsn": from,
        "to_lsn": to,
        "first": spans().next().map(|span| end(&span.first)),
        "last": spans().next_back().map(|span| end(&span.last)),
        "earliest_time": spans().map(|span| span.earliest.time).min().and_then(rfc3339),
        "latest_time": spans().map(|span| span.latest.time).max().and_then(rfc3339),
        "restore_points": points,
        "more_restore_points": segments.iter().any(|facts| facts.more_points),
    })
}

fn point(point: &RestorePoint) -> Value {
    json!({"name": point.name, "time": rfc3339(point.time), "lsn": point.lsn})
}

fn backup(window: &BackupWindow<'_>) -> Value {
    let (listed, known) = (window.listed, window.known);
    let beside = known.and_then(|known| known.beside);
    json!({
        "label": listed.map(|listed| &listed.label).or_else(|| known?.label.as_ref()),
        "file": known.map(|known| &known.file).or_else(|| listed.map(|listed| &listed.file)),
        "timeline": known.map(|known| known.timeline).or_else(|| listed?.timeline()),
        "start_lsn": window.start(),
        "stop_lsn": known.map(|known| known.stop).or_else(|| listed?.stop),
        "window": reach_of(window),
        "why": window.why.map(|why| why.name()),
        "message": why(window),
        "on_path": beside.is_none(),
        "target_timeline": beside.map(|beside| beside.ask),
    })
}

fn position(times: &Times, answer: &WhenAnswer) -> Value {
    let layout = times.layout();
    let (address, size) = (layout.address(), layout.segment);
    let Some(moment) = &answer.moment else {
        let why = answer.why_not.as_ref();
        return json!({
            "input": answer.input,
            "kind": answer.asked.kind(),
            "reachable": false,
            "why": why.map(|(why, _)| why),
            "instead": why.and_then(|(_, xid)| xid.map(|xid| format!("xid:{xid}"))),
        });
    };
    let lsn = moment.lsn;
    let backup = times.backup_of(moment);
    let settings_file = settings::file(layout);
    let settings = settings::settings(times, answer).into_iter();
    json!({
        "input": answer.input,
        "kind": answer.asked.kind(),
        "reachable": times.is_reachable(moment),
        "lsn": lsn,
        "timeline": times.segment(lsn).timeline,
        "segment": times.segment(lsn).to_string(),
        "offset": address.offset(lsn, size),
        "last_kept": moment.kept.as_ref().map(end),
        "first_dropped": moment.dropped.as_ref().map(end),
        "restore_point": moment.point.as_ref().map(point),
        "warnings": answer.notes.lines(),
        "backup": backup.map(|b| b.file.clone()),
        "settings_file": settings_file,
        "settings": settings.map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<String, Value>>(),
    })
}
