//! `walproof.verify/1`.
//!
//! ```text
//! {"schema":"walproof.verify/1","verdict":"proven|refuted|unproven","system_identifier":"…","version":"15","segment_size":N,
//!  "page_size":N,"depth":"records","path":[1,2],"timelines":[…],"backups":[…],"findings":[…],"not_checked":[…]}
//! ```
//! Positions are strings `X/XXXXXXXX`, times RFC 3339 in UTC, sizes and counts numbers, system identifiers strings.
//! Fields are added freely and never changed. The schema is `schema/verify.json`.

use crate::time::rfc3339;
use crate::words::{depth, unseen};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::history::Switch;
use pgwal_format::{Endian, Layout, Lsn, TimelineId};
use pgwal_verify::index::{IndexUse, PartsUse};
use pgwal_verify::recovery::sum::ReplayedCommit;
use pgwal_verify::{
    Detail, Finding, KnownBackup, LineReport, Lost, MissingCommits, Outcome, RestoredReport, TimelineReport,
};
use serde_json::{Value, json};

/// An outcome that serialises as `walproof.verify/1`, and as nothing else.
///
/// ```
/// use pgwal_report::verify::json::VerifyDocument;
/// use pgwal_source::open;
/// use pgwal_verify::{Options, verify};
///
/// let archive = open(&["../../testdata/demo/damaged".into()])?;
/// let outcome = verify(archive.as_ref(), &Options::default())?;
/// let text = serde_json::to_string(&VerifyDocument(&outcome))?;
/// assert!(text.starts_with(r#"{"schema":"walproof.verify/1","verdict":"refuted","#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct VerifyDocument<'a>(pub &'a Outcome);

impl serde::Serialize for VerifyDocument<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        verify(self.0).serialize(to)
    }
}

/// The document.
pub fn verify(outcome: &Outcome) -> Value {
    let layout = outcome.layout.as_ref();
    let mut document = json!({
        "schema": "walproof.verify/1",
        "verdict": outcome.verdict.name(),
        "system_identifier": outcome.system_id.map(|id| id.to_string()),
        "version": layout.map(|l| l.dialect.version.to_string()),
        "segment_size": layout.map(|l| l.segment.bytes()),
        "page_size": layout.map(|l| l.page.bytes()),
        "alignment": layout.map(|l| l.align_bytes()),
        "byte_order": layout.map(|l| if l.endian == Endian::Big { "big" } else { "little" }),
        "live": outcome.live,
        "depth": depth(outcome.depth),
        "path": outcome.path,
        "replay": outcome.replay.map(|(from, to)| json!({
            "from": from,
            "to": to,
            "records": outcome.replayed.records,
            "commits": outcome.replayed.commits,
            "last_commit_time": outcome.replayed.last_commit.and_then(rfc3339),
        })),
        "lines": lines(outcome),
        "timelines": outcome.timelines.iter().map(timeline).collect::<Vec<_>>(),
        "accepted": outcome.accepted(),
        "lowered": outcome.lowered,
        "freshness": outcome.fresh.map(|fresh| crate::verify::fresh::json(&fresh, outcome)),
        "backups": outcome.backups.iter().map(|b| backup(b, layout)).collect::<Vec<_>>(),
        "findings": outcome.findings.iter().map(|f| finding(f, layout)).collect::<Vec<_>>(),
        "not_checked": outcome.not_checked.iter().map(|n| unseen(outcome, *n)).collect::<Vec<_>>(),
        "ignored_files": outcome.ignored,
        "restore": outcome.restore.as_deref().map(crate::restore::json::restore),
        "unknown_files": {"count": outcome.unknown.count, "first": outcome.unknown.first},
    });
    if let (Some(used), Some(fields)) = (&outcome.index, document.as_object_mut()) {
        fields.insert("index".into(), index(used));
    }
    if let (Some(facts), Some(fields)) = (&outcome.repository, document.as_object_mut()) {
        fields.insert("repository".into(), crate::repository::json(facts));
    }
    if let (Some(report), Some(fields)) = (&outcome.restored, document.as_object_mut()) {
        fields.insert("restored".into(), restored(report));
    }
    if let (false, Some(fields)) = (outcome.places.is_empty(), document.as_object_mut()) {
        fields.insert("places".into(), crate::places::json(&outcome.places));
    }
    if let Some(fields) = document.as_object_mut().filter(|_| !outcome.contents.is_empty()) {
        fields.insert("contents".into(), outcome.contents.iter().map(crate::contents::named).collect());
    }
    if let (Some(used), Some(fields)) = (&outcome.parts, document.as_object_mut()) {
        fields.insert("parts".into(), parts(used));
    }
    document
}

/// What an index saved.
pub fn index(used: &IndexUse) -> Value {
    json!({
        "file": used.file,
        "segments_taken": used.segments_taken,
        "segments_read": used.segments_read,
        "segments_reread": used.segments_reread,
        "bytes_read": used.bytes_read,
        "oldest_proof": used.oldest_proof.and_then(rfc3339),
        "ignored": used.ignored,
        "unsaved": used.unsaved,
    })
}

fn restored(report: &RestoredReport) -> Value {
    let place = |at: Option<(TimelineId, Lsn)>| at.map(|(timeline, lsn)| json!({"timeline": timeline, "lsn": lsn}));
    let commit = |commit: Option<ReplayedCommit>| {
        commit.map(|commit| json!({"xid": commit.xid, "time": rfc3339(commit.time), "lsn": commit.lsn}))
    };
    let commits = |all: Option<MissingCommits>| {
        all.map(|all| json!({"commits": all.count, "first": commit(all.first), "last": commit(all.last)}))
    };
    json!({
        "place": report.place,
        "ended": report.ended.name(),
        "at": place(report.at),
        "timeline": report.now,
        "expected": place(report.expected),
        "missing": commits(report.missing),
        "later": commits(report.later),
    })
}

fn parts(used: &PartsUse) -> Value {
    let time = |time: Option<Timestamp>| time.and_then(rfc3339);
    json!({
        "place": used.place,
        "count": used.count,
        "oldest": time(used.seen.map(|seen| seen.0)),
        "newest": time(used.seen.map(|seen| seen.1)),
    })
}

/// WAL of each cluster, version and size; the first one decides.
pub fn lines(outcome: &Outcome) -> Value {
    outcome.lines.iter().enumerate().map(|(i, l)| line(l, i == 0)).collect()
}

fn line(l: &LineReport, decides: bool) -> Value {
    json!({
        "system_identifier": l.system_id.to_string(),
        "version": l.version.to_string(),
        "segment_size": l.segment_size.bytes(),
        "from": l.from,
        "to": l.to,
        "verdict": l.verdict.name(),
        "first_segment": l.names.map(|(first, _)| first.to_string()),
        "last_segment": l.names.map(|(_, last)| last.to_string()),
        "segments": l.segments,
        "why": l.why,
        "decides": decides,
    })
}

/// A timeline.
pub fn timeline(t: &TimelineReport) -> Value {
    let (lsn, segment) = match t.switch {
        Some(Switch::At(lsn)) => (Some(lsn), None),
        Some(Switch::In(name)) => (None, Some(name.to_string())),
        None => (None, None),
    };
    json!({
        "timeline": t.timeline,
        "parent": t.parent,
        "switch_lsn": lsn,
        "switch_segment": segment,
        "from": t.from,
        "to": t.to,
        "end": t.end.name(),
        "segments": t.segments,
        "records": t.tally.records,
        "partial_records": t.partial_records,
        "commits": t.tally.commits,
        "first_commit_time": t.tally.first_commit.and_then(rfc3339),
        "last_commit_time": t.tally.last_commit.and_then(rfc3339),
        "islands": t.islands.iter().map(|(from, to)| json!({"from": from, "to": to})).collect::<Vec<_>>(),
    })
}

fn backup(b: &KnownBackup, layout: Option<&Layout>) -> Value {
    json!({
        "file": b.file,
        "timeline": b.timeline,
        "start_lsn": b.start,
        "stop_lsn": b.stop,
        "label": b.label,
        "start_time": b.start_time,
        "wal_complete": b.complete,
        "reaches_lsn": b.reaches,
        "on_path": b.beside.is_none(),
        "target_timeline": b.beside.map(|beside| beside.ask),
        "incremental_from": b.incremental_from.map(|from| from.start),
        "stopped_at": b.stopped.as_ref().map(|(lsn, _)| lsn),
        "stopped_by": b.stopped.as_ref().zip(layout).map(|((_, failure), layout)| failure.server_says(layout.dialect)),
    })
}

/// A finding.
pub fn finding(f: &Finding, layout: Option<&Layout>) -> Value {
    let mut told = json!({
        "code": f.code.id(),
        "name": f.code.name(),
        "severity": f.severity.to_string(),
        "timeline": f.timeline,
        "lsn": f.lsn,
        "at": f.at,
        "segment": f.segment,
        "file": f.file,
        "offset": f.offset,
        "span": f.span.iter().map(|r| json!({"file": r.file, "offset": r.offset, "length": r.length})).collect::<Vec<_>>(),
        "message": f.message(layout),
        "server_says": f.server_says(layout),
        "lost": f.lost.as_ref().map(lost),
        "readable_until": f.readable_until,
        "advice": f.advice(),
        "accepted": f.accepted,
        "more": f.more,
    });
    if let (Detail::NotYet { newest: Some(age), .. }, Some(told)) = (&f.detail, told.as_object_mut()) {
        told.insert("newest_file_seconds".to_owned(), age.as_secs().into());
    }
    told
}

fn lost(l: &Lost) -> Value {
    json!({
        "bytes": l.bytes,
        "until_lsn": l.until_lsn,
        "records_after": l.records_after,
        "commits_after": l.commits_after,
        "last_commit_time": l.last_commit.and_then(rfc3339),
        "last_commit_time_after": l.last_commit_after.and_then(rfc3339),
    })
}
