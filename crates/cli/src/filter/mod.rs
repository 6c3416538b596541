//! Which records to show or to count: the options of `pg_waldump`, with its letters and its meaning, and more without
//! letters.
//! Each narrows what the others leave.

mod facts;
mod parse;
mod survey;

pub use facts::{Facts, time_of};
pub use parse::{Type, rmgr, time_in};

use parse::{fork, relation, size, time};
use pgwal::format::dialect::DIALECTS;
use pgwal::format::record::{Block, BlockRef, BodyShape, Record, RecordHeader, RelFileLocator};
use pgwal::format::rmgr::describe::Vocabulary;
use pgwal::format::rmgr::xact::Timestamp;
use pgwal::format::rmgr::{Rmgr, RmgrName, TRANSACTION};
use pgwal::format::{Generation, Lsn};
use pgwal::source::Source;
use pgwal::verify::Options;
use pgwal::verify::records::{Wanted, gather};
use std::sync::OnceLock;
use survey::{Survey, Surveyor};

/// The forks of a relation, by number (`src/common/relpath.c`).
pub const FORKS: [&str; 4] = ["main", "fsm", "vm", "init"];

/// The options.
#[derive(clap::Args)]
#[command(next_help_heading = "Which records")]
pub struct Filter {
    /// Only records of this resource manager; may be repeated. "list" prints their names
    #[arg(short, long, value_name = "RMGR", value_parser = rmgr)]
    pub rmgr: Vec<Manager>,
    /// Only records of this type, as in INSERT or Heap/INSERT; may be repeated. walproof fields lists them
    #[arg(long, value_name = "TYPE", value_parser = Type::parse)]
    record: Vec<Type>,
    /// Only records with this transaction in their header
    #[arg(short, long, value_name = "XID")]
    xid: Option<u32>,
    /// Only records of this transaction and of its subtransactions, the end of a prepared one included
    #[arg(long, value_name = "XID")]
    transaction: Option<u32>,
    /// Only records that touch this database, by its OID; 0 for what all databases share
    #[arg(long, value_name = "OID")]
    database: Option<u32>,
    /// Only records that touch this relation: tablespace OID/database OID/file number
    #[arg(short = 'R', long, value_name = "T/D/R", value_parser = relation)]
    relation: Option<RelFileLocator>,
    /// Only records that touch this block of the relation
    #[arg(short = 'B', long, value_name = "N", requires = "relation")]
    block: Option<u32>,
    /// Only records that touch this fork: main, fsm, vm or init
    #[arg(short = 'F', long, value_name = "FORK", value_parser = fork)]
    fork: Option<u8>,
    /// Only records with a page image
    #[arg(short = 'w', long)]
    fullpage: bool,
    /// Only from this time on. A record without a time has that of the last one before it that has one
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Only up to this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// Only records of at least so many bytes, page images included
    #[arg(long, value_name = "BYTES", value_parser = size)]
    min_size: Option<u64>,
    /// Only records that replay of this replication origin wrote
    #[arg(long, value_name = "N")]
    origin: Option<u16>,
    /// Only commits that unlink files of relations: DROP, TRUNCATE, rewrites
    #[arg(long)]
    drops: bool,
    /// No records, only what is wrong
    #[arg(long)]
    only_damaged: bool,
    #[arg(skip)]
    survey: OnceLock<Survey>,
}

/// A resource manager as -r names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manager {
    /// Its id.
    Id(u8),
    /// The names of all are asked for.
    List,
}

impl Filter {
    /// Looks through the range for what must be known before. To be called before records are judged.
    pub fn prepare(&self, source: &dyn Source, options: &Options<'_>) -> anyhow::Result<()> {
        if self.transaction.is_some() || self.since.is_some() || self.until.is_some() {
            let make = || Surveyor::new(self.transaction, self.since, self.until);
            let mut again = Options::default();
            (again.timeline, again.start, again.end) = (options.timeline, options.start, options.end);
            (again.jobs, again.map, again.interrupt) = (options.jobs, options.map, options.interrupt);
            // What is wrong is told by the pass that comes.
            let (surveyor, _) = gather(source, &Wanted { options: again, limit: None }, &make, &mut |_| Ok(()))?;
            let _ = self.survey.set(surveyor.finish());
        }
        Ok(())
    }

    /// Nothing is left out.
    pub fn is_all(&self) -> bool {
        let few = self.xid.is_some() || !self.rmgr.is_empty() || self.min_size.is_some() || self.only_damaged;
        !few && !self.touches_some() && !self.fullpage && !self.is_deep()
    }

    /// What the header alone tells.
    #[inline]
    pub fn wants(&self, header: &RecordHeader) -> bool {
        self.looks_at(header) && !self.only_damaged
    }

    /// Records are looked at and not shown: what is wrong with them is.
    pub fn only_damaged(&self) -> bool {
        self.only_damaged
    }

    /// As [`Filter::wants`], of records to be looked at.
    #[inline]
    pub fn looks_at(&self, header: &RecordHeader) -> bool {
        self.xid.is_none_or(|xid| xid == header.xid)
            && (self.rmgr.is_empty() || self.rmgr.contains(&Manager::Id(header.rmid)))
            && (self.record.is_empty() || self.record.iter().any(|t| t.may_be(header)))
            && self.min_size.is_none_or(|n| u64::from(header.tot_len) >= n)
    }

    /// What the rest of the record tells.
    #[inline]
    pub fn wants_record(&self, record: &Record<'_>, blocks: &[Block], shape: &BodyShape) -> bool {
        let references = || blocks.iter().map(|b| &b.reference);
        (!self.touches_some() || references().any(|b| self.touches(b)) || self.tells_relation(record, blocks))
            && (!self.fullpage || references().any(|b| b.image.is_some()))
            && (!self.is_deep() || self.wants_deep(record, blocks, shape))
    }

    fn touches_some(&self) -> bool {
        self.relation.is_some() || self.fork.is_some()
    }

    fn touches(&self, block: &BlockRef) -> bool {
        self.fork.is_none_or(|fork| fork == block.fork)
            && self.relation.is_none_or(|rel| rel == block.rel)
            && self.block.is_none_or(|n| n == block.block)
    }

    /// Up to 9.4 the data of a record says what it touches; only images have block references.
    fn tells_relation(&self, record: &Record<'_>, blocks: &[Block]) -> bool {
        if record.layout.dialect.generation == Generation::Modern {
            return false;
        }
        let facts = Facts::of(record, blocks);
        let touched = |&(rel, fork): &(RelFileLocator, u8)| {
            self.relation.is_none_or(|r| r == rel) && self.fork.is_none_or(|f| f == fork)
        };
        facts.relations.iter().any(touched) && self.block.is_none_or(|n| facts.blocks.contains(&n))
    }

    fn is_deep(&self) -> bool {
        !self.record.is_empty()
            || self.transaction.is_some()
            || self.database.is_some()
            || self.since.is_some()
            || self.until.is_some()
            || self.origin.is_some()
            || self.drops
    }

    fn wants_deep(&self, record: &Record<'_>, blocks: &[Block], shape: &BodyShape) -> bool {
        let header = &record.header;
        let vocabulary = Vocabulary::of(record.layout.dialect);
        (self.record.is_empty() || self.record.iter().any(|t| t.is(header, vocabulary)))
            && self.origin.is_none_or(|origin| shape.origin == Some(origin))
            && self.in_time(record.lsn)
            && self.transaction.is_none_or(|xid| self.is_of(xid, record, blocks, shape))
            && self.database.is_none_or(|db| {
                blocks.iter().any(|b| b.reference.rel.db == db) || Facts::of(record, blocks).databases.contains(&db)
            })
            && (!self.drops || is_commit(record) && Facts::of(record, blocks).listed)
    }

    fn in_time(&self, lsn: Lsn) -> bool {
        (self.since.is_none() && self.until.is_none()) || self.survey.get().is_none_or(|survey| survey.in_time(lsn))
    }

    fn is_of(&self, xid: u32, record: &Record<'_>, blocks: &[Block], shape: &BodyShape) -> bool {
        let own = record.header.xid;
        own == xid
            || shape.top_xid == Some(xid)
            || (own != 0 && self.survey.get().is_some_and(|survey| survey.xids.contains(&own)))
            || (record.header.rmid == TRANSACTION && Facts::of(record, blocks).xid == Some(xid))
    }

    /// The names are asked for.
    pub fn lists_managers(&self) -> bool {
        self.rmgr.contains(&Manager::List)
    }
}

/// A commit, of a prepared transaction too.
fn is_commit(record: &Record<'_>) -> bool {
    use pgwal::format::rmgr::xact::{XactOutcome, ended_at};
    matches!(ended_at(record), Some((XactOutcome::Commit, _)))
}

/// The names of the built-in resource managers, by id.
pub fn managers() -> Vec<&'static str> {
    let newest = DIALECTS.last().expect("the table of versions is not empty");
    let name = |id: u8| if let RmgrName::BuiltIn(name) = Rmgr(id).name(newest) { Some(name) } else { None };
    (0..=newest.rmgr_max).filter_map(name).collect()
}
