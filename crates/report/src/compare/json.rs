//! `walproof.compare/1`.

use super::{CompareAnswer, WrittenCopy};
use pgwal_format::Layout;
use pgwal_verify::compare::{ComparedFile, ComparedSegment, CopyDifference, CopyState, DifferingFiles};
use pgwal_verify::{Finding, SegmentSpan};
use serde_json::{Value, json};

/// The document.
pub fn document(answer: &CompareAnswer<'_>) -> Value {
    let found = answer.found;
    let layout = &found.layout;
    json!({
        "schema": "walproof.compare/1",
        "a": answer.named[0],
        "b": answer.named[1],
        "differ": found.differs(),
        "version": layout.dialect.version.to_string(),
        "segment_size": layout.segment.bytes(),
        "system_identifiers": found.system_ids.map(|id| id.map(|id| id.to_string())),
        "other_cluster": found.foreign,
        "same": found.same,
        "alike_damaged": found.alike_damaged.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "segments": found.segments.iter().map(|segment| one(segment, layout)).collect::<Vec<_>>(),
        "only_a": spans(&found.only[0]),
        "only_b": spans(&found.only[1]),
        "twins_a": found.twins[0].iter().map(|files| twins(files, layout)).collect::<Vec<_>>(),
        "twins_b": found.twins[1].iter().map(|files| twins(files, layout)).collect::<Vec<_>>(),
        "files": found.files.iter().map(file).collect::<Vec<_>>(),
        "not_checked": super::NOT_CHECKED,
        "written": answer.written.as_ref().map(written),
    })
}

/// Files of one segment that lie in one place and differ.
fn twins(files: &DifferingFiles, layout: &Layout) -> Value {
    let one = |(file, wrong): &(String, Option<Finding>)| {
        json!({
            "file": file,
            "code": wrong.as_ref().map(|wrong| wrong.code.id()),
            "lsn": wrong.as_ref().and_then(|wrong| wrong.lsn),
            "message": wrong.as_ref().map(|wrong| wrong.message(Some(layout))),
        })
    };
    let all: Vec<Value> = std::iter::once(&files.taken).chain(&files.others).map(one).collect();
    json!({"name": files.name.to_string(), "withheld": files.withheld, "files": all})
}

fn one(segment: &ComparedSegment, layout: &Layout) -> Value {
    let (lsn, records) = match segment.difference {
        CopyDifference::Records(lsn, records) => (Some(lsn), Some(records)),
        _ => (None, None),
    };
    json!({
        "name": segment.name.to_string(),
        "difference": segment.difference.name(),
        "right": segment.right.name(),
        "differ_from": lsn,
        "records_alike": records,
        "a": copy(&segment.copies[0], layout),
        "b": copy(&segment.copies[1], layout),
    })
}

fn copy(state: &CopyState, layout: &Layout) -> Value {
    match state {
        CopyState::Missing => json!({"state": "missing"}),
        CopyState::Good => json!({"state": "good"}),
        CopyState::Bad(finding) => json!({
            "state": "bad",
            "code": finding.code.id(),
            "file": finding.file,
            "lsn": finding.lsn,
            "at": finding.at,
            "offset": finding.offset,
            "message": finding.message(Some(layout)),
        }),
    }
}

fn file(file: &ComparedFile) -> Value {
    json!({"name": file.name, "in_a": file.there[0], "in_b": file.there[1], "right": file.right.name()})
}

fn spans(spans: &[SegmentSpan]) -> Value {
    let span = |span: &SegmentSpan| json!({"first": span.first.to_string(), "last": span.last.to_string(), "count": span.count});
    spans.iter().map(span).collect()
}

fn written(copy: &WrittenCopy) -> Value {
    json!({
        "folder": copy.folder.display().to_string(),
        "from_a": copy.files[0],
        "from_b": copy.files[1],
        "left_out": copy.left_out,
        "verdict": copy.verdict.name(),
        "why": copy.why,
    })
}
