//! A transaction that is over, and how it ended.

use crate::event::{EventEnd, EventFact, WalEvent, WalEventKind};
use crate::transaction::OpenXact;
use crate::transient::{relation_of, rewritten};
use pgwal_catalog::{CatalogChange, CatalogRow, ClassRow, Names, RelationName, located};
use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId};
use std::sync::Arc;

/// Looks at records beside the history, in whichever order parts of WAL are read.
pub trait LookAtRecords: Sync {
    /// What is put aside of records that follow each other.
    type Part: Default + Send;

    /// It looks at nothing.
    const IS_BLIND: bool = false;

    /// A record, with its blocks.
    fn record(&self, _record: &Record<'_>, _blocks: &[Block], _part: &mut Self::Part) {}
}

/// Nothing is looked at.
impl LookAtRecords for () {
    type Part = ();
    const IS_BLIND: bool = true;
}

/// Is told what happens, in the order of WAL.
pub trait TakeHistory: Send {
    /// What looks at every record for it, on the threads that read.
    type Look: LookAtRecords;

    /// What was put aside of records that come next, before it is told what these did.
    fn looked(&mut self, _part: <Self::Look as LookAtRecords>::Part) {}

    /// Whether transactions are asked for, too, that did nothing but end.
    fn wants_empty(&self) -> bool {
        false
    }

    /// A transaction is over. `names`: as they are behind it; `clock`: the last time in WAL.
    fn over(&mut self, over: &OverXact<'_>, names: &Names, clock: Option<Timestamp>);

    /// What no transaction did.
    fn happened(&mut self, _event: WalEvent, _clock: Option<Timestamp>) {}

    /// A time in WAL, and the last one before it; `at`: the last record.
    fn time(&mut self, _before: Timestamp, _now: Timestamp, _at: (Lsn, TimelineId)) {}
}

/// The end of a transaction.
pub struct XactEnding {
    /// Its number.
    pub xid: u32,
    /// How.
    pub end: EventEnd,
    /// The record that ended it.
    pub lsn: Option<Lsn>,
    /// When.
    pub time: Option<Timestamp>,
    /// Its subtransactions, as that record names them.
    pub subxacts: Vec<u32>,
    /// Files that go away with it.
    pub dropped: Vec<RelFileLocator>,
    /// Bytes of that record, where they are not among those of its other records.
    pub bytes: u64,
}

impl XactEnding {
    /// One of which nothing else is known.
    pub fn of(xid: u32, end: EventEnd) -> XactEnding {
        XactEnding { xid, end, lsn: None, time: None, subxacts: Vec::new(), dropped: Vec::new(), bytes: 0 }
    }

    /// Where it ended; behind everything where it did not.
    pub fn at(&self) -> Lsn {
        self.lsn.unwrap_or(Lsn::MAX)
    }

    /// The record in front of which nothing is done of what the transaction did to stay.
    pub fn undo(&self, xact: &OpenXact) -> Option<Lsn> {
        let commit = self.lsn.filter(|_| self.end == EventEnd::Committed);
        xact.lost_from.into_iter().chain(commit).min()
    }

    /// The subtransactions that are listed.
    pub fn listed(&self) -> Arc<[u32]> {
        match self.subxacts.get(..WalEvent::MOST_SUBXACTS).unwrap_or(&self.subxacts) {
            // Nearly none has any.
            [] => Arc::default(),
            listed => listed.into(),
        }
    }
}

/// A transaction that is over, and how.
pub struct OverXact<'x> {
    /// What it did.
    pub xact: &'x OpenXact,
    /// How it ended.
    pub ending: &'x XactEnding,
    /// The subtransactions that are listed, one list for all its events.
    pub subxacts: Arc<[u32]>,
    /// The last record that was read before it was over.
    pub at: Lsn,
    /// Its number was given out in this WAL: its first record is here.
    pub begin_known: bool,
}

impl OverXact<'_> {
    /// An event of it, of which nothing else is known.
    pub fn event(&self, kind: WalEventKind) -> WalEvent {
        let OverXact { xact, ending, subxacts, .. } = self;
        WalEvent {
            end: Some(ending.end),
            end_lsn: ending.lsn,
            time: ending.time,
            xid: Some(ending.xid).filter(|xid| *xid != 0),
            subxacts: Arc::clone(subxacts),
            subxacts_more: (ending.subxacts.len() - subxacts.len()) as u64,
            undo: ending.undo(xact),
            prepared: self.prepared_as(),
            partial: xact.holed,
            ..WalEvent::plain(kind, xact.begin, xact.timeline, EventFact::Nothing)
        }
    }

    /// The name under which it was prepared.
    pub fn prepared_as(&self) -> Option<Arc<[u8]>> {
        self.xact.prepared.as_ref().map(|(_, gid, _)| gid.as_slice().into())
    }

    /// What a relation is called: as its row says that the transaction itself wrote, where it has no name from before.
    pub fn name(&self, rel: RelFileLocator, names: &Names) -> Option<RelationName> {
        let at = self.ending.at();
        names.relation_at(rel, at).or_else(|| named_inside(self.xact, rel, names, at))
    }
}

/// Whether a row that a transaction wrote names a file.
pub fn names_file(xact: &OpenXact, rel: RelFileLocator) -> bool {
    rows(xact).any(|(file, row)| located(file, row) == Some(rel))
}

/// What a relation is called that the transaction itself made or renamed, at last.
fn named_inside(xact: &OpenXact, rel: RelFileLocator, names: &Names, at: Lsn) -> Option<RelationName> {
    let (file, row) = rows(xact).rfind(|(file, row)| located(*file, row) == Some(rel))?;
    let of_rewrite = rewritten(row).and_then(|oid| relation_of(names, (file.db, oid), Some(rel), at));
    Some(of_rewrite.map_or_else(|| names.named_at(file.db, row, at), |(_, name)| name))
}

fn rows(xact: &OpenXact) -> impl DoubleEndedIterator<Item = (RelFileLocator, &ClassRow)> {
    xact.catalog.iter().filter_map(|(file, change)| match change {
        CatalogChange::Inserted(CatalogRow::Class(row))
        | CatalogChange::Updated { after: Some(CatalogRow::Class(row)), .. } => Some((*file, row)),
        _ => None,
    })
}
