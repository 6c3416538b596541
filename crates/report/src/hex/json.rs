//! `walproof hex --format json`; the schema is `schema/hex.json`.
//!
//! ```text
//! {"schema":"walproof.hex/1","asked","lsn","end_lsn","timeline","rmgr","record","xid","total_length","whole","note","findings":[…],
//!  "bytes":[{"lsn","file","offset","length","part","block","field","value","continued","hex"},…]}
//! ```
//! `bytes` covers the record from its first byte to the end of its padding, the headers of the pages that it crosses
//! included.

use crate::time::rfc3339;
use crate::verify::json::finding;
use pgwal_format::Lsn;
use pgwal_format::rmgr::Rmgr;
use pgwal_format::rmgr::sink::Value as Field;
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_query::one::{ByteRow, One};
use serde_json::{Value, json};
use std::fmt::Write;

/// The document.
pub fn document(one: &One, asked: Lsn) -> Value {
    let dialect = one.layout.dialect;
    json!({
        "schema": "walproof.hex/1",
        "asked": asked,
        "lsn": one.start,
        "end_lsn": one.end,
        "timeline": one.timeline,
        "rmgr": one.header.map(|h| Rmgr(h.rmid).name(dialect).to_string()),
        "record": one.header.and_then(|h| Vocabulary::of(dialect).name(h.rmid, h.info)),
        "xid": one.header.map(|h| h.xid),
        "total_length": one.header.map(|h| h.tot_len),
        "whole": one.end.is_some(),
        "note": one.note,
        "findings": one.findings.iter().map(|f| finding(f, Some(&one.layout))).collect::<Vec<_>>(),
        "bytes": one.rows().iter().map(bytes).collect::<Vec<_>>(),
    })
}

fn bytes(row: &ByteRow<'_>) -> Value {
    let mut hex = String::new();
    for byte in row.bytes {
        let _ = write!(hex, "{byte:02x}");
    }
    json!({
        "lsn": row.lsn,
        "file": row.file,
        "offset": row.offset,
        "length": row.bytes.len(),
        "part": row.part.name(),
        "block": row.block,
        "field": (!row.name.is_empty()).then_some(row.name),
        "value": row.value.as_ref().map(value),
        "continued": row.continued,
        "hex": hex,
    })
}

fn value(value: &Field<'_>) -> Value {
    match *value {
        Field::Unsigned(n) | Field::FullXid(n) => json!(n),
        Field::Signed(n) | Field::Seconds(n) => json!(n),
        Field::Float(n) => json!(n),
        Field::Bool(b) => json!(b),
        Field::Lsn(lsn) => json!(lsn),
        Field::Rel(rel) | Field::Path(rel, _) => json!(format!("{}/{}/{}", rel.spc, rel.db, rel.rel)),
        Field::Time(time) => json!(rfc3339(time)),
        Field::Tid(block, offset) => json!(format!("{block}/{offset}")),
        Field::Text(bytes) => json!(String::from_utf8_lossy(bytes)),
        Field::Name(name) => json!(name),
        _ => Value::Null,
    }
}
