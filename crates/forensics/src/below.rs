//! Rows of a relation that were changed by transactions which changed too few of them to be events.

use crate::classified::FIRST_NORMAL;
use crate::event::{EventEnd, WalEventKind};
use crate::over::OverXact;
use crate::wish::EventWish;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use std::collections::HashMap;

/// So many files are counted.
const MOST_FILES: usize = 20_000;

/// What transactions that were committed changed in it, each fewer rows than are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BelowSum {
    /// Transactions, by file.
    pub transactions: u64,
    /// Rows that they deleted.
    pub deleted: u64,
    /// Rows that they updated.
    pub updated: u64,
    /// So many rows would have been an event.
    pub least: u64,
}

/// The same by file.
#[derive(Debug, Default)]
pub struct BelowRows {
    files: HashMap<RelFileLocator, BelowSum>,
}

impl BelowRows {
    /// Counts a transaction; `least`: rows from which on they are an event.
    pub(crate) fn add(&mut self, over: &OverXact<'_>, least: u64, (wish, clock): (&EventWish, Option<Timestamp>)) {
        if over.ending.end != EventEnd::Committed || wish.relation.is_none() && wish.named.is_none() {
            return;
        }
        let may = |kind, rows: u64| if rows < least && wish.may(kind, over.ending.time.or(clock)) { rows } else { 0 };
        for (rel, sum) in over.xact.relations.iter() {
            let deleted = may(WalEventKind::Delete, sum.deleted);
            let updated = may(WalEventKind::Update, sum.updated);
            let is_own = rel.rel >= FIRST_NORMAL && wish.relation.is_none_or(|own| own == *rel);
            let has_room = self.files.len() < MOST_FILES || self.files.contains_key(rel);
            if deleted + updated > 0 && is_own && has_room {
                let own = self.files.entry(*rel).or_default();
                own.transactions += 1;
                own.deleted += deleted;
                own.updated += updated;
            }
        }
    }

    /// The sum of all files that are meant; `None` where there are no such rows.
    pub(crate) fn sum(&self, least: u64, is_meant: impl Fn(&RelFileLocator) -> bool) -> Option<BelowSum> {
        let mut all = BelowSum { least, ..BelowSum::default() };
        for (_, own) in self.files.iter().filter(|(rel, _)| is_meant(rel)) {
            all.transactions += own.transactions;
            all.deleted += own.deleted;
            all.updated += own.updated;
        }
        (all.transactions > 0).then_some(all)
    }
}
