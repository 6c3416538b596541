//! Records that act on files before their transaction commits: no end of recovery between the two leaves things as they
//! were before.
//!
//! ```text
//! INPLACE of pg_database (16, and late releases of 11 to 15)   the database is marked as one that goes away
//! Database/DROP 774                                            its files are gone
//! ── a target here ──
//! COMMIT 774                                                   it is no longer listed
//! ```

use pgwal_catalog::MarkedDatabase;
use pgwal_format::Lsn;
use pgwal_format::record::{Block, Record};
use pgwal_format::rmgr::database::{self, DatabaseChange};
use pgwal_format::rmgr::fields::{self, RecordField};
use pgwal_format::rmgr::sink::Value;
use pgwal_format::rmgr::{DATABASE, HEAP, TABLESPACE, heap, tablespace};
use pgwal_source::Images;

/// What a record does to files at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileAct {
    /// A database is marked as one that goes away, and keeps its files: it takes no connection. Its OID where that is
    /// known.
    MarkDatabase(Option<u32>),
    /// The files of a database are removed.
    DropDatabase(u32),
    /// A database's folder is made.
    CreateDatabase(u32),
    /// A tablespace's folder is removed.
    DropTablespace(u32),
    /// A tablespace's folder is made.
    CreateTablespace(u32),
}

impl FileAct {
    /// Data are gone or out of reach, or a folder that catalogs name is gone.
    pub const fn is_loss(self) -> bool {
        matches!(self, FileAct::MarkDatabase(_) | FileAct::DropDatabase(_) | FileAct::DropTablespace(_))
    }

    /// What a record does.
    pub fn of(record: &Record<'_>) -> Option<FileAct> {
        match record.header.rmid {
            DATABASE => database::change(record).map(|change| match change {
                DatabaseChange::Dropped { database, .. } => FileAct::DropDatabase(database),
                DatabaseChange::Copied { to, .. } | DatabaseChange::Created(to) => FileAct::CreateDatabase(to.database),
            }),
            TABLESPACE => {
                let mut changed = None;
                fields::each(record, &mut |field: RecordField<'_>| {
                    if let ("ts_id", Value::Unsigned(n)) = (field.name, field.value) {
                        changed = u32::try_from(n).ok();
                    }
                });
                changed.map(match record.header.operation() {
                    tablespace::DROP => FileAct::DropTablespace,
                    _ => FileAct::CreateTablespace,
                })
            }
            _ => None,
        }
    }
}

/// A record that acts before its transaction commits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EarlyAct {
    /// What it does.
    pub act: FileAct,
    /// The transaction.
    pub xid: u32,
    /// The record.
    pub lsn: Lsn,
    /// The last record in front of which nothing of it was done.
    pub saved_before: Lsn,
    /// Where the transaction ends.
    pub end: Option<Lsn>,
}

/// Those of a segment that are kept.
const KEPT: usize = 64;
/// Those of all segments.
const MOST: usize = 1024;

/// The row of a database was marked as one that goes away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DatabaseMark {
    database: MarkedDatabase,
    /// The transaction; 0 where it had no number yet.
    xid: u32,
    lsn: Lsn,
    /// The transaction ended: what is marked stays so, and is what the server itself had.
    over: bool,
}

impl DatabaseMark {
    /// What a record marks; `blocks` is room to look at it.
    pub fn of(record: &Record<'_>, blocks: &mut Vec<Block>) -> Option<DatabaseMark> {
        if !record.header.is(HEAP, heap::INPLACE) {
            return None;
        }
        record.blocks_or_none(blocks);
        let database = MarkedDatabase::of(record, blocks, &Images)?;
        Some(DatabaseMark { database, xid: record.header.xid, lsn: record.lsn, over: false })
    }

    /// Whether it may be the begin of what a transaction does to a database.
    fn is_of(&self, database: u32, xid: u32) -> bool {
        match self.database.oid {
            Some(oid) => oid == database,
            None => !self.over && (self.xid == 0 || self.xid == xid),
        }
    }
}

/// Gathers them.
#[derive(Clone, Debug, Default)]
pub struct EarlyActs {
    /// In order.
    list: Vec<EarlyAct>,
    /// Databases that are marked and were not dropped yet, in order.
    marks: Vec<DatabaseMark>,
}

impl EarlyActs {
    /// Acts and marks that were seen in any order.
    pub fn of(mut list: Vec<EarlyAct>, mut marks: Vec<DatabaseMark>) -> EarlyActs {
        list.sort_by_key(|act| act.lsn);
        marks.sort_by_key(|mark| mark.lsn);
        let mut out = EarlyActs::default();
        for act in list {
            let earlier = marks.partition_point(|mark| mark.lsn < act.lsn);
            out.marks.extend(marks.drain(..earlier));
            out.act(act);
        }
        out.marks.extend(marks);
        out
    }

    /// One record more; `blocks` is room to look at it.
    pub fn record(&mut self, record: &Record<'_>, blocks: &mut Vec<Block>) {
        let (lsn, xid) = (record.lsn, record.header.xid);
        match record.header.rmid {
            DATABASE | TABLESPACE if xid != 0 && self.list.len() < KEPT => {
                if let Some(act) = FileAct::of(record) {
                    self.act(EarlyAct { act, xid, lsn, saved_before: lsn, end: None });
                }
            }
            HEAP if self.marks.len() < KEPT => self.marks.extend(DatabaseMark::of(record, blocks)),
            _ => {}
        }
    }

    /// What is done to a database begins with its first mark.
    fn act(&mut self, act: EarlyAct) {
        let saved_before = match act.act {
            FileAct::DropDatabase(database) => {
                let own = self.marks.iter().filter(|mark| mark.is_of(database, act.xid)).map(|mark| mark.lsn).min();
                self.marks.retain(|mark| !mark.is_of(database, act.xid));
                own.map_or(act.saved_before, |marked| marked.min(act.saved_before))
            }
            _ => act.saved_before,
        };
        self.list.push(EarlyAct { saved_before, ..act });
    }

    /// Those of the segment behind: what was marked here may be dropped there.
    pub fn add(&mut self, other: &EarlyActs) {
        self.list.retain(|act| act.end.is_none());
        let room = MOST.saturating_sub(self.list.len());
        other.list.iter().take(room).for_each(|act| self.act(*act));
        let room = KEPT.saturating_sub(self.marks.len());
        self.marks.extend(other.marks.iter().take(room));
    }

    /// A transaction ended.
    pub fn ended(&mut self, xid: u32, at: Lsn) {
        let own = |act: &&mut EarlyAct| act.xid == xid && act.end.is_none();
        self.list.iter_mut().filter(own).for_each(|act| act.end = Some(at));
        self.marks.iter_mut().filter(|mark| mark.xid == xid).for_each(|mark| mark.over = true);
    }

    /// Those of records that are replayed, in order. Where a database's mark is and the removal of its files is not,
    /// the mark.
    pub fn replayed(&self, replayed: impl Fn(Lsn) -> bool) -> Vec<EarlyAct> {
        let begun = |act: &EarlyAct| match act.act {
            FileAct::DropDatabase(oid) if !replayed(act.lsn) => {
                EarlyAct { act: FileAct::MarkDatabase(Some(oid)), lsn: act.saved_before, ..*act }
            }
            _ => *act,
        };
        let marks = self.marks.iter().filter(|mark| !mark.over).map(|&DatabaseMark { database, xid, lsn, .. }| {
            EarlyAct { act: FileAct::MarkDatabase(database.oid), xid, lsn, saved_before: lsn, end: None }
        });
        let mut out: Vec<EarlyAct> = self.list.iter().map(begun).chain(marks).filter(|act| replayed(act.lsn)).collect();
        out.sort_by_key(|act| act.lsn);
        out
    }
}

#[cfg(test)]
mod tests;
