//! `walproof fields --format json`. The schema is `schema/fields.json`.
//!
//! ```text
//! {"schema":"walproof.fields/1","columns":[{"name":"lsn","type":"lsn","description":"start of the record"},…],
//!  "fields":[{"rmgr":"Storage","record":"TRUNCATE","name":"blkno","type":"unsigned","since":"9.5","until":"19"},…]}
//! ```
//! A type that has no fields has one entry with `"name":null,"type":null`.

use crate::dump::csv::COLUMNS;
use pgwal_query::fields::FieldRow;
use serde_json::{Value, json};

/// The document.
pub fn document(rows: &[FieldRow]) -> Value {
    let columns: Vec<Value> = COLUMNS
        .iter()
        .map(|(name, kind, meaning)| json!({"name": name, "type": kind, "description": meaning}))
        .collect();
    let field = |row: &FieldRow| {
        json!({
            "rmgr": row.rmgr,
            "record": row.record,
            "name": row.field.map(|(name, _)| name),
            "type": row.field.map(|(_, kind)| kind),
            "since": row.since.to_string(),
            "until": row.until.to_string(),
        })
    };
    let fields: Vec<Value> = rows.iter().map(field).collect();
    json!({"schema": "walproof.fields/1", "columns": columns, "fields": fields})
}
