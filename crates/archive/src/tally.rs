//! What verification makes of records.

use crate::facts::Facts;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::rmgr::xact::{self, Timestamp, XactOutcome};
use pgwal_format::rmgr::xlog::{BACKUP_END, CHECKPOINT_SHUTDOWN, END_OF_RECOVERY, PARAMETER_CHANGE, RESTORE_POINT};
use pgwal_format::rmgr::xlog::{Checkpoint, TimelineOpening};
use pgwal_format::rmgr::{TRANSACTION, XLOG, xlog};
use pgwal_format::text::control::WalLevel;
use pgwal_format::{Lsn, TimelineId, wire_fields, wire_variants};
use pgwal_walk::Fold;

/// Counts, and the few facts that a verdict needs.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Whole, valid records.
    pub records: u64,
    /// Commits among them, of prepared transactions too.
    pub commits: u64,
    /// Time of the first commit.
    pub first_commit: Option<Timestamp>,
    /// Where that stands.
    pub first_commit_at: Option<Lsn>,
    /// Time of the last commit.
    pub last_commit: Option<Timestamp>,
    /// Where a record first says that another timeline is in force than before.
    pub openings: Vec<TimelineBegin>,
    /// Records whose content decides how recovery goes on, in order.
    pub notes: Vec<ReplayNote>,
    /// Where transactions end and restore points stand, segment by segment, where that was asked for
    /// ([`Look::facts`](crate::Look::facts)).
    pub facts: Vec<Facts>,
}

/// A record says that a timeline is in force from it on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimelineBegin {
    /// The timeline.
    pub timeline: TimelineId,
    /// The record.
    pub lsn: Lsn,
    /// The timeline before it, where records of this version say so.
    pub previous: Option<TimelineId>,
}

/// A record whose content decides how recovery goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplayNote {
    /// Where it starts.
    pub lsn: Lsn,
    /// Where it ends.
    pub end: Lsn,
    /// What it says.
    pub what: NoteKind,
    /// What came before it in its run.
    pub before: Mark,
}

/// What such a record says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoteKind {
    /// A checkpoint at shutdown.
    Shutdown {
        /// The timeline in force.
        timeline: TimelineId,
        /// The one before it.
        previous: Option<TimelineId>,
    },
    /// The end of a recovery.
    EndOfRecovery {
        /// The timeline that begins.
        timeline: TimelineId,
        /// The one before it.
        previous: TimelineId,
    },
    /// The end of the base backup that started there.
    BackupEnd {
        /// Its start.
        start: Lsn,
    },
    /// The first commit of a segment is older than the last one before it, by more than a second. A server does not
    /// mind; whoever wrote it had another clock, or the segment is another server's.
    TimeBack {
        /// The last commit before.
        before: Timestamp,
        /// This one.
        after: Timestamp,
    },
    /// From here on `wal_level` is this.
    WalLevel {
        /// The level.
        level: WalLevel,
    },
}

/// A tally up to a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mark {
    /// Records before it.
    pub records: u64,
    /// Commits before it.
    pub commits: u64,
    /// Time of the last commit before it.
    pub last_commit: Option<Timestamp>,
}

/// Timelines that one run can open, and notes that it can hold, before further ones are left out: more than any real
/// archive has.
const OPENINGS: usize = 4096;

/// Commits of several processes may be written in another order than that of their times, by less than this many
/// microseconds.
const SECOND: i64 = 1_000_000;

impl Fold for Tally {
    type Mark = Mark;

    fn mark(&self) -> Mark {
        Mark { records: self.records, commits: self.commits, last_commit: self.last_commit }
    }

    fn after(mark: &mut Mark, left: &Tally) {
        mark.records += left.records;
        mark.commits += left.commits;
        mark.last_commit = mark.last_commit.or(left.last_commit);
    }

    #[inline(always)]
    fn wants(&self, header: &RecordHeader) -> bool {
        header.rmid == TRANSACTION
            || (header.rmid == XLOG
                && matches!(
                    header.operation(),
                    CHECKPOINT_SHUTDOWN | RESTORE_POINT | END_OF_RECOVERY | BACKUP_END | PARAMETER_CHANGE
                ))
    }

    #[inline(always)]
    fn pass(&mut self, _: &RecordHeader) {
        self.records += 1;
    }

    #[inline(always)]
    fn record(&mut self, record: &Record<'_>) {
        if !self.facts.is_empty() {
            self.note(record);
        }
        match xact::plain_commit(record) {
            Some(time) => self.commit(time, record.lsn),
            None => self.rare(record),
        }
        self.records += 1;
    }

    fn join(&mut self, right: Tally) {
        let room = OPENINGS.saturating_sub(self.notes.len());
        let notes = right.notes.into_iter().take(room).map(|mut note| {
            Tally::after(&mut note.before, self);
            note
        });
        let notes: Vec<ReplayNote> = notes.collect();
        let back = self
            .last_commit
            .zip(right.first_commit)
            .filter(|(before, after)| before.0.saturating_sub(after.0) > SECOND);
        if let (Some((before, after)), Some(lsn)) = (back, right.first_commit_at) {
            self.notes.push(ReplayNote {
                lsn,
                end: lsn,
                what: NoteKind::TimeBack { before, after },
                before: self.mark(),
            });
        }
        self.notes.extend(notes);
        self.facts.extend(right.facts);
        self.records += right.records;
        self.commits += right.commits;
        if self.first_commit.is_none() {
            (self.first_commit, self.first_commit_at) = (right.first_commit, right.first_commit_at);
        }
        self.last_commit = right.last_commit.or(self.last_commit);
        right.openings.into_iter().for_each(|opened| self.open(opened));
    }
}

wire_fields!(Mark { records, commits, last_commit });
wire_fields!(Tally { records, commits, first_commit, first_commit_at, last_commit, openings, notes, facts });
wire_fields!(TimelineBegin { timeline, lsn, previous });
wire_fields!(ReplayNote { lsn, end, what, before });
wire_variants!(NoteKind {
    0 => Shutdown { timeline, previous },
    1 => EndOfRecovery { timeline, previous },
    2 => BackupEnd { start },
    3 => WalLevel { level },
    4 => TimeBack { before, after },
});

impl Tally {
    /// No more notes are kept.
    pub const NOTES: usize = OPENINGS;

    /// A tally of the segment of `timeline` that starts at `from`, which also remembers where transactions end.
    pub fn with_facts(timeline: TimelineId, from: Lsn) -> Tally {
        Tally { facts: vec![Facts::of(timeline, from)], ..Tally::default() }
    }

    #[inline(never)]
    fn note(&mut self, record: &Record<'_>) {
        if let Some(facts) = self.facts.last_mut() {
            facts.note(record);
        }
    }

    #[inline(always)]
    fn commit(&mut self, time: Timestamp, lsn: Lsn) {
        self.commits += 1;
        if self.first_commit.is_none() {
            (self.first_commit, self.first_commit_at) = (Some(time), Some(lsn));
        }
        self.last_commit = Some(time);
    }

    #[inline(never)]
    fn rare(&mut self, record: &Record<'_>) {
        if record.header.rmid == TRANSACTION {
            if let Some((XactOutcome::Commit, time)) = xact::ended_at(record) {
                self.commit(time, record.lsn);
            }
        } else {
            let opening = xlog::opening(record).filter(|opening| opening.previous != Some(opening.timeline));
            if let Some(TimelineOpening { timeline, previous }) = opening {
                self.open(TimelineBegin { timeline, lsn: record.lsn, previous });
            }
            let before = self.mark();
            if let Some(what) = note(record).filter(|_| self.notes.len() < OPENINGS) {
                self.notes.push(ReplayNote { lsn: record.lsn, end: record.end, what, before });
            }
        }
    }

    fn open(&mut self, opened: TimelineBegin) {
        let another = self.openings.last().is_none_or(|last| last.timeline != opened.timeline);
        if another && self.openings.len() < OPENINGS {
            self.openings.push(opened);
        }
    }

    /// Where `timeline` begins, if a record here says so.
    pub fn opening_of(&self, timeline: TimelineId) -> Option<TimelineBegin> {
        self.openings.iter().find(|opened| opened.timeline == timeline).copied()
    }
}

/// What a record says that decides how recovery goes on.
fn note(record: &Record<'_>) -> Option<NoteKind> {
    match record.header.operation() {
        CHECKPOINT_SHUTDOWN => {
            let Checkpoint { shutdown: true, timeline, previous, .. } = xlog::checkpoint(record)? else { return None };
            Some(NoteKind::Shutdown { timeline, previous })
        }
        END_OF_RECOVERY => {
            let end = xlog::end_of_recovery(record)?;
            Some(NoteKind::EndOfRecovery { timeline: end.timeline, previous: end.previous })
        }
        BACKUP_END => Some(NoteKind::BackupEnd { start: xlog::backup_end(record)? }),
        PARAMETER_CHANGE => Some(NoteKind::WalLevel { level: xlog::parameter_change(record)?.wal_level? }),
        _ => None,
    }
}
