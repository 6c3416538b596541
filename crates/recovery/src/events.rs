//! What of a segment's records matters to recovery.
//!
//! ```text
//! record record COMMIT record BACKUP_END record …          of all: where the first and the last one lie, how many, the last commit
//!                 │             │        └ `next`          kept: records that change what recovery knows, that match the target,
//!                 └ matches     └ an event                       or that are the first behind a position asked for
//! ```

pub mod acts;
pub(crate) mod xid_trace;

use crate::events::acts::EarlyActs;
use crate::events::xid_trace::XidTrace;
use crate::pages::{BlockPlace, Extents, Flushed, Gather, Noted, Outlived};
use crate::read_ahead::{AheadCount, ReadAhead};
use crate::sum::{EventSum, RecordSpan, ReplayedCommit};
use pgwal_format::record::{Block, Record, RecordHeader};
use pgwal_format::rmgr::database::{self, DatabaseChange};
use pgwal_format::rmgr::fields;
use pgwal_format::rmgr::origin_change::{self, OriginChange};
use pgwal_format::rmgr::sink::Value;
use pgwal_format::rmgr::tablespace::TablespaceChange;
use pgwal_format::rmgr::xact::{self, Timestamp, XactOutcome};
use pgwal_format::rmgr::{
    DATABASE, REPLICATION_ORIGIN, STANDBY, STORAGE, TABLESPACE, TRANSACTION, XLOG, standby, storage, tablespace, xlog,
};
use pgwal_format::text::control::ServerParameters;
use pgwal_format::{Generation, Lsn, TimelineId};
use pgwal_walk::Fold;
use std::collections::BTreeSet;
use std::sync::Arc;

/// `RM_MIN_CUSTOM_ID` (15 and later; before, no record has such a number).
const FIRST_OF_EXTENSIONS: u8 = 128;

/// What a record is to recovery.
#[derive(Clone, PartialEq, Debug)]
pub enum EventKind {
    /// Nothing: it lies behind a position asked for.
    Mark,
    /// The end of a transaction.
    Ended {
        /// Committed, not rolled back.
        commit: bool,
        /// Which.
        xid: u32,
        /// When.
        time: Timestamp,
        /// The replication origin that it comes from.
        origin: Option<OriginChange>,
    },
    /// A record of an extension's resource manager, the first of it in the segment.
    OfExtension(u8),
    /// What is kept of a replication origin changes by itself.
    Origin(OriginChange),
    /// A transaction was prepared.
    Prepared(u32),
    /// A restore point.
    RestorePoint {
        /// Its name.
        name: Vec<u8>,
        /// When it was made.
        time: Timestamp,
    },
    /// A checkpoint.
    Checkpoint {
        /// At shutdown, so that a timeline may begin.
        shutdown: bool,
        /// Where replay from it begins.
        redo: Lsn,
        /// The timeline in force.
        timeline: TimelineId,
        /// The one before it.
        previous: Option<TimelineId>,
        /// When it was made, in whole seconds.
        time: Option<Timestamp>,
        /// The next transaction.
        next_xid: Option<u32>,
    },
    /// The end of a recovery, with which a timeline begins.
    EndOfRecovery {
        /// The timeline.
        timeline: TimelineId,
        /// The one before it.
        previous: TimelineId,
    },
    /// The end of the base backup that started there.
    BackupEnd(Lsn),
    /// A tablespace is created, in a directory that must be there, or dropped.
    Tablespace(TablespaceChange),
    /// The files of a database come or go.
    Database(u32),
    /// Files of a tablespace whose place is not there are changed, the first time since tablespaces changed.
    ChangesNowhere(u32),
    /// The settings that a standby needs.
    Parameters(ServerParameters),
    /// The transactions that run.
    Running {
        /// Not all subtransactions are named.
        overflow: bool,
        /// Whether any runs.
        any: bool,
        /// The next transaction.
        next_xid: u32,
        /// The oldest that runs.
        oldest: u32,
    },
}

/// A record that matters.
#[derive(Clone, PartialEq, Debug)]
pub struct RecoveryEvent {
    /// Where it lies.
    pub span: RecordSpan,
    /// What it is.
    pub what: EventKind,
    /// It is the target.
    pub hit: bool,
    /// It is a transaction's.
    pub of_transaction: bool,
    /// What came before it in this segment.
    pub before: EventSum,
    /// The record behind it, where it starts in this segment.
    pub next: Option<RecordSpan>,
}

/// What is looked for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ask {
    /// The target, as far as one record alone shows it.
    pub target: Option<Match>,
    /// Prepared transactions' ends count.
    pub prepared: bool,
    /// Ends of records that mean something: the first record that reaches one is an event.
    pub ends: Vec<Lsn>,
    /// Which transactions are prepared and not ended yet is asked, too.
    pub open_prepared: bool,
    /// Where it is to be told which blocks are not there: those that are.
    pub extents: Option<Arc<Extents>>,
    /// Where it is to be told how far a server reads ahead: what limits it.
    pub ahead: Option<ReadAhead>,
    /// Tablespaces whose place is not there: records that change files in them are told.
    pub nowhere: BTreeSet<u32>,
    /// Where it is to be told what became of a transaction: which.
    pub trace: Option<u32>,
    /// Where it is to be told which blocks were changed: up to where.
    pub flushed: Option<Lsn>,
    /// Where it is to be told what becomes of blocks: which.
    pub stale: Option<Arc<BTreeSet<BlockPlace>>>,
}

/// A record that is the target.
#[derive(Clone, PartialEq, Debug)]
pub enum Match {
    /// The first that starts here or later.
    Start(Lsn),
    /// The end of a transaction.
    Xid(u32),
    /// A restore point.
    Name(Vec<u8>),
    /// The first end of a transaction behind a time.
    Time {
        /// The time.
        time: Timestamp,
        /// At it, too.
        at: bool,
        /// Restore points count, too.
        restore_points: bool,
    },
}

/// Gathers events.
#[derive(Clone, Debug)]
pub struct Events<'a> {
    ask: &'a Ask,
    /// The timeline in the name of the file that they are of.
    pub file: Option<TimelineId>,
    /// The first record.
    pub first: Option<RecordSpan>,
    /// All of them.
    pub sum: EventSum,
    /// In order.
    pub list: Vec<RecoveryEvent>,
    /// What they come to for someone who reads ahead.
    pub ahead: AheadCount,
    /// What they say of the transaction that was asked for.
    pub trace: Option<XidTrace>,
    /// Blocks that they change, up to the position that was asked for.
    pub flushed: Option<Flushed>,
    /// What becomes of the blocks that were asked for.
    pub outlived: Option<Outlived>,
    /// Those that act before their commits.
    pub acts: EarlyActs,
    blocks: Vec<Block>,
    /// Ends asked for that were reached.
    passed: usize,
    started: bool,
    open: bool,
    pages: Option<Gather<'a>>,
    /// Resource managers of extensions that were told.
    managers: BTreeSet<u8>,
    /// Replication origins that were told.
    origins: BTreeSet<u16>,
    /// Of the tablespaces whose place is not there, those that were told.
    told: BTreeSet<u32>,
}

impl<'a> Events<'a> {
    /// None yet.
    pub fn new(ask: &'a Ask) -> Events<'a> {
        let pages = ask.extents.as_deref().map(Gather::new);
        Events {
            ask,
            file: None,
            first: None,
            sum: EventSum::default(),
            list: Vec::new(),
            ahead: AheadCount::default(),
            trace: ask.trace.map(XidTrace::new),
            flushed: ask.flushed.map(Flushed::new),
            outlived: ask.stale.clone().map(Outlived::new),
            acts: EarlyActs::default(),
            blocks: Vec::new(),
            passed: 0,
            started: false,
            open: false,
            pages,
            managers: BTreeSet::new(),
            origins: BTreeSet::new(),
            told: BTreeSet::new(),
        }
    }

    /// Of a file whose name has this timeline.
    pub fn of_file(self, file: Option<TimelineId>) -> Events<'a> {
        Events { file, ..self }
    }

    /// Changes of blocks and files that matter, in order.
    pub fn noted(&self) -> &[Noted] {
        self.pages.as_ref().map_or(&[], |pages| &pages.list)
    }

    fn matches(&self, ended: Option<(u32, Timestamp)>, point: Option<(&[u8], Timestamp)>) -> bool {
        let past = |found: Timestamp, time: Timestamp, at: bool| if at { found >= time } else { found > time };
        match (&self.ask.target, ended, point) {
            (Some(Match::Xid(wanted)), Some((xid, _)), _) => xid == *wanted,
            (Some(Match::Time { time, at, .. }), Some((_, found)), _) => past(found, *time, *at),
            (Some(Match::Time { time, at, restore_points: true }), _, Some((_, found))) => past(found, *time, *at),
            (Some(Match::Name(wanted)), _, Some((name, _))) => name == wanted,
            _ => false,
        }
    }

    fn transaction(&mut self, record: &Record<'_>) -> Option<(EventKind, bool)> {
        if self.ask.open_prepared && xact::operation(&record.header) == xact::PREPARE {
            return Some((EventKind::Prepared(record.header.xid), false));
        }
        if xact::ends_prepared(&record.header) && !self.ask.prepared {
            return None;
        }
        let plain = xact::plain_commit(record);
        let is_plain = plain.is_some();
        let (commit, xid, time) = match plain {
            Some(time) => (true, record.header.xid, time),
            None => xact::ended(record).map(|e| (e.outcome == XactOutcome::Commit, e.xid, e.time))?,
        };
        self.sum.last_ended = Some(time);
        self.acts.ended(xid, record.lsn);
        if commit {
            self.sum.commits += 1;
            self.sum.last_commit = Some(ReplayedCommit { xid, time, lsn: record.lsn });
        }
        let origin = if is_plain { None } else { origin_change::change(record) };
        Some((EventKind::Ended { commit, xid, time, origin }, self.matches(Some((xid, time)), None)))
    }

    fn xlog(&self, record: &Record<'_>) -> Option<(EventKind, bool)> {
        let what = match record.header.operation() {
            xlog::CHECKPOINT_SHUTDOWN | xlog::CHECKPOINT_ONLINE => {
                let xlog::Checkpoint { shutdown, redo, timeline, previous, time, next_xid, .. } =
                    xlog::checkpoint(record)?;
                let next_xid = next_xid.map(|next| next.xid);
                EventKind::Checkpoint { shutdown, redo, timeline, previous, time, next_xid }
            }
            xlog::BACKUP_END => EventKind::BackupEnd(xlog::backup_end(record)?),
            xlog::PARAMETER_CHANGE => EventKind::Parameters(xlog::parameter_change(record)?),
            xlog::RESTORE_POINT => {
                let point = xlog::restore_point(record)?;
                let hit = self.matches(None, Some((point.name, point.time)));
                return Some((EventKind::RestorePoint { name: point.name.to_vec(), time: point.time }, hit));
            }
            xlog::END_OF_RECOVERY => {
                let end = xlog::end_of_recovery(record)?;
                EventKind::EndOfRecovery { timeline: end.timeline, previous: end.previous }
            }
            _ => return None,
        };
        Some((what, false))
    }

    /// A tablespace whose place is not there, and in which this record changes a file.
    fn changes_nowhere(&mut self, record: &Record<'_>) -> Option<u32> {
        // A commit only removes files, and does not mind that they are gone.
        if self.ask.nowhere.is_empty() || record.header.rmid == TRANSACTION {
            return None;
        }
        let mut all = BTreeSet::new();
        match record.header.rmid {
            DATABASE => match database::change(record) {
                Some(DatabaseChange::Copied { to, .. } | DatabaseChange::Created(to)) => all.extend([to.tablespace]),
                Some(DatabaseChange::Dropped { .. }) | None => {}
            },
            STORAGE => {
                let rel = storage::created(record).map(|created| created.rel);
                let rel = rel.or_else(|| storage::truncated(record).map(|cut| cut.rel));
                all.extend(rel.map(|rel| rel.spc));
            }
            // Before 9.5 each record names its relation in a place of its own.
            _ if record.layout.dialect.generation != Generation::Modern => fields::each(record, &mut |field| {
                if let Value::Path(rel, _) | Value::Rel(rel) = field.value {
                    all.insert(rel.spc);
                }
            }),
            _ => {
                let _ = record.shape(&mut |block| {
                    all.insert(block.rel.spc);
                });
            }
        }
        let oid = all.into_iter().find(|oid| self.ask.nowhere.contains(oid) && !self.told.contains(oid))?;
        self.told.insert(oid);
        Some(oid)
    }

    fn running(record: &Record<'_>) -> Option<EventKind> {
        let running = standby::running_xacts(record)?;
        Some(EventKind::Running {
            overflow: running.subxid_overflow,
            any: running.count != 0,
            next_xid: running.next_xid,
            oldest: running.oldest_running_xid,
        })
    }
}

/// The database whose files a record makes or removes.
fn database_of(record: &Record<'_>) -> Option<u32> {
    match database::change(record).filter(|_| record.header.rmid == DATABASE)? {
        DatabaseChange::Copied { to, .. } | DatabaseChange::Created(to) => Some(to.database),
        DatabaseChange::Dropped { database, .. } => Some(database),
    }
}

impl Fold for Events<'_> {
    type Mark = EventSum;

    fn mark(&self) -> EventSum {
        self.sum
    }

    fn after(_: &mut EventSum, _: &Self) {}

    #[inline(always)]
    fn wants(&self, _: &RecordHeader) -> bool {
        true
    }

    fn pass(&mut self, _: &RecordHeader) {}

    fn record(&mut self, record: &Record<'_>) {
        let span = span(record);
        if std::mem::take(&mut self.open)
            && let Some(event) = self.list.last_mut()
        {
            event.next = Some(span);
        }
        let before = self.sum;
        if let Some(limits) = &self.ask.ahead {
            self.ahead.record(record, limits, &mut self.blocks);
        }
        if let Some(trace) = &mut self.trace {
            trace.record(record);
        }
        if let Some(flushed) = &mut self.flushed {
            flushed.record(record);
        }
        if let Some(outlived) = &mut self.outlived {
            outlived.record(record);
        }
        self.acts.record(record, &mut self.blocks);
        if let Some(pages) = &mut self.pages {
            pages.record(record, &before);
        }
        let found = match record.header.rmid {
            TRANSACTION => self.transaction(record),
            XLOG => self.xlog(record),
            STANDBY => Self::running(record).map(|what| (what, false)),
            TABLESPACE => {
                self.told.clear();
                tablespace::change(record).map(|change| (EventKind::Tablespace(change), false))
            }
            rmid @ FIRST_OF_EXTENSIONS.. => self.managers.insert(rmid).then_some((EventKind::OfExtension(rmid), false)),
            REPLICATION_ORIGIN => origin_change::change(record).map(|change| (EventKind::Origin(change), false)),
            _ => None,
        };
        let found = found.or_else(|| self.changes_nowhere(record).map(|oid| (EventKind::ChangesNowhere(oid), false)));
        let found = found.or_else(|| database_of(record).map(|oid| (EventKind::Database(oid), false)));
        let mut mark = false;
        while self.ask.ends.get(self.passed).is_some_and(|&end| span.end >= end) {
            self.passed += 1;
            mark = true;
        }
        let starts = !self.started && matches!(self.ask.target, Some(Match::Start(lsn)) if span.lsn >= lsn);
        self.started |= starts;
        // Most ends of transactions are only counted.
        let closes = self.ask.open_prepared && record.header.rmid == TRANSACTION && xact::ends_prepared(&record.header);
        let is_kept = |what: &EventKind| match what {
            EventKind::Ended { origin: Some(OriginChange::Advanced(origin)), .. } => self.origins.contains(origin),
            EventKind::Ended { .. } => true,
            _ => false,
        };
        let matters = found.as_ref().is_some_and(|(what, hit)| *hit || closes || !is_kept(what));
        match found.as_ref().map(|(what, _)| what) {
            Some(EventKind::Ended { origin: Some(OriginChange::Advanced(origin)), .. }) => {
                self.origins.insert(*origin);
            }
            // One that comes again behind this takes its room anew.
            Some(EventKind::Origin(_)) => self.origins.clear(),
            _ => {}
        }
        if matters || mark || starts {
            let (what, hit) = found.unwrap_or((EventKind::Mark, false));
            self.list.push(RecoveryEvent {
                span,
                what,
                hit: hit || starts,
                of_transaction: record.header.rmid == TRANSACTION,
                before,
                next: None,
            });
            self.open = true;
        }
        self.first.get_or_insert(span);
        self.sum.records += 1;
        self.sum.last = Some(span);
    }

    /// Segments are taken one by one.
    fn join(&mut self, _: Self) {}
}

/// Where a record lies, as recovery counts: a switch fills its segment.
fn span(record: &Record<'_>) -> RecordSpan {
    let layout = record.layout;
    if !record.header.is_switch() {
        return RecordSpan { lsn: record.lsn, end: record.end };
    }
    let number = layout.address().segment(record.lsn, layout.segment);
    RecordSpan { lsn: record.lsn, end: layout.address().segment_start(number.next(), layout.segment) }
}
