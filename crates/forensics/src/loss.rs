//! What a recovery leaves out that ends in front of a record.
//!
//! ```text
//! ── begun ──────────────── committed ──        kept
//!          ── begun ──────────── │ ── committed ──   in flight there: lost, with what it did before
//!                                │ ── begun ── committed ──   lost
//!                             target
//! ```

use crate::event::{EventEnd, EventRelation};
use crate::over::{OverXact, TakeHistory};
use crate::reading::read_history;
use crate::relation_sums::RelationSum;
use crate::transaction::OpenXact;
use pgwal_catalog::Names;
use pgwal_format::Lsn;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_source::Source;
use pgwal_verify::records::{ListError, ListRequest};

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
    /// Every record was read, and no transaction left out: there is no more than that in this WAL.
    pub complete: bool,
}

/// So many that had begun before are kept.
const MOST: usize = 1000;

/// Sums what a recovery leaves out that ends in front of the record at `target`. The range of `wanted` should be all of
/// the WAL. The transaction that ends at `own` is counted, and not told among those that were in flight.
///
/// # Errors
/// Those of [`gather`](pgwal_verify::records::gather).
pub fn loss(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    names: &Names,
    target: Lsn,
    own: Option<Lsn>,
) -> Result<RecoveryLoss, ListError> {
    let make = || (LossSum::new(target, own), ());
    let (history, gathered) = read_history(source, wanted, &Names::default(), &make, &|_, _, _| {}, &mut |_| Ok(()))?;
    // Names that were left out lose no commit.
    let complete = gathered.complete && history.left_out_sums() == 0;
    let mut loss = RecoveryLoss { complete, ..history.list.loss };
    for in_flight in &mut loss.in_flight {
        for (relation, _) in &mut in_flight.relations {
            relation.name = relation.file.and_then(|rel| names.relation_at(rel, in_flight.commit.lsn));
        }
    }
    Ok(loss)
}

struct LossSum {
    target: Lsn,
    own: Option<Lsn>,
    loss: RecoveryLoss,
}

impl TakeHistory for LossSum {
    type Look = ();

    fn wants_empty(&self) -> bool {
        true
    }

    fn over(&mut self, over: &OverXact<'_>, _: &Names, _: Option<Timestamp>) {
        let ending = over.ending;
        let (EventEnd::Committed, Some(lsn), Some(time)) = (ending.end, ending.lsn, ending.time) else { return };
        let own = CommittedXact { xid: ending.xid, time, lsn };
        let loss = &mut self.loss;
        if lsn < self.target {
            loss.kept = Some(own);
            return;
        }
        loss.commits += 1;
        loss.first.get_or_insert(own);
        loss.last = Some(own);
        loss.bytes += over.xact.bytes;
        if over.xact.begin >= self.target || self.own == Some(lsn) {
            return;
        }
        if loss.in_flight.len() < MOST {
            loss.in_flight.push(in_flight(own, over.xact, self.target));
        } else {
            loss.more_in_flight += 1;
        }
    }
}

impl LossSum {
    fn new(target: Lsn, own: Option<Lsn>) -> LossSum {
        LossSum { target, own, loss: RecoveryLoss::default() }
    }
}

fn in_flight(commit: CommittedXact, whole: &OpenXact, target: Lsn) -> InFlightXact {
    let rows = |sum: &RelationSum| sum.inserted + sum.updated + sum.deleted;
    let mut sums: Vec<_> = whole.relations.iter().filter(|(_, sum)| rows(sum) > 0).collect();
    sums.sort_by_key(|(rel, sum)| (std::cmp::Reverse(rows(sum)), **rel));
    let unnamed = |rel| EventRelation { file: Some(rel), ..EventRelation::default() };
    let told = sums.iter().take(InFlightXact::MOST_RELATIONS);
    let before = whole.prepared.as_ref().filter(|(lsn, ..)| *lsn < target);
    InFlightXact {
        commit,
        begin: whole.begin,
        bytes: whole.bytes,
        rows: sums.iter().map(|(_, sum)| rows(sum)).sum(),
        relations: told.map(|(rel, sum)| (unnamed(**rel), **sum)).collect(),
        more_relations: sums.len().saturating_sub(InFlightXact::MOST_RELATIONS) as u64,
        prepared: before.map(|(_, gid, _)| gid.clone()),
    }
}
