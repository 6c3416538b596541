//! Old versions of rows that mass changes leave behind, by block and line pointer, as later WAL takes them away.
//!
//! ```text
//! DELETE, UPDATE                              their old version is dead from the commit on
//! PRUNE…, CLEAN, VACUUM                       line pointers that lose their tuple
//! page image                                  shows the line pointers that still have one
//! page made anew, file cut, file removed      all that lay there
//! file copied to another tablespace, removed  nobody knows: SET TABLESPACE takes them along, a rewrite does not
//! ```
//! (`heapam_xlog.h`, `storage_xlog.h`, `itemid.h`.)

use foldhash::fast::RandomState;
use pgwal_format::Lsn;
use std::collections::{HashMap, HashSet};

/// Sets of line pointers that are kept, one a block and event: some 100 MiB.
const MOST: usize = 1_000_000;

/// What a record does to a file in which dead rows are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapStep<'o> {
    /// The place of the file among those.
    pub file: usize,
    /// What.
    pub act: HeapAct<'o>,
}

/// What a record does to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeapAct<'o> {
    /// Row versions are dead once their transaction commits: event, block, line pointers.
    Dead(usize, u32, &'o [u16]),
    /// These line pointers of a block, in order, lose their tuples.
    Gone(u32, &'o [u16]),
    /// A block as it is now: these line pointers, in order, have tuples, and no other.
    Shown(u32, &'o [u16]),
    /// A page image that could not be unpacked.
    Unread,
    /// Only so many blocks are left.
    Cut(u32),
    /// This transaction, or nobody who has a number yet (0), makes files in another tablespace: what lies in the file
    /// may be copied there as it is, dead rows too.
    Copied(u32),
    /// This transaction, or a part of it, takes the file away.
    Left(u32),
}

/// What is left of the rows of one event.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeadRows {
    /// How many there were.
    pub all: u64,
    /// How many are left.
    pub left: u64,
    /// The first record that took some away.
    pub first_gone: Option<Lsn>,
    /// It cannot be told how many are left.
    pub is_unknown: bool,
}

/// Line pointers of one block, a bit each, of an event.
type DeadInBlock = (usize, Vec<u64>);

/// Of all events.
#[derive(Clone, Debug, Default)]
pub struct DeadRowsOfAll {
    /// By event.
    pub events: Vec<DeadRows>,
    files: Vec<HashMap<u32, Vec<DeadInBlock>, RandomState>>,
    /// Of each file, the sets that were there when an image of it could not be read last: of those nothing is known
    /// any more.
    unread: Vec<usize>,
    sets: usize,
    /// Sets that were ever made.
    made: usize,
    /// Files of which there may be a copy, and the transaction that made it.
    copied: HashSet<(usize, u32), RandomState>,
}

impl DeadRowsOfAll {
    /// So many events in so many files, of which no row is known yet.
    pub fn new(events: usize, files: usize) -> DeadRowsOfAll {
        DeadRowsOfAll {
            events: vec![DeadRows::default(); events],
            files: vec![HashMap::default(); files],
            unread: vec![0; files],
            sets: 0,
            made: 0,
            copied: HashSet::default(),
        }
    }

    /// Takes a step.
    pub fn take(&mut self, lsn: Lsn, step: HeapStep<'_>) {
        match step.act {
            HeapAct::Dead(event, block, offsets) => self.dead(step.file, event, block, offsets),
            HeapAct::Gone(block, offsets) => {
                self.keep(step.file, block, lsn, &|offset| offsets.binary_search(&offset).is_err());
            }
            HeapAct::Shown(block, offsets) => {
                self.keep(step.file, block, lsn, &|offset| offsets.binary_search(&offset).is_ok());
            }
            HeapAct::Unread => {
                let made = self.made;
                match self.unread.get_mut(step.file) {
                    // Nothing was added since.
                    Some(before) if *before == made => return,
                    Some(before) => *before = made,
                    None => return,
                }
                let own = self.files.get(step.file).into_iter().flat_map(HashMap::values).flatten();
                for (event, _) in own {
                    self.events.get_mut(*event).into_iter().for_each(|rows| rows.is_unknown = true);
                }
            }
            HeapAct::Copied(xid) => {
                if self.copied.len() < MOST {
                    self.copied.insert((step.file, xid));
                }
            }
            HeapAct::Left(xid) => {
                if [xid, 0].iter().any(|maker| self.copied.contains(&(step.file, *maker))) {
                    self.leave(step.file);
                }
            }
            HeapAct::Cut(blocks) => {
                let all = self.files.get(step.file).into_iter().flat_map(HashMap::keys);
                let gone: Vec<u32> = all.copied().filter(|block| *block >= blocks).collect();
                gone.into_iter().for_each(|block| self.keep(step.file, block, lsn, &|_| false));
            }
        }
    }

    /// What lay in a file lies in another one, perhaps.
    fn leave(&mut self, file: usize) {
        let DeadRowsOfAll { events, files, sets: count, .. } = self;
        let sets = files.get_mut(file).into_iter().flat_map(HashMap::drain).flat_map(|(_, sets)| sets);
        for (event, _) in sets {
            *count = count.saturating_sub(1);
            events.get_mut(event).into_iter().for_each(|rows| rows.is_unknown = true);
        }
    }

    /// WAL is missing: whatever was there may be gone.
    pub fn hole(&mut self) {
        self.events.iter_mut().for_each(|rows| rows.is_unknown |= rows.left > 0);
    }

    fn dead(&mut self, file: usize, event: usize, block: u32, offsets: &[u16]) {
        let (Some(file), Some(rows)) = (self.files.get_mut(file), self.events.get_mut(event)) else { return };
        if self.sets >= MOST {
            rows.is_unknown = true;
            return;
        }
        let sets = file.entry(block).or_default();
        let at = sets.iter().position(|(own, _)| *own == event).unwrap_or_else(|| {
            sets.push((event, Vec::new()));
            self.sets += 1;
            self.made += 1;
            sets.len() - 1
        });
        let Some((_, words)) = sets.get_mut(at) else { return };
        for offset in offsets {
            let (word, bit) = (usize::from(offset / 64), 1u64 << (offset % 64));
            if words.len() <= word {
                words.resize(word + 1, 0);
            }
            if let Some(word) = words.get_mut(word)
                && *word & bit == 0
            {
                *word |= bit;
                rows.left += 1;
                rows.all += 1;
            }
        }
    }

    /// Keeps those of a block of which `stays` is true.
    fn keep(&mut self, file: usize, block: u32, lsn: Lsn, stays: &dyn Fn(u16) -> bool) {
        let DeadRowsOfAll { events, files, sets: count, .. } = self;
        let Some(file) = files.get_mut(file) else { return };
        let Some(sets) = file.get_mut(&block) else { return };
        let before = sets.len();
        sets.retain_mut(|(event, words)| {
            let gone = strike(words, stays);
            if let Some(rows) = events.get_mut(*event).filter(|_| gone > 0) {
                rows.left = rows.left.saturating_sub(gone);
                rows.first_gone.get_or_insert(lsn);
            }
            words.iter().any(|word| *word != 0)
        });
        *count = count.saturating_sub(before - sets.len());
        if sets.is_empty() {
            file.remove(&block);
        }
    }
}

/// Takes away the bits of which `stays` is not true. How many.
fn strike(words: &mut [u64], stays: &dyn Fn(u16) -> bool) -> u64 {
    let mut gone = 0;
    for (word, at) in words.iter_mut().zip(0u16..) {
        let mut bits = *word;
        while bits != 0 {
            let bit = bits.trailing_zeros() as u16;
            bits &= bits - 1;
            if !stays(at.saturating_mul(64).saturating_add(bit)) {
                *word &= !(1 << bit);
                gone += 1;
            }
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_away_is_counted_once() {
        let mut all = DeadRowsOfAll::new(2, 2);
        let mut take = |lsn: u64, file, act| {
            all.take(Lsn::new(lsn), HeapStep { file, act });
            (all.events[0].left, all.events[1].left, all.sets)
        };
        let dead = [(0, [1]), (0, [2]), (0, [2]), (0, [200]), (1, [1]), (2, [5])];
        for (block, offsets) in &dead {
            take(1, 0, HeapAct::Dead(0, *block, offsets));
        }
        assert_eq!(take(2, 0, HeapAct::Dead(1, 0, &[7])), (5, 1, 4));
        assert_eq!(take(9, 0, HeapAct::Gone(0, &[2, 3])), (4, 1, 4));
        assert_eq!(take(10, 0, HeapAct::Gone(0, &[2])), (4, 1, 4));
        assert_eq!(take(11, 0, HeapAct::Shown(0, &[1, 8])), (3, 0, 3));
        assert_eq!(take(12, 1, HeapAct::Gone(0, &[1])), (3, 0, 3));
        assert_eq!(take(12, 0, HeapAct::Cut(2)), (2, 0, 2));
        assert_eq!(take(12, 1, HeapAct::Unread), (2, 0, 2));
        assert_eq!(take(13, 0, HeapAct::Cut(0)), (0, 0, 0));
        let rows = all.events[0];
        assert_eq!((rows.all, rows.first_gone, rows.is_unknown), (5, Some(Lsn::new(9)), false));
        all.take(Lsn::new(14), HeapStep { file: 0, act: HeapAct::Dead(0, 9, &[1]) });
        all.hole();
        assert!(all.events[0].is_unknown && !all.events[1].is_unknown);
    }
    #[test]
    fn what_may_be_copied_is_not_gone() {
        for (copied, left, is_unknown) in [(7, 7, true), (7, 8, false), (0, 8, true)] {
            let mut all = DeadRowsOfAll::new(1, 2);
            let mut take = |act| all.take(Lsn::new(5), HeapStep { file: 1, act });
            take(HeapAct::Dead(0, 3, &[1]));
            take(HeapAct::Copied(copied));
            take(HeapAct::Left(left));
            take(HeapAct::Cut(0));
            let rows = all.events[0];
            assert_eq!((rows.is_unknown, rows.first_gone.is_none()), (is_unknown, is_unknown), "{copied} {left}");
            assert_eq!(all.sets, 0);
        }
    }
}
