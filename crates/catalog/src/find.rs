//! Relations by what they are called.

use crate::names::{Names, RelationName};
use crate::row::ClassRow;
use crate::spelled::is_spelled;
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Partitions of partitions are followed so far.
const DEEPEST: usize = 32;

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
            known.is_some_and(|known| is_spelled(&known.join(&b'.'), asked))
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
            let may_be = asked.as_bytes().ends_with(&class.name) || std::str::from_utf8(&class.name).is_err();
            if may_be && !found.contains_key(&(rel.db, class.oid)) {
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

    /// Every file that a relation has, or had.
    pub fn files_of(&self, database: u32, oid: u32) -> BTreeSet<RelFileLocator> {
        let mut files = BTreeSet::new();
        self.each_class(&mut |rel, _, class| {
            if (rel.db, class.oid) == (database, oid) {
                files.insert(rel);
            }
        });
        files
    }

    /// A partitioned table that is called so, which has no files, nor rows of its own.
    pub fn partitioned(&self, asked: &str) -> Option<RelationName> {
        let mut all = self.partitioned.iter().map(|((db, _), (at, class))| self.named_at(*db, class, *at));
        all.find(|name| name.is_called(asked))
    }

    /// The partitions of a partitioned table that is called so, those of its partitions included, with every file that
    /// each ever had.
    pub fn partitions(&self, asked: &str) -> Vec<FoundRelation> {
        let called =
            self.partitioned.iter().filter(|((db, _), (at, class))| self.named_at(*db, class, *at).is_called(asked));
        let tables: HashSet<(u32, u32)> = called.map(|(key, _)| *key).collect();
        let mut found: BTreeMap<(u32, u32), FoundRelation> = BTreeMap::new();
        if tables.is_empty() {
            return Vec::new();
        }
        self.each_class(&mut |rel, at, class| {
            if matches!(class.kind, b'r' | b'f') && self.above(rel.db, class.oid).any(|own| tables.contains(&own)) {
                let own = found.entry((rel.db, class.oid)).or_insert_with(|| FoundRelation {
                    name: self.named_at(rel.db, class, at),
                    database: rel.db,
                    files: Vec::new(),
                });
                if !own.files.contains(&rel) {
                    own.files.push(rel);
                }
            }
        });
        found.into_values().collect()
    }

    /// The tables above a partition, nearest first.
    fn above(&self, database: u32, oid: u32) -> impl Iterator<Item = (u32, u32)> {
        let parent = move |own: &(u32, u32)| self.parents.get(own).map(|of| (database, *of));
        std::iter::successors(parent(&(database, oid)), parent).take(DEEPEST)
    }

    /// The tables to which indexes and TOAST tables belong: by database and OID of those, which come with their
    /// databases.
    pub fn tables_of<'n>(
        &self,
        of: impl Iterator<Item = (u32, &'n RelationName)>,
    ) -> HashMap<(u32, u32), RelationName> {
        let table = |(db, name): (u32, &RelationName)| Some(((db, name.oid), (db, self.table_of(db, name)?)));
        let wanted: HashMap<(u32, u32), (u32, u32)> = of.filter_map(table).collect();
        let tables: HashSet<(u32, u32)> = wanted.values().copied().collect();
        let mut found: HashMap<(u32, u32), RelationName> = HashMap::new();
        if !tables.is_empty() {
            self.each_class(&mut |rel, at, class| {
                let key = (rel.db, class.oid);
                if tables.contains(&key) {
                    found.insert(key, self.named_at(rel.db, class, at));
                }
            });
        }
        wanted.into_iter().filter_map(|(own, table)| Some((own, found.get(&table)?.clone()))).collect()
    }

    fn table_of(&self, database: u32, name: &RelationName) -> Option<u32> {
        let is_toast = name.schema.as_deref() == Some(b"pg_toast");
        if let Some(toast) = name.name.strip_prefix(b"pg_toast_").filter(|_| is_toast) {
            let oid = toast.strip_suffix(b"_index").unwrap_or(toast);
            return std::str::from_utf8(oid).ok()?.parse().ok();
        }
        self.tables.get(&(database, name.oid)).copied().filter(|_| name.kind == b'i')
    }

    /// The partitioned table of which a relation is a partition, or a part of one: the uppermost.
    pub fn partition_of(&self, database: u32, oid: u32) -> Option<RelationName> {
        let (mut own, mut top) = (oid, None);
        for _ in 0..DEEPEST {
            let parent = self.parents.get(&(database, own)).and_then(|of| self.partitioned.get(&(database, *of)));
            let Some((at, class)) = parent else { break };
            (own, top) = (class.oid, Some((*at, class)));
        }
        top.map(|(at, class)| self.named_at(database, class, at))
    }

    fn each_class(&self, take: &mut dyn FnMut(RelFileLocator, Lsn, &ClassRow)) {
        self.relations.all().for_each(|(rel, at, class)| take(*rel, at, class));
        // What WAL says goes before a list.
        let listed = self.listed.relations().filter(|(rel, _)| self.relations.of_one(rel).is_empty());
        listed.for_each(|(rel, class)| take(*rel, Lsn::new(u64::MAX), class));
    }
}
