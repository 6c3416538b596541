//! `walproof.txns/1`.

use super::{TxnsReport, seconds};
use crate::events::relation::named;
use crate::events::words;
use crate::history_head::HistoryHead;
use crate::outside::shown;
use crate::outside_times;
use crate::time::rfc3339;
use pgwal_forensics::{ListedXact, RelationSum, XactRelation, XactTotals};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// The document. Its transactions are made one by one as it is written.
#[derive(Serialize)]
pub struct TxnsDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    head: HistoryHead,
    times: Value,
    by: &'static str,
    totals: Value,
    more_transactions: u64,
    #[serde(serialize_with = "one_by_one")]
    transactions: &'a [ListedXact],
}

fn one_by_one<S: Serializer>(xacts: &&[ListedXact], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(xacts.iter().map(transaction))
}

/// The document.
pub fn document<'a>(report: &TxnsReport<'a>) -> TxnsDocument<'a> {
    let answer = report.answer;
    TxnsDocument {
        schema: "walproof.txns/1",
        head: HistoryHead::new(&answer.gathered, answer.range, &answer.holes, answer.left_out),
        times: outside_times::json(answer.times),
        by: report.by.name(),
        totals: totals(&answer.totals),
        more_transactions: answer.totals.transactions - answer.xacts.len() as u64,
        transactions: &answer.xacts,
    }
}

fn totals(all: &XactTotals) -> Value {
    json!({
        "transactions": all.transactions,
        "committed": all.committed,
        "aborted": all.aborted,
        "crashed": all.crashed,
        "open": all.open,
        "prepared": all.prepared,
        "bytes": all.bytes,
        "inserted": all.rows.inserted,
        "updated": all.rows.updated,
        "deleted": all.rows.deleted,
    })
}

fn transaction(xact: &ListedXact) -> Value {
    let prepared = xact
        .prepared
        .as_ref()
        .map(|(lsn, gid, time)| json!({"gid": shown(gid), "lsn": lsn, "time": time.and_then(rfc3339)}));
    let RelationSum { inserted, updated, deleted, .. } = xact.rows;
    json!({
        "xid": xact.xid,
        "outcome": xact.outcome(),
        "begin_lsn": xact.begin,
        "begin_known": xact.begin_known,
        "timeline": xact.timeline,
        "not_before": xact.after.filter(|_| xact.begin_known).and_then(rfc3339),
        "not_after": xact.until.and_then(rfc3339),
        "end_lsn": xact.end_lsn,
        "time": xact.time.and_then(rfc3339),
        "seconds_least": xact.took.least.map(seconds),
        "seconds_most": xact.took.most.map(seconds),
        "part_of": xact.top,
        "subxacts": &xact.subxacts[..],
        "subxacts_more": xact.subxacts_more,
        "prepared": prepared,
        "bytes": xact.bytes,
        "inserted": inserted,
        "updated": updated,
        "deleted": deleted,
        "relations": xact.relations.iter().map(relation).collect::<Vec<_>>(),
        "relations_more": xact.relations_more,
        "partial": xact.partial,
        "lost_from_lsn": xact.lost_from,
    })
}

fn relation(relation: &XactRelation) -> Value {
    let mut document = named(relation.name.as_ref());
    let RelationSum { inserted, updated, deleted, bytes } = relation.sum;
    let figures = [("inserted", inserted), ("updated", updated), ("deleted", deleted), ("bytes", bytes)];
    document.insert("file".to_owned(), json!(words::file(relation.file)));
    document.extend(figures.map(|(name, n)| (name.to_owned(), json!(n))));
    Value::Object(document)
}
