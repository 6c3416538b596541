//! Events, made comparable.

use crate::run::walproof;
use serde_json::Value;
use std::path::Path;

/// What is compared of an event: what, by which transaction, how that ended, which relations, how many rows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Told {
    pub xid: u64,
    pub kind: String,
    pub outcome: String,
    pub relations: Vec<String>,
    pub rows: Option<u64>,
}

/// The document of an archive.
pub fn document(archive: &Path, more: &[&str]) -> Value {
    let words = [&["events", archive.to_str().unwrap(), "--format", "json"], more].concat();
    let ran = walproof(&words);
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

/// Its events of these kinds. Of relations those that a user names: no indexes, no TOAST tables.
pub fn told(document: &Value, kinds: &[&str]) -> Vec<Told> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let events = document["events"].as_array().unwrap();
    let wanted = events.iter().filter(|event| kinds.contains(&text(&event["kind"]).as_str()));
    let mut out: Vec<Told> = wanted
        .map(|event| {
            let aside = |kind: &str| ["index", "TOAST table", "composite type"].contains(&kind);
            let own = event["relations"].as_array().unwrap().iter().filter(|r| !aside(&text(&r["kind"])));
            let name = |r: &Value| r["name"].as_str().map_or_else(|| text(&r["file"]), str::to_owned);
            let mut relations: Vec<String> = own.map(name).collect();
            relations.sort();
            Told {
                xid: event["xid"].as_u64().unwrap_or_default(),
                kind: text(&event["kind"]),
                outcome: text(&event["outcome"]),
                relations,
                rows: event["rows"].as_u64(),
            }
        })
        .collect();
    out.sort();
    out
}
