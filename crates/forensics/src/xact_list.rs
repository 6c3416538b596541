//! Transactions of an archive: sums of all, and the first ones by an order.

use crate::event::EventEnd;
use crate::history::{History, WalHole};
use crate::listed_xact::{ListedXact, XactDuration, rows};
use crate::look::NoteFinding;
use crate::over::{OverXact, TakeHistory};
use crate::reading::read_history;
use crate::relation_sums::RelationSum;
use crate::xact_wish::{XactOrder, XactWish};
use pgwal_catalog::Names;
use pgwal_format::Lsn;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_source::Source;
use pgwal_verify::records::{Gathered, ListError, ListRequest, ListSink, NoEvent};
use std::collections::BTreeMap;

/// So many transactions are kept.
const MOST_LISTED: usize = 50_000;
/// So many relations of each.
const MOST_RELATIONS: usize = 20;

/// What transactions come to that were asked for, whether they are listed or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct XactTotals {
    /// All of them; a part behind a savepoint that was rolled back is one of its own.
    pub transactions: u64,
    /// Those that were committed.
    pub committed: u64,
    /// Those that were rolled back.
    pub aborted: u64,
    /// Those that a crash ended.
    pub crashed: u64,
    /// Those that are open, or whose end lies where WAL is missing.
    pub open: u64,
    /// Those that are prepared.
    pub prepared: u64,
    /// Bytes of their records.
    pub bytes: u64,
    /// Their rows, and bytes of records that touch a relation.
    pub rows: RelationSum,
}

/// What was found.
#[derive(Debug)]
pub struct XactsAnswer {
    /// In the order that was asked for; by end: as they ended.
    pub xacts: Vec<ListedXact>,
    /// All that fit.
    pub totals: XactTotals,
    /// Relations, rows of catalogs and transactions that were not kept, for there were too many.
    pub left_out: u64,
    /// The first record and the last one.
    pub range: Option<(Lsn, Lsn)>,
    /// The first time that WAL tells and the last one.
    pub times: Option<(Timestamp, Timestamp)>,
    /// Where WAL could not be read.
    pub holes: Vec<WalHole>,
    /// What was read.
    pub gathered: Gathered,
}

/// Finds transactions. `names`: what is known of names before anything is read. Findings are told with `tell`, and
/// what it writes is handed to `sink`.
///
/// # Errors
/// Those of [`gather`](pgwal_verify::records::gather).
pub fn transactions(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    wish: &XactWish,
    names: &Names,
    tell: &NoteFinding<'_>,
    sink: &mut ListSink<'_, NoEvent>,
) -> Result<XactsAnswer, ListError> {
    let make = || (XactList::new(wish.clone()), ());
    let (history, gathered) = read_history(source, wanted, names, &make, tell, sink)?;
    let (left_out, range, times) = (history.left_out(), history.range(), history.times());
    let History { list, holes, keeper, .. } = history;
    let (mut xacts, totals) = list.into_parts();
    let names = keeper.finish();
    xacts.iter_mut().for_each(|xact| xact.complete(&names));
    Ok(XactsAnswer { xacts, totals, left_out, range, times, holes, gathered })
}

impl XactsAnswer {
    /// A relation that a user made has no name, or none with its schema.
    pub fn lacks_names(&self) -> bool {
        self.xacts.iter().any(ListedXact::lacks_names)
    }

    /// Takes names that are known at every position.
    pub fn name_by(&mut self, names: &Names) {
        self.xacts.iter_mut().for_each(|xact| xact.complete(names));
    }
}

/// The first ones so far.
pub struct XactList {
    wish: XactWish,
    /// By rank, then as they ended.
    kept: BTreeMap<(u64, u64, u64), ListedXact>,
    totals: XactTotals,
}

impl TakeHistory for XactList {
    type Look = ();

    fn wants_empty(&self) -> bool {
        true
    }

    fn over(&mut self, over: &OverXact<'_>, names: &Names, clock: Option<Timestamp>) {
        if !self.wish.wants(over, clock) {
            return;
        }
        let took = XactDuration::of(over, clock);
        if self.wish.longer_than.is_some_and(|least| took.least.is_none_or(|took| took < least)) {
            return;
        }
        self.count(over);
        let (first, second) = self.wish.rank(over, took);
        let key = (first, second, self.totals.transactions);
        let most = self.wish.limit.unwrap_or(MOST_LISTED).min(MOST_LISTED);
        if self.kept.len() >= most {
            if self.kept.first_key_value().is_none_or(|(least, _)| key < *least) {
                return;
            }
            self.kept.pop_first();
        }
        // One that is asked for by its number is told in full.
        let relations = if self.wish.xid.is_some() { usize::MAX } else { MOST_RELATIONS };
        self.kept.insert(key, ListedXact::new(over, names, clock, relations));
    }
}

impl XactList {
    /// None yet.
    pub fn new(wish: XactWish) -> XactList {
        XactList { wish, kept: BTreeMap::new(), totals: XactTotals::default() }
    }

    /// The first ones, in the order that was asked for, and sums of all.
    pub fn into_parts(self) -> (Vec<ListedXact>, XactTotals) {
        let kept = self.kept.into_values();
        let xacts = if self.wish.by == XactOrder::End { kept.collect() } else { kept.rev().collect() };
        (xacts, self.totals)
    }

    fn count(&mut self, over: &OverXact<'_>) {
        let totals = &mut self.totals;
        totals.transactions += 1;
        *match over.ending.end {
            EventEnd::Committed => &mut totals.committed,
            EventEnd::Aborted => &mut totals.aborted,
            EventEnd::Crashed => &mut totals.crashed,
            EventEnd::Open if over.xact.prepared.is_some() => &mut totals.prepared,
            EventEnd::Open => &mut totals.open,
        } += 1;
        totals.bytes += over.xact.bytes + over.ending.bytes;
        totals.rows.add(rows(over));
    }
}
