//! Blocks that WAL in front of a checkpoint changed. The checkpoint is done when all of them are written
//! (`CheckPointBuffers`), so the data files from which a server goes on hold these changes, or later ones.
//!
//! ```text
//! WAL            … UPDATE of block 7 …  redo  … checkpoint       a server replays from redo on
//! page of 7      names the end of the UPDATE, or a later place; an earlier one: the file was copied before
//! ```
//! Records of rows alone are looked at: each of them sets the position in its pages (`PageSetLSN` in `heapam.c`).

use super::removed::Removed;
use pgwal_format::Lsn;
use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::rmgr::row_changes::changes_pages;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Blocks that are kept; WAL that changes more of them tells enough.
const MOST: usize = 1 << 20;
const MAIN: u8 = 0;

/// A block of the main fork of a relation.
pub type BlockPlace = (RelFileLocator, u32);

/// The last record that changed each, of those that were not removed behind that.
#[derive(Clone, Debug)]
pub struct Flushed {
    until: Lsn,
    last: HashMap<BlockPlace, Lsn>,
    removed: Vec<Removed>,
    blocks: Vec<Block>,
    /// A record begins where the others are to end.
    arrives: bool,
}

impl Flushed {
    /// None yet. `until`: records that end behind this are not looked at.
    pub fn new(until: Lsn) -> Flushed {
        Flushed { until, last: HashMap::new(), removed: Vec::new(), blocks: Vec::new(), arrives: false }
    }

    /// Takes a record in, of 9.5 and later.
    pub fn record(&mut self, record: &Record<'_>) {
        self.arrives |= record.lsn == self.until;
        if record.end > self.until {
            return;
        }
        for removed in Removed::by(record, &mut self.blocks) {
            self.last.retain(|place, _| !removed.takes(place));
            self.removed.push(removed);
        }
        if !changes_pages(&record.header) {
            return;
        }
        let _ = record.shape(&mut |block| {
            let place = (block.rel, block.block);
            if block.fork == MAIN && (self.last.len() < MOST || self.last.contains_key(&place)) {
                self.last.insert(place, record.lsn);
            }
        });
    }

    /// Takes in what came behind.
    pub fn add(&mut self, later: &Flushed) {
        if !later.removed.is_empty() {
            self.last.retain(|place, _| !later.removed.iter().any(|removed| removed.takes(place)));
        }
        for (place, lsn) in &later.last {
            if self.last.len() < MOST || self.last.contains_key(place) {
                self.last.insert(*place, *lsn);
            }
        }
        self.arrives |= later.arrives;
    }

    /// The blocks that were changed last, so many at most, in the order of files. `None` where WAL does not come to the
    /// position: it may be that of another run of the cluster.
    pub fn newest(self, most: usize) -> Option<Vec<(RelFileLocator, u32, Lsn)>> {
        let mut all: Vec<_> = self.last.into_iter().map(|((rel, block), lsn)| (rel, block, lsn)).collect();
        all.sort_unstable_by_key(|(.., lsn)| std::cmp::Reverse(*lsn));
        all.truncate(most);
        all.sort_unstable_by_key(|(rel, block, _)| (rel.spc, rel.db, rel.rel, *block));
        self.arrives.then_some(all)
    }
}

/// What replay makes of blocks that are older than it takes them for.
#[derive(Clone, Debug)]
pub struct Outlived {
    places: Arc<BTreeSet<BlockPlace>>,
    /// Those that it comes to, and whether it writes them whole at first.
    met: HashMap<BlockPlace, bool>,
    gone: BTreeSet<BlockPlace>,
    blocks: Vec<Block>,
}

impl Outlived {
    /// Nothing was replayed yet.
    pub fn new(places: Arc<BTreeSet<BlockPlace>>) -> Outlived {
        Outlived { places, met: HashMap::new(), gone: BTreeSet::new(), blocks: Vec::new() }
    }

    /// Replays a record.
    pub fn record(&mut self, record: &Record<'_>) {
        for removed in Removed::by(record, &mut self.blocks) {
            self.gone.extend(self.places.iter().filter(|place| removed.takes(place)));
        }
        let _ = record.shape(&mut |block| {
            let place = (block.rel, block.block);
            if block.fork == MAIN && self.places.contains(&place) {
                let writes = block.will_init || block.image.is_some_and(|image| image.apply);
                self.met.entry(place).or_insert(writes);
            }
        });
    }

    /// Takes in what came behind.
    pub fn add(&mut self, later: &Outlived) {
        later.met.iter().for_each(|(place, writes)| {
            self.met.entry(*place).or_insert(*writes);
        });
        self.gone.extend(&later.gone);
    }

    /// Whether a block is removed by replay: nothing of it was wanted.
    pub fn is_gone(&self, place: &BlockPlace) -> bool {
        self.gone.contains(place)
    }

    /// Whether replay writes a block whole before it needs what was there.
    pub fn is_healed(&self, place: &BlockPlace) -> bool {
        self.met.get(place) == Some(&true)
    }
}
