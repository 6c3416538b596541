//! Records that act on files before their transaction commits: no end of recovery between the two leaves things as they
//! were before.
//!
//! ```text
//! INPLACE of pg_database (16, and late releases of 11 to 15)   the database is marked as one that goes away
//! Database/DROP 774                                            its files are gone
//! ── a target here ──
//! COMMIT 774                                                   it is no longer listed
//! ```

use pgwal_format::Lsn;
use pgwal_format::record::{Block, Record};
use pgwal_format::rmgr::database::{self, DatabaseChange};
use pgwal_format::rmgr::fields::{self, RecordField};
use pgwal_format::rmgr::sink::Value;
use pgwal_format::rmgr::{DATABASE, HEAP, TABLESPACE, TRANSACTION, heap, tablespace};

/// What a record does to files at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileAct {
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
    /// Data are gone, or a folder that catalogs name.
    pub const fn is_loss(self) -> bool {
        matches!(self, FileAct::DropDatabase(_) | FileAct::DropTablespace(_))
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

/// `pg_global`, in which `pg_database` lies.
const GLOBAL: u32 = 1664;

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

/// Gathers them.
#[derive(Clone, Debug, Default)]
pub struct EarlyActs {
    /// In order.
    pub list: Vec<EarlyAct>,
    /// The last time that a row of a shared catalog was changed where it stands, and by which transaction.
    marked: Option<(Lsn, u32)>,
}

impl EarlyActs {
    /// One record more; `blocks` is room to look at it.
    pub fn record(&mut self, record: &Record<'_>, blocks: &mut Vec<Block>) {
        let (lsn, xid) = (record.lsn, record.header.xid);
        match record.header.rmid {
            DATABASE | TABLESPACE if xid != 0 && self.list.len() < KEPT => {
                let marked = self.marked.filter(|(_, by)| *by == 0 || *by == xid).map(|(lsn, _)| lsn);
                let own = |act: FileAct| match act {
                    FileAct::DropDatabase(_) => marked.unwrap_or(lsn),
                    _ => lsn,
                };
                let act = FileAct::of(record);
                self.list.extend(act.map(|act| EarlyAct { act, xid, lsn, saved_before: own(act), end: None }));
            }
            HEAP if record.header.is(HEAP, heap::INPLACE) => {
                record.blocks_or_none(blocks);
                if blocks.iter().any(|b| b.reference.rel.spc == GLOBAL) {
                    self.marked = Some((lsn, xid));
                }
            }
            // What was marked and never dropped is no part of what comes later.
            TRANSACTION if self.marked.is_some_and(|(_, by)| by == xid) => self.marked = None,
            _ => {}
        }
    }

    /// Those of the segment behind: what was marked here may be dropped there.
    pub fn add(&mut self, other: &EarlyActs) {
        self.list.retain(|act| act.end.is_none());
        let marked = self.marked;
        let of = |act: &EarlyAct| {
            let here = matches!(act.act, FileAct::DropDatabase(_)) && act.saved_before == act.lsn;
            let own = marked.filter(|(_, by)| here && (*by == 0 || *by == act.xid));
            EarlyAct { saved_before: own.map_or(act.saved_before, |(lsn, _)| lsn), ..*act }
        };
        let room = MOST.saturating_sub(self.list.len());
        self.list.extend(other.list.iter().take(room).map(of));
        self.marked = other.marked;
    }

    /// A transaction ended.
    pub fn ended(&mut self, xid: u32, at: Lsn) {
        let own = |act: &&mut EarlyAct| act.xid == xid && act.end.is_none();
        self.list.iter_mut().filter(own).for_each(|act| act.end = Some(at));
    }
}
