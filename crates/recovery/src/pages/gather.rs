//! What of a segment's records may matter. Blocks that the backup has are left out at once, so little is kept.

use super::Extents;
use crate::sum::EventSum;
use pgwal_format::Lsn;
use pgwal_format::record::{BlockRef, Record, RelFileLocator};
use pgwal_format::rmgr::database::{self, DatabaseChange, DatabaseFolder};
use pgwal_format::rmgr::storage::{self, RelationTruncated};
use pgwal_format::rmgr::{DATABASE, FIRST_CUSTOM, STORAGE, TRANSACTION, XLOG, xact};
use std::collections::HashMap;

/// What a record does to files beyond the backup's blocks.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// Blocks are written whole, each from an image or anew.
    Writes {
        /// The relation.
        rel: RelFileLocator,
        /// The fork.
        fork: u8,
        /// The first block.
        first: u32,
        /// The last one.
        last: u32,
    },
    /// A block is changed, so it has to be there.
    Needs {
        /// The relation.
        rel: RelFileLocator,
        /// The fork.
        fork: u8,
        /// The block.
        block: u32,
        /// What records came to in front of this one, in this segment.
        before: EventSum,
    },
    /// The main fork of a relation is cut to so many blocks.
    Truncates(RelFileLocator, u32),
    /// A relation is dropped.
    Drops(RelFileLocator),
    /// A database is dropped from some tablespaces.
    DropsDatabase(u32, Vec<u32>),
    /// The files of a database are copied: tablespace and database.
    Copies {
        /// From where.
        from: (u32, u32),
        /// To where.
        to: (u32, u32),
    },
}

/// A change and its record.
#[derive(Clone, PartialEq, Debug)]
pub struct Noted {
    /// Where the record starts.
    pub lsn: Lsn,
    /// What it does.
    pub change: Change,
}

/// Gathers them.
#[derive(Clone, Debug)]
pub struct Gather<'a> {
    extents: &'a Extents,
    /// In order.
    pub list: Vec<Noted>,
    /// Blocks that were told since the last drop or truncation: written, or only needed.
    told: HashMap<(RelFileLocator, u8, u32), bool>,
    /// The block of the last reference that was looked into: another change of it tells nothing.
    last: Option<(RelFileLocator, u8, u32)>,
    /// Sizes that were asked for lately.
    lately: Vec<((RelFileLocator, u8), u32)>,
}

/// Places for sizes; a power of two.
const LATELY: usize = 64;
const MAIN: u8 = 0;
const INIT: u8 = 3;

impl<'a> Gather<'a> {
    /// Nothing yet.
    pub fn new(extents: &'a Extents) -> Gather<'a> {
        let nobody = ((RelFileLocator::default(), u8::MAX), 0);
        Gather { extents, list: Vec::new(), told: HashMap::new(), last: None, lately: vec![nobody; LATELY] }
    }

    /// Takes a record in. `before`: what those in front of it came to.
    #[inline]
    pub fn record(&mut self, record: &Record<'_>, before: &EventSum) {
        match record.header.rmid {
            TRANSACTION if record.header.info & xact::HAS_INFO == 0 => {}
            TRANSACTION | STORAGE | DATABASE => self.files(record),
            manager => {
                // What of a record cannot be read, a server cannot replay: that is told elsewhere.
                let _ = record.shape(&mut |block| self.block(record.lsn, manager, &block, before));
            }
        }
    }

    #[inline]
    fn block(&mut self, lsn: Lsn, manager: u8, block: &BlockRef, before: &EventSum) {
        let BlockRef { rel, fork, block: number, .. } = *block;
        let writes = block.will_init || block.image.is_some_and(|image| image.apply);
        let place = (rel, fork, number);
        // Records of extensions change blocks as they like.
        if !writes && (self.last == Some(place) || manager == XLOG || manager >= FIRST_CUSTOM) {
            return;
        }
        if !matches!(fork, MAIN | INIT) || number < self.size(rel, fork) {
            return;
        }
        self.last = Some(place);
        let known = self.told.get(&place).copied();
        if known == Some(true) || known.is_some() && !writes {
            return;
        }
        self.told.insert(place, writes);
        if !writes {
            let before = *before;
            self.list.push(Noted { lsn, change: Change::Needs { rel, fork, block: number, before } });
            return;
        }
        if let Some(Noted { change: Change::Writes { rel: r, fork: f, last, .. }, .. }) = self.list.last_mut()
            && (*r, *f, last.checked_add(1)) == (rel, fork, Some(number))
        {
            *last = number;
            return;
        }
        self.list.push(Noted { lsn, change: Change::Writes { rel, fork, first: number, last: number } });
    }

    /// Blocks in the backup.
    fn size(&mut self, rel: RelFileLocator, fork: u8) -> u32 {
        let place = (rel.rel ^ rel.rel >> 6 ^ rel.db ^ u32::from(fork)) as usize % LATELY;
        let Some((key, size)) = self.lately.get_mut(place) else { return 0 };
        if *key != (rel, fork) {
            (*key, *size) = ((rel, fork), self.extents.blocks(rel, fork).unwrap_or(0));
        }
        *size
    }

    fn files(&mut self, record: &Record<'_>) {
        let changes: Vec<Change> = match record.header.rmid {
            TRANSACTION => xact::dropped_relations(record).into_iter().map(Change::Drops).collect(),
            STORAGE => {
                let cut = storage::truncated(record).filter(RelationTruncated::cuts_main);
                cut.map(|cut| Change::Truncates(cut.rel, cut.blocks)).into_iter().collect()
            }
            _ => match database::change(record) {
                Some(DatabaseChange::Copied { from, to }) => {
                    let place = |folder: DatabaseFolder| (folder.tablespace, folder.database);
                    vec![Change::Copies { from: place(from), to: place(to) }]
                }
                Some(DatabaseChange::Dropped { database, tablespaces }) => {
                    vec![Change::DropsDatabase(database, tablespaces)]
                }
                Some(DatabaseChange::Created(_)) | None => return,
            },
        };
        if !changes.is_empty() {
            self.told.clear();
            self.last = None;
            self.list.extend(changes.into_iter().map(|change| Noted { lsn: record.lsn, change }));
        }
    }
}
