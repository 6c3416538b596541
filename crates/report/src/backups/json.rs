//! `walproof.backups/1`.

use super::{ArchiveBackups, BackupsAnswer, last_commit};
use crate::time::rfc3339;
use crate::window::{reach_of, why};
use pgwal_format::Lsn;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_verify::windows::{BackupWindow, holes};
use serde_json::{Value, json};

/// The document.
pub fn document(answer: &BackupsAnswer<'_>) -> Value {
    json!({
        "schema": "walproof.backups/1",
        "place": answer.place,
        "archives": answer.archives.iter().map(|a| archive(a, answer.now)).collect::<Vec<_>>(),
    })
}

fn archive(archive: &ArchiveBackups<'_>, now: Timestamp) -> Value {
    let windows = archive.windows(now);
    let repository = archive.repository;
    let outcome = archive.times.as_ref().ok().map(|times| &times.outcome);
    let last = archive.times.as_ref().ok().and_then(|times| last_commit(&windows, times));
    json!({
        "place": archive.place,
        "tool": repository.map(|found| found.layout.option()),
        "name": repository.and_then(|found| found.name.clone()),
        "archive_id": repository.and_then(|found| found.archive_id.clone()),
        "folder": repository.map(|found| found.base.clone()),
        "error": archive.times.as_ref().err(),
        "verdict": outcome.map(|outcome| outcome.verdict.name()),
        "system_identifier": outcome.and_then(|outcome| outcome.system_id).map(|id| id.to_string()),
        "version": outcome.and_then(|outcome| outcome.layout).map(|layout| layout.dialect.version.to_string()),
        "last_commit_time": last.and_then(rfc3339),
        "last_commit_age_seconds": last.map(|last| (now.unix_micros() - last.unix_micros()) / 1_000_000),
        "left_out": archive.left_out(),
        "holes": holes(&windows).into_iter().map(hole).collect::<Vec<_>>(),
        "defects": repository.iter().flat_map(|found| &found.defects).map(|defect| json!({
            "file": defect.file,
            "message": defect.kind.to_string(),
            "fatal": defect.fatal,
        })).collect::<Vec<_>>(),
        "backups": windows.iter().map(backup).collect::<Vec<_>>(),
    })
}

fn hole((from, to): (Lsn, Lsn)) -> Value {
    json!({"from_lsn": from, "to_lsn": to})
}

fn backup(window: &BackupWindow<'_>) -> Value {
    let (listed, known) = (window.listed, window.known);
    let time = |seconds: Option<i64>| rfc3339(Timestamp::from_unix_seconds(seconds?));
    json!({
        "label": window.name(),
        "file": listed.map(|backup| &backup.file).or_else(|| known.map(|known| &known.file)),
        "kind": listed.map(|backup| backup.mode.name()).or(window.is_incremental().then_some("incremental")),
        "incremental_from": known.and_then(|known| known.incremental_from).map(|from| from.start),
        "parent": listed.and_then(|backup| backup.parent.clone()),
        "timeline": known.map(|known| known.timeline).or_else(|| listed?.timeline()),
        "start_lsn": window.start(),
        "stop_lsn": known.map(|known| known.stop).or_else(|| listed?.stop),
        "start_wal": listed.and_then(|backup| backup.start_file).map(|file| file.to_string()),
        "stop_wal": listed.and_then(|backup| backup.stop_file).map(|file| file.to_string()),
        "start_time": time(listed.and_then(|backup| backup.started)),
        "stop_time": time(listed.and_then(|backup| backup.stopped)),
        "size": listed.and_then(|backup| backup.size),
        "stored_size": listed.and_then(|backup| backup.stored),
        "restores": listed.is_none_or(|backup| backup.restores()),
        "defects": listed.map_or(Vec::new(), |backup| backup.defects.iter().map(ToString::to_string).collect()),
        "not_checked": listed.map_or(Vec::new(), |backup| backup.not_checked.clone()),
        "contents": listed.and_then(|backup| backup.contents.as_ref()).map(crate::contents::json),
        "wal_complete": known.and_then(|known| known.complete),
        "reaches_lsn": known.and_then(|known| known.reaches),
        "window": reach_of(window),
        "why": window.why.map(|why| why.name()),
        "message": why(window),
    })
}
