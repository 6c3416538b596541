//! Files that go away, with the blocks in them.
//!
//! What is not written yet is thrown away first, and the record comes before the file goes (`smgrDoPendingDeletes`,
//! `RelationTruncate`). Of a database only its mark comes first (`dropdb`): its own record follows when all is gone.

use pgwal_catalog::MarkedDatabase;
use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::rmgr::database::{self, DatabaseChange};
use pgwal_format::rmgr::heap::INPLACE;
use pgwal_format::rmgr::storage::{self, RelationTruncated};
use pgwal_format::rmgr::{DATABASE, HEAP, STORAGE, TRANSACTION, xact};
use pgwal_source::Images;

/// What goes away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Removed {
    /// All blocks of a relation from one on.
    Relation(RelFileLocator, u32),
    /// A database, in these tablespaces; `None`: in all of them.
    Database(u32, Option<Vec<u32>>),
    /// Some database: which one stands on the page alone (up to 11).
    Some,
}

impl Removed {
    /// What a record takes away.
    pub fn by(record: &Record<'_>, blocks: &mut Vec<Block>) -> Vec<Removed> {
        match record.header.rmid {
            TRANSACTION if record.header.info & xact::HAS_INFO != 0 => {
                xact::dropped_relations(record).into_iter().map(|rel| Removed::Relation(rel, 0)).collect()
            }
            STORAGE => {
                let cut = storage::truncated(record).filter(RelationTruncated::cuts_main);
                cut.map(|cut| Removed::Relation(cut.rel, cut.blocks)).into_iter().collect()
            }
            DATABASE => match database::change(record) {
                // One of this number may have been there before.
                Some(DatabaseChange::Copied { to, .. } | DatabaseChange::Created(to)) => {
                    vec![Removed::Database(to.database, Some(vec![to.tablespace]))]
                }
                Some(DatabaseChange::Dropped { database, tablespaces }) => {
                    vec![Removed::Database(database, Some(tablespaces))]
                }
                None => Vec::new(),
            },
            HEAP if record.header.is(HEAP, INPLACE) => {
                record.blocks_or_none(blocks);
                let marked = MarkedDatabase::of(record, blocks, &Images);
                let of = |marked: MarkedDatabase| marked.oid.map_or(Removed::Some, |oid| Removed::Database(oid, None));
                marked.map(of).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a block is of that.
    pub fn takes(&self, (rel, block): &(RelFileLocator, u32)) -> bool {
        match self {
            Removed::Relation(own, from) => own == rel && block >= from,
            Removed::Database(db, spaces) => {
                *db == rel.db && spaces.as_ref().is_none_or(|spaces| spaces.contains(&rel.spc))
            }
            Removed::Some => true,
        }
    }
}
