//! Transactions as they are listed.

use crate::event::EventEnd;
use crate::named::lacks_name;
use crate::over::OverXact;
use crate::relation_sums::RelationSum;
use crate::transaction::PreparedXact;
use pgwal_catalog::{Names, RelationName};
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId};
use std::cmp::Reverse;
use std::sync::Arc;

/// What a transaction did to a relation, an index or a TOAST table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XactRelation {
    /// Its files.
    pub file: RelFileLocator,
    /// What it is called, where that is known.
    pub name: Option<RelationName>,
    /// Rows, and bytes of records whose first block is one of it.
    pub sum: RelationSum,
}

/// A transaction.
#[derive(Clone, PartialEq, Debug)]
pub struct ListedXact {
    /// Its number.
    pub xid: u32,
    /// How it ended.
    pub end: EventEnd,
    /// Its first record here.
    pub begin: Lsn,
    /// The timeline of that.
    pub timeline: TimelineId,
    /// That is its first record. Otherwise it may have begun before this WAL.
    pub begin_known: bool,
    /// The last time in WAL before that record.
    pub after: Option<Timestamp>,
    /// The first time in WAL in that record or behind it.
    pub until: Option<Timestamp>,
    /// The record that ended it.
    pub end_lsn: Option<Lsn>,
    /// When it ended.
    pub time: Option<Timestamp>,
    /// How long it took, in microseconds; of one that is open, up to the last time in this WAL.
    pub took: XactDuration,
    /// The transaction of which it is a part behind a savepoint, where WAL says so.
    pub top: Option<u32>,
    /// Its subtransactions, as the record of its end names them, the first
    /// [`MOST_SUBXACTS`](crate::WalEvent::MOST_SUBXACTS) of them; all where it alone was asked for.
    pub subxacts: Arc<[u32]>,
    /// How many more it has.
    pub subxacts_more: u64,
    /// Where and when it was prepared, and under which name.
    pub prepared: Option<PreparedXact>,
    /// Bytes of its records.
    pub bytes: u64,
    /// Rows of all relations.
    pub rows: RelationSum,
    /// What it did to relations, those with most bytes first.
    pub relations: Vec<XactRelation>,
    /// Further relations.
    pub relations_more: u64,
    /// WAL is missing inside it: there may be more.
    pub partial: bool,
    /// From here on files of a database or of a tablespace are gone, or what they belong to is marked, whatever became
    /// of the transaction.
    pub lost_from: Option<Lsn>,
}

impl ListedXact {
    pub(crate) fn lacks_names(&self) -> bool {
        self.relations.iter().any(|relation| lacks_name(relation.file, relation.name.as_ref()))
    }

    /// Takes the names that are known when all is read; what the transaction itself named goes before nothing else.
    pub(crate) fn complete(&mut self, names: &Names) {
        let at = self.end_lsn.unwrap_or(Lsn::MAX);
        for relation in &mut self.relations {
            relation.name = names.relation_at(relation.file, at).or(relation.name.take());
        }
    }

    /// Of one that is over; `most`: relations that are listed.
    pub(crate) fn new(over: &OverXact<'_>, names: &Names, clock: Option<Timestamp>, most: usize) -> ListedXact {
        let OverXact { xact, ending, .. } = over;
        let mut relations: Vec<_> = xact.relations.iter().map(|(rel, sum)| (*rel, *sum)).collect();
        relations.sort_by_key(|(rel, sum)| (Reverse(sum.bytes), *rel));
        let relations_more = relations.len().saturating_sub(most) as u64;
        relations.truncate(most);
        let all = || Arc::from(ending.subxacts.as_slice());
        let subxacts = if most == usize::MAX { all() } else { Arc::clone(&over.subxacts) };
        let named = |(file, sum)| XactRelation { file, name: over.name(file, names), sum };
        ListedXact {
            xid: ending.xid,
            end: ending.end,
            begin: xact.begin,
            timeline: xact.timeline,
            begin_known: over.begin_known,
            after: xact.after,
            until: xact.until,
            end_lsn: ending.lsn,
            time: ending.time,
            took: XactDuration::of(over, clock),
            top: xact.top,
            subxacts_more: ending.subxacts.len().saturating_sub(subxacts.len()) as u64,
            subxacts,
            prepared: xact.prepared.clone(),
            bytes: xact.bytes + ending.bytes,
            rows: rows(over),
            relations: relations.into_iter().map(named).collect(),
            relations_more,
            partial: xact.holed,
            lost_from: xact.lost_from,
        }
    }

    /// `committed`, `aborted`, `crashed`, `open`; `prepared` where it is that to the end of this WAL.
    pub fn outcome(&self) -> &'static str {
        if self.end == EventEnd::Open && self.prepared.is_some() { "prepared" } else { self.end.name() }
    }
}

/// Between which bounds a transaction took, in microseconds: WAL has the time of its end alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct XactDuration {
    /// Since the first time in WAL behind its first record.
    pub least: Option<i64>,
    /// Since the last time in WAL before that.
    pub most: Option<i64>,
}

impl XactDuration {
    /// Of one that is over; `clock`: the last time in WAL.
    pub(crate) fn of(over: &OverXact<'_>, clock: Option<Timestamp>) -> XactDuration {
        let end = match over.ending.end {
            EventEnd::Open => clock,
            // When the server crashed, WAL does not say.
            EventEnd::Crashed => None,
            EventEnd::Committed | EventEnd::Aborted => over.ending.time,
        };
        let since = |from: Option<Timestamp>| Some(end?.0.saturating_sub(from?.0).max(0));
        let most = since(over.xact.after.filter(|_| over.begin_known));
        // Two servers' clocks, or one that was set back.
        let least = since(over.xact.until).map(|least| most.map_or(least, |most| least.min(most)));
        XactDuration { least, most }
    }
}

/// Rows of all relations, and bytes of all records that touch one.
pub(crate) fn rows(over: &OverXact<'_>) -> RelationSum {
    let mut all = RelationSum::default();
    over.xact.relations.values().for_each(|sum| all.add(*sum));
    all
}
