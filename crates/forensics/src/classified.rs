//! What a transaction that is over came to: which relations it dropped, emptied, wrote anew and created.
//!
//! ```text
//! rows of pg_class by OID       before        after          it is
//!   deleted                     orders 16393  –              dropped
//!   inserted                    –             orders 16393   created
//!   inserted and deleted        –             –              nothing, or the new file of a rewrite (pg_temp_16393)
//!   inserted, rolled back       –             pg_temp_16393  a rewrite of 16393 that came no farther
//!   another file number         16393         16405          a rewrite where 16405 came with its own row, or it is
//!                                                            an index, or another tablespace; else emptied
//! files that no row explains    unlinked      made           by files alone
//! ```

use crate::event::{EventEnd, EventRelation, WalEventKind};
use crate::transaction::OpenXact;
use crate::transient::{relation_of, rewritten};
use pgwal_catalog::{Catalog, CatalogChange, CatalogRow, ClassRow, Names, located};
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The first OID that is not a system object's (`FirstNormalObjectId`).
pub const FIRST_NORMAL: u32 = 16384;

/// What became of relations.
pub struct ClassifiedRelations {
    /// What.
    pub kind: WalEventKind,
    /// Which.
    pub relations: Vec<EventRelation>,
    /// No row of a catalog told it.
    pub by_files_alone: bool,
}

/// A relation in a transaction: as it was before, and as it is at last.
#[derive(Default)]
struct ClassHistory {
    before: Option<ClassRow>,
    after: Option<ClassRow>,
    inserted: bool,
    deleted: bool,
}

/// Says what became of relations. `dropped`: the files that go away with the end of the transaction, which is `at` a
/// position.
pub fn classify(
    xact: &OpenXact,
    dropped: &[RelFileLocator],
    end: EventEnd,
    (names, at): (&Names, Lsn),
) -> Vec<ClassifiedRelations> {
    let classes = Classes::of(xact);
    let kinds = classes.kinds(xact, end);
    let mut found: BTreeMap<WalEventKind, Vec<EventRelation>> = BTreeMap::new();
    for (place, class) in &classes.histories {
        let (old, new) = class.files(place.0);
        let (Some(kind), Some(row)) = (kinds.get(place), class.row()) else { continue };
        if let Some(oid) = class.unfinished(end) {
            let of = relation_of(names, (place.0.db, oid), new, at);
            let (file, name) = of.map_or((None, None), |(file, name)| (Some(file), Some(name)));
            let home = Some((place.0.db, row.namespace));
            let rewritten = EventRelation { file, new_file: new, name, home, ..EventRelation::default() };
            found.entry(*kind).or_default().push(rewritten);
            continue;
        }
        let (file, new_file) = match kind {
            WalEventKind::Drop => (old, None),
            WalEventKind::Create => (new, None),
            _ => (old, new),
        };
        found.entry(*kind).or_default().push(EventRelation {
            file,
            new_file,
            name: Some(names.named_at(place.0.db, row, at)),
            is_unlogged: row.persistence == b'u',
            home: Some((place.0.db, row.namespace)),
            ..EventRelation::default()
        });
    }
    let left = FilesLeft::of(xact, dropped, end, &classes);
    let unpaired = found.iter_mut().find(|(_, list)| list.iter().any(|r| r.file.is_none() && r.new_file.is_some()));
    let rest = match (unpaired, left.gone.as_slice()) {
        // The row as it was is not known, its file is.
        (Some((_, list)), [gone]) if left.made.is_empty() => {
            list.iter_mut().filter(|r| r.file.is_none()).take(1).for_each(|r| r.file = Some(*gone));
            None
        }
        (unpaired, _) => {
            let of_rows = unpaired.map(|(kind, _)| *kind);
            left.by_files_alone(xact, (names, at), of_rows, (classes.some_unknown, end))
        }
    };
    let told =
        found.into_iter().map(|(kind, relations)| ClassifiedRelations { kind, relations, by_files_alone: false });
    let mut out: Vec<ClassifiedRelations> = told.chain(rest).collect();
    for each in &mut out {
        each.relations.sort_by_key(|r| (is_aside(r), r.file.or(r.new_file)));
    }
    out
}

/// Indexes, TOAST tables and what belongs to other relations come behind them.
fn is_aside(relation: &EventRelation) -> bool {
    relation.name.as_ref().is_none_or(|name| matches!(name.kind, b'i' | b'I' | b't'))
}

/// The rows of `pg_class` that a transaction changed.
#[derive(Default)]
struct Classes {
    /// By [`home`] and OID.
    histories: BTreeMap<(RelFileLocator, u32), ClassHistory>,
    /// Files that rows had when they were inserted.
    first_files: HashSet<RelFileLocator>,
    /// Files that rows had at any time.
    files: HashSet<RelFileLocator>,
    /// A row was changed that nothing tells.
    some_unknown: bool,
}

impl ClassHistory {
    /// The row that names it: as it was, else as it is.
    fn row(&self) -> Option<&ClassRow> {
        self.before.as_ref().or(self.after.as_ref())
    }

    /// Its file before, and its file at last.
    fn files(&self, catalog: RelFileLocator) -> (Option<RelFileLocator>, Option<RelFileLocator>) {
        let own = |row: &Option<ClassRow>| row.as_ref().and_then(|row| located(catalog, row));
        (own(&self.before), own(&self.after))
    }

    /// The OID of the relation that was being written anew into this one, where that came to nothing.
    fn unfinished(&self, end: EventEnd) -> Option<u32> {
        let is_left = self.inserted && !self.deleted && end != EventEnd::Committed;
        self.after.as_ref().filter(|_| is_left).and_then(rewritten)
    }
}

/// Where `pg_class` of a database lay at first, with the tablespace in which it lies: the same for each file that it
/// has, as where VACUUM FULL writes it anew.
fn home(file: RelFileLocator) -> RelFileLocator {
    RelFileLocator { rel: Catalog::Class.oid(), ..file }
}

/// The schema of system catalogs.
const CATALOGS: u32 = 11;

/// Whether it is the new file of a system catalog that is written anew, which is never more than that.
fn is_transient(row: &ClassRow) -> bool {
    row.namespace == CATALOGS && rewritten(row).is_some()
}

/// The schema of TOAST tables, which are named by the OIDs of their tables.
const TOAST: u32 = 99;

/// The table to which a TOAST table, or the index of one, belongs.
fn owner(row: &ClassRow) -> Option<u32> {
    let digits = row.name.strip_prefix(b"pg_toast_").filter(|_| row.namespace == TOAST)?;
    let digits = digits.strip_suffix(b"_index").unwrap_or(digits);
    std::str::from_utf8(digits).ok()?.parse().ok()
}

impl Classes {
    /// What became of each relation of which something became.
    fn kinds(&self, xact: &OpenXact, end: EventEnd) -> BTreeMap<(RelFileLocator, u32), WalEventKind> {
        let mut out = BTreeMap::new();
        for (place, class) in &self.histories {
            if let Some(row) = class.row().filter(|row| row.persistence != b't')
                && let Some(kind) = self.kind(xact, place.0, class, row)
            {
                out.insert(*place, kind);
            }
        }
        self.unfinished(end, &mut out);
        let truncated: HashSet<RelFileLocator> =
            out.iter().filter(|(_, kind)| **kind == WalEventKind::Truncate).map(|(place, _)| place.0).collect();
        let own = out.clone();
        for (place, kind) in &mut out {
            let Some((row, class)) = self.histories.get(place).and_then(|class| Some((class.row()?, class))) else {
                continue;
            };
            // A TOAST table goes the way of its table, an index that of the tables emptied beside it.
            if let Some(of_owner) = owner(row).and_then(|oid| own.get(&(place.0, oid))) {
                *kind = *of_owner;
            } else if *kind == WalEventKind::Rewrite
                && truncated.contains(&place.0)
                && matches!(row.kind, b'i' | b'I' | b'S')
                && !class.inserted
            {
                *kind = WalEventKind::Truncate;
            }
        }
        out
    }

    fn kind(
        &self,
        xact: &OpenXact,
        catalog: RelFileLocator,
        class: &ClassHistory,
        row: &ClassRow,
    ) -> Option<WalEventKind> {
        let (old, new) = class.files(catalog);
        match (class.inserted, class.deleted) {
            (true, true) => return None,
            _ if class.inserted != class.deleted && is_transient(row) => return None,
            (true, false) => return Some(WalEventKind::Create),
            (false, true) => return Some(WalEventKind::Drop),
            (false, false) => {}
        }
        let new = new.filter(|new| old != Some(*new) && (old.is_some() || xact.created.contains(new)))?;
        let moved = old.is_some_and(|old| old.spc != new.spc);
        let is_emptied = !moved && !self.first_files.contains(&new) && matches!(row.kind, b'r' | b't' | b'm');
        Some(if is_emptied { WalEventKind::Truncate } else { WalEventKind::Rewrite })
    }

    /// What a rewrite made that came to nothing is no relation: it is told of the one that it would have been.
    fn unfinished(&self, end: EventEnd, kinds: &mut BTreeMap<(RelFileLocator, u32), WalEventKind>) {
        let unfinished =
            |(place, class): (&(RelFileLocator, u32), &ClassHistory)| Some((*place, class.unfinished(end)?));
        let unfinished: BTreeMap<(RelFileLocator, u32), u32> = self.histories.iter().filter_map(unfinished).collect();
        kinds.retain(|place, _| {
            let class = self.histories.get(place);
            let of = class.and_then(ClassHistory::row).and_then(owner);
            !of.is_some_and(|oid| unfinished.contains_key(&(place.0, oid)))
        });
        for (place, oid) in unfinished {
            if kinds.contains_key(&(place.0, oid)) {
                kinds.remove(&place);
            } else if let Some(kind) = kinds.get_mut(&place) {
                *kind = WalEventKind::Rewrite;
            }
        }
    }

    fn of(xact: &OpenXact) -> Classes {
        let mut out = Classes::default();
        for (file, change) in &xact.catalog {
            out.files.extend(change.rows().filter_map(|row| located(*file, class_of(Some(row))?)));
            match change {
                CatalogChange::Inserted(CatalogRow::Class(row)) => {
                    out.first_files.extend(located(*file, row));
                    let class = out.histories.entry((home(*file), row.oid)).or_default();
                    (class.after, class.inserted) = (Some(row.clone()), true);
                }
                CatalogChange::Updated { before, after } => {
                    let (before, after) = (class_of(before.as_ref()), class_of(after.as_ref()));
                    out.some_unknown |= before.is_none() && after.is_none();
                    let Some(oid) = before.or(after).map(|row| row.oid) else { continue };
                    let class = out.histories.entry((home(*file), oid)).or_default();
                    if class.after.is_none() && !class.inserted {
                        class.before = class.before.take().or(before.cloned());
                    }
                    class.after = after.cloned();
                }
                CatalogChange::Deleted(Some(CatalogRow::Class(row))) => {
                    let class = out.histories.entry((home(*file), row.oid)).or_default();
                    if class.after.is_none() && !class.inserted {
                        class.before = Some(row.clone());
                    }
                    (class.after, class.deleted) = (None, true);
                }
                CatalogChange::Deleted(None) => out.some_unknown = true,
                _ => {}
            }
        }
        out
    }
}

fn class_of(row: Option<&CatalogRow>) -> Option<&ClassRow> {
    if let Some(CatalogRow::Class(class)) = row { Some(class) } else { None }
}

/// Files that no row explains.
struct FilesLeft {
    gone: Vec<RelFileLocator>,
    made: Vec<RelFileLocator>,
}

impl FilesLeft {
    fn of(xact: &OpenXact, dropped: &[RelFileLocator], end: EventEnd, classes: &Classes) -> FilesLeft {
        let made: BTreeSet<RelFileLocator> = xact.created.iter().copied().collect();
        // What is rolled back takes its own files with it, and leaves those that it would have dropped.
        let gone: BTreeSet<RelFileLocator> = dropped.iter().copied().filter(|_| end == EventEnd::Committed).collect();
        let left = |files: &BTreeSet<RelFileLocator>, but: &BTreeSet<RelFileLocator>| {
            files.iter().copied().filter(|rel| !classes.files.contains(rel) && !but.contains(rel)).collect()
        };
        FilesLeft { gone: left(&gone, &made), made: left(&made, &gone) }
    }

    /// `of_rows`: what rows say that do not tell the file that a relation had before.
    fn by_files_alone(
        &self,
        xact: &OpenXact,
        (names, at): (&Names, Lsn),
        of_rows: Option<WalEventKind>,
        (some_unknown, end): (bool, EventEnd),
    ) -> Option<ClassifiedRelations> {
        let relation = |file: &RelFileLocator| EventRelation {
            file: Some(*file),
            name: names.relation_at(*file, at),
            ..EventRelation::default()
        };
        let new = |file: &RelFileLocator| EventRelation { new_file: Some(*file), ..EventRelation::default() };
        let written = |rel: &RelFileLocator| xact.relations.get(rel).is_some_and(|sum| sum.bytes > 0);
        let (kind, relations): (_, Vec<_>) = match (self.gone.as_slice(), self.made.as_slice()) {
            ([], []) => return None,
            (gone, []) => (of_rows.unwrap_or(WalEventKind::Drop), gone.iter().map(relation).collect()),
            // Of a relation that was made there would be a row: they are new files of one that was there.
            ([], _) if some_unknown && matches!(end, EventEnd::Aborted | EventEnd::Crashed) => return None,
            ([], made) => (WalEventKind::Create, made.iter().map(relation).collect()),
            (gone, made) => {
                let kind = if made.iter().any(written) { WalEventKind::Rewrite } else { WalEventKind::Truncate };
                (kind, gone.iter().map(relation).chain(made.iter().map(new)).collect())
            }
        };
        let certain = !some_unknown && self.made.is_empty() && of_rows.is_none();
        Some(ClassifiedRelations { kind, relations, by_files_alone: !certain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgwal_format::TimelineId;

    const FIRST: RelFileLocator = RelFileLocator { spc: 1663, db: 5, rel: 1259 };
    const SECOND: RelFileLocator = RelFileLocator { rel: 16500, ..FIRST };

    fn row(oid: u32, name: &str, namespace: u32) -> CatalogRow {
        let name = name.as_bytes().to_vec();
        CatalogRow::Class(ClassRow { oid, name, namespace, file: oid, tablespace: 0, persistence: b'p', kind: b'r' })
    }

    fn kinds(changes: Vec<(RelFileLocator, CatalogChange)>) -> Vec<WalEventKind> {
        let xact = OpenXact { catalog: changes, ..OpenXact::new(Lsn::ZERO, TimelineId(1)) };
        classify(&xact, &[], EventEnd::Committed, (&Names::default(), Lsn::ZERO))
            .iter()
            .map(|classified| classified.kind)
            .collect()
    }

    #[test]
    fn a_row_of_two_files_of_a_catalog_is_one() {
        let own = |namespace| row(16500, "pg_temp_1259", namespace);
        for namespace in [11, 2200] {
            let inserted = (FIRST, CatalogChange::Inserted(own(namespace)));
            let deleted = (SECOND, CatalogChange::Deleted(Some(own(namespace))));
            assert!(kinds(vec![inserted, deleted]).is_empty(), "{namespace}");
        }
    }

    #[test]
    fn what_is_written_anew_of_a_catalog_is_neither_created_nor_dropped() {
        for (name, namespace, told) in [("pg_temp_1259", 11, 0), ("pg_temp_1259", 2200, 1), ("pg_temp_", 11, 1)] {
            let deleted = (SECOND, CatalogChange::Deleted(Some(row(16500, name, namespace))));
            let inserted = (FIRST, CatalogChange::Inserted(row(16500, name, namespace)));
            assert_eq!(kinds(vec![deleted]).len(), told, "{name} {namespace}");
            assert_eq!(kinds(vec![inserted]).len(), told, "{name} {namespace}");
        }
    }
}
