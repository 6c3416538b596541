//! What transactions did in a stretch of WAL, close together: most of them write a few records and end soon.
//!
//! ```text
//! near: numbers close by ──┐
//! far:  any other ─────────┴─► sums: a transaction each, in the order of their first records
//!                                │ first, next, …: the relations that it touched, in that order
//!                                ▼
//!                              nodes: transaction and relation
//! ```

use crate::relation_sums::RelationSum;
use foldhash::fast::RandomState;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::row_changes::RowChange;
use pgwal_format::{Lsn, TimelineId};
use std::collections::HashMap;

/// What a transaction did in a stretch.
#[derive(Clone, Copy, Debug)]
pub struct XactSum {
    /// Its number.
    pub xid: u32,
    /// The timeline of the file with its first record.
    pub timeline: TimelineId,
    /// Its first record.
    pub begin: Lsn,
    /// Bytes of all its records.
    pub bytes: u64,
    /// The transaction of which it is a part, where its records say so (14 and later, with `wal_level` logical).
    pub top: Option<u32>,
    /// How many relations it touched.
    pub relations: u32,
    /// Places of the first of them, of the newest, and of the one touched last.
    first: u32,
    newest: u32,
    latest: u32,
}

/// What it did to a relation.
#[derive(Clone, Copy, Debug, Default)]
struct RelationNode {
    rel: RelFileLocator,
    /// The next one that it touched.
    next: u32,
    sum: RelationSum,
}

/// A record that counts for a transaction.
pub struct XactRecord {
    /// The transaction.
    pub xid: u32,
    /// Where it starts.
    pub lsn: Lsn,
    /// The timeline of its file.
    pub timeline: TimelineId,
    /// Its bytes.
    pub bytes: u64,
    /// The transaction of which that is a part, where the record says so.
    pub top: Option<u32>,
    /// The relation that it touches.
    pub rel: Option<RelFileLocator>,
    /// What it does to so many rows of that.
    pub rows: Option<(RowChange, u32)>,
}

/// No place.
pub const NOWHERE: u32 = u32::MAX;

/// So many relations of a transaction are looked through; more are found by an index.
const FEW: u32 = 16;

/// Numbers from the first transaction's on that are found without an index, and so many before that.
const NEAR: usize = 1 << 16;
const BEFORE: u32 = 1 << 10;

/// What each transaction did in a stretch.
#[derive(Clone, Debug, Default)]
pub struct XactSums {
    sums: Vec<XactSum>,
    nodes: Vec<RelationNode>,
    /// Places of transactions by their numbers, from `base` on, as far as there are some.
    near: Vec<u32>,
    base: u32,
    /// Those of others.
    far: HashMap<u32, u32, RandomState>,
    /// Of transactions with many relations: the node by the transaction's place and the relation.
    many: HashMap<(u32, RelFileLocator), u32, RandomState>,
}

impl XactSums {
    /// Sums a record.
    #[inline(always)]
    pub fn count(&mut self, record: &XactRecord) {
        let mut place = self.near(record.xid);
        if place == NOWHERE {
            place = self.place_or_new(record);
        }
        let Some(xact) = self.sums.get_mut(place as usize) else { return };
        xact.top = xact.top.or(record.top);
        xact.bytes += record.bytes;
        let Some(rel) = record.rel else { return };
        let is_own = |node: &RelationNode| is_same(&node.rel, rel);
        let node = if self.nodes.get(xact.latest as usize).is_some_and(is_own) {
            xact.latest
        } else {
            self.node_or_new(place, rel)
        };
        let Some(RelationNode { sum, .. }) = self.nodes.get_mut(node as usize) else { return };
        sum.bytes += record.bytes;
        if let Some((change, rows)) = record.rows {
            sum.count(change, rows);
        }
    }

    /// The place of a transaction whose number is close by.
    #[inline(always)]
    fn near(&self, xid: u32) -> u32 {
        self.near.get(xid.wrapping_sub(self.base) as usize).copied().unwrap_or(NOWHERE)
    }

    /// The place of a transaction; [`NOWHERE`] where it is not here.
    #[inline]
    pub fn place(&self, xid: u32) -> u32 {
        match self.near(xid) {
            NOWHERE if !self.far.is_empty() => self.far.get(&xid).copied().unwrap_or(NOWHERE),
            place => place,
        }
    }

    #[inline(never)]
    fn place_or_new(&mut self, record: &XactRecord) -> u32 {
        let XactRecord { xid, lsn, timeline, top, .. } = *record;
        if self.sums.is_empty() {
            self.base = xid.saturating_sub(BEFORE);
        }
        let new = self.sums.len() as u32;
        let at = xid.wrapping_sub(self.base) as usize;
        if at < NEAR {
            if self.near.len() <= at {
                self.near.resize(at + 1, NOWHERE);
            }
            self.near.get_mut(at).into_iter().for_each(|place| *place = new);
        } else {
            let place = *self.far.entry(xid).or_insert(new);
            if place != new {
                return place;
            }
        }
        let (first, newest, latest) = (NOWHERE, NOWHERE, NOWHERE);
        self.sums.push(XactSum { xid, timeline, begin: lsn, bytes: 0, top, relations: 0, first, newest, latest });
        new
    }

    /// The node of another relation than the last one that a transaction touched.
    fn node_or_new(&mut self, place: u32, rel: RelFileLocator) -> u32 {
        let XactSums { sums, nodes, many, .. } = self;
        let Some(xact) = sums.get_mut(place as usize) else { return NOWHERE };
        let known = if xact.relations > FEW {
            many.get(&(place, rel)).copied()
        } else {
            chain(nodes, xact.first).find(|(_, node)| is_same(&node.rel, rel)).map(|(at, _)| at)
        };
        if let Some(known) = known {
            xact.latest = known;
            return known;
        }
        let new = nodes.len() as u32;
        // Put together where it lies: what is copied there would have to wait until it is stored elsewhere.
        nodes.push(RelationNode::default());
        nodes.last_mut().into_iter().for_each(|node| (node.rel, node.next) = (rel, NOWHERE));
        match nodes.get_mut(xact.newest as usize) {
            Some(newest) => newest.next = new,
            None => xact.first = new,
        }
        (xact.newest, xact.latest) = (new, new);
        xact.relations += 1;
        if xact.relations == FEW + 1 {
            many.extend(chain(nodes, xact.first).map(|(at, node)| ((place, node.rel), at)));
        } else if xact.relations > FEW {
            many.insert((place, rel), new);
        }
        new
    }

    /// By transaction, in the order of their first records.
    pub fn list(&self) -> &[XactSum] {
        &self.sums
    }

    /// What a transaction did to relations, in the order in which it touched them first.
    pub fn relations(&self, xact: &XactSum) -> impl Iterator<Item = (&RelFileLocator, &RelationSum)> {
        chain(&self.nodes, xact.first).map(|(_, node)| (&node.rel, &node.sum))
    }

    /// Forgets all of it, and keeps the room.
    pub fn clear(&mut self) {
        self.sums.clear();
        self.nodes.clear();
        self.near.clear();
        self.far.clear();
        self.many.clear();
    }
}

/// Compares what was just read, number by number: two at once would have to wait until they are stored.
#[inline(always)]
fn is_same(known: &RelFileLocator, rel: RelFileLocator) -> bool {
    (known.rel == rel.rel) & (known.db == rel.db) & (known.spc == rel.spc)
}

/// Nodes from one on, with their places.
fn chain(nodes: &[RelationNode], first: u32) -> impl Iterator<Item = (u32, &RelationNode)> {
    let mut at = first;
    std::iter::from_fn(move || {
        let (own, node) = (at, nodes.get(at as usize)?);
        at = node.next;
        Some((own, node))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rel(rel: u32) -> RelFileLocator {
        RelFileLocator { spc: 1663, db: 5, rel }
    }

    fn record(xid: u32, lsn: u64, rel: Option<RelFileLocator>) -> XactRecord {
        let rows = Some((RowChange::Deleted, 2));
        XactRecord { xid, lsn: Lsn::new(lsn), timeline: TimelineId(1), bytes: 10, top: None, rel, rows }
    }

    #[test]
    fn few_and_many_are_found_alike() {
        let mut sums = XactSums::default();
        let far = 700 + NEAR as u32;
        for round in 0..3 {
            for n in 0..100u32 {
                for xid in [700, far] {
                    sums.count(&record(xid, u64::from(round * 1000 + n * 2 + xid / 900), Some(rel(n))));
                }
                sums.count(&record(3, 9, None));
            }
        }
        let found: Vec<_> = sums.list().iter().map(|sum| (sum.xid, sum.bytes, sum.relations)).collect();
        assert_eq!(found, [(700, 3000, 100), (far, 3000, 100), (3, 3000, 0)]);
        for xact in &sums.list()[..2] {
            assert!(sums.relations(xact).map(|(rel, _)| rel.rel).eq(0..100));
            assert!(sums.relations(xact).all(|(_, sum)| (sum.deleted, sum.bytes) == (6, 30)));
        }
        assert_eq!([700, far, 3, 4].map(|xid| sums.place(xid)), [0, 1, 2, NOWHERE]);
        sums.clear();
        assert_eq!([700, far, 3].map(|xid| sums.place(xid)), [NOWHERE; 3]);
    }
}
