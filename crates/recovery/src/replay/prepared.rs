//! Prepared transactions whose state a server reads again from WAL (`XlogReadTwoPhaseData` in `twophase.c`; 10 and
//! later).
//!
//! ```text
//! archive   00000002…0A   │ 1 … PREPARE … 1 │ CHECKPOINT_SHUTDOWN of 2 …     timeline 2 begins in the segment
//! asked for 00000001…0A   while 1 is in force: recovery took the file of 2, and never that of 1
//! ```
//! Of which timeline a position is, the history of the timeline in force says (`XLogReadDetermineTimeline`); where that
//! file cannot be had, all of WAL counts as of this timeline, and there is no such file.
//!
//! It is read at a checkpoint at shutdown with hot standby on (`PrescanPreparedTransactions`), and when recovery ends
//! with a promotion. A restartpoint would have written it to a file of its own before; when one comes depends on
//! `checkpoint_timeout` and is not foretold.

use crate::at_hand::FilesAtHand;
use crate::events::RecoveryEvent;
use crate::failure::Failure;
use pgwal_format::{Lsn, SegmentNo, TimelineId};
use std::cmp::Ordering;
use std::fmt;

/// A prepared transaction that is open, and a segment of its record.
#[derive(Clone, Copy, Debug)]
struct OpenPrepared {
    xid: u32,
    number: SegmentNo,
    /// The timeline in the file's name.
    file: TimelineId,
}

/// Those that are open and whose state may be looked for in a segment that is not there.
#[derive(Clone)]
pub struct PreparedAcross<'a> {
    shelf: &'a FilesAtHand<'a>,
    list: Vec<OpenPrepared>,
    /// The file that was read before this one.
    before: Option<TimelineId>,
}

impl fmt::Debug for PreparedAcross<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PreparedAcross({:?})", self.list)
    }
}

/// More than this are not kept: `max_prepared_transactions` allows no more.
const MOST: usize = 1 << 18;

impl<'a> PreparedAcross<'a> {
    /// None is open.
    pub fn new(shelf: &'a FilesAtHand<'a>) -> PreparedAcross<'a> {
        PreparedAcross { shelf, list: Vec::new(), before: None }
    }

    /// The records of a file were replayed.
    pub fn read(&mut self, file: Option<TimelineId>) {
        self.before = file;
    }

    /// One is prepared while a timeline is in force, by a record that ends in this file.
    pub fn prepared(&mut self, xid: u32, event: &RecoveryEvent, file: Option<TimelineId>) {
        let layout = &self.shelf.layout;
        let segment = |lsn: Lsn| layout.address().segment(lsn, layout.segment);
        let first = segment(event.span.lsn);
        let last = segment(Lsn::new(event.span.end.get().saturating_sub(1)));
        let over = if first < last { self.before.map(|file| (first, file)) } else { None };
        for (number, file) in over.into_iter().chain(file.map(|file| (last, file))) {
            if self.list.len() < MOST {
                self.list.push(OpenPrepared { xid, number, file });
            }
        }
    }

    /// One ends.
    pub fn ended(&mut self, xid: u32) {
        self.list.retain(|open| open.xid != xid);
    }

    /// All that are open are read, while a timeline is in force.
    pub fn read_again(&self, in_force: TimelineId) -> Option<Failure> {
        let inside = |open: &OpenPrepared| {
            self.shelf.places.iter().any(|p| !p.archive && p.inventory.get(in_force, open.number).is_some())
        };
        let sought = |open: &OpenPrepared| match open.file.cmp(&in_force) {
            Ordering::Less => !self.shelf.has_history(in_force),
            Ordering::Equal => false,
            Ordering::Greater => true,
        };
        let gone = self.list.iter().find(|open| sought(open) && !inside(open))?;
        Some(Failure::PreparedGone { xid: gone.xid, file: self.shelf.name(in_force, gone.number) })
    }
}
