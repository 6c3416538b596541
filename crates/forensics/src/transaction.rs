//! Transactions that are open.

use crate::effects::XactSums;
use crate::relation_sums::RelationSums;
use foldhash::fast::RandomState;
use pgwal_catalog::CatalogChange;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, VecDeque};

/// Of one transaction: relations, files, changes of catalogs, acts that are kept each.
const MOST_OF_ONE: usize = 20_000;
/// Transactions that are kept, and relations and changes of all of them.
const MOST_OPEN: usize = 1_000_000;
/// The first number that a transaction has (`FirstNormalTransactionId`). Numbers before it are none, or those of
/// initdb, and what they wrote is committed.
pub const FIRST_XID: u32 = 3;

/// What a transaction did at once, whether it commits or not.
#[derive(Clone, PartialEq, Debug)]
pub enum XactAct {
    /// A database is dropped.
    DropDatabase(u32),
    /// One is created.
    CreateDatabase(u32),
    /// A tablespace is dropped.
    DropTablespace(u32),
    /// One is created.
    CreateTablespace(u32),
    /// TRUNCATE of these tables of a database, by OID.
    Truncate(u32, Vec<u32>),
    /// A logical message: prefix, bytes.
    Message(Vec<u8>, u64),
}

/// A transaction, or a part of it behind a savepoint.
#[derive(Clone, Debug)]
pub struct OpenXact {
    /// Its first record.
    pub begin: Lsn,
    /// The timeline of that.
    pub timeline: TimelineId,
    /// Bytes of its records.
    pub bytes: u64,
    /// What it did to relations.
    pub relations: RelationSums,
    /// Files that it made.
    pub created: Vec<RelFileLocator>,
    /// Changes of catalogs, with the file of the catalog.
    pub catalog: Vec<(RelFileLocator, CatalogChange)>,
    /// What it did at once.
    pub acts: Vec<(Lsn, XactAct)>,
    /// Where it was prepared, and under which name.
    pub prepared: Option<PreparedXact>,
    /// WAL is missing between its first record and its last.
    pub holed: bool,
    /// The last time in WAL before its first record: it began no earlier.
    pub after: Option<Timestamp>,
    /// The first time in WAL behind its first record: it had begun by then.
    pub until: Option<Timestamp>,
    /// The transaction of which it is a part, where WAL says so before that ends.
    pub top: Option<u32>,
    /// The first record by which it removed files at once, or marked what it removes.
    pub lost_from: Option<Lsn>,
}

/// Where a transaction was prepared, under which name, when.
pub type PreparedXact = (Lsn, Vec<u8>, Option<Timestamp>);

impl OpenXact {
    /// One that did nothing yet.
    pub fn new(begin: Lsn, timeline: TimelineId) -> OpenXact {
        OpenXact {
            begin,
            timeline,
            bytes: 0,
            relations: RelationSums::default(),
            created: Vec::new(),
            catalog: Vec::new(),
            acts: Vec::new(),
            prepared: None,
            holed: false,
            after: None,
            until: None,
            top: None,
            lost_from: None,
        }
    }

    /// Files are gone from this record on.
    pub fn loses_from(&mut self, lsn: Lsn) {
        self.lost_from = Some(self.lost_from.map_or(lsn, |known| known.min(lsn)));
    }

    fn weight(&self) -> usize {
        1 + self.relations.len() + self.created.len() + self.catalog.len() + self.acts.len()
    }

    /// Takes in a part of the same transaction.
    fn absorb(&mut self, part: OpenXact) {
        if part.begin < self.begin {
            (self.begin, self.timeline) = (part.begin, part.timeline);
            (self.after, self.until) = (part.after, part.until);
        }
        self.bytes += part.bytes;
        for (rel, sum) in part.relations.iter() {
            self.relations.entry(*rel, usize::MAX).into_iter().for_each(|own| own.add(*sum));
        }
        self.created.extend(part.created);
        self.catalog.extend(part.catalog);
        self.acts.extend(part.acts);
        self.prepared = self.prepared.take().or(part.prepared);
        self.holed |= part.holed;
        self.lost_from = self.lost_from.into_iter().chain(part.lost_from).min();
    }
}

/// All of them, and files that nobody is known to have made.
#[derive(Default)]
pub struct OpenXacts {
    xacts: HashMap<u32, Box<OpenXact>, RandomState>,
    weight: usize,
    /// Those behind whose first record no time came yet, and where that is.
    /// Up to where those are known that began no earlier than the last time.
    passed: Lsn,
    untimed: BTreeSet<(Lsn, u32)>,
    /// Files made before their transaction had a number.
    orphans: VecDeque<RelFileLocator>,
    /// What was not kept, for there was too much of it.
    pub left_out: u64,
}

impl OpenXacts {
    /// Takes in what transactions did in a stretch.
    pub fn add(&mut self, sums: XactSums) {
        for (xid, sum) in sums {
            let Some(open) = self.of(xid, sum.begin, sum.timeline) else { continue };
            open.bytes += sum.bytes;
            open.top = open.top.or(sum.top);
            let (before, mut left_out) = (open.relations.len(), 0);
            if before == 0 && sum.relations.len() <= MOST_OF_ONE {
                open.relations = sum.relations;
            } else {
                for (rel, own) in sum.relations.iter() {
                    match open.relations.entry(*rel, MOST_OF_ONE) {
                        Some(known) => known.add(*own),
                        None => left_out += 1,
                    }
                }
            }
            self.weight += open.relations.len() - before;
            self.left_out += left_out;
        }
    }

    /// The transaction, begun here if it is not known. `None` where there is no room, and for a number that is no
    /// transaction's.
    pub fn of(&mut self, xid: u32, lsn: Lsn, timeline: TimelineId) -> Option<&mut OpenXact> {
        if xid < FIRST_XID {
            return None;
        }
        match self.xacts.entry(xid) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(_) if self.weight >= MOST_OPEN => {
                self.left_out += 1;
                None
            }
            Entry::Vacant(place) => {
                self.weight += 1;
                self.untimed.insert((lsn, xid));
                Some(place.insert(Box::new(OpenXact::new(lsn, timeline))))
            }
        }
    }

    /// Adds something to a list of a transaction, where there is room.
    pub fn put<T>(&mut self, xid: u32, at: (Lsn, TimelineId), list: fn(&mut OpenXact) -> &mut Vec<T>, what: T) {
        let full = self.weight >= MOST_OPEN;
        let Some(open) = self.of(xid, at.0, at.1) else { return };
        let list = list(open);
        if full || list.len() >= MOST_OF_ONE {
            self.left_out += 1;
        } else {
            list.push(what);
            self.weight += 1;
        }
    }

    /// A file is made by whoever has no number yet.
    pub fn orphan(&mut self, rel: RelFileLocator) {
        if self.orphans.len() >= MOST_OF_ONE {
            self.orphans.pop_front();
        }
        self.orphans.push_back(rel);
    }

    /// Gives files without a maker to the transaction to which `is_own` says they belong.
    pub fn adopt(&mut self, xact: &mut OpenXact, is_own: impl Fn(&OpenXact, RelFileLocator) -> bool) {
        if self.orphans.is_empty() {
            return;
        }
        let (own, others): (Vec<_>, Vec<_>) = self.orphans.iter().partition(|rel| is_own(xact, **rel));
        self.orphans = others.into();
        xact.created.extend(own);
    }

    /// Ends a transaction with these parts of it. `None` where it did nothing that was seen.
    pub fn end(&mut self, xid: u32, subxacts: &[u32]) -> Option<Box<OpenXact>> {
        let mut whole = self.take(xid);
        for part in subxacts {
            if let Some(part) = self.take(*part) {
                match &mut whole {
                    Some(whole) => whole.absorb(*part),
                    None => whole = Some(part),
                }
            }
        }
        whole
    }

    fn take(&mut self, xid: u32) -> Option<Box<OpenXact>> {
        let xact = self.xacts.remove(&xid)?;
        self.weight = self.weight.saturating_sub(xact.weight());
        Some(xact)
    }

    /// A time in WAL, in the record at `lsn`; `before`: the last one before it.
    pub fn tick(&mut self, lsn: Lsn, before: Option<Timestamp>, time: Timestamp) {
        while let Some(&(begin, xid)) = self.untimed.first().filter(|(begin, _)| *begin <= lsn) {
            self.untimed.pop_first();
            if let Some(xact) = self.xacts.get_mut(&xid).filter(|xact| xact.begin == begin) {
                (xact.after, xact.until) = (xact.after.or(before), Some(time));
            }
        }
    }

    /// WAL is read up to `lsn`, and the last time in it is this one: what began since then began no earlier.
    pub fn passed(&mut self, lsn: Lsn, clock: Option<Timestamp>) {
        let began = self.untimed.range((self.passed, 0)..).take_while(|(begin, _)| *begin <= lsn);
        for (begin, xid) in began {
            if let Some(xact) = self.xacts.get_mut(xid).filter(|xact| xact.begin == *begin) {
                xact.after = xact.after.or(clock);
            }
        }
        self.passed = lsn;
    }

    /// These are parts of a transaction.
    pub fn assign(&mut self, top: u32, parts: &[u32]) {
        for part in parts {
            if let Some(xact) = self.xacts.get_mut(part).filter(|_| *part != top) {
                xact.top = Some(top);
            }
        }
    }

    /// A transaction is prepared, with these parts of it.
    pub fn prepare(&mut self, xid: u32, parts: &[u32], at: (Lsn, TimelineId), prepared: PreparedXact) {
        if xid < FIRST_XID {
            return;
        }
        let mut whole = self.end(xid, parts).unwrap_or_else(|| Box::new(OpenXact::new(at.0, at.1)));
        whole.prepared = Some(prepared);
        self.weight += whole.weight();
        self.xacts.insert(xid, whole);
    }

    /// WAL is missing.
    pub fn hole(&mut self) {
        self.xacts.values_mut().for_each(|xact| xact.holed = true);
        self.orphans.clear();
    }

    /// Ends all of them, those that are prepared excepted unless they are asked for. In the order of their first
    /// records.
    pub fn end_all(&mut self, prepared_too: bool) -> Vec<(u32, Box<OpenXact>)> {
        let ended = |xact: &OpenXact| prepared_too || xact.prepared.is_none();
        let xids: Vec<u32> = self.xacts.iter().filter(|(_, xact)| ended(xact)).map(|(xid, _)| *xid).collect();
        let mut out: Vec<(u32, Box<OpenXact>)> =
            xids.into_iter().filter_map(|xid| Some((xid, self.take(xid)?))).collect();
        out.sort_by_key(|(xid, xact)| (xact.begin, *xid));
        self.orphans.clear();
        out
    }
}
