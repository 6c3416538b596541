//! What numbers are called, by rows whose transactions committed.

use crate::row::{CatalogRow, ClassRow};
use pgwal_format::record::RelFileLocator;
use std::collections::HashMap;

/// Schemas that every database has, whose numbers are fixed (`src/include/catalog/pg_namespace.dat`) and whose names
/// nobody changes.
const FIXED: [(u32, &[u8]); 2] = [(11, b"pg_catalog"), (99, b"pg_toast")];
/// So many names are kept.
const MOST: usize = 500_000;

/// A relation's name, as far as it is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelationName {
    /// The database.
    pub database: Option<Vec<u8>>,
    /// The schema.
    pub schema: Option<Vec<u8>>,
    /// The relation.
    pub name: Vec<u8>,
    /// `relkind`.
    pub kind: u8,
    /// Its OID.
    pub oid: u32,
}

/// Names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    relations: HashMap<RelFileLocator, ClassRow>,
    schemas: HashMap<(u32, u32), Vec<u8>>,
    databases: HashMap<u32, Vec<u8>>,
    /// Names that were not kept, for there are too many.
    pub left_out: u64,
}

impl Names {
    /// A row that is committed; `file`: that of the catalog, which says of which database it is and where its relations
    /// lie that name no tablespace.
    pub fn learn(&mut self, file: RelFileLocator, row: &CatalogRow) {
        match row {
            CatalogRow::Class(class) => {
                if let Some(rel) = located(file, class)
                    && self.has_room(self.relations.contains_key(&rel))
                {
                    self.relations.insert(rel, class.clone());
                }
            }
            CatalogRow::Namespace(schema) => {
                let key = (file.db, schema.oid);
                if self.has_room(self.schemas.contains_key(&key)) {
                    self.schemas.insert(key, schema.name.clone());
                }
            }
            CatalogRow::Database(database) => {
                if self.has_room(self.databases.contains_key(&database.oid)) {
                    self.databases.insert(database.oid, database.name.clone());
                }
            }
        }
    }

    /// Whether a name can be kept: what is `known` is written over, however many there are.
    fn has_room(&mut self, known: bool) -> bool {
        let room = known || self.relations.len() + self.schemas.len() + self.databases.len() < MOST;
        self.left_out += u64::from(!room);
        room
    }

    /// The same, of a row that is not the newest: it counts where nothing else is known.
    pub fn learn_old(&mut self, file: RelFileLocator, row: &CatalogRow) {
        let known = match row {
            CatalogRow::Class(class) => located(file, class).is_none_or(|rel| self.relations.contains_key(&rel)),
            CatalogRow::Namespace(schema) => self.schemas.contains_key(&(file.db, schema.oid)),
            CatalogRow::Database(database) => self.databases.contains_key(&database.oid),
        };
        if !known {
            self.learn(file, row);
        }
    }

    /// What a relation's file is called.
    pub fn relation(&self, rel: RelFileLocator) -> Option<RelationName> {
        self.relations.get(&rel).map(|class| self.named(rel.db, class))
    }

    /// All relations that have a file, with what it is called.
    pub fn relations(&self) -> impl Iterator<Item = (RelFileLocator, RelationName)> {
        self.relations.iter().map(|(rel, class)| (*rel, self.named(rel.db, class)))
    }

    /// What a relation of a database is called, by its row.
    pub fn named(&self, database: u32, class: &ClassRow) -> RelationName {
        RelationName {
            database: self.database(database).map(<[u8]>::to_vec),
            schema: self.schema(database, class.namespace).map(<[u8]>::to_vec),
            name: class.name.clone(),
            kind: class.kind,
            oid: class.oid,
        }
    }

    /// What a database is called.
    pub fn database(&self, oid: u32) -> Option<&[u8]> {
        self.databases.get(&oid).map(Vec::as_slice)
    }

    fn schema(&self, database: u32, oid: u32) -> Option<&[u8]> {
        let fixed = || FIXED.iter().find(|(number, _)| *number == oid).map(|(_, name)| *name);
        self.schemas.get(&(database, oid)).map(Vec::as_slice).or_else(fixed)
    }
}

/// Where the file of a relation lies. `None` where it has none of its own.
pub fn located(file: RelFileLocator, class: &ClassRow) -> Option<RelFileLocator> {
    let spc = if class.tablespace == 0 { file.spc } else { class.tablespace };
    (class.file != 0).then_some(RelFileLocator { spc, db: file.db, rel: class.file })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::NamedOid;

    #[test]
    fn what_is_known_is_written_over_at_the_limit() {
        let file = RelFileLocator { spc: 1664, db: 0, rel: 1262 };
        let mut names = Names::default();
        let mut learn = |oid: usize, name: &[u8]| {
            names.learn(file, &CatalogRow::Database(NamedOid { oid: oid as u32, name: name.to_vec() }));
        };
        (1..=MOST).for_each(|oid| learn(oid, b"a"));
        learn(7, b"b");
        learn(MOST + 1, b"c");
        assert_eq!((names.database(7), names.database(MOST as u32 + 1)), (Some(&b"b"[..]), None));
        assert_eq!(names.left_out, 1);
    }
}
