//! `walproof stats --format json`. The schema is `schema/stats.json`.
//!
//! ```text
//! {"schema":"walproof.stats/1","version":"15","by":"rmgr","partial":false,"findings":0,"from":"0/06300028","to":"0/0665AC08",
//!  "total":{"records":13698,"record_bytes":1859017,"image_bytes":2809472,"bytes":4668489},
//!  "groups":[{"rmgr":"XLOG","records":326,…,"shares":{"records":0.0238,"record_bytes":0.0087,"image_bytes":0.8498,"bytes":0.5149}},…]}
//! ```
//! A group is named by the fields that lines of `dump` have: `rmgr`; `rmgr` and `record`; `xid`; `tablespace`,
//! `database`, `relation`, `fork`, and `name` where names are known; `database`; `minute`, its beginning;
//! `checkpoint`, the start of that record. `null`: none, or none before.

use crate::relation_name::full;
use crate::stats::StatsReport;
use crate::stats::text::minute;
use crate::stats::waldump::operation;
use crate::time::rfc3339;
use pgwal_format::rmgr::Rmgr;
use pgwal_query::count::{By, GroupKey, GroupPlace, GroupSum};
use pgwal_query::filter::FORKS;
use serde_json::{Map, Value, json};

/// What a group is named by.
pub struct GroupNames(pub Vec<(&'static str, Value)>);

/// The document.
pub fn document(report: &StatsReport) -> Value {
    let groups: Vec<Value> = report.groups.iter().map(|(key, cell)| group(*key, *cell, report)).collect();
    json!({
        "schema": "walproof.stats/1",
        "version": report.layout.dialect.version.to_string(),
        "by": report.by.first.name(),
        "and_by": report.by.second.map(By::name),
        "partial": report.partial,
        "findings": report.findings,
        "from": report.from.map(|lsn| lsn.to_string()),
        "to": report.to.map(|lsn| lsn.to_string()),
        "total": figures(report.total),
        "groups": groups,
        "groups_left_out": report.left_out.0,
    })
}

fn group(key: GroupPlace, cell: GroupSum, report: &StatsReport) -> Value {
    let mut out: Map<String, Value> =
        named(key, report).0.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let total = report.total;
    out.extend(figures(cell));
    let shares = json!({
        "records": share(cell.records, total.records),
        "record_bytes": share(cell.record_bytes, total.record_bytes),
        "image_bytes": share(cell.image_bytes, total.image_bytes),
        "bytes": share(cell.bytes(), total.bytes()),
    });
    out.insert("shares".to_owned(), shares);
    Value::Object(out)
}

fn figures(cell: GroupSum) -> Map<String, Value> {
    [
        ("records", cell.records),
        ("record_bytes", cell.record_bytes),
        ("image_bytes", cell.image_bytes),
        ("bytes", cell.bytes()),
    ]
    .into_iter()
    .map(|(name, n)| (name.to_owned(), Value::from(n)))
    .collect()
}

/// From 0 to 1, to six places.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 1e6).round() / 1e6 }
}

/// The names of a group.
pub fn named(place: GroupPlace, report: &StatsReport) -> GroupNames {
    GroupNames(report.by.each().zip(place).flat_map(|(by, key)| of_one(by, key, report)).collect())
}

fn of_one(by: By, key: GroupKey, report: &StatsReport) -> Vec<(&'static str, Value)> {
    let dialect = report.layout.dialect;
    match (by, key) {
        (By::Rmgr, GroupKey::Code(rmid, _)) => vec![("rmgr", Rmgr(rmid).name(dialect).to_string().into())],
        (_, GroupKey::Code(rmid, half)) => {
            vec![
                ("rmgr", Rmgr(rmid).name(dialect).to_string().into()),
                ("record", operation(rmid, half, dialect).into()),
            ]
        }
        (_, GroupKey::Xid(xid)) => vec![("xid", xid.into())],
        (_, GroupKey::Relation(rel, fork)) => [
            ("tablespace", rel.spc.into()),
            ("database", rel.db.into()),
            ("relation", rel.rel.into()),
            ("fork", FORKS.get(usize::from(fork)).copied().unwrap_or("unknown").into()),
        ]
        .into_iter()
        .chain(report.names.as_ref().map(|names| ("name", names.last_relation(rel).map(|name| full(&name)).into())))
        .collect(),
        (_, GroupKey::Database(db)) => vec![("database", db.into())],
        (_, GroupKey::Minute(n)) => vec![("minute", minute(n).into())],
        (_, GroupKey::Checkpoint(lsn)) => {
            let time = report.times.get(&lsn).and_then(|&time| rfc3339(time));
            vec![("checkpoint", lsn.to_string().into()), ("checkpoint_time", time.into())]
        }
        (By::Relation, _) => ["tablespace", "database", "relation", "fork"].map(|name| (name, Value::Null)).into(),
        (By::Checkpoint, _) => ["checkpoint", "checkpoint_time"].map(|name| (name, Value::Null)).into(),
        (by, _) => vec![(by.name(), Value::Null)],
    }
}
