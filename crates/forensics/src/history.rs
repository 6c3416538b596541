//! Puts parts of WAL together in their order: which transactions are open, and what they came to when they end.

mod ends;
mod records;

pub use records::prepared;

use crate::effects::{KeptRecord, WalPart};
use crate::event::{EventEnd, EventFact, WalEvent, WalEventKind};
use crate::fate::XactFate;
use crate::look::TakeParts;
use crate::transaction::OpenXacts;
use crate::wish::EventWish;
use pgwal_catalog::{CatalogRows, Names};
use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::control::ServerParameters;
use pgwal_format::{Lsn, TimelineId};
use std::collections::HashMap;
use std::sync::Arc;

/// So many events are kept.
const MOST_EVENTS: usize = 100_000;
/// So many relations and subtransactions of all of them.
const MOST_DETAILS: usize = 500_000;

/// What has happened so far.
pub struct History<'a> {
    /// What is asked for.
    wish: EventWish,
    /// Rows of catalogs.
    pub rows: CatalogRows<'a>,
    /// What relations are called so far.
    pub names: Names,
    /// Names that were given, which hold behind a hole, too.
    given: Names,
    open: OpenXacts,
    blocks: Vec<Block>,
    /// The last time in WAL.
    clock: Option<Timestamp>,
    parameters: Option<ServerParameters>,
    /// The timeline that the last checkpoint names, or that of the first file of WAL without a hole.
    in_force: Option<TimelineId>,
    /// Rows of databases that are marked as going away, by OID where that is known, and where each was marked.
    marked: Vec<(Option<u32>, Lsn)>,
    /// Databases whose files came into another tablespace without a transaction, and where that began.
    moved: HashMap<u32, Lsn>,
    /// How the transaction ended that is sought.
    pub sought: Vec<XactFate>,
    /// A catalog lies in a file that was not known from the start: its rows were not all looked at.
    pub catalogs_moved: bool,
    /// In the order in which they ended.
    pub events: Vec<WalEvent>,
    /// Relations and subtransactions of them.
    details: usize,
    /// Where WAL could not be read.
    pub holes: Vec<WalHole>,
    first: Option<Lsn>,
    /// The last record.
    last: (Lsn, TimelineId),
    /// Events for which there was no room.
    pub more_events: u64,
}

/// WAL that could not be read: between two records nothing is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WalHole {
    /// The last record before it.
    pub after: Lsn,
    /// The first one behind it.
    pub before: Lsn,
}

/// So many holes are told.
const MOST_HOLES: usize = 1000;

/// Databases that are kept which go away or move.
const MOST_DATABASES: usize = 10_000;

/// The end of a transaction.
pub struct XactEnding {
    /// Its number.
    pub xid: u32,
    /// How it ended.
    pub end: EventEnd,
    /// The record of that.
    pub lsn: Option<Lsn>,
    /// When.
    pub time: Option<Timestamp>,
    /// Its subtransactions.
    pub subxacts: Vec<u32>,
    dropped: Vec<RelFileLocator>,
}

impl<'a> History<'a> {
    /// Nothing yet.
    pub fn new(wish: EventWish, rows: CatalogRows<'a>, given: Names) -> History<'a> {
        History {
            wish,
            rows,
            names: given.clone(),
            given,
            open: OpenXacts::default(),
            blocks: Vec::new(),
            clock: None,
            parameters: None,
            in_force: None,
            marked: Vec::new(),
            moved: HashMap::new(),
            sought: Vec::new(),
            catalogs_moved: false,
            events: Vec::new(),
            details: 0,
            holes: Vec::new(),
            first: None,
            last: (Lsn::ZERO, TimelineId(1)),
            more_events: 0,
        }
    }

    /// What was not kept of transactions, of catalogs and of names, for there was too much of it.
    pub fn left_out(&self) -> u64 {
        self.open.left_out + self.rows.left_out + self.names.left_out
    }

    /// The first record and the last one.
    pub fn range(&self) -> Option<(Lsn, Lsn)> {
        Some((self.first?, self.last.0))
    }

    /// Goes on with what follows.
    fn take(&mut self, part: WalPart) {
        for stretch in part.before.into_iter().chain([part.last]) {
            let Some(span) = stretch.span else { continue };
            self.first.get_or_insert(span.first);
            // Every record names the one before it.
            if self.last.0 != Lsn::ZERO && span.prev != self.last.0 {
                self.hole(WalHole { after: self.last.0, before: span.first });
            }
            self.in_force.get_or_insert(span.opened);
            self.open.add(stretch.xacts);
            for kept in stretch.kept {
                match kept {
                    KeptRecord::Commit { xid, time, lsn } => {
                        self.last = (lsn, span.timeline);
                        let ending =
                            XactEnding { lsn: Some(lsn), time: Some(time), ..XactEnding::of(xid, EventEnd::Committed) };
                        self.ended(ending);
                    }
                    KeptRecord::Whole { timeline, lsn, end, header, body } => {
                        self.last = (lsn, timeline);
                        self.record(&Record { lsn, end, header, body: &body, layout: &span.layout }, timeline);
                    }
                }
            }
            self.last = (span.last, span.timeline);
        }
    }

    /// Nothing is known of rows and names behind it, nor of transactions that were open.
    fn hole(&mut self, hole: WalHole) {
        if self.holes.len() < MOST_HOLES {
            self.holes.push(hole);
        }
        self.open.hole();
        self.rows.forget();
        self.marked.clear();
        self.moved.clear();
        self.in_force = None;
        let left_out = self.names.left_out;
        self.names = self.given.clone();
        self.names.left_out = left_out;
    }

    /// A time in WAL: long after the last one, nothing happened between.
    fn tick(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else { return };
        if let Some(before) = self.clock
            && time.0.saturating_sub(before.0) >= self.wish.quiet
        {
            let (lsn, timeline) = self.last;
            let fact = EventFact::Between(before, time);
            self.tell(WalEvent { time: Some(before), ..plain(WalEventKind::Quiet, lsn, timeline, fact) });
        }
        self.clock = self.clock.max(Some(time));
    }

    fn tell(&mut self, event: WalEvent) {
        if !self.wish.wants(&event, self.clock) {
            return;
        }
        let details = self.details + event.weight();
        if self.events.len() < MOST_EVENTS && details <= MOST_DETAILS {
            self.details = details;
            self.events.push(event);
        } else {
            self.more_events += 1;
        }
    }
}

impl TakeParts for History<'_> {
    fn add(&mut self, part: WalPart) {
        self.take(part);
    }
}

impl XactEnding {
    fn of(xid: u32, end: EventEnd) -> XactEnding {
        XactEnding { xid, end, lsn: None, time: None, subxacts: Vec::new(), dropped: Vec::new() }
    }
}

fn plain(kind: WalEventKind, lsn: Lsn, timeline: TimelineId, fact: EventFact) -> WalEvent {
    WalEvent {
        kind,
        lsn,
        timeline,
        end: None,
        end_lsn: None,
        time: None,
        xid: None,
        subxacts: Arc::default(),
        subxacts_more: 0,
        undo: Some(lsn),
        prepared: None,
        relations: Vec::new(),
        rows: None,
        on_disk: None,
        bytes: 0,
        by_files_alone: false,
        partial: false,
        fact,
    }
}
