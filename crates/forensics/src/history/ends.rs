//! What transactions came to that are over.

use super::{History, XactEnding, plain};
use crate::classified::{FIRST_NORMAL, classify, home};
use crate::event::{EventEnd, EventFact, EventRelation, WalEvent, WalEventKind};
use crate::fate::{SoughtXact, XactFate};
use crate::transaction::{OpenXact, XactAct};
use pgwal_catalog::{CatalogChange, CatalogRow, ClassRow, Names, RelationName, located};
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use std::collections::HashSet;
use std::sync::Arc;

/// Transactions of one number that are kept.
const MOST_FATES: usize = 100;

impl History<'_> {
    /// WAL ends here.
    pub fn finish(&mut self) {
        for (xid, xact) in self.open.end_all(true) {
            self.seek(&XactEnding::of(xid, EventEnd::Open), Some(&xact));
            if let Some((lsn, gid, time)) = xact.prepared.clone() {
                let plain = plain(WalEventKind::Prepared, lsn, xact.timeline, EventFact::Name(gid));
                let end = Some(EventEnd::Open);
                self.tell(WalEvent { time, xid: Some(xid), bytes: xact.bytes, end, undo: None, ..plain });
            }
            self.over(xact, &XactEnding::of(xid, EventEnd::Open));
        }
    }

    /// Every transaction that is not prepared is over, and never ended. How many.
    pub(super) fn crash(&mut self) -> u64 {
        let lost = self.open.end_all(false);
        let count = lost.iter().filter(|(_, xact)| !xact.holed).count() as u64;
        for (xid, xact) in lost {
            let end = if xact.holed { EventEnd::Open } else { EventEnd::Crashed };
            let ending = XactEnding::of(xid, end);
            self.seek(&ending, Some(&xact));
            self.over(xact, &ending);
        }
        count
    }

    /// A transaction ended.
    pub(super) fn ended(&mut self, ending: XactEnding) {
        self.tick(ending.time);
        let whole = self.open.end(ending.xid, &ending.subxacts);
        self.seek(&ending, whole.as_ref());
        if whole.is_none() && ending.dropped.is_empty() {
            return;
        }
        let (lsn, timeline) = self.last;
        self.over(whole.unwrap_or_else(|| OpenXact::new(lsn, timeline)), &ending);
    }

    /// Keeps how a transaction ended, if it is the one that is sought.
    fn seek(&mut self, ending: &XactEnding, xact: Option<&OpenXact>) {
        let is_sought = match self.wish.sought {
            Some(SoughtXact::Xid(xid)) => ending.xid == xid || ending.subxacts.contains(&xid),
            Some(SoughtXact::End(lsn)) => ending.lsn == Some(lsn),
            None => false,
        };
        if is_sought && self.sought.len() < MOST_FATES {
            self.sought.push(XactFate {
                xid: Some(ending.xid).filter(|xid| *xid != 0),
                end: Some(ending.end),
                end_lsn: ending.lsn,
                time: ending.time,
                undo: ending.undo(xact),
                prepared: xact.and_then(prepared_as),
                partial: xact.is_some_and(|xact| xact.holed),
            });
        }
    }

    /// Tells what a transaction came to, and learns names where it is committed.
    fn over(&mut self, mut xact: OpenXact, ending: &XactEnding) {
        self.open.adopt(&mut xact, |xact, rel| {
            xact.relations.contains_key(&rel) || ending.dropped.contains(&rel) || names_file(xact, rel)
        });
        // The files of a new database are no relations of their own.
        let made = |db: u32| xact.acts.iter().any(|(_, act)| *act == XactAct::CreateDatabase(db));
        let created = xact.created.iter().copied().filter(|rel| !made(rel.db)).collect();
        xact.created = created;
        let committed = ending.end == EventEnd::Committed;
        if committed {
            self.learn(&xact);
        }
        let over = OverXact { xact: &xact, ending, subxacts: ending.listed() };
        let mut told = Vec::new();
        self.acts(&over, &mut told);
        self.relations(&over, &mut told);
        self.masses(&over, &mut told);
        told.into_iter().for_each(|event| self.tell(event));
    }

    /// Whether events of a kind are asked for, and of this end.
    fn may(&self, kind: WalEventKind, ending: &XactEnding) -> bool {
        self.wish.may(kind, ending.time.or(self.clock))
    }

    /// What an act is told as. `None` for what is told in another way.
    pub(super) fn of_act(&self, act: &XactAct) -> Option<(WalEventKind, EventFact)> {
        let database = |oid: u32| EventFact::Database(oid, self.names.database(oid).map(<[u8]>::to_vec));
        Some(match act {
            XactAct::DropDatabase(oid) => (WalEventKind::DropDatabase, database(*oid)),
            XactAct::CreateDatabase(oid) => (WalEventKind::CreateDatabase, database(*oid)),
            XactAct::DropTablespace(oid) => (WalEventKind::DropTablespace, EventFact::Tablespace(*oid)),
            XactAct::CreateTablespace(oid) => (WalEventKind::CreateTablespace, EventFact::Tablespace(*oid)),
            XactAct::Message(prefix, bytes) => (WalEventKind::Message, EventFact::Message(prefix.clone(), *bytes)),
            // Its relations are among those with new files.
            XactAct::Truncate(..) => return None,
        })
    }

    /// What it did at once.
    fn acts(&self, over: &OverXact<'_>, told: &mut Vec<WalEvent>) {
        for (lsn, act) in &over.xact.acts {
            if let Some((kind, fact)) = self.of_act(act)
                && self.may(kind, over.ending)
            {
                told.push(WalEvent { lsn: *lsn, fact, ..over.event(kind) });
            }
        }
    }

    /// What became of relations.
    fn relations(&self, over: &OverXact<'_>, told: &mut Vec<WalEvent>) {
        const KINDS: [WalEventKind; 4] =
            [WalEventKind::Drop, WalEventKind::Truncate, WalEventKind::Rewrite, WalEventKind::Create];
        let (sums, ending) = (&over.xact.relations, over.ending);
        if !KINDS.iter().any(|kind| self.may(*kind, ending)) {
            return;
        }
        let files = |rel: &EventRelation| [rel.file, rel.new_file].into_iter().flatten();
        let bytes = |rel: &EventRelation| files(rel).filter_map(|rel| sums.get(&rel)).map(|sum| sum.bytes).sum::<u64>();
        let committed = ending.end == EventEnd::Committed;
        for classified in classify(over.xact, &ending.dropped, committed, &self.names) {
            if self.may(classified.kind, ending) {
                told.push(WalEvent {
                    bytes: classified.relations.iter().map(bytes).sum(),
                    by_files_alone: classified.by_files_alone,
                    relations: classified.relations,
                    ..over.event(classified.kind)
                });
            }
        }
    }

    /// Rows of which it deleted or updated many.
    fn masses(&self, over: &OverXact<'_>, told: &mut Vec<WalEvent>) {
        let least = self.wish.rows.max(1);
        let is_mass = |rows: u64, kind| rows >= least && self.may(kind, over.ending);
        let mut sums: Vec<_> = over.xact.relations.iter().filter(|(rel, _)| rel.rel >= FIRST_NORMAL).collect();
        sums.sort_by_key(|(rel, _)| **rel);
        for (rel, sum) in sums {
            let mut kinds = vec![(WalEventKind::Delete, sum.deleted), (WalEventKind::Update, sum.updated)];
            kinds.retain(|(kind, rows)| is_mass(*rows, *kind));
            if kinds.is_empty() {
                continue;
            }
            let name = self.names.relation(*rel).or_else(|| named_inside(over.xact, *rel, &self.names));
            if name.as_ref().is_some_and(|name| name.kind == b't') {
                continue;
            }
            for (kind, rows) in kinds {
                let relations = vec![EventRelation { file: Some(*rel), new_file: None, name: name.clone() }];
                told.push(WalEvent { rows: Some(rows), bytes: sum.bytes, relations, ..over.event(kind) });
            }
        }
    }

    /// Takes in the rows that are there now; those of the same transaction that are gone again name nothing.
    fn learn(&mut self, xact: &OpenXact) {
        let gone: HashSet<(RelFileLocator, u32)> =
            xact.catalog.iter().filter_map(|(file, c)| deleted(home(*file), c)).collect();
        for (file, change) in &xact.catalog {
            match change {
                CatalogChange::Inserted(CatalogRow::Class(row))
                | CatalogChange::Updated { after: Some(CatalogRow::Class(row)), .. }
                    if gone.contains(&(home(*file), row.oid)) => {}
                CatalogChange::Inserted(row) | CatalogChange::Updated { after: Some(row), .. } => {
                    self.names.learn(*file, row)
                }
                CatalogChange::Seen { row, superseded: false, .. } => self.names.learn(*file, row),
                CatalogChange::Seen { row, .. } => self.names.learn_old(*file, row),
                _ => {}
            }
        }
    }
}

/// A transaction that is over, and how.
struct OverXact<'x> {
    xact: &'x OpenXact,
    ending: &'x XactEnding,
    /// The subtransactions that are listed, one list for all its events.
    subxacts: Arc<[u32]>,
}

impl OverXact<'_> {
    /// An event of it, of which nothing else is known.
    fn event(&self, kind: WalEventKind) -> WalEvent {
        let OverXact { xact, ending, subxacts } = self;
        WalEvent {
            end: Some(ending.end),
            end_lsn: ending.lsn,
            time: ending.time,
            xid: Some(ending.xid).filter(|xid| *xid != 0),
            subxacts: Arc::clone(subxacts),
            subxacts_more: (ending.subxacts.len() - subxacts.len()) as u64,
            undo: ending.undo(Some(xact)),
            prepared: prepared_as(xact),
            partial: xact.holed,
            ..plain(kind, xact.begin, xact.timeline, EventFact::Nothing)
        }
    }
}

impl XactEnding {
    /// The record in front of which nothing is done of what the transaction did to stay.
    fn undo(&self, xact: Option<&OpenXact>) -> Option<Lsn> {
        let commit = self.lsn.filter(|_| self.end == EventEnd::Committed);
        xact.and_then(|xact| xact.lost_from).into_iter().chain(commit).min()
    }

    /// The subtransactions that are listed.
    fn listed(&self) -> Arc<[u32]> {
        self.subxacts.iter().take(WalEvent::MOST_SUBXACTS).copied().collect()
    }
}

/// The name under which a transaction was prepared.
fn prepared_as(xact: &OpenXact) -> Option<Arc<[u8]>> {
    xact.prepared.as_ref().map(|(_, gid, _)| gid.as_slice().into())
}

/// The relation whose row is deleted.
fn deleted(home: RelFileLocator, change: &CatalogChange) -> Option<(RelFileLocator, u32)> {
    if let CatalogChange::Deleted(Some(CatalogRow::Class(row))) = change { Some((home, row.oid)) } else { None }
}

/// Whether a row that a transaction wrote names a file.
fn names_file(xact: &OpenXact, rel: RelFileLocator) -> bool {
    rows(xact).any(|(file, row)| located(file, row) == Some(rel))
}

/// What a relation is called that the transaction itself made or renamed.
fn named_inside(xact: &OpenXact, rel: RelFileLocator, names: &Names) -> Option<RelationName> {
    let (file, row) = rows(xact).find(|(file, row)| located(*file, row) == Some(rel))?;
    Some(names.named(file.db, row))
}

fn rows(xact: &OpenXact) -> impl Iterator<Item = (RelFileLocator, &ClassRow)> {
    xact.catalog.iter().filter_map(|(file, change)| match change {
        CatalogChange::Inserted(CatalogRow::Class(row))
        | CatalogChange::Updated { after: Some(CatalogRow::Class(row)), .. } => Some((*file, row)),
        _ => None,
    })
}
