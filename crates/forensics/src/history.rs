//! Puts parts of WAL together in their order: which transactions are open, and what they came to when they end.

mod ends;
mod records;

use crate::effects::{KeptRecord, WalPart, WalStretch, WholeRecord};
use crate::event::{EventEnd, WalEvent};
use crate::initdb::InitdbWal;
use crate::over::{TakeHistory, XactEnding};
use crate::transaction::{OpenXact, OpenXacts};
use pgwal_catalog::{CatalogRows, NameKeeper, Names};
use pgwal_format::record::{Block, Record};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::control::ServerParameters;
use pgwal_format::{Lsn, TimelineId};
use std::collections::HashMap;

/// What has happened so far.
pub struct History<'a, T> {
    /// Who is told.
    pub list: T,
    /// Rows of catalogs.
    pub rows: CatalogRows<'a>,
    /// Names, as far as they are known at the last record.
    pub keeper: NameKeeper,
    open: OpenXacts,
    /// Room for a transaction that is over.
    room: Option<Box<OpenXact>>,
    blocks: Vec<Block>,
    /// The last time in WAL.
    clock: Option<Timestamp>,
    /// The first one.
    first_time: Option<Timestamp>,
    parameters: Option<ServerParameters>,
    /// The timeline that the last checkpoint names, or that of the first file of WAL without a hole.
    in_force: Option<TimelineId>,
    /// Rows of databases that are marked as going away, by OID where that is known, and where each was marked.
    marked: Vec<(Option<u32>, Lsn)>,
    /// Databases whose files came into another tablespace without a transaction, and where that began.
    moved: HashMap<u32, Lsn>,
    /// A catalog lies in a file that was not known from the start: its rows were not all looked at.
    pub catalogs_moved: bool,
    /// The first transaction number that is not given out yet, by the first record that tells it; behind a hole, by the
    /// first one there.
    next_xid: Option<u32>,
    /// Where WAL could not be read.
    pub holes: Vec<WalHole>,
    /// What initdb wrote.
    pub initdb: InitdbWal,
    first: Option<Lsn>,
    /// The last record.
    last: (Lsn, TimelineId),
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

impl<'a, T: TakeHistory> History<'a, T> {
    /// Nothing yet.
    pub fn new(list: T, rows: CatalogRows<'a>, given: Names) -> History<'a, T> {
        History {
            list,
            rows,
            keeper: NameKeeper::new(given),
            open: OpenXacts::default(),
            room: None,
            blocks: Vec::new(),
            clock: None,
            first_time: None,
            parameters: None,
            in_force: None,
            marked: Vec::new(),
            moved: HashMap::new(),
            catalogs_moved: false,
            next_xid: None,
            holes: Vec::new(),
            initdb: InitdbWal::default(),
            first: None,
            last: (Lsn::ZERO, TimelineId(1)),
        }
    }

    /// What was not kept of transactions, of catalogs and of names, for there was too much of it.
    pub fn left_out(&self) -> u64 {
        self.left_out_sums() + self.open.left_out + self.rows.left_out + self.keeper.names().left_out
    }

    /// Transactions and sums of relations among that.
    pub fn left_out_sums(&self) -> u64 {
        self.open.left_out_sums
    }

    /// The first record and the last one.
    pub fn range(&self) -> Option<(Lsn, Lsn)> {
        Some((self.first?, self.last.0))
    }

    /// The first time in WAL and the last one.
    pub fn times(&self) -> Option<(Timestamp, Timestamp)> {
        self.first_time.zip(self.clock)
    }

    /// Goes on with what follows, and leaves the part empty.
    pub fn add(&mut self, part: &mut WalPart) {
        for mut stretch in part.before.drain(..) {
            self.stretch(&mut stretch);
        }
        self.stretch(&mut part.last);
    }

    fn stretch(&mut self, stretch: &mut WalStretch) {
        let Some(span) = stretch.span.take() else { return };
        self.first.get_or_insert(span.first);
        // Every record names the one before it.
        if self.last.0 != Lsn::ZERO && span.prev != self.last.0 {
            self.hole(WalHole { after: self.last.0, before: span.first });
        }
        self.in_force.get_or_insert(span.opened);
        self.keeper.passed(span.first, span.last);
        self.open.begin(std::mem::take(&mut stretch.xacts));
        for kept in stretch.kept.drain(..) {
            match kept {
                KeptRecord::Commit { xid, place, time, lsn, bytes } => {
                    self.last = (lsn, span.timeline);
                    let plain = XactEnding::of(xid, EventEnd::Committed);
                    let ending = XactEnding { lsn: Some(lsn), time: Some(time), bytes: bytes.into(), ..plain };
                    self.ended(&ending, place);
                }
                KeptRecord::Whole(whole) => {
                    let WholeRecord { timeline, lsn, end, header, body } = *whole;
                    self.last = (lsn, timeline);
                    self.record(&Record { lsn, end, header, body: &body, layout: &span.layout }, timeline);
                }
            }
        }
        self.last = (span.last, span.timeline);
        stretch.xacts = self.open.pass();
    }

    /// Nothing is known of rows and names behind it, nor of transactions that were open.
    fn hole(&mut self, hole: WalHole) {
        if self.holes.len() < MOST_HOLES {
            self.holes.push(hole);
        }
        self.initdb.hole();
        self.open.hole();
        self.rows.forget();
        self.keeper.hole(hole.after, hole.before);
        self.marked.clear();
        self.moved.clear();
        self.in_force = None;
        self.next_xid = None;
    }

    /// A time in WAL.
    fn tick(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else { return };
        if let Some(before) = self.clock {
            self.list.time(before, time, self.last);
        }
        self.open.tick(self.last.0, self.clock, time);
        self.first_time.get_or_insert(time);
        self.clock = self.clock.max(Some(time));
    }

    /// A time in whole seconds, and older than its record: of a checkpoint, when that began. What had begun by then it
    /// does not say.
    fn tick_of_checkpoint(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else { return };
        if let Some(before) = self.clock {
            self.list.time(before, time, self.last);
        }
        self.open.passed(self.last.0, self.clock);
        self.first_time.get_or_insert(time);
        self.clock = self.clock.max(Some(time));
    }

    fn tell(&mut self, event: WalEvent) {
        self.list.happened(event, self.clock);
    }
}
