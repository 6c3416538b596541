//! A transaction that is open, and what it did so far.

use crate::relation_sums::RelationSums;
use pgwal_catalog::CatalogChange;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId};

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

    /// Details of it.
    pub fn weight(&self) -> usize {
        1 + self.relations.len() + self.created.len() + self.catalog.len() + self.acts.len()
    }

    /// Takes in a part of the same transaction.
    pub fn absorb(&mut self, part: OpenXact) {
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
