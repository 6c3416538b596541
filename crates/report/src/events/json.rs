//! `walproof.events/1`.

use super::EventsReport;
use super::words;
use crate::history_head::HistoryHead;
use crate::outside::shown;
use crate::time::rfc3339;
use pgwal_catalog::RelationName;
use pgwal_forensics::{EventFact, EventRelation, WalEvent};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The document. Its events are made one by one as it is written.
#[derive(Serialize)]
pub struct EventsDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: HistoryHead,
    more_events: u64,
    #[serde(serialize_with = "one_by_one")]
    events: &'a [WalEvent],
}

fn one_by_one<S: Serializer>(events: &&[WalEvent], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(events.iter().map(event))
}

/// The document.
pub fn document<'a>(report: &EventsReport<'a>) -> EventsDocument<'a> {
    let answer = report.answer;
    EventsDocument {
        schema: "walproof.events/1",
        head: HistoryHead::new(&answer.gathered, answer.range, &answer.holes, answer.left_out),
        more_events: answer.more_events,
        events: &answer.events,
    }
}

fn event(event: &WalEvent) -> Value {
    let mut document = json!({
        "kind": event.kind.name(),
        "lsn": event.lsn,
        "timeline": event.timeline,
        "time": event.time.and_then(rfc3339),
        "xid": event.xid,
        "outcome": event.end.map(|end| end.name()),
        "end_lsn": event.end_lsn,
        "subxacts": &event.subxacts[..],
        "subxacts_more": event.subxacts_more,
        "relations": event.relations.iter().map(relation).collect::<Vec<_>>(),
        "rows": event.rows,
        "bytes": event.bytes,
        "by_files_alone": event.by_files_alone,
        "partial": event.partial,
    });
    if let Some(fields) = document.as_object_mut() {
        fact(&event.fact, fields);
    }
    document
}

fn relation(relation: &EventRelation) -> Value {
    let mut document = named(relation.name.as_ref());
    document.insert("file".to_owned(), json!(relation.file.map(words::file)));
    document.insert("new_file".to_owned(), json!(relation.new_file.map(words::file)));
    Value::Object(document)
}

/// The fields by which a relation is named; `null` what is not known.
pub(crate) fn named(name: Option<&RelationName>) -> Map<String, Value> {
    let fields = [
        ("name", json!(name.map(words::name))),
        ("database", json!(name.and_then(|name| name.database.as_deref()).map(shown))),
        ("schema", json!(name.and_then(|name| name.schema.as_deref()).map(shown))),
        ("relation", json!(name.map(|name| shown(&name.name)))),
        ("kind", json!(name.map(|name| words::kind(name.kind)))),
        ("oid", json!(name.map(|name| name.oid))),
    ];
    fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

fn fact(fact: &EventFact, fields: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    match fact {
        EventFact::Nothing => {}
        EventFact::Database(oid, name) => {
            put("database_oid", json!(oid));
            put("database", json!(name.as_deref().map(shown)));
        }
        EventFact::DatabaseFiles(oid, name, tablespaces) => {
            put("database_oid", json!(oid));
            put("database", json!(name.as_deref().map(shown)));
            put("files_in_tablespaces", json!(tablespaces));
        }
        EventFact::Tablespace(oid) => put("tablespace_oid", json!(oid)),
        EventFact::Name(name) => put("name", json!(shown(name))),
        EventFact::BackupStart(start) => put("backup_start_lsn", json!(start)),
        EventFact::Timelines(from, to) => {
            put("from_timeline", json!(from));
            put("to_timeline", json!(to));
        }
        EventFact::Lost(n) => put("transactions_lost", json!(n)),
        EventFact::Parameters(before, now) => {
            let settings = |of| words::settings(of).into_iter().map(|(name, value)| (name.to_owned(), value.into()));
            put("settings_before", json!(before.as_deref().map(|of| settings(of).collect::<Map<String, Value>>())));
            put("settings", json!(settings(now).collect::<Map<String, Value>>()));
        }
        EventFact::Message(prefix, bytes) => {
            put("prefix", json!(shown(prefix)));
            put("message_bytes", json!(bytes));
        }
        EventFact::Between(from, to) => {
            put("from_time", json!(rfc3339(*from)));
            put("to_time", json!(rfc3339(*to)));
        }
    }
}
