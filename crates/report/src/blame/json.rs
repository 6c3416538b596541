//! A line a record, and one at the end. The schema is `schema/blame-line.json`.
//!
//! ```text
//! {"type":"touch","lsn":"0/00AAC608","relation":"1663/5/16393","block":2,"rmgr":"Heap","record":"UPDATE","xid":734,
//!  "transaction":{"xid":734,"outcome":"committed","end_lsn":…,"time":…},"image":null,"init":false,
//!  "changes":[{"offset":5,"change":"updated","to":"2:17","hot":false}]}
//! {"type":"end","schema":"walproof.blame/1",…,"complete":true}
//! ```

use super::{BlameReport, BlameTold};
use crate::events::words::{file, name};
use crate::history_head::HistoryHead;
use crate::time::rfc3339;
use pgwal_forensics::{BlockTouch, ImageReason};
use pgwal_format::Lsn;
use pgwal_format::rmgr::tuple_changes::{TupleChange, TuplePlace};
use pgwal_query::filter::FORKS;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The last line.
#[derive(Serialize)]
pub struct BlameEnd {
    r#type: &'static str,
    schema: &'static str,
    #[serde(flatten)]
    head: HistoryHead,
    relations: Value,
    fork: Option<&'static str>,
    block: u32,
    offset: Option<u16>,
    records: u64,
    more_records: u64,
    versions: usize,
    more_versions: Vec<Value>,
    files_gone: Vec<Value>,
}

/// All lines but the last.
pub fn touches<'a>(report: &'a BlameReport<'_>) -> impl Iterator<Item = Value> + 'a {
    report.answer.touches.iter().map(|touch| one(report, touch))
}

/// The last line: of the block that was asked for, and what was told of it and of versions behind it.
pub fn end(report: &BlameReport<'_>, told: &BlameTold) -> BlameEnd {
    let (answer, wish) = (report.answer, report.wish);
    let named = answer.files.iter().map(|(rel, known)| json!({"file": file(*rel), "name": known.as_ref().map(name)}));
    BlameEnd {
        r#type: "end",
        schema: "walproof.blame/1",
        head: HistoryHead::new(&answer.gathered, answer.range, &answer.holes, answer.left_out),
        relations: named.collect(),
        fork: FORKS.get(usize::from(wish.fork)).copied(),
        block: wish.block,
        offset: wish.offset,
        records: told.records,
        more_records: told.more_records,
        versions: told.versions,
        more_versions: told.not_followed.iter().map(version).collect(),
        files_gone: answer
            .gone
            .iter()
            .map(|(rel, end)| {
                json!({"file": file(*rel), "xid": end.xid, "lsn": end.lsn, "time": end.time.and_then(rfc3339)})
            })
            .collect(),
    }
}

fn one(report: &BlameReport<'_>, touch: &BlockTouch) -> Value {
    let (rmgr, record) = report.operation(touch);
    let ended = touch.end.map(|end| {
        json!({
            "xid": end.xid,
            "outcome": end.end.name(),
            "end_lsn": end.lsn,
            "time": end.time.and_then(rfc3339),
        })
    });
    json!({
        "type": "touch",
        "lsn": touch.lsn,
        "relation": file(touch.file),
        "block": report.wish.block,
        "rmgr": rmgr,
        "record": record,
        "xid": touch.xid,
        "transaction": ended,
        "image": touch.image.map(ImageReason::name),
        "init": touch.init,
        "changes": touch.changes.iter().map(change).collect::<Vec<_>>(),
    })
}

fn version(&(lsn, to): &(Lsn, TuplePlace)) -> Value {
    json!({"lsn": lsn, "to": place(to)})
}

fn place((block, offset): TuplePlace) -> String {
    format!("{block}:{offset}")
}

fn change((offset, change): &(u16, TupleChange)) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    put("offset", json!(offset));
    put("change", json!(super::text::word(change)));
    match *change {
        TupleChange::Updated { to, hot } => {
            put("to", json!(place(to)));
            put("hot", json!(hot));
        }
        TupleChange::Arrived { from, hot } => {
            put("from", json!(place(from)));
            put("hot", json!(hot));
        }
        TupleChange::Redirected(to) => put("to_offset", json!(to)),
        _ => {}
    }
    Value::Object(fields)
}
