//! `walproof.top/1`.

use super::{TopReport, TopSection, words};
use crate::events::relation::named;
use crate::events::words::{file, name};
use crate::history_head::HistoryHead;
use crate::outside::shown;
use crate::stats::text::minute;
use crate::stats::waldump::operation;
use crate::time::rfc3339;
use pgwal_forensics::{FartherCheckpoints, ImageReason, ListedXact, TopList, VolumeSum};
use pgwal_format::rmgr::Rmgr;
use pgwal_query::filter::FORKS;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The document.
#[derive(Serialize)]
pub struct TopDocument {
    schema: &'static str,
    #[serde(flatten)]
    head: HistoryHead,
    total: Value,
    #[serde(flatten)]
    lists: Map<String, Value>,
    what_if: Value,
}

/// The document.
pub fn document(report: &TopReport<'_>) -> TopDocument {
    let answer = report.answer;
    let lists = report.by.iter().map(|by| (format!("by_{}", by.name()), list(report, *by)));
    TopDocument {
        schema: "walproof.top/1",
        head: HistoryHead::new(&answer.gathered, answer.range, &answer.holes, answer.left_out),
        total: Value::Object(figures(&answer.total)),
        lists: lists.collect(),
        what_if: json!({"compression": compression(report), "checkpoint": checkpoint(report)}),
    }
}

fn figures(sum: &VolumeSum) -> Map<String, Value> {
    let mut out = Map::new();
    let images: Map<String, Value> = ImageReason::ALL
        .iter()
        .map(|reason| (reason, sum.of(*reason)))
        .filter(|(_, sum)| sum.images > 0)
        .map(|(reason, sum)| (reason.name().to_owned(), json!({"images": sum.images, "bytes": sum.bytes})))
        .collect();
    out.insert("records".to_owned(), json!(sum.records));
    out.insert("bytes".to_owned(), json!(sum.bytes));
    out.insert("image_bytes".to_owned(), json!(sum.image_bytes()));
    out.insert("images".to_owned(), Value::Object(images));
    out
}

fn list(report: &TopReport<'_>, by: TopSection) -> Value {
    let answer = report.answer;
    let dialect = answer.gathered.outcome.layout.as_ref().map(|layout| layout.dialect);
    match by {
        TopSection::Relation => groups(&answer.relations, |group| {
            let mut fields = named(group.name.as_ref());
            fields.insert("file".to_owned(), json!(group.file.map(|(rel, _)| file(rel))));
            let fork = group.file.map(|(_, fork)| FORKS.get(usize::from(fork)).copied().unwrap_or("unknown"));
            fields.insert("fork".to_owned(), json!(fork));
            fields.insert("of".to_owned(), json!(group.of.as_ref().map(name)));
            fields
        }),
        TopSection::Record => groups(&answer.records, |(rmid, half)| {
            let named = dialect.map(|d| (Rmgr(*rmid).name(d).to_string(), operation(*rmid, *half, d)));
            let (rmgr, record) = named.unzip();
            object([("rmgr", json!(rmgr)), ("record", json!(record))])
        }),
        TopSection::Minute => groups(&answer.minutes, |at| object([("minute", json!(at.and_then(minute)))])),
        TopSection::Checkpoint => groups(&answer.checkpoints, |seen| {
            object([
                ("checkpoint", json!(seen.map(|seen| seen.lsn))),
                ("redo_lsn", json!(seen.map(|seen| seen.redo))),
                ("time", json!(seen.and_then(|seen| seen.time).and_then(rfc3339))),
                ("shutdown", json!(seen.map(|seen| seen.shutdown))),
            ])
        }),
        TopSection::Database => groups(&answer.databases, |group| {
            let name = group.as_ref().and_then(|(_, name)| name.as_deref()).map(shown);
            object([("database_oid", json!(group.as_ref().map(|(oid, _)| oid))), ("database", json!(name))])
        }),
        TopSection::Xid => {
            let (xacts, totals) = &answer.xacts;
            let one = |xact: &ListedXact| {
                let outcome = xact.outcome();
                json!({
                    "xid": xact.xid,
                    "outcome": outcome,
                    "begin_known": xact.begin_known,
                    "end_lsn": xact.end_lsn,
                    "bytes": xact.bytes,
                })
            };
            let listed: u64 = xacts.iter().map(|xact| xact.bytes).sum();
            json!({
                "groups": xacts.iter().map(one).collect::<Vec<_>>(),
                "more": totals.transactions - xacts.len() as u64,
                "rest": {"bytes": totals.bytes - listed},
            })
        }
    }
}

fn groups<G>(list: &TopList<G>, name: impl Fn(&G) -> Map<String, Value>) -> Value {
    let one = |(group, sum): &(G, VolumeSum)| {
        let mut fields = name(group);
        fields.extend(figures(sum));
        Value::Object(fields)
    };
    json!({
        "groups": list.groups.iter().map(one).collect::<Vec<_>>(),
        "more": list.more,
        "rest": figures(&list.rest),
    })
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn compression(report: &TopReport<'_>) -> Value {
    let Some((packing, packed)) = report.packing.zip(report.answer.packed.as_ref()) else { return Value::Null };
    json!({
        "method": packing.name(),
        "images": packed.images,
        "bytes": packed.bytes,
        "plain_bytes": packed.plain_bytes,
        "packed_bytes": packed.packed_bytes,
        "unreadable": packed.unreadable,
    })
}

fn checkpoint(report: &TopReport<'_>) -> Value {
    let Some((farther, counted)) = report.farther.zip(report.answer.cycle) else { return Value::Null };
    let (every, seconds, bytes) = match farther {
        FartherCheckpoints::Times(times) => (Some(times), None, None),
        FartherCheckpoints::Micros(micros) => (None, Some(micros as f64 / 1e6), None),
        FartherCheckpoints::Bytes(bytes) => (None, None, Some(bytes)),
    };
    json!({
        "every": every,
        "seconds": seconds,
        "distance_bytes": bytes,
        "from_lsn": counted.from,
        "wal_bytes": counted.wal_bytes,
        "checkpoints": counted.checkpoints,
        "checkpoints_left": counted.checkpoints_left,
        "images": counted.now.images,
        "image_bytes": counted.now.bytes,
        "saved_images": counted.saved.images,
        "saved_bytes": words::saved(&counted),
        "left_out": counted.left_out,
    })
}
