//! What a backup can be restored to, or why to nothing, as every answer about backups says it.

use crate::time::rfc3339;
use pgwal_verify::windows::{BackupWindow, NoWindow};
use pgwal_verify::{Finding, TransactionEnd};
use serde_json::{Value, json};

/// Why a backup has no window, for people.
pub(crate) fn why(window: &BackupWindow<'_>) -> Option<String> {
    let known = window.known;
    Some(match window.why? {
        NoWindow::Broken => {
            let first = window.listed.and_then(|listed| listed.defects.first());
            format!("does not restore: {}", first.map(ToString::to_string).unwrap_or_default())
        }
        NoWindow::Gap => lacks("is missing", window),
        NoWindow::Damage => lacks("is damaged", window),
        NoWindow::Timeline => match known.and_then(|known| known.beside) {
            Some(beside) => format!("lies beside the way of recovery: ask for timeline {}", beside.ask),
            None => "lies beside the way of recovery".to_owned(),
        },
        NoWindow::Future => "begins behind the WAL that is here, or at a time to come".to_owned(),
        NoWindow::Idle => "no transaction ends behind it: there is no time to restore to, only positions".to_owned(),
        NoWindow::Waiting => {
            let file = window.listed.and_then(|listed| listed.stop_file).map(|file| format!(" for {file}"));
            format!("waiting{}: select pg_switch_wal()", file.unwrap_or_default())
        }
        NoWindow::Unknown if window.listed.is_some_and(|listed| listed.start.is_none()) => {
            "what WAL it needs is not known: of an offline backup, its pg_control says where replay starts".to_owned()
        }
        NoWindow::Unknown => "what WAL it needs is not known".to_owned(),
    })
}

fn lacks(how: &str, window: &BackupWindow<'_>) -> String {
    match window.cause {
        Some(cause) => format!("WAL that it needs {how}: {} ({})", with_file(cause), cause.code),
        None => format!("WAL that it needs {how}: walproof verify says where"),
    }
}

/// Why its reach ends where it does, for people; `None`: the archive goes no further.
pub(crate) fn ends_by(window: &BackupWindow<'_>) -> Option<String> {
    let cause = window.cause?;
    let how = match window.ends_by()? {
        NoWindow::Gap => "by a gap",
        NoWindow::Timeline => "with WAL of a later timeline behind it",
        _ => "by damage",
    };
    Some(format!("ends there {how}: {} ({})", with_file(cause), cause.code))
}

/// What is wrong, with the file in which it is.
fn with_file(cause: &Finding) -> String {
    let message = cause.message(None);
    match &cause.file {
        Some(file) if !message.contains(file.as_str()) => format!("{message}, in {file}"),
        _ => message,
    }
}

/// What replay from a backup can be told to end at: from where it is consistent.
pub(crate) fn reach_of(window: &BackupWindow<'_>) -> Option<Value> {
    let (first, last) = window.ends;
    let (from, to) = window.reach?;
    Some(json!({
        "from_lsn": from,
        "to_lsn": to,
        "first": first.as_ref().map(end),
        "last": last.as_ref().map(end),
        "ends_by": window.ends_by().map(NoWindow::name),
        "ends_by_message": ends_by(window),
    }))
}

/// The end of a transaction.
pub fn end(end: &TransactionEnd) -> Value {
    json!({"xid": end.xid, "time": rfc3339(end.time), "lsn": end.lsn, "committed": end.committed})
}
