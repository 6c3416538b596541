//! Names of a list, which say nothing of the position at which they hold.

use crate::place::located;
use crate::row::{CatalogRow, ClassRow};
use crate::spelled::is_spelled;
use pgwal_format::record::RelFileLocator;
use std::collections::HashMap;

/// So many names are kept.
const MOST: usize = 500_000;

/// Names of a list.
#[derive(Clone, Debug, Default)]
pub struct ListedNames {
    relations: HashMap<RelFileLocator, ClassRow>,
    schemas: HashMap<(u32, u32), Vec<u8>>,
    databases: HashMap<u32, Vec<u8>>,
    /// Names that were not kept, for there are too many.
    pub left_out: u64,
}

impl ListedNames {
    /// Takes a row in; `file`: that of the catalog, as for names of WAL.
    pub fn put(&mut self, file: RelFileLocator, row: &CatalogRow) {
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
            CatalogRow::Index(_) | CatalogRow::Inherits(_) => {}
        }
    }

    /// Whether a name can be kept: what is `known` is written over, however many there are.
    fn has_room(&mut self, known: bool) -> bool {
        let room = known || self.relations.len() + self.schemas.len() + self.databases.len() < MOST;
        self.left_out += u64::from(!room);
        room
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.relations.is_empty() && self.databases.is_empty()
    }

    pub(crate) fn relation(&self, rel: RelFileLocator) -> Option<&ClassRow> {
        self.relations.get(&rel)
    }

    pub(crate) fn relations(&self) -> impl Iterator<Item = (&RelFileLocator, &ClassRow)> {
        self.relations.iter()
    }

    pub(crate) fn schema(&self, database: u32, oid: u32) -> Option<&[u8]> {
        self.schemas.get(&(database, oid)).map(Vec::as_slice)
    }

    pub(crate) fn database(&self, oid: u32) -> Option<&[u8]> {
        self.databases.get(&oid).map(Vec::as_slice)
    }

    pub(crate) fn databases_named<'n>(&'n self, name: &'n str) -> impl Iterator<Item = u32> + 'n {
        self.databases.iter().filter(move |(_, own)| is_spelled(own, name)).map(|(oid, _)| *oid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::NamedOid;

    #[test]
    fn what_is_known_is_written_over_at_the_limit() {
        let file = RelFileLocator { spc: 1664, db: 0, rel: 1262 };
        let mut names = ListedNames::default();
        let mut put = |oid: usize, name: &[u8]| {
            names.put(file, &CatalogRow::Database(NamedOid { oid: oid as u32, name: name.to_vec() }));
        };
        (1..=MOST).for_each(|oid| put(oid, b"a"));
        put(7, b"b");
        put(MOST + 1, b"c");
        assert_eq!((names.database(7), names.database(MOST as u32 + 1)), (Some(&b"b"[..]), None));
        assert_eq!(names.left_out, 1);
    }
}
