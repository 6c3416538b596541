//! What of a segment's records may matter. Blocks that the backup has are left out at once, so little is kept.

use super::Extents;
use crate::recovery::events::Sum;
use pgwal_format::Lsn;
use pgwal_format::record::{BlockRef, Record, RelFileLocator};
use pgwal_format::rmgr::describe::{Cx, Vocabulary, describe};
use pgwal_format::rmgr::sink::{Nest, Show, Sink, Value};
use pgwal_format::rmgr::{TRANSACTION, XLOG};
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
        before: Sum,
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
const STORAGE: u8 = 2;
const DATABASE: u8 = 4;
/// Resource managers of extensions: their records change blocks as they like.
const FIRST_CUSTOM: u8 = 128;
const MAIN: u8 = 0;
const INIT: u8 = 3;
/// `xinfo` follows, in transactions' records.
const HAS_INFO: u8 = 0x80;
/// `SMGR_TRUNCATE_HEAP`.
const TRUNCATES_MAIN: u64 = 1;

impl<'a> Gather<'a> {
    /// Nothing yet.
    pub fn new(extents: &'a Extents) -> Gather<'a> {
        let nobody = ((RelFileLocator::default(), u8::MAX), 0);
        Gather { extents, list: Vec::new(), told: HashMap::new(), last: None, lately: vec![nobody; LATELY] }
    }

    /// Takes a record in. `before`: what those in front of it came to.
    #[inline]
    pub fn record(&mut self, record: &Record<'_>, before: &Sum) {
        match record.header.rmid {
            TRANSACTION if record.header.info & HAS_INFO == 0 => {}
            TRANSACTION | STORAGE | DATABASE => self.files(record),
            manager => {
                // What of a record cannot be read, a server cannot replay: that is told elsewhere.
                let _ = record.shape(&mut |block| self.block(record.lsn, manager, &block, before));
            }
        }
    }

    #[inline]
    fn block(&mut self, lsn: Lsn, manager: u8, block: &BlockRef, before: &Sum) {
        let BlockRef { rel, fork, block: number, .. } = *block;
        let writes = block.will_init || block.image.is_some_and(|image| image.apply);
        let place = (rel, fork, number);
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
        let vocabulary = Vocabulary::of(record.layout.dialect);
        let Some(op) = vocabulary.op(record.header.rmid, record.header.info) else { return };
        let mut told = Told::default();
        // What came before cut data was told.
        let _ = describe(op, &Cx { record, main: record.main_data(), blocks: &[] }, &mut told);
        let name = vocabulary.name(record.header.rmid, record.header.info).unwrap_or_default();
        let changes: Vec<Change> = match (record.header.rmid, name) {
            (TRANSACTION, "PREPARE") => return,
            (TRANSACTION, _) => told.dropped.into_iter().map(Change::Drops).collect(),
            (STORAGE, "TRUNCATE") if told.number("flags").is_none_or(|flags| flags & TRUNCATES_MAIN != 0) => {
                let truncates = || Some(Change::Truncates(told.rel?, told.number("blkno")? as u32));
                truncates().into_iter().collect()
            }
            (DATABASE, "DROP") => {
                let number = |name: &str| told.number(name).map(|n| n as u32);
                let mut tablespaces = told.tablespaces.clone();
                tablespaces.extend(number("tablespace_id"));
                number("db_id").map(|db| Change::DropsDatabase(db, tablespaces)).into_iter().collect()
            }
            (DATABASE, _) => {
                let place = |spc: &str, db: &str| Some((told.number(spc)? as u32, told.number(db)? as u32));
                let (from, to) = (place("src_tablespace_id", "src_db_id"), place("tablespace_id", "db_id"));
                from.zip(to).map(|(from, to)| Change::Copies { from, to }).into_iter().collect()
            }
            _ => return,
        };
        if !changes.is_empty() {
            self.told.clear();
            self.last = None;
            self.list.extend(changes.into_iter().map(|change| Noted { lsn: record.lsn, change }));
        }
    }
}

/// What a record tells of files.
#[derive(Default)]
struct Told {
    numbers: Vec<(&'static str, u64)>,
    rel: Option<RelFileLocator>,
    dropped: Vec<RelFileLocator>,
    tablespaces: Vec<u32>,
    inside: Vec<&'static str>,
}

impl Told {
    fn number(&self, name: &str) -> Option<u64> {
        self.numbers.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
    }
}

impl Sink for Told {
    fn text(&mut self, _: &str) {}

    fn field(&mut self, name: &'static str, value: Value<'_>, _: Show) {
        match (self.inside.as_slice(), value) {
            ([], Value::Unsigned(number)) => self.numbers.push((name, number)),
            ([], Value::Signed(number)) => self.numbers.push((name, number as u64)),
            ([], Value::Path(rel, _)) => self.rel = Some(rel),
            (["rels"], Value::Path(rel, _)) => self.dropped.push(rel),
            (["tablespace_ids"], Value::Unsigned(number)) => self.tablespaces.push(number as u32),
            _ => {}
        }
    }

    fn open(&mut self, name: &'static str, _: Nest) {
        self.inside.push(name);
    }

    fn close(&mut self, _: Nest) {
        self.inside.pop();
    }
}
