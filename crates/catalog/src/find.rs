//! Relations by what they are called.

use crate::names::{Names, RelationName};
use crate::row::ClassRow;
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use std::collections::{BTreeMap, BTreeSet};

/// A relation that has a name, or had it once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundRelation {
    /// As it was called.
    pub name: RelationName,
    /// The database.
    pub database: u32,
    /// Every file that it has, or had.
    pub files: Vec<RelFileLocator>,
}

impl RelationName {
    /// Whether it is asked for as `relation`, `schema.relation` or `database.schema.relation`. A part that is not known
    /// fits none.
    pub fn is_called(&self, asked: &str) -> bool {
        let parts = [self.database.as_deref(), self.schema.as_deref(), Some(self.name.as_slice())];
        (0..parts.len()).any(|from| {
            let known: Option<Vec<&[u8]>> = parts.iter().skip(from).copied().collect();
            known.is_some_and(|known| known.join(&b'.') == asked.as_bytes())
        })
    }
}

impl Names {
    /// The relations that are called so, or were at some position, with every file that each ever had: TRUNCATE, VACUUM
    /// FULL and the like leave a relation what it is.
    pub fn find(&self, asked: &str) -> Vec<FoundRelation> {
        let mut found: BTreeMap<(u32, u32), FoundRelation> = BTreeMap::new();
        self.each_class(&mut |rel, at, class| {
            // Names are made where the last part fits alone.
            if asked.as_bytes().ends_with(&class.name) && !found.contains_key(&(rel.db, class.oid)) {
                let name = self.named_at(rel.db, class, at);
                if name.is_called(asked) {
                    found.insert((rel.db, class.oid), FoundRelation { name, database: rel.db, files: Vec::new() });
                }
            }
        });
        let mut files: BTreeSet<(u32, u32, RelFileLocator)> = BTreeSet::new();
        if !found.is_empty() {
            self.each_class(&mut |rel, _, class| {
                if found.contains_key(&(rel.db, class.oid)) {
                    files.insert((rel.db, class.oid, rel));
                }
            });
        }
        for (db, oid, rel) in files {
            if let Some(found) = found.get_mut(&(db, oid)) {
                found.files.push(rel);
            }
        }
        found.into_values().collect()
    }

    /// A partitioned table that is called so, which has no files, nor rows of its own.
    pub fn partitioned(&self, asked: &str) -> Option<RelationName> {
        let mut all = self.partitioned.iter().map(|((db, _), (at, class))| self.named_at(*db, class, *at));
        all.find(|name| name.is_called(asked))
    }

    fn each_class(&self, take: &mut dyn FnMut(RelFileLocator, Lsn, &ClassRow)) {
        self.relations.all().for_each(|(rel, at, class)| take(*rel, at, class));
        // What WAL says goes before a list.
        let listed = self.listed.relations().filter(|(rel, _)| self.relations.of_one(rel).is_empty());
        listed.for_each(|(rel, class)| take(*rel, Lsn::new(u64::MAX), class));
    }
}
