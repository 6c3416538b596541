//! What numbers are called, at every position of WAL: by rows whose transactions committed, and by names given.

use crate::base::BaseCatalogs;
use crate::facts::{Breaks, Known, NumberFacts, WasBefore};
use crate::listed::ListedNames;
use crate::place::{home_of, located};
use crate::row::{CatalogRow, ClassRow, OwnedOid};
use crate::spelled::is_spelled;
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Schemas that every database has, whose numbers are fixed (`src/include/catalog/pg_namespace.dat`): nobody changes
/// the names of the first two, and hardly anybody that of the third, where neither WAL nor a backup says it.
const FIXED: [(u32, &[u8]); 3] = [(11, b"pg_catalog"), (99, b"pg_toast"), (2200, b"public")];
/// So many relations are kept whose files the map of files names.
const MOST_MAPPED: usize = 200_000;

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
    pub(crate) relations: NumberFacts<RelFileLocator, ClassRow>,
    schemas: NumberFacts<(u32, u32), Vec<u8>>,
    databases: NumberFacts<u32, Vec<u8>>,
    /// Where nothing carries over, in all databases, and in one.
    breaks: Breaks,
    breaks_of: HashMap<u32, Breaks>,
    /// Relations whose rows name no file, since the map of files does: by database and OID.
    mapped: HashMap<(u32, u32), (RelFileLocator, Arc<ClassRow>)>,
    /// Partitioned tables, which have no files: by database and OID.
    pub(crate) partitioned: HashMap<(u32, u32), (Lsn, Arc<ClassRow>)>,
    /// Of which table an index is, and of which one a partition: by database and OID.
    pub(crate) tables: HashMap<(u32, u32), u32>,
    pub(crate) parents: HashMap<(u32, u32), u32>,
    /// That map.
    map: HashMap<(u32, u32), u32>,
    /// Behind all that was read; `None`: more may come.
    end: Option<Lsn>,
    /// Names of a list, which hold where nothing else is known.
    pub(crate) listed: ListedNames,
    /// What the catalogs of a base backup say, until WAL has settled it.
    pub(crate) base: Option<Arc<BaseCatalogs>>,
    /// Names that were not kept, for there are too many.
    pub left_out: u64,
}

/// How a row comes into being at a position.
pub(crate) enum RowBefore<'r> {
    /// It was the same before, or its relation was made.
    Same,
    /// It was this one.
    Was(&'r CatalogRow),
    /// Nobody knows.
    Unknown,
}

impl Names {
    /// Names of a base backup, and those of a list.
    pub fn given(listed: ListedNames, base: Option<BaseCatalogs>) -> Names {
        Names { listed, base: base.map(Arc::new), ..Names::default() }
    }

    /// What WAL is yet to tell, and what the same backup knows.
    pub(crate) fn of_wal(&self) -> Names {
        Names { base: self.base.clone(), left_out: self.listed.left_out, ..Names::default() }
    }

    /// Whether any were given.
    pub fn are_given(&self) -> bool {
        self.base.is_some() || !self.listed.is_empty()
    }

    /// What the catalogs of a base backup say.
    pub fn base(&self) -> Option<&BaseCatalogs> {
        self.base.as_deref()
    }

    /// A row that is committed at a position; `file`: that of the catalog, which says of which database it is and where
    /// its relations lie that name no tablespace.
    pub fn learn(&mut self, at: Lsn, file: RelFileLocator, row: &CatalogRow) {
        self.change(at, file, RowBefore::Same, Some(row));
    }

    /// A row changes at a position, which is that of a commit; `after` is `None` where it is deleted, or not known.
    pub(crate) fn change(&mut self, at: Lsn, file: RelFileLocator, before: RowBefore<'_>, after: Option<&CatalogRow>) {
        let was = if let RowBefore::Was(row) = before { Some(row) } else { None };
        let is_unknown = matches!(before, RowBefore::Unknown);
        match was.or(after) {
            None => {}
            Some(CatalogRow::Class(_)) => self.class(at, file, (class_of(was), class_of(after)), is_unknown),
            Some(CatalogRow::Index(row)) => belongs(&mut self.tables, file.db, *row),
            Some(CatalogRow::Inherits(row)) => belongs(&mut self.parents, file.db, *row),
            Some(CatalogRow::Namespace(row)) => {
                let fact = (name_before(was, is_unknown), name_of(after));
                let room =
                    self.schemas.put((file.db, row.oid), at, fact, &crossed(&self.breaks, &self.breaks_of, file.db));
                self.count(room, at);
            }
            Some(CatalogRow::Database(row)) => {
                let fact = (name_before(was, is_unknown), name_of(after));
                let room = self.databases.put(row.oid, at, fact, &crossed(&self.breaks, &self.breaks_of, 0));
                self.count(room, at);
            }
        }
    }

    fn class(
        &mut self,
        at: Lsn,
        file: RelFileLocator,
        (was, is): (Option<&ClassRow>, Option<&ClassRow>),
        is_unknown: bool,
    ) {
        let place = |row: Option<&ClassRow>| row.and_then(|row| located(file, row));
        let (old, new) = (place(was), place(is));
        let value = |row: Option<&ClassRow>| row.map(|row| Arc::new(row.clone()));
        let before = || value(was).map_or(WasBefore::Same, WasBefore::Was);
        match (old, new) {
            (Some(old), Some(new)) if old == new => self.fact(old, at, (before(), value(is))),
            (old, new) => {
                if let Some(old) = old {
                    self.fact(old, at, (before(), None));
                }
                if let Some(new) = new {
                    let before = if is_unknown { WasBefore::Unknown } else { WasBefore::Same };
                    self.fact(new, at, (before, value(is)));
                }
            }
        }
        if let Some(row) = is.filter(|row| row.kind == b'p') {
            let key = (file.db, row.oid);
            if self.partitioned.len() < MOST_MAPPED || self.partitioned.contains_key(&key) {
                self.partitioned.insert(key, (at, Arc::new(row.clone())));
            }
        }
        // Its file is in the map.
        if let Some(row) = is.filter(|row| row.file == 0 && matches!(row.kind, b'r' | b'i' | b't')) {
            let home = home_of(file, row);
            let key = (home.db, row.oid);
            if self.mapped.len() < MOST_MAPPED || self.mapped.contains_key(&key) {
                self.mapped.insert(key, (home, Arc::new(row.clone())));
                if let Some(file) = self.map.get(&key).copied() {
                    self.in_file(at, key, file);
                }
            }
        }
    }

    /// The map of files says where a relation lies, from a position on.
    pub fn map(&mut self, at: Lsn, database: u32, oid: u32, file: u32) {
        let key = (database, oid);
        if self.map.len() < MOST_MAPPED || self.map.contains_key(&key) {
            self.map.insert(key, file);
            self.in_file(at, key, file);
        }
    }

    fn in_file(&mut self, at: Lsn, key: (u32, u32), file: u32) {
        if let Some((home, row)) = self.mapped.get(&key) {
            let (rel, row) = (RelFileLocator { rel: file, ..*home }, ClassRow { file, ..row.as_ref().clone() });
            self.fact(rel, at, (WasBefore::Same, Some(Arc::new(row))));
        }
    }

    fn fact(&mut self, rel: RelFileLocator, at: Lsn, fact: (WasBefore<ClassRow>, Option<Arc<ClassRow>>)) {
        let room = self.relations.put(rel, at, fact, &crossed(&self.breaks, &self.breaks_of, rel.db));
        self.count(room, at);
    }

    /// What could not be kept must not let older names stand.
    fn count(&mut self, room: bool, at: Lsn) {
        if !room {
            self.left_out += 1;
            self.breaks.end_at(at);
        }
    }

    /// More was to be kept at a position than there is room for.
    pub(crate) fn no_room(&mut self, at: Lsn) {
        self.count(false, at);
    }

    /// A commit removes a file.
    pub(crate) fn remove(&mut self, at: Lsn, rel: RelFileLocator) {
        self.fact(rel, at, (WasBefore::Same, None));
    }

    /// Files of a database are copied: those of another one, or its own into another tablespace.
    pub(crate) fn copy(&mut self, at: Lsn, from: (u32, u32), to: (u32, u32)) {
        let own = |rel: &RelFileLocator| (rel.spc, rel.db) == from;
        let files: HashSet<RelFileLocator> = self.relations.all().map(|(rel, ..)| *rel).filter(own).collect();
        for rel in files {
            if let Known::Is(row) = self.relation_row(rel, at) {
                let row = Arc::new(row.clone());
                let copy = RelFileLocator { spc: to.0, db: to.1, rel: rel.rel };
                self.fact(copy, at, (WasBefore::Same, Some(row)));
            }
        }
        let schemas: Vec<u32> =
            self.schemas.all().filter(|((db, _), ..)| *db == from.1).map(|(key, ..)| key.1).collect();
        for oid in schemas {
            if let Known::Is(name) = self.schemas.at(&(from.1, oid), at, &|a, b| self.is_crossed(from.1, a, b)) {
                let fact = (WasBefore::Same, Some(Arc::new(name.clone())));
                let room = self.schemas.put((to.1, oid), at, fact, &crossed(&self.breaks, &self.breaks_of, to.1));
                self.count(room, at);
            }
        }
    }

    /// What a relation's file is called at last, whether it is still there or not; `None`, too, where it was the file
    /// of one relation and of another.
    pub fn last_relation(&self, rel: RelFileLocator) -> Option<RelationName> {
        let known = self.relations.of_one(&rel);
        let last = known.last().map(|(at, class)| self.named_at(rel.db, class, *at));
        let is_one = known.windows(2).all(|pair| matches!(pair, [(_, one), (_, other)] if one.oid == other.oid));
        self.relation(rel).or(last).filter(|_| is_one)
    }

    /// WAL was read up to its last record: nothing is known of what comes behind it.
    pub(crate) fn ends(&mut self, last: Lsn) {
        let behind = |bytes: u64| Lsn::new(last.get().saturating_add(bytes));
        self.end = Some(behind(1));
        self.breaks.add(behind(2));
    }

    /// WAL is missing in front of this position.
    pub(crate) fn hole(&mut self, before: Lsn) {
        self.breaks.add(before);
    }

    /// A change of catalogs of a database that nobody could read is committed at this position.
    pub(crate) fn unread(&mut self, database: u32, at: Lsn) {
        self.breaks_of.entry(database).or_default().add(at);
    }

    /// Whether something is missing between two positions, whichever comes first.
    pub(crate) fn is_broken(&self, one: Lsn, other: Lsn) -> bool {
        self.breaks.lie_between(one.min(other), one.max(other))
    }

    /// A row of a relation, where nothing else is known of its file.
    pub(crate) fn learn_where_nothing_is(&mut self, at: Lsn, file: RelFileLocator, row: &CatalogRow) {
        if let CatalogRow::Class(class) = row
            && let Some(rel) = located(file, class)
            && self.relation_row(rel, at) == Known::Nothing
        {
            self.learn(at, file, row);
        }
    }

    fn is_crossed(&self, database: u32, from: Lsn, to: Lsn) -> bool {
        crossed(&self.breaks, &self.breaks_of, database)(from, to)
    }

    fn relation_row(&self, rel: RelFileLocator, at: Lsn) -> Known<'_, ClassRow> {
        self.relations.at(&rel, at, &|from, to| self.is_crossed(rel.db, from, to))
    }

    /// What a relation's file is called at a position.
    pub fn relation_at(&self, rel: RelFileLocator, at: Lsn) -> Option<RelationName> {
        let class = match self.relation_row(rel, at) {
            Known::Is(class) => class,
            Known::Nobody => return None,
            Known::Nothing => self.listed.relation(rel)?,
        };
        Some(self.named_at(rel.db, class, at))
    }

    /// What a relation's file is called behind everything that is known, as far as nothing is missing before that.
    pub fn relation(&self, rel: RelFileLocator) -> Option<RelationName> {
        self.relation_at(rel, self.end.unwrap_or(LAST))
    }

    /// What a relation of a database is called at a position, by its row.
    pub fn named_at(&self, database: u32, class: &ClassRow, at: Lsn) -> RelationName {
        RelationName {
            database: self.database_at(database, at).map(<[u8]>::to_vec),
            schema: self.schema_at(database, class.namespace, at).map(<[u8]>::to_vec),
            name: class.name.clone(),
            kind: class.kind,
            oid: class.oid,
        }
    }

    /// The same, behind everything that is known.
    pub fn named(&self, database: u32, class: &ClassRow) -> RelationName {
        self.named_at(database, class, self.end.unwrap_or(LAST))
    }

    /// What a database is called at a position.
    pub fn database_at(&self, oid: u32, at: Lsn) -> Option<&[u8]> {
        match self.databases.at(&oid, at, &|from, to| self.is_crossed(0, from, to)) {
            Known::Is(name) => Some(name),
            Known::Nobody => None,
            Known::Nothing => self.listed.database(oid),
        }
    }

    /// What a database is called behind everything that is known.
    pub fn database(&self, oid: u32) -> Option<&[u8]> {
        self.database_at(oid, self.end.unwrap_or(LAST))
    }

    /// The databases that have a name, or had it once.
    pub fn databases_named(&self, name: &str) -> Vec<u32> {
        let known = self.databases.all().filter(|(_, _, own)| is_spelled(own, name)).map(|(oid, ..)| *oid);
        let mut found: Vec<u32> = known.chain(self.listed.databases_named(name)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What a schema of a database is called at a position.
    pub fn schema_at(&self, database: u32, oid: u32, at: Lsn) -> Option<&[u8]> {
        let fixed = || FIXED.iter().find(|(number, _)| *number == oid).map(|(_, name)| *name);
        match self.schemas.at(&(database, oid), at, &|from, to| self.is_crossed(database, from, to)) {
            Known::Is(name) => Some(name),
            Known::Nobody => fixed(),
            Known::Nothing => self.listed.schema(database, oid).or_else(fixed),
        }
    }
}

/// Behind every position.
const LAST: Lsn = Lsn::new(u64::MAX);

/// Whether a break lies between two positions for a database.
fn crossed<'b>(all: &'b Breaks, of: &'b HashMap<u32, Breaks>, database: u32) -> impl Fn(Lsn, Lsn) -> bool + use<'b> {
    let own = of.get(&database);
    move |from, to| all.lie_between(from, to) || own.is_some_and(|own| own.lie_between(from, to))
}

/// What once belonged to another relation is told of that, also where it is gone.
fn belongs(known: &mut HashMap<(u32, u32), u32>, database: u32, row: OwnedOid) {
    let key = (database, row.oid);
    if known.len() < MOST_MAPPED || known.contains_key(&key) {
        known.insert(key, row.of);
    }
}

fn class_of(row: Option<&CatalogRow>) -> Option<&ClassRow> {
    if let Some(CatalogRow::Class(class)) = row { Some(class) } else { None }
}

fn name_of(row: Option<&CatalogRow>) -> Option<Arc<Vec<u8>>> {
    match row {
        Some(CatalogRow::Namespace(row) | CatalogRow::Database(row)) => Some(Arc::new(row.name.clone())),
        _ => None,
    }
}

fn name_before(was: Option<&CatalogRow>, is_unknown: bool) -> WasBefore<Vec<u8>> {
    match name_of(was) {
        Some(name) => WasBefore::Was(name),
        None if is_unknown => WasBefore::Unknown,
        None => WasBefore::Same,
    }
}
