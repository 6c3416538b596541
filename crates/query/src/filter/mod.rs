//! Which records to show or to count: what the options of `pg_waldump` ask for, with its meaning, and more. Each
//! narrows what the others leave.

mod facts;
mod parse;
mod survey;

pub use facts::{RecordFacts, time_of};
pub use parse::{RecordType, fork, relation, rmgr, size};

use pgwal_format::dialect::DIALECTS;
use pgwal_format::record::{Block, BlockRef, BodyShape, Record, RecordHeader, RelFileLocator};
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::rmgr::{Rmgr, RmgrName, TRANSACTION};
use pgwal_format::{Generation, Lsn};
use pgwal_source::Source;
use pgwal_verify::Options;
use pgwal_verify::records::{ListError, ListRequest, gather};
use pgwal_verify::recovery::acts::FileAct;
use std::sync::OnceLock;
use survey::{Survey, Surveyor};

/// The forks of a relation, by number (`src/common/relpath.c`).
pub const FORKS: [&str; 4] = ["main", "fsm", "vm", "init"];

/// What is asked of records. By default nothing: all of them.
#[derive(Clone, Default, Debug)]
pub struct Wish {
    /// Only records of these resource managers; of none: of all.
    pub rmgr: Vec<RmgrChoice>,
    /// Only records of these types; of none: of all.
    pub record: Vec<RecordType>,
    /// Only records with this transaction in their header.
    pub xid: Option<u32>,
    /// Only records of this transaction and of its subtransactions, the end of a prepared one included.
    pub transaction: Option<u32>,
    /// Only records that touch this database; 0 for what all databases share.
    pub database: Option<u32>,
    /// Only records that touch a relation with one of these files; of none: of all.
    pub relation: Vec<RelFileLocator>,
    /// Only records that touch this block of the relation.
    pub block: Option<u32>,
    /// Only records that touch this fork, a place in [`FORKS`].
    pub fork: Option<u8>,
    /// Only records with a page image.
    pub fullpage: bool,
    /// Only from this time on. A record without a time has that of the last one before it that has one.
    pub since: Option<Timestamp>,
    /// Only up to this time.
    pub until: Option<Timestamp>,
    /// Only records of at least so many bytes, page images included.
    pub min_size: Option<u64>,
    /// Only records that replay of this replication origin wrote.
    pub origin: Option<u16>,
    /// Only commits that unlink files of relations (DROP, TRUNCATE, rewrites), and records that remove those of
    /// databases and tablespaces.
    pub drops: bool,
    /// No records, only what is wrong.
    pub only_damaged: bool,
}

/// Judges records by a wish.
#[derive(Debug, Default)]
pub struct Filter {
    wish: Wish,
    survey: OnceLock<Survey>,
}

impl From<Wish> for Filter {
    fn from(wish: Wish) -> Filter {
        Filter { wish, survey: OnceLock::new() }
    }
}

/// A resource manager as `-r` of `pg_waldump` names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RmgrChoice {
    /// Its id.
    Id(u8),
    /// The names of all are asked for.
    List,
}

impl Filter {
    /// Looks through the range for what must be known before. To be called before records are judged.
    ///
    /// # Errors
    /// Those of [`gather`].
    pub fn prepare(&self, source: &dyn Source, options: &Options<'_>) -> Result<(), ListError> {
        if self.wish.transaction.is_some() || self.wish.since.is_some() || self.wish.until.is_some() {
            let make = || Surveyor::new(self.wish.transaction, self.wish.since, self.wish.until);
            // What is wrong is told by the pass that comes.
            let (surveyor, _) =
                gather(source, &ListRequest { options: options.beside(), limit: None }, &make, &mut |_| Ok(()))?;
            let _ = self.survey.set(surveyor.finish());
        }
        Ok(())
    }

    /// Nothing is left out.
    pub fn is_all(&self) -> bool {
        let few = self.wish.xid.is_some()
            || !self.wish.rmgr.is_empty()
            || self.wish.min_size.is_some()
            || self.wish.only_damaged;
        !few && !self.touches_some() && !self.wish.fullpage && !self.is_deep()
    }

    /// What the header alone tells.
    #[inline]
    pub fn wants(&self, header: &RecordHeader) -> bool {
        self.looks_at(header) && !self.wish.only_damaged
    }

    /// Records are looked at and not shown: what is wrong with them is.
    pub fn only_damaged(&self) -> bool {
        self.wish.only_damaged
    }

    /// As [`Filter::wants`], of records to be looked at.
    #[inline]
    pub fn looks_at(&self, header: &RecordHeader) -> bool {
        self.wish.xid.is_none_or(|xid| xid == header.xid)
            && (self.wish.rmgr.is_empty() || self.wish.rmgr.contains(&RmgrChoice::Id(header.rmid)))
            && (self.wish.record.is_empty() || self.wish.record.iter().any(|t| t.may_be(header)))
            && self.wish.min_size.is_none_or(|n| u64::from(header.tot_len) >= n)
    }

    /// What the rest of the record tells.
    #[inline]
    pub fn wants_record(&self, record: &Record<'_>, blocks: &[Block], shape: &BodyShape) -> bool {
        let references = || blocks.iter().map(|b| &b.reference);
        (!self.touches_some() || references().any(|b| self.touches(b)) || self.tells_relation(record, blocks))
            && (!self.wish.fullpage || references().any(|b| b.image.is_some()))
            && (!self.is_deep() || self.wants_deep(record, blocks, shape))
    }

    fn touches_some(&self) -> bool {
        !self.wish.relation.is_empty() || self.wish.fork.is_some()
    }

    fn touches(&self, block: &BlockRef) -> bool {
        self.wish.fork.is_none_or(|fork| fork == block.fork)
            && self.is_of_relation(block.rel)
            && self.wish.block.is_none_or(|n| n == block.block)
    }

    fn is_of_relation(&self, rel: RelFileLocator) -> bool {
        self.wish.relation.is_empty() || self.wish.relation.contains(&rel)
    }

    /// Up to 9.4 the data of a record says what it touches; only images have block references.
    fn tells_relation(&self, record: &Record<'_>, blocks: &[Block]) -> bool {
        if record.layout.dialect.generation == Generation::Modern {
            return false;
        }
        let facts = RecordFacts::of(record, blocks);
        let touched =
            |&(rel, fork): &(RelFileLocator, u8)| self.is_of_relation(rel) && self.wish.fork.is_none_or(|f| f == fork);
        facts.relations.iter().any(touched) && self.wish.block.is_none_or(|n| facts.blocks.contains(&n))
    }

    fn is_deep(&self) -> bool {
        !self.wish.record.is_empty()
            || self.wish.transaction.is_some()
            || self.wish.database.is_some()
            || self.wish.since.is_some()
            || self.wish.until.is_some()
            || self.wish.origin.is_some()
            || self.wish.drops
    }

    fn wants_deep(&self, record: &Record<'_>, blocks: &[Block], shape: &BodyShape) -> bool {
        let header = &record.header;
        let vocabulary = Vocabulary::of(record.layout.dialect);
        (self.wish.record.is_empty() || self.wish.record.iter().any(|t| t.is(header, vocabulary)))
            && self.wish.origin.is_none_or(|origin| shape.origin == Some(origin))
            && self.in_time(record.lsn)
            && self.wish.transaction.is_none_or(|xid| self.is_of(xid, record, blocks, shape))
            && self.wish.database.is_none_or(|db| {
                blocks.iter().any(|b| b.reference.rel.db == db)
                    || RecordFacts::of(record, blocks).databases.contains(&db)
            })
            && (!self.wish.drops || drops(record, blocks))
    }

    fn in_time(&self, lsn: Lsn) -> bool {
        (self.wish.since.is_none() && self.wish.until.is_none())
            || self.survey.get().is_none_or(|survey| survey.in_time(lsn))
    }

    fn is_of(&self, xid: u32, record: &Record<'_>, blocks: &[Block], shape: &BodyShape) -> bool {
        let own = record.header.xid;
        own == xid
            || shape.top_xid == Some(xid)
            || (own != 0 && self.survey.get().is_some_and(|survey| survey.xids.contains(&own)))
            || (record.header.rmid == TRANSACTION && RecordFacts::of(record, blocks).xid == Some(xid))
    }
}

/// Files of relations go away with a commit; those of databases and tablespaces at once.
fn drops(record: &Record<'_>, blocks: &[Block]) -> bool {
    let at_once = || FileAct::of(record).is_some_and(FileAct::is_loss);
    is_commit(record) && RecordFacts::of(record, blocks).listed || at_once()
}

/// A commit, of a prepared transaction too.
fn is_commit(record: &Record<'_>) -> bool {
    use pgwal_format::rmgr::xact::{XactOutcome, ended_at};
    matches!(ended_at(record), Some((XactOutcome::Commit, _)))
}

/// The names of the built-in resource managers, by id.
pub fn managers() -> Vec<&'static str> {
    let newest = DIALECTS.last().expect("the table of versions is not empty");
    let name = |id: u8| if let RmgrName::BuiltIn(name) = Rmgr(id).name(newest) { Some(name) } else { None };
    (0..=newest.rmgr_max).filter_map(name).collect()
}
