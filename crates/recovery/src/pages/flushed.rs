//! Blocks that WAL in front of a checkpoint changed. The checkpoint is done when all of them are written
//! (`CheckPointBuffers`), so the data files from which a server goes on hold these changes, or later ones.
//!
//! ```text
//! WAL            … UPDATE of block 7 …  redo  … checkpoint       a server replays from redo on
//! page of 7      names the end of the UPDATE, or a later place; an earlier one: the file was copied before
//! ```
//! Records of rows alone are looked at: each of them sets the position in its pages (`PageSetLSN` in `heapam.c`).

use pgwal_format::Lsn;
use pgwal_format::record::{Record, RelFileLocator};
use pgwal_format::rmgr::row_changes::changes_pages;
use std::collections::HashMap;

/// Blocks that are kept; WAL that changes more of them tells enough.
const MOST: usize = 1 << 20;
const MAIN: u8 = 0;

/// The last record that changed each.
#[derive(Clone, Debug)]
pub struct Flushed {
    until: Lsn,
    last: HashMap<(RelFileLocator, u32), Lsn>,
}

impl Flushed {
    /// None yet. `until`: records that end behind this are not looked at.
    pub fn new(until: Lsn) -> Flushed {
        Flushed { until, last: HashMap::new() }
    }

    /// Takes a record in, of 9.5 and later.
    pub fn record(&mut self, record: &Record<'_>) {
        if !changes_pages(&record.header) || record.end > self.until {
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
        for (place, lsn) in &later.last {
            if self.last.len() < MOST || self.last.contains_key(place) {
                self.last.insert(*place, *lsn);
            }
        }
    }

    /// The blocks that were changed last, so many at most, in the order of files.
    pub fn newest(self, most: usize) -> Vec<(RelFileLocator, u32, Lsn)> {
        let mut all: Vec<_> = self.last.into_iter().map(|((rel, block), lsn)| (rel, block, lsn)).collect();
        all.sort_unstable_by_key(|(.., lsn)| std::cmp::Reverse(*lsn));
        all.truncate(most);
        all.sort_unstable_by_key(|(rel, block, _)| (rel.spc, rel.db, rel.rel, *block));
        all
    }
}
