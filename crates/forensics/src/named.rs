//! Gives events the names that WAL told only later, or that were given.

use crate::classified::FIRST_NORMAL;
use crate::event::{EventFact, WalEvent, WalEventKind};
use pgwal_catalog::{Names, RelationName};
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;

/// Whether a relation that a user made is not known by its schema and name.
pub(crate) fn lacks_name(rel: RelFileLocator, name: Option<&RelationName>) -> bool {
    rel.rel >= FIRST_NORMAL && name.is_none_or(|name| name.schema.is_none())
}

/// Completes the names of an event.
pub(crate) fn complete(event: &mut WalEvent, names: &Names) {
    let (begin, end) = (event.lsn, event.end_lsn.unwrap_or(event.lsn));
    for relation in &mut event.relations {
        let old = relation.file.and_then(|rel| names.relation_at(rel, begin).or_else(|| names.relation_at(rel, end)));
        let found = old.or_else(|| names.relation_at(relation.new_file?, end));
        let database = relation.database();
        let oid = found.as_ref().or(relation.name.as_ref()).map(|name| name.oid);
        relation.partition_of = database.zip(oid).and_then(|(database, oid)| names.partition_of(database, oid));
        match (&mut relation.name, found) {
            (None, found) => relation.name = found,
            (Some(own), found) => {
                let same = found.filter(|found| found.oid == own.oid && found.name == own.name);
                if let Some(RelationName { schema, .. }) = same.filter(|_| own.schema.is_none()) {
                    own.schema = schema;
                }
                // Its row may be all that there is of it: a view has no file, and what was rolled back no name at last.
                if let Some((database, schema)) = relation.home.filter(|_| own.schema.is_none()) {
                    let name =
                        names.schema_at(database, schema, begin).or_else(|| names.schema_at(database, schema, end));
                    own.schema = name.map(<[u8]>::to_vec);
                }
                if own.database.is_none() {
                    own.database = database.and_then(|oid| name_of(names, oid, begin));
                }
            }
        }
    }
    if let EventFact::Database(oid, name @ None) | EventFact::DatabaseFiles(oid, name @ None, _) = &mut event.fact {
        *name = name_of(names, *oid, begin).or_else(|| name_of(names, *oid, end));
    }
}

fn name_of(names: &Names, database: u32, at: Lsn) -> Option<Vec<u8>> {
    names.database_at(database, at).map(<[u8]>::to_vec)
}

/// Whether it is a mass change of a TOAST table, which is told by its table.
pub(crate) fn is_of_toast(event: &WalEvent) -> bool {
    matches!(event.kind, WalEventKind::Delete | WalEventKind::Update)
        && event.relations.iter().any(|relation| relation.name.as_ref().is_some_and(|name| name.kind == b't'))
}
