//! What the description of a record tells that filters ask for. Fields are found by their names and types, whatever the
//! version.

use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::rmgr::describe::{Cx, describe};
use pgwal_format::rmgr::sink::{Nest, Show, Sink, Value};
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::rmgr::{COMMIT_TS, TRANSACTION, XLOG, xact};

/// What is told.
#[derive(Default)]
pub struct RecordFacts {
    /// The first time.
    pub time: Option<Timestamp>,
    /// Subtransactions.
    pub subxacts: Vec<u32>,
    /// The transaction to which they are assigned.
    pub top: Option<u32>,
    /// The prepared transaction that is committed or rolled back.
    pub xid: Option<u32>,
    /// Relations in a list: those that a commit unlinks.
    pub listed: bool,
    /// Databases.
    pub databases: Vec<u32>,
    /// Relations, and their forks where told.
    pub relations: Vec<(RelFileLocator, u8)>,
    /// Blocks.
    pub blocks: Vec<u32>,
    list: Option<&'static str>,
    depth: u32,
}

impl RecordFacts {
    /// Those of a record.
    pub fn of(record: &Record<'_>, blocks: &[Block]) -> RecordFacts {
        let mut facts = RecordFacts::default();
        if let Some(op) = Vocabulary::of(record.layout.dialect).op(record.header.rmid, record.header.info) {
            // What came before cut data was told.
            let _ = describe(op, &Cx { record, main: record.main_data(), blocks }, &mut facts);
        }
        facts
    }
}

impl Sink for RecordFacts {
    fn text(&mut self, _: &str) {}

    fn field(&mut self, name: &'static str, value: Value<'_>, _: Show) {
        let single = self.depth == 0;
        match value {
            Value::Time(time) if single => self.time = self.time.or(Some(time)),
            Value::Seconds(seconds) if single => self.time = self.time.or(Some(Timestamp::from_unix_seconds(seconds))),
            Value::Unsigned(n) if self.depth == 1 && matches!(self.list, Some("subxacts" | "xsub" | "subxids")) => {
                self.subxacts.push(n as u32)
            }
            Value::Unsigned(n) if single => match name {
                "xtop" | "top_xid" => self.top = Some(n as u32),
                "xid" | "twophase_xid" | "prepared_xid" => self.xid = Some(n as u32),
                "db" | "db_id" | "db_oid" | "dbid" | "dboid" | "database" | "database_id" => {
                    self.databases.push(n as u32)
                }
                "block" | "blk" | "blkno" | "blocknum" => self.blocks.push(n as u32),
                _ => {}
            },
            Value::Rel(rel) => self.relation(rel, 0),
            Value::Path(rel, fork) => self.relation(rel, fork),
            Value::Tid(block, _) => self.blocks.push(block),
            _ => {}
        }
    }

    fn open(&mut self, name: &'static str, nest: Nest) {
        if self.depth == 0 {
            self.list = (nest == Nest::List).then_some(name);
        }
        self.depth += 1;
    }

    fn close(&mut self, _: Nest) {
        self.depth = self.depth.saturating_sub(1);
    }
}

impl RecordFacts {
    fn relation(&mut self, rel: RelFileLocator, fork: u8) {
        self.listed |= self.depth == 1 && self.list.is_some();
        self.databases.push(rel.db);
        self.relations.push((rel, fork));
    }
}

/// The time of a record, where it has one: when a transaction ended, a checkpoint began, a restore point was made …
pub fn time_of(record: &Record<'_>, blocks: &[Block]) -> Option<Timestamp> {
    match record.header.rmid {
        TRANSACTION => xact::plain_commit(record)
            .or_else(|| xact::ended_at(record).map(|(_, time)| time))
            .or_else(|| RecordFacts::of(record, blocks).time),
        // Records of commit timestamps have a time from 9.5 to 13.
        XLOG | COMMIT_TS => RecordFacts::of(record, blocks).time,
        _ => None,
    }
}
