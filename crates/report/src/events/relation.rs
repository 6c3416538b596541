//! A relation in JSON.

use super::words;
use crate::outside::shown;
use pgwal_catalog::RelationName;
use pgwal_forensics::EventRelation;
use serde_json::{Map, Value, json};

/// A relation.
pub fn relation(relation: &EventRelation) -> Value {
    let mut document = named(relation.name.as_ref());
    document.insert("partition_of".to_owned(), json!(relation.partition_of.as_ref().map(words::name)));
    document.insert("unlogged".to_owned(), json!(relation.is_unlogged));
    document.insert("file".to_owned(), json!(relation.file.map(words::file)));
    document.insert("new_file".to_owned(), json!(relation.new_file.map(words::file)));
    Value::Object(document)
}

/// The fields by which a relation is named; `null` what is not known.
pub fn named(name: Option<&RelationName>) -> Map<String, Value> {
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
