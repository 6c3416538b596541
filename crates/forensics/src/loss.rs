//! What a recovery leaves out that ends in front of a record.
//!
//! ```text
//! ── begun ──────────────── committed ──        kept
//!          ── begun ──────────── │ ── committed ──   in flight there: lost, with what it did before
//!                                │ ── begun ── committed ──   lost
//!                             target
//! ```

use crate::effects::{KeptRecord, RelationSum, WalPart};
use crate::event::{EventEnd, EventRelation};
use crate::history::{XactEnding, prepared};
use crate::look::{Looker, TakeParts};
use crate::transaction::{OpenXact, OpenXacts};
use pgwal_catalog::{CatalogFiles, Names};
use pgwal_format::record::Record;
use pgwal_format::rmgr::xact::{self, Timestamp};
use pgwal_format::rmgr::{TRANSACTION, XLOG, xlog};
use pgwal_format::{Lsn, TimelineId};
use pgwal_source::Source;
use pgwal_verify::records::{ListError, ListRequest, gather};
use std::sync::{Mutex, PoisonError};

/// A transaction that was committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommittedXact {
    /// Its number.
    pub xid: u32,
    /// When.
    pub time: Timestamp,
    /// Its commit record.
    pub lsn: Lsn,
}

/// A transaction that had begun in front of the target, and committed behind it.
#[derive(Clone, PartialEq, Debug)]
pub struct InFlightXact {
    /// Its commit.
    pub commit: CommittedXact,
    /// Its first record.
    pub begin: Lsn,
    /// Bytes of its records.
    pub bytes: u64,
    /// Rows that it wrote, updated and deleted.
    pub rows: u64,
    /// Of which relations, those with most rows first, the first [`InFlightXact::MOST_RELATIONS`] of them.
    pub relations: Vec<(EventRelation, RelationSum)>,
    /// How many more.
    pub more_relations: u64,
    /// It was prepared in front of the target, under this name: recovery brings it back prepared.
    pub prepared: Option<Vec<u8>>,
}

impl InFlightXact {
    /// So many relations of one are told.
    pub const MOST_RELATIONS: usize = 20;
}

/// What is lost.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RecoveryLoss {
    /// The last commit that is kept.
    pub kept: Option<CommittedXact>,
    /// Commits behind it.
    pub commits: u64,
    /// The first of them.
    pub first: Option<CommittedXact>,
    /// The last of them.
    pub last: Option<CommittedXact>,
    /// Bytes of records of their transactions.
    pub bytes: u64,
    /// Those of them that had begun before, the one that is undone excepted, by their commits.
    pub in_flight: Vec<InFlightXact>,
    /// Further ones, for which there is no room.
    pub more_in_flight: u64,
    /// Every record was read, and no detail left out: there is no more than that in this WAL.
    pub complete: bool,
}

/// So many that had begun before are kept.
const MOST: usize = 1000;

/// Sums what a recovery leaves out that ends in front of the record at `target`. The range of `wanted` should be all of
/// the WAL. The transaction that ends at `own` is counted, and not told among those that were in flight.
///
/// # Errors
/// Those of [`gather`].
pub fn loss(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    names: &Names,
    target: Lsn,
    own: Option<Lsn>,
) -> Result<RecoveryLoss, ListError> {
    let files = CatalogFiles::default;
    let sum = || LossSum { own, ..LossSum::new(target, names) };
    let make = || Looker { files: files(), tell: &|_, _, _| {}, history: Mutex::new(sum()) };
    let (looker, gathered) = gather(source, wanted, &make, &mut |_| Ok(()))?;
    let LossSum { open, mut loss, .. } = looker.history.into_inner().unwrap_or_else(PoisonError::into_inner);
    loss.complete = gathered.complete && open.left_out == 0;
    Ok(loss)
}

struct LossSum<'n> {
    target: Lsn,
    own: Option<Lsn>,
    names: &'n Names,
    open: OpenXacts,
    last: Lsn,
    loss: RecoveryLoss,
}

impl TakeParts for LossSum<'_> {
    fn add(&mut self, part: WalPart) {
        for stretch in part.before.into_iter().chain([part.last]) {
            let Some(span) = stretch.span else { continue };
            if self.last != Lsn::ZERO && span.prev != self.last {
                self.open.hole();
            }
            self.open.add(stretch.xacts);
            for kept in stretch.kept {
                match kept {
                    KeptRecord::Commit { xid, time, lsn } => self.ended(CommittedXact { xid, time, lsn }, true, &[]),
                    KeptRecord::Whole { timeline, lsn, end, header, body } => {
                        self.record(&Record { lsn, end, header, body: &body, layout: &span.layout }, timeline);
                    }
                }
            }
            self.last = span.last;
        }
    }
}

impl<'n> LossSum<'n> {
    fn new(target: Lsn, names: &'n Names) -> LossSum<'n> {
        let (open, loss) = (OpenXacts::default(), RecoveryLoss::default());
        LossSum { target, own: None, names, open, last: Lsn::ZERO, loss }
    }

    fn record(&mut self, record: &Record<'_>, timeline: TimelineId) {
        let header = &record.header;
        if header.is(XLOG, xlog::CHECKPOINT_SHUTDOWN) || header.is(XLOG, xlog::END_OF_RECOVERY) {
            self.open.end_all(false);
        } else if header.rmid == TRANSACTION && xact::operation(header) == xact::PREPARE {
            let (gid, time, parts) = prepared(record);
            self.open.prepare(header.xid, &parts, (record.lsn, timeline), (record.lsn, gid, time));
        } else if header.rmid == TRANSACTION
            && let Some(ending) = XactEnding::of_record(record)
            && let Some(time) = ending.time
        {
            let own = CommittedXact { xid: ending.xid, time, lsn: record.lsn };
            self.ended(own, ending.end == EventEnd::Committed, &ending.subxacts);
        }
    }

    fn ended(&mut self, own: CommittedXact, committed: bool, subxacts: &[u32]) {
        let whole = self.open.end(own.xid, subxacts);
        if !committed {
            return;
        }
        let loss = &mut self.loss;
        if own.lsn < self.target {
            loss.kept = Some(own);
            return;
        }
        loss.commits += 1;
        loss.first.get_or_insert(own);
        loss.last = Some(own);
        let Some(whole) = whole else { return };
        loss.bytes += whole.bytes;
        if whole.begin >= self.target || self.own == Some(own.lsn) {
            return;
        }
        if loss.in_flight.len() < MOST {
            let in_flight = self.in_flight(own, whole);
            self.loss.in_flight.push(in_flight);
        } else {
            loss.more_in_flight += 1;
        }
    }

    fn in_flight(&self, commit: CommittedXact, whole: OpenXact) -> InFlightXact {
        let rows = |sum: &RelationSum| sum.inserted + sum.updated + sum.deleted;
        let mut sums: Vec<_> = whole.relations.iter().filter(|(_, sum)| rows(sum) > 0).collect();
        sums.sort_by_key(|(rel, sum)| (std::cmp::Reverse(rows(sum)), **rel));
        let named = |rel| EventRelation { file: Some(rel), new_file: None, name: self.names.relation(rel) };
        let told = sums.iter().take(InFlightXact::MOST_RELATIONS);
        let before = whole.prepared.as_ref().filter(|(lsn, ..)| *lsn < self.target);
        InFlightXact {
            commit,
            begin: whole.begin,
            bytes: whole.bytes,
            rows: sums.iter().map(|(_, sum)| rows(sum)).sum(),
            relations: told.map(|(rel, sum)| (named(**rel), **sum)).collect(),
            more_relations: sums.len().saturating_sub(InFlightXact::MOST_RELATIONS) as u64,
            prepared: before.map(|(_, gid, _)| gid.clone()),
        }
    }
}
