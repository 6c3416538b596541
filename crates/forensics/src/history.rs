//! Puts parts of WAL together in their order: which transactions are open, and what they came to when they end.

mod ends;
mod records;

use crate::effects::{KeptRecord, WalPart};
use crate::event::{EventEnd, EventFact, WalEvent, WalEventKind};
use crate::transaction::OpenXacts;
use crate::wish::EventWish;
use pgwal_catalog::{CatalogRows, NameKeeper, Names};
use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::control::ServerParameters;
use pgwal_format::{Lsn, TimelineId};
use std::sync::Arc;

/// So many events are kept.
const MOST_EVENTS: usize = 100_000;
/// So many relations and subtransactions of all of them.
const MOST_DETAILS: usize = 500_000;

/// What has happened so far.
pub struct History<'a> {
    /// What is asked for.
    pub wish: EventWish,
    /// Rows of catalogs.
    pub rows: CatalogRows<'a>,
    /// Names, as far as they are known at the last record.
    pub keeper: NameKeeper,
    open: OpenXacts,
    blocks: Vec<Block>,
    /// The last time in WAL.
    clock: Option<Timestamp>,
    parameters: Option<ServerParameters>,
    /// The timeline that the last checkpoint names, or that of the first file of WAL without a hole.
    in_force: Option<TimelineId>,
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

/// The end of a transaction.
struct XactEnding {
    xid: u32,
    end: EventEnd,
    lsn: Option<Lsn>,
    time: Option<Timestamp>,
    subxacts: Vec<u32>,
    dropped: Vec<RelFileLocator>,
}

impl<'a> History<'a> {
    /// Nothing yet.
    pub fn new(wish: EventWish, rows: CatalogRows<'a>, given: Names) -> History<'a> {
        History {
            wish,
            rows,
            keeper: NameKeeper::new(given),
            open: OpenXacts::default(),
            blocks: Vec::new(),
            clock: None,
            parameters: None,
            in_force: None,
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
        self.open.left_out + self.rows.left_out + self.keeper.names().left_out
    }

    /// The first record and the last one.
    pub fn range(&self) -> Option<(Lsn, Lsn)> {
        Some((self.first?, self.last.0))
    }

    /// Goes on with what follows.
    pub fn add(&mut self, part: WalPart) {
        for stretch in part.before.into_iter().chain([part.last]) {
            let Some(span) = stretch.span else { continue };
            self.first.get_or_insert(span.first);
            // Every record names the one before it.
            if self.last.0 != Lsn::ZERO && span.prev != self.last.0 {
                self.hole(WalHole { after: self.last.0, before: span.first });
            }
            self.in_force.get_or_insert(span.opened);
            self.keeper.passed(span.first, span.last);
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
        self.keeper.hole(hole.after, hole.before);
        self.in_force = None;
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
        if !self.wish.may_want(&event, self.clock) {
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
        relations: Vec::new(),
        rows: None,
        bytes: 0,
        by_files_alone: false,
        partial: false,
        fact,
    }
}
