//! What a side has behind the place where two sides part.

use super::DivergeSide;
use super::meeting::behind_header;
use crate::event::EventEnd;
use crate::over::{OverXact, TakeHistory};
use crate::reading::read_history;
use crate::relation_sums::RelationSum;
use pgwal_catalog::{Names, RelationName};
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_verify::records::{ListError, ListRequest};
use std::collections::HashMap;

/// So many relations are summed.
const MOST_RELATIONS: usize = 100_000;

/// What a side has behind the fork, by transactions that ended there.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct BehindFork {
    /// Transactions that were committed.
    pub committed: u64,
    /// Of those, the ones that had begun before the fork.
    pub begun_before: u64,
    /// Transactions that were rolled back.
    pub aborted: u64,
    /// Transactions that had not ended where this WAL ends, or that a crash ended.
    pub open: u64,
    /// The first commit.
    pub first: Option<CommitBehind>,
    /// The last one.
    pub last: Option<CommitBehind>,
    /// Rows and bytes of transactions that were committed.
    pub rows: RelationSum,
    /// The same by relation, most rows first.
    pub relations: Vec<RelationBehind>,
    /// Relations for which there was no room.
    pub more_relations: u64,
    /// Places at which WAL is missing.
    pub holes: u64,
}

/// A commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommitBehind {
    /// The transaction.
    pub xid: u32,
    /// The record.
    pub lsn: Lsn,
    /// When.
    pub time: Option<Timestamp>,
}

/// What was done to a relation.
#[derive(Clone, PartialEq, Debug)]
pub struct RelationBehind {
    /// Its files.
    pub file: RelFileLocator,
    /// What it is called, where that is known.
    pub name: Option<RelationName>,
    /// Rows and bytes.
    pub sum: RelationSum,
}

struct BehindList {
    fork: Lsn,
    found: BehindFork,
    relations: HashMap<RelFileLocator, (Option<RelationName>, RelationSum)>,
}

impl TakeHistory for BehindList {
    type Look = ();

    fn wants_empty(&self) -> bool {
        true
    }

    fn over(&mut self, over: &OverXact<'_>, names: &Names, _: Option<Timestamp>) {
        let ending = over.ending;
        match ending.end {
            EventEnd::Open | EventEnd::Crashed => {
                self.found.open += u64::from(over.at >= self.fork);
                return;
            }
            _ if ending.lsn.is_none_or(|lsn| lsn < self.fork) => return,
            EventEnd::Aborted => {
                self.found.aborted += 1;
                return;
            }
            EventEnd::Committed => {}
        }
        self.found.committed += 1;
        self.found.begun_before += u64::from(over.xact.begin < self.fork);
        let commit = ending.lsn.map(|lsn| CommitBehind { xid: ending.xid, lsn, time: ending.time });
        self.found.first = self.found.first.or(commit);
        self.found.last = commit;
        for (rel, sum) in over.xact.relations.iter() {
            self.found.rows.add(*sum);
            if self.relations.len() >= MOST_RELATIONS && !self.relations.contains_key(rel) {
                self.found.more_relations += 1;
                continue;
            }
            let (name, own) = self.relations.entry(*rel).or_default();
            own.add(*sum);
            *name = over.name(*rel, names).or(name.take());
        }
    }
}

/// Reads what a side has behind the fork.
pub(super) fn behind(side: &DivergeSide<'_>, fork: Lsn, names: &Names) -> Result<BehindFork, ListError> {
    let wanted = ListRequest { options: side.options.clone(), limit: None };
    let make = || (BehindList { fork, found: BehindFork::default(), relations: HashMap::new() }, ());
    let (history, gathered) = read_history(side.source, &wanted, names, &make, &|_, _, _| {}, &mut |_| Ok(()))?;
    // What lies between the fork and the first record here is missing as well.
    let layout = gathered.outcome.layout;
    let next = layout.map_or(fork, |layout| behind_header(fork, &layout));
    let late = history.range().is_some_and(|(first, _)| first > next);
    let holes = history.holes.iter().filter(|hole| hole.before >= fork).count() as u64 + u64::from(late);
    let BehindList { mut found, relations, .. } = history.list;
    // As they are called where this WAL ends; of what is gone by then, as it was called.
    let names = history.keeper.finish();
    let named = |file, (name, sum)| RelationBehind { file, name: names.last_relation(file).or(name), sum };
    let by_relation = relations.into_iter().map(|(file, own)| named(file, own));
    found.relations = by_relation.collect();
    let rows = |sum: &RelationSum| sum.inserted + sum.updated + sum.deleted;
    found
        .relations
        .sort_by_key(|relation| (std::cmp::Reverse((rows(&relation.sum), relation.sum.bytes)), relation.file));
    found.holes = holes;
    Ok(found)
}
