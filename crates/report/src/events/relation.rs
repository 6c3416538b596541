//! A relation in JSON.

use super::words;
use crate::outside::shown;
use pgwal_forensics::EventRelation;
use serde_json::{Value, json};

/// A relation.
pub fn relation(relation: &EventRelation) -> Value {
    let name = relation.name.as_ref();
    json!({
        "file": relation.file.map(words::file),
        "new_file": relation.new_file.map(words::file),
        "name": name.map(words::name),
        "database": name.and_then(|name| name.database.as_deref()).map(shown),
        "schema": name.and_then(|name| name.schema.as_deref()).map(shown),
        "relation": name.map(|name| shown(&name.name)),
        "kind": name.map(|name| words::kind(name.kind)),
        "oid": name.map(|name| name.oid),
    })
}
