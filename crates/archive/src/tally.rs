//! What verification makes of records.

use crate::facts::Facts;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::rmgr::xact::{self, Timestamp, XactOutcome};
use pgwal_format::rmgr::xlog::{CHECKPOINT_SHUTDOWN, END_OF_RECOVERY, RESTORE_POINT};
use pgwal_format::rmgr::{TRANSACTION, XLOG, xlog};
use pgwal_format::{Lsn, TimelineId, wire_fields};
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
    /// Time of the last commit.
    pub last_commit: Option<Timestamp>,
    /// Where a record first says that another timeline is in force than before.
    pub openings: Vec<(TimelineId, Lsn)>,
    /// Where transactions end and restore points stand, segment by segment, where that was asked for
    /// ([`Look::facts`](crate::Look::facts)).
    pub facts: Vec<Facts>,
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

/// Timelines that one run can open before further ones are left out: more than any real archive has.
const OPENINGS: usize = 4096;

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
                && matches!(header.operation(), CHECKPOINT_SHUTDOWN | RESTORE_POINT | END_OF_RECOVERY))
    }

    #[inline(always)]
    fn pass(&mut self, _: &RecordHeader) {
        self.records += 1;
    }

    #[inline(always)]
    fn record(&mut self, record: &Record<'_>) {
        self.records += 1;
        if !self.facts.is_empty() {
            self.note(record);
        }
        match xact::plain_commit(record) {
            Some(time) => self.commit(time),
            None => self.rare(record),
        }
    }

    fn join(&mut self, right: Tally) {
        self.facts.extend(right.facts);
        self.records += right.records;
        self.commits += right.commits;
        self.first_commit = self.first_commit.or(right.first_commit);
        self.last_commit = right.last_commit.or(self.last_commit);
        for (timeline, lsn) in right.openings {
            self.open(timeline, lsn);
        }
    }
}

wire_fields!(Mark { records, commits, last_commit });
wire_fields!(Tally { records, commits, first_commit, last_commit, openings, facts });

impl Tally {
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
    fn commit(&mut self, time: Timestamp) {
        self.commits += 1;
        self.first_commit.get_or_insert(time);
        self.last_commit = Some(time);
    }

    #[inline(never)]
    fn rare(&mut self, record: &Record<'_>) {
        if record.header.rmid == TRANSACTION {
            if let Some((XactOutcome::Commit, time)) = xact::ended_at(record) {
                self.commit(time);
            }
        } else if let Some(opening) = xlog::opening(record).filter(|o| o.previous != Some(o.timeline)) {
            self.open(opening.timeline, record.lsn);
        }
    }

    fn open(&mut self, timeline: TimelineId, lsn: Lsn) {
        if self.openings.last().is_none_or(|(last, _)| *last != timeline) && self.openings.len() < OPENINGS {
            self.openings.push((timeline, lsn));
        }
    }

    /// Where `timeline` begins, if a record here says so.
    pub fn opening_of(&self, timeline: TimelineId) -> Option<Lsn> {
        self.openings.iter().find(|(t, _)| *t == timeline).map(|(_, lsn)| *lsn)
    }
}
