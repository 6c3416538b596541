//! Transactions that are open.

use crate::stretch_xacts::StretchXacts;
use crate::xact_sums::{XactSum, XactSums};
use foldhash::fast::RandomState;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, VecDeque};

pub use crate::open_xact::{FIRST_XID, OpenXact, PreparedXact, XactAct};

/// Relations of one transaction that are kept, and files that nobody is known to have made.
const MOST_OF_ONE: usize = 20_000;
/// Of one transaction: files, changes of catalogs, acts that are kept each. A restore in one transaction
/// (pg_restore -1) makes a whole schema.
const MOST_PUT: usize = 400_000;
/// Transactions that are kept, and relations and changes of all of them.
const MOST_OPEN: usize = 1_000_000;

/// All of them, and files that nobody is known to have made.
#[derive(Default)]
pub struct OpenXacts {
    xacts: HashMap<u32, Box<OpenXact>, RandomState>,
    /// Those that begin in the stretch that is looked at, as long as nothing else is known of them than their sums.
    stretch: StretchXacts,
    weight: usize,
    /// Up to where those are known that began no earlier than the last time.
    passed: Lsn,
    /// Those behind whose first record no time came yet, and where that is.
    untimed: BTreeSet<(Lsn, u32)>,
    /// Files made before their transaction had a number.
    orphans: VecDeque<RelFileLocator>,
    /// What was not kept of catalogs and files, for there was too much of it.
    pub left_out: u64,
    /// Transactions and sums of relations that were not kept.
    pub left_out_sums: u64,
}

impl OpenXacts {
    /// Begins with what transactions did in a stretch. Those that were open before, did it from its begin on.
    pub fn begin(&mut self, sums: XactSums) {
        self.stretch = StretchXacts::of(sums, std::mem::take(&mut self.stretch));
        for place in 0..self.stretch.len() {
            let Some(sum) = self.stretch.sum(place) else { continue };
            let relations = sum.relations as usize;
            let is_new = sum.xid >= FIRST_XID && !self.xacts.contains_key(&sum.xid);
            if is_new && self.weight < MOST_OPEN && relations <= MOST_OF_ONE {
                self.weight += 1 + relations;
                self.stretch.open(place);
            } else {
                self.add(&sum);
            }
        }
    }

    /// Adds what a transaction did in the stretch.
    fn add(&mut self, sum: &XactSum) {
        let stretch = std::mem::take(&mut self.stretch);
        if let Some(open) = self.of(sum.xid, sum.begin, sum.timeline) {
            open.bytes += sum.bytes;
            open.top = open.top.or(sum.top);
            let (before, mut left_out) = (open.relations.len(), 0);
            for (rel, own) in stretch.relations(sum) {
                match open.relations.entry(*rel, MOST_OF_ONE) {
                    Some(known) => known.add(*own),
                    None => left_out += 1,
                }
            }
            self.weight += open.relations.len() - before;
            self.left_out_sums += left_out;
        }
        self.stretch = stretch;
    }

    /// Where a transaction lies in the stretch.
    pub fn place(&self, xid: u32) -> u32 {
        self.stretch.place(xid)
    }

    /// The stretch is over. Gives back the room of its sums.
    pub fn pass(&mut self) -> XactSums {
        self.keep_all();
        self.stretch.finish()
    }

    fn keep_all(&mut self) {
        (0..self.stretch.len()).for_each(|place| self.keep(place));
    }

    /// Keeps a transaction of the stretch by itself.
    fn keep(&mut self, place: usize) {
        if !self.stretch.has(place) {
            return;
        }
        let mut xact = OpenXact::new(Lsn::ZERO, TimelineId(0));
        let Some(xid) = self.stretch.take(place, &mut xact) else { return };
        if !self.stretch.is_timed(place) {
            self.untimed.insert((xact.begin, xid));
        }
        self.xacts.insert(xid, Box::new(xact));
    }

    /// Whatever is known of a transaction.
    fn known(&mut self, xid: u32) -> Option<&mut Box<OpenXact>> {
        self.keep(self.place(xid) as usize);
        self.xacts.get_mut(&xid)
    }

    /// The transaction, begun here if it is not known. `None` where there is no room, and for a number that is no
    /// transaction's.
    pub fn of(&mut self, xid: u32, lsn: Lsn, timeline: TimelineId) -> Option<&mut OpenXact> {
        if xid < FIRST_XID {
            return None;
        }
        self.keep(self.place(xid) as usize);
        match self.xacts.entry(xid) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(_) if self.weight >= MOST_OPEN => {
                self.left_out_sums += 1;
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
        if full || list.len() >= MOST_PUT {
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

    /// Ends a transaction without parts, which lies there in the stretch, into `room`. Says whether it did anything
    /// that was seen.
    pub fn end_alone(&mut self, xid: u32, place: u32, room: &mut Box<OpenXact>) -> bool {
        if self.stretch.take(place as usize, room).is_some() {
            self.weight = self.weight.saturating_sub(room.weight());
            return true;
        }
        self.take(xid).map(|xact| *room = xact).is_some()
    }

    fn take(&mut self, xid: u32) -> Option<Box<OpenXact>> {
        self.keep(self.place(xid) as usize);
        let xact = self.xacts.remove(&xid)?;
        self.weight = self.weight.saturating_sub(xact.weight());
        Some(xact)
    }

    /// A time in WAL, in the record at `lsn`; `before`: the last one before it.
    pub fn tick(&mut self, lsn: Lsn, before: Option<Timestamp>, time: Timestamp) {
        self.stretch.tick(lsn, before, time);
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
        self.stretch.passed(self.passed..=lsn, clock);
        self.passed = lsn;
    }

    /// These are parts of a transaction.
    pub fn assign(&mut self, top: u32, parts: &[u32]) {
        for part in parts {
            if let Some(xact) = self.known(*part).filter(|_| *part != top) {
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
        self.keep_all();
        let ended = |xact: &OpenXact| prepared_too || xact.prepared.is_none();
        let xids: Vec<u32> = self.xacts.iter().filter(|(_, xact)| ended(xact)).map(|(xid, _)| *xid).collect();
        let mut out: Vec<(u32, Box<OpenXact>)> =
            xids.into_iter().filter_map(|xid| Some((xid, self.take(xid)?))).collect();
        out.sort_by_key(|(xid, xact)| (xact.begin, *xid));
        self.orphans.clear();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xact_sums::XactRecord;
    use pgwal_format::rmgr::row_changes::RowChange;

    fn sums(from: u64) -> XactSums {
        let mut sums = XactSums::default();
        for n in 0..60u32 {
            sums.count(&XactRecord {
                xid: 700 + n % 20 + n % 7,
                lsn: Lsn::new(from + u64::from(n)),
                timeline: TimelineId(1),
                bytes: 100,
                top: (n == 9).then_some(3),
                rel: (n % 5 > 0).then_some(RelFileLocator { spc: 1663, db: 5, rel: n % 11 }),
                rows: Some((RowChange::Updated, n)),
            });
        }
        sums
    }

    /// Reads two stretches; `aside`: those of the first are taken among the open ones at once.
    fn told(aside: bool) -> Vec<String> {
        let (mut open, mut told) = (OpenXacts::default(), Vec::new());
        let at = |lsn: u64| Lsn::new(lsn);
        let mut room = Box::new(OpenXact::new(Lsn::ZERO, TimelineId(0)));
        for from in [1000u64, 2000] {
            open.begin(sums(from));
            if aside {
                for xid in (700..730).filter(|xid| sums(from).place(*xid) < 60) {
                    open.of(xid, at(from), TimelineId(1));
                }
            }
            for n in 0..10u64 {
                let clock = (n > 0).then_some(Timestamp(from as i64 + n as i64));
                if n % 3 == 1 {
                    open.passed(at(from + 6 * n), clock);
                } else {
                    open.tick(at(from + 5 * n), clock, Timestamp((from + 2 * n) as i64));
                }
                let xid = 700 + 2 * n as u32;
                if n == 4 {
                    open.assign(xid, &[xid + 1, xid + 3]);
                } else if n == 7 {
                    open.prepare(xid, &[xid + 1], (at(from), TimelineId(1)), (at(from), b"p".to_vec(), None));
                } else if from == 1000 || n % 2 == 0 {
                    let place = open.place(xid);
                    let known = open.end_alone(xid, place, &mut room);
                    told.push(format!("{xid} {:?}", known.then_some(&room)));
                }
            }
            open.pass();
        }
        told.extend(open.end_all(true).into_iter().map(|own| format!("{own:?}")));
        told.push((open.left_out + open.left_out_sums).to_string());
        told
    }

    #[test]
    fn what_ends_where_it_begins_is_told_as_what_stays_open() {
        let told = [told(false), told(true)];
        assert!(told[0].len() > 25 && told[0].iter().any(|own| own.contains("until: Some")));
        assert_eq!(told[0], told[1]);
    }
}
