//! `walproof.diverge/1`.

use super::words::{is_one_number, meeting, record_kind};
use super::{DivergeReport, rewound};
use crate::events::words;
use crate::time::rfc3339;
use pgwal_forensics::RelationSum;
use pgwal_forensics::diverge::{BehindFork, CommitBehind, PartedRecord, RewindOutlook, SidesMeeting};
use pgwal_format::Layout;
use serde_json::{Value, json};

/// Relations of a side in the document.
const MOST: usize = 1000;

/// The document.
pub fn document(report: &DivergeReport<'_>) -> Value {
    let found = report.found;
    let layout = found.layout.as_ref();
    let (last, first, certain) = match &found.meeting {
        SidesMeeting::Foreign | SidesMeeting::Nothing => (None, None, true),
        SidesMeeting::Told(_) => (None, None, false),
        SidesMeeting::Same(last) | SidesMeeting::Ahead { last, .. } => (Some(*last), None, true),
        SidesMeeting::Apart { last, first, certain, .. } => (*last, Some(*first), *certain),
    };
    let side = |at: usize| {
        let [range, behind, rewind] = [
            found.ranges.get(at).copied().flatten().map(|(from, to)| json!({"from_lsn": from, "to_lsn": to})),
            found.behind.get(at).and_then(Option::as_ref).map(self::behind),
            found.rewind.get(at).and_then(Option::as_ref).map(self::rewind),
        ];
        json!({
            "place": report.places.get(at),
            "system_identifier": found.system_ids.get(at).copied().flatten().map(|id| id.to_string()),
            "timelines": found.ways.get(at),
            "range": range,
            "unfinished": report.unfinished.get(at),
            "complete": found.gathered.get(at).map(|gathered| gathered.complete),
            "findings": found.gathered.get(at).map(|gathered| gathered.findings),
            "first": first.and_then(|first| first.get(at).map(|own| record(own, layout))),
            "behind": behind,
            "pg_rewind": rewind,
        })
    };
    json!({
        "schema": "walproof.diverge/1",
        "version": layout.map(|layout| layout.dialect.version.to_string()),
        "meeting": meeting(&found.meeting),
        "fork_lsn": found.meeting.fork(),
        "certain": certain,
        "one_timeline_number": is_one_number(found),
        "last_common": last.map(|last| record(&last, layout)),
        "a": side(0),
        "b": side(1),
        "not_checked": super::words::NOT_CHECKED,
    })
}

fn record(record: &PartedRecord, layout: Option<&Layout>) -> Value {
    json!({
        "lsn": record.lsn,
        "end_lsn": record.end,
        "xid": record.header.xid,
        "record": layout.map(|layout| record_kind(record, layout.dialect)),
    })
}

fn sums(sum: &RelationSum) -> Value {
    json!({"inserted": sum.inserted, "updated": sum.updated, "deleted": sum.deleted, "bytes": sum.bytes})
}

fn commit(commit: &CommitBehind) -> Value {
    json!({"xid": commit.xid, "lsn": commit.lsn, "time": commit.time.and_then(rfc3339)})
}

fn behind(behind: &BehindFork) -> Value {
    let relations = behind.relations.iter().take(MOST).map(|relation| {
        json!({
            "file": words::file(relation.file),
            "name": relation.name.as_ref().map(words::name),
            "rows": sums(&relation.sum),
        })
    });
    json!({
        "committed": behind.committed,
        "begun_before": behind.begun_before,
        "aborted": behind.aborted,
        "open": behind.open,
        "first": behind.first.as_ref().map(commit),
        "last": behind.last.as_ref().map(commit),
        "rows": sums(&behind.rows),
        "relations": relations.collect::<Vec<_>>(),
        "more_relations": behind.more_relations + behind.relations.len().saturating_sub(MOST) as u64,
        "holes": behind.holes,
    })
}

fn rewind(outlook: &RewindOutlook) -> Value {
    json!({
        "needless": outlook.needless,
        "possible": outlook.is_possible(),
        "hints_logged": outlook.hints,
        "checkpoint": outlook.checkpoint.map(|checkpoint| json!({
            "lsn": checkpoint.lsn,
            "redo_lsn": checkpoint.redo,
            "timeline": checkpoint.timeline,
            "needs_from": checkpoint.needs_from.to_string(),
        })),
        "hindrances": outlook.hindrances.iter().map(|hindrance| rewound::name(*hindrance)).collect::<Vec<_>>(),
    })
}
