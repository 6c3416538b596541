//! Rows that were changed by transactions which changed too few of them to be events.

use crate::classified::FIRST_NORMAL;
use crate::event::{EventEnd, WalEventKind};
use crate::over::OverXact;
use crate::wish::EventWish;
use foldhash::fast::RandomState;
use pgwal_catalog::{Names, RelationName};
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use std::collections::HashMap;

/// So many files, and databases, are counted.
const MOST_FILES: usize = 20_000;

/// What transactions that were committed changed, each fewer rows than are asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BelowSum {
    /// Transactions; of a relation that is asked for, by file.
    pub transactions: u64,
    /// Rows that they deleted.
    pub deleted: u64,
    /// Rows that they updated.
    pub updated: u64,
    /// So many rows would have been an event.
    pub least: u64,
    /// The transaction that changed most rows of one relation, where no relation is asked for.
    pub largest: Option<LargestBelow>,
}

/// The transaction that changed most rows of one relation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LargestBelow {
    /// Its number.
    pub xid: u32,
    /// So many rows it deleted or updated.
    pub rows: u64,
    /// When it ended.
    pub time: Option<Timestamp>,
    /// The relation.
    pub file: RelFileLocator,
    /// Its name, where it is known.
    pub name: Option<RelationName>,
}

/// The same by file, or by database where no relation is asked for.
#[derive(Debug, Default)]
pub struct BelowRows {
    files: HashMap<RelFileLocator, BelowSum, RandomState>,
    databases: HashMap<u32, BelowSum, RandomState>,
}

impl BelowRows {
    /// Counts a transaction; `least`: rows from which on they are an event.
    pub(crate) fn add(
        &mut self,
        over: &OverXact<'_>,
        names: &Names,
        least: u64,
        (wish, clock): (&EventWish, Option<Timestamp>),
    ) {
        if over.ending.end != EventEnd::Committed {
            return;
        }
        let may = |kind, rows: u64| if rows < least && wish.may(kind, over.ending.time.or(clock)) { rows } else { 0 };
        let of_one = wish.relation.is_some() || wish.named.is_some();
        // Nearly all are of one database.
        let (mut counted, mut latest): (Option<u32>, Option<(u32, &mut BelowSum)>) = (None, None);
        for (rel, sum) in over.xact.relations.iter().filter(|(rel, _)| rel.rel >= FIRST_NORMAL) {
            let deleted = may(WalEventKind::Delete, sum.deleted);
            let updated = may(WalEventKind::Update, sum.updated);
            if deleted + updated == 0 || wish.relation.is_some_and(|own| own != *rel) {
                continue;
            }
            let own = if of_one {
                let has_room = self.files.len() < MOST_FILES || self.files.contains_key(rel);
                if has_room { self.files.entry(*rel).or_default() } else { continue }
            } else {
                if latest.as_ref().is_none_or(|(db, _)| *db != rel.db) {
                    let has_room = self.databases.len() < MOST_FILES || self.databases.contains_key(&rel.db);
                    latest = if has_room { Some((rel.db, self.databases.entry(rel.db).or_default())) } else { None };
                }
                let Some((_, own)) = &mut latest else { continue };
                &mut **own
            };
            own.transactions += u64::from(of_one || counted.replace(rel.db) != Some(rel.db));
            own.deleted += deleted;
            own.updated += updated;
            let rows = deleted.max(updated);
            if !of_one && own.largest.as_ref().is_none_or(|largest| largest.rows < rows) {
                let (xid, time, file, name) = (over.ending.xid, over.ending.time, *rel, over.name(*rel, names));
                // Those of a TOAST table are told by its table.
                if name.as_ref().is_none_or(|name| name.kind != b't') {
                    own.largest = Some(LargestBelow { xid, rows, time, file, name });
                }
            }
        }
    }

    /// The sum of all files that are meant; `None` where there are no such rows.
    pub(crate) fn sum(&self, least: u64, is_meant: impl Fn(&RelFileLocator) -> bool) -> Option<BelowSum> {
        summed(least, self.files.iter().filter(|(rel, _)| is_meant(rel)).map(|(_, own)| own))
    }

    /// The same of all relations, in the databases that are meant.
    pub(crate) fn sum_of_all(&self, least: u64, is_meant: impl Fn(u32) -> bool) -> Option<BelowSum> {
        summed(least, self.databases.iter().filter(|(db, _)| is_meant(**db)).map(|(_, own)| own))
    }
}

fn summed<'a>(least: u64, all: impl Iterator<Item = &'a BelowSum>) -> Option<BelowSum> {
    let mut out = BelowSum { least, ..BelowSum::default() };
    for own in all {
        out.transactions += own.transactions;
        out.deleted += own.deleted;
        out.updated += own.updated;
        let rows = |sum: &BelowSum| sum.largest.as_ref().map(|largest| (largest.rows, std::cmp::Reverse(largest.xid)));
        if rows(own) > rows(&out) {
            out.largest.clone_from(&own.largest);
        }
    }
    (out.transactions > 0).then_some(out)
}
