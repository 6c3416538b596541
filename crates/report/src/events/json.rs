//! `walproof.events/1`.

use super::EventsReport;
use super::before::json::before;
use super::relation::relation;
use super::words;
use crate::history_head::HistoryHead;
use crate::outside::shown;
use crate::outside_times;
use crate::relation_name::full;
use crate::time::rfc3339;
use pgwal_forensics::{BelowSum, EventFact, WalEvent};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The document. Its events are made one by one as it is written.
#[derive(Serialize)]
pub struct EventsDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: HistoryHead,
    times: Value,
    more_events: u64,
    initdb: Option<Value>,
    below_rows: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
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
        times: outside_times::json(answer.times),
        more_events: answer.more_events,
        initdb: answer.initdb.map(|own| json!({"events": own.events, "until_lsn": own.until})),
        below_rows: answer.below.as_ref().map(below_rows),
        before: report.before.map(before),
        events: &answer.events,
    }
}

fn below_rows(own: &BelowSum) -> Value {
    let largest = own.largest.as_ref().map(|one| {
        let name = one.name.as_ref().map(full);
        json!({"xid": one.xid, "rows": one.rows, "time": one.time.and_then(rfc3339), "relation": name})
    });
    json!({
        "least": own.least,
        "transactions": own.transactions,
        "deleted": own.deleted,
        "updated": own.updated,
        "largest": largest,
    })
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
        "undo_lsn": event.undo,
        "files_gone": event.is_lost_unended(),
        "prepared": event.prepared.as_deref().map(shown),
        "subxacts": &event.subxacts[..],
        "subxacts_more": event.subxacts_more,
        "relations": event.relations.iter().map(relation).collect::<Vec<_>>(),
        "rows": event.rows,
        "on_disk": event.on_disk.map(|left| json!({"rows": left.rows, "first_gone_lsn": left.first_gone})),
        "bytes": event.bytes,
        "by_files_alone": event.by_files_alone,
        "partial": event.partial,
    });
    if let Some(fields) = document.as_object_mut() {
        fact(&event.fact, fields);
    }
    document
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
