//! Transactions that begin in a stretch of WAL. Nearly all of them end in it, too, and nothing else needs to be known
//! of them than their sums: those are not taken among the open ones at all.

use crate::open_xact::OpenXact;
use crate::relation_sums::RelationSum;
use crate::xact_sums::{XactSum, XactSums};
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use std::ops::RangeInclusive;

/// Between which times in WAL a transaction began.
#[derive(Clone, Copy, Default)]
struct XactTimes {
    after: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// What transactions did in the stretch that is looked at.
#[derive(Default)]
pub struct StretchXacts {
    sums: XactSums,
    /// Of each: `None` where it is over, or among the others that are open.
    own: Vec<Option<XactTimes>>,
    /// So many of them began before the last time.
    timed: usize,
}

impl StretchXacts {
    /// Those of a stretch, of which none is open yet, in the room of another.
    pub fn of(sums: XactSums, before: StretchXacts) -> StretchXacts {
        let mut own = before.own;
        own.clear();
        own.resize(sums.list().len(), None);
        StretchXacts { sums, own, timed: 0 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.own.len()
    }

    /// What one did, by its place.
    pub fn sum(&self, place: usize) -> Option<XactSum> {
        self.sums.list().get(place).copied()
    }

    /// What it did to relations.
    pub fn relations(&self, sum: &XactSum) -> impl Iterator<Item = (&RelFileLocator, &RelationSum)> {
        self.sums.relations(sum)
    }

    /// The place of a transaction.
    pub fn place(&self, xid: u32) -> u32 {
        self.sums.place(xid)
    }

    /// It is open, and nothing was known of it before.
    pub fn open(&mut self, place: usize) {
        self.own.get_mut(place).into_iter().for_each(|own| *own = Some(XactTimes::default()));
    }

    /// Nothing but its sum is known of one that is open.
    pub fn has(&self, place: usize) -> bool {
        self.own.get(place).is_some_and(Option::is_some)
    }

    /// Takes one out that is open, into `room`. Its number; `None` where it is not here any more.
    pub fn take(&mut self, place: usize, room: &mut OpenXact) -> Option<u32> {
        let XactTimes { after, until } = self.own.get_mut(place)?.take()?;
        let sum = self.sums.list().get(place)?;
        (room.begin, room.timeline, room.bytes, room.top) = (sum.begin, sum.timeline, sum.bytes, sum.top);
        (room.after, room.until) = (after, until);
        room.relations.fill(self.sums.relations(sum));
        room.created.clear();
        room.catalog.clear();
        room.acts.clear();
        (room.prepared, room.holed, room.lost_from) = (None, false, None);
        Some(sum.xid)
    }

    /// A time came behind its first record.
    pub fn is_timed(&self, place: usize) -> bool {
        place < self.timed
    }

    /// A time in WAL, in the record at `lsn`; `before`: the last one before it.
    pub fn tick(&mut self, lsn: Lsn, before: Option<Timestamp>, time: Timestamp) {
        for (own, _) in self.untimed(0).take_while(|(_, begin)| *begin <= lsn) {
            if let Some(times) = own {
                *times = XactTimes { after: times.after.or(before), until: Some(time) };
            }
        }
        let left = self.sums.list().get(self.timed..).unwrap_or_default();
        self.timed += left.iter().take_while(|sum| sum.begin <= lsn).count();
    }

    /// WAL is read up to the end of `range`, and up to its start was before; `clock`: the last time in it.
    pub fn passed(&mut self, range: RangeInclusive<Lsn>, clock: Option<Timestamp>) {
        let first = self.sums.list().partition_point(|sum| sum.begin < *range.start());
        for (times, _) in self.untimed(first).take_while(|(_, begin)| begin <= range.end()) {
            times.iter_mut().for_each(|times| times.after = times.after.or(clock));
        }
    }

    /// Those behind whose first record no time came yet, from a place on, with where that is.
    fn untimed(&mut self, place: usize) -> impl Iterator<Item = (&mut Option<XactTimes>, Lsn)> {
        let first = place.max(self.timed);
        let own = self.own.get_mut(first..).unwrap_or_default();
        let sums = self.sums.list().get(first..).unwrap_or_default();
        own.iter_mut().zip(sums.iter().map(|sum| sum.begin))
    }

    /// None is left. Gives back the room of the sums.
    pub fn finish(&mut self) -> XactSums {
        self.own.clear();
        self.timed = 0;
        let mut sums = std::mem::take(&mut self.sums);
        sums.clear();
        sums
    }
}
