//! From a position on, segment by segment: which file is asked for, which is taken (`XLogFileReadAnyTLI`), and what the
//! records over the seams are.

mod left;
pub(crate) mod reading;
mod take;

use crate::at_hand::{FilesAtHand, FoundFile};
use crate::delivered::delivery::CheckedDelivery;
use crate::delivered::named_files::NamedFiles;
use crate::events::{Ask, EventKind, Events, RecoveryEvent};
use crate::replay::ReplayStop;
use crate::sum::EventSum;
use crate::way::reading::{EventReader, FileRead, NoRecords};
use pgwal_archive::lineage::Descent;
use pgwal_archive::ordered::in_order;
use pgwal_archive::{Buffers, Error};
use pgwal_format::page::PageFault;
use pgwal_format::{Layout, Lsn, SegmentNo, TimelineId};
use pgwal_source::guard::MapGuard;
use pgwal_walk::{Chain, Fault, Fold, Run, Tail};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use take::SegmentTaken;

/// How to read.
#[derive(Clone, Copy)]
pub struct WalkOptions<'a> {
    /// Threads.
    pub jobs: usize,
    /// Memory-map plain files.
    pub map: Option<MapGuard>,
    /// The cluster.
    pub system_id: u64,
    /// How long to wait for a file that is being written.
    pub settle: Duration,
    /// Set to stop early.
    pub interrupt: Option<&'a AtomicBool>,
}

/// A timeline that was replayed past the point where the target's history left it: for want of the child's segments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeftBranch {
    /// The timeline.
    pub timeline: TimelineId,
    /// The timeline that left it.
    pub child: TimelineId,
    /// Where; up to 9.2 the start of the segment in which.
    pub fork: Lsn,
}

/// Why there are no more records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WalkEnd {
    /// No file of the segment could be had: its first name.
    NoFile(String),
    /// A record cannot be read, or nothing was written there.
    Unreadable(Lsn),
    /// `walproof archive-get` does not deliver this file, and stops the server.
    NotDelivered(String),
    /// A file of wrong size came from the archive.
    Size {
        /// Its name.
        file: String,
        /// Its bytes.
        found: u64,
        /// Those of a segment.
        expected: u64,
    },
}

/// A name that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The name.
    pub name: String,
    /// The file that was taken; `None` where none could be had.
    pub found: Option<FoundFile>,
    /// There was a file, and it could not be used.
    pub damaged: bool,
}

/// How walking ended: at the end of WAL, or replay ended it.
pub enum Walked {
    /// WAL ended.
    End(WalkEnd),
    /// Replay ended.
    Stop(ReplayStop),
}

/// Where segments are looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Looking {
    /// In the archive, then in `pg_wal`.
    Everywhere,
    /// In `pg_wal` alone, before the archive is asked for anything: crash recovery in front of that from an archive.
    InsideFirst,
    /// In `pg_wal` alone: no archive is asked at all.
    Inside,
}

/// What becomes of a short file from the archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShortFile {
    /// The server dies of it.
    Fatal,
    /// It is not there yet: a standby takes it for one that is being copied, and looks elsewhere.
    NotYet,
}

/// Asks for segments and reads them.
pub struct WalWalk<'a> {
    /// The files.
    pub shelf: &'a FilesAtHand<'a>,
    /// The timelines whose files are asked for.
    line: Vec<(TimelineId, SegmentNo)>,
    /// All timelines of the line.
    history: Arc<[TimelineId]>,
    /// How to read.
    pub reading: WalkOptions<'a>,
    /// Names that were asked for, in order, each once.
    pub requests: Vec<Request>,
    /// Files that were tried and could not be had whole.
    spoiled: BTreeSet<FoundFile>,
    /// A file that nobody here can look into decided something.
    pub closed: bool,
    /// One of them is not as large as a segment: a server that gets it as it lies dies of that.
    pub closed_odd: bool,
    /// Segments that were read.
    pub segments: u64,
    /// Where it looks.
    pub looking: Looking,
    /// What a short file is.
    pub short: ShortFile,
    /// The record that the next one must name as the one before it, where reading goes on behind one.
    pub follows: Option<Lsn>,
    /// Records behind damage are handed on, too.
    pub through_damage: bool,
    /// No file of a timeline older than this is taken.
    pub oldest: TimelineId,
    /// The timeline of the last file that was read (`curFileTLI`).
    pub read: TimelineId,
    /// What comes from the archive is checked before.
    pub checked: Option<CheckedDelivery>,
    /// `restore_command` takes files by name.
    pub named: Option<Arc<NamedFiles>>,
    /// It stops the server where a file is not in the archive.
    pub ends_missing: bool,
    /// As whom the server runs, where that is known.
    pub user: Option<u32>,
    /// A page of a timeline that is not in the history ended reading.
    pub unexpected: Option<UnexpectedTimeline>,
}

/// A page of a timeline that is not in the history: a server takes no record for one that was read when it had come so
/// far (`ReadRecord`), from 15 on also records in front of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnexpectedTimeline {
    /// The timeline.
    pub found: TimelineId,
    /// The file.
    pub file: String,
}

/// Takes the records of a segment, and how many of them can be read; `Some` where replay ends.
pub type TakeEvents<'t> = dyn FnMut(&Events<'_>, &EventSum) -> Option<ReplayStop> + 't;

impl<'a> WalWalk<'a> {
    /// Nothing was asked for yet.
    pub fn new(shelf: &'a FilesAtHand<'a>, line: &Descent, reading: WalkOptions<'a>) -> WalWalk<'a> {
        WalWalk {
            shelf,
            line: line.segments(),
            history: line.passed.iter().map(|(timeline, _)| *timeline).collect(),
            reading,
            requests: Vec::new(),
            spoiled: BTreeSet::new(),
            closed: false,
            closed_odd: false,
            segments: 0,
            looking: Looking::Everywhere,
            short: ShortFile::Fatal,
            follows: None,
            through_damage: false,
            oldest: TimelineId(0),
            read: TimelineId(0),
            checked: None,
            named: None,
            ends_missing: false,
            user: None,
            unexpected: None,
        }
    }

    /// A name was asked for.
    pub fn asked(&mut self, name: String, found: Option<FoundFile>, damaged: bool) {
        if self.looking == Looking::InsideFirst {
            return;
        }
        match self.requests.iter_mut().find(|r| r.name == name) {
            Some(known) => {
                known.found = known.found.or(found);
                known.damaged |= damaged;
            }
            None => self.requests.push(Request { name, found, damaged }),
        }
    }

    /// The record that starts at a position, `None` where there is none to be read.
    ///
    /// # Errors
    /// As [`WalWalk::walk`].
    pub fn one(&mut self, at: Lsn, ask: &'a Ask) -> Result<(Option<RecoveryEvent>, Option<WalkEnd>), Error> {
        let jobs = std::mem::replace(&mut self.reading.jobs, 1);
        let mut found = None;
        let mut take = |events: &Events<'_>, valid: &EventSum| {
            if valid.records == 0 {
                return None;
            }
            found = events.list.first().filter(|event| event.span.lsn == at).cloned();
            Some(ReplayStop::Target)
        };
        let walked = self.walk(at, ask, &mut take);
        self.reading.jobs = jobs;
        Ok(match walked? {
            Walked::End(end) => (None, Some(end)),
            Walked::Stop(_) => (found, None),
        })
    }

    /// Where the record of the checkpoint is from whose redo point replay begins: the first checkpoint behind that,
    /// since one ends before the next begins. `None` where it is another's, or there is none.
    ///
    /// # Errors
    /// As [`WalWalk::walk`].
    pub fn checkpoint_of(&mut self, redo: Lsn, ask: &'a Ask) -> Result<Option<Lsn>, Error> {
        let jobs = std::mem::replace(&mut self.reading.jobs, 1);
        let mut found = None;
        let mut take = |events: &Events<'_>, valid: &EventSum| {
            let read = events.list.iter().filter(|event| event.before.records < valid.records);
            let (lsn, own) = read.into_iter().find_map(|event| match event.what {
                EventKind::Checkpoint { redo, .. } => Some((event.span.lsn, redo)),
                _ => None,
            })?;
            found = (own == redo).then_some(lsn);
            Some(ReplayStop::Target)
        };
        let walked = self.walk(redo, ask, &mut take);
        self.reading.jobs = jobs;
        walked.map(|_| found)
    }

    /// Walks from a position on and hands records to `take`.
    ///
    /// # Errors
    /// The caller asked for an early end, or there are no threads.
    pub fn walk(&mut self, from: Lsn, ask: &'a Ask, replay: &mut TakeEvents<'_>) -> Result<Walked, Error> {
        let layout = &self.shelf.layout;
        let mut number = layout.address().segment(from, layout.segment);
        let within = layout.address().offset(from, layout.segment) > 0;
        let (mut start, mut oldest) = (Some(from).filter(|_| within), self.oldest);
        let mut chain = Chain::new(layout);
        let mut follows = self.follows.take();
        loop {
            let mut steps = Vec::new();
            let (mut next, mut least) = (number, oldest);
            let (mut missing, mut stops) = (Vec::new(), None);
            // Names alone say what comes; a file that turns out to be unusable cuts the plan there.
            while steps.len() < AHEAD {
                let mut asked = Vec::new();
                let found = match self.take(next, least, &mut asked) {
                    SegmentTaken::File(found) => found,
                    taken => {
                        missing = asked;
                        stops = if let SegmentTaken::Stops(name) = taken { Some(name) } else { None };
                        break;
                    }
                };
                steps.push((found, asked));
                (next, least) = (next.next(), found.timeline);
            }
            let planned = steps.len();
            let WalkOptions { system_id, map, settle, .. } = self.reading;
            let (named, permit) = (self.named.clone(), Mutex::default());
            let history = self.history.clone();
            let reader = EventReader { shelf: self.shelf, ask, system_id, map, settle, named, history, permit };
            let work = |i: usize, buffers: &mut Buffers| {
                let (found, _) = steps.get(i)?;
                Some((i, *found, reader.read(found, start.filter(|_| i == 0), buffers)))
            };
            let mut ended = None;
            let mut unexpected = None;
            let mut spoiled = None;
            let mut taken = 0;
            let interrupt = self.reading.interrupt;
            let jobs = self.reading.jobs;
            let (through_damage, short) = (self.through_damage, self.short);
            let mut collected: Vec<(String, Option<FoundFile>, bool)> = Vec::new();
            let (mut closed, mut closed_odd) = (false, false);
            let mut take = |piece: Option<(usize, FoundFile, FileRead<'a>)>| {
                if interrupt.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                    return Err(Error::Interrupted);
                }
                let Some((i, found, got)) = piece else { return Ok(ControlFlow::Break(())) };
                let asked = steps.get(i).map_or(&[][..], |(_, asked)| asked);
                let unusable = !matches!(got, FileRead::Records(_));
                collected.extend(
                    asked.iter().map(|(name, f)| (name.clone(), f.filter(|_| !unusable), unusable && f.is_some())),
                );
                let archived = || self.shelf.places.get(found.place).is_some_and(|place| place.archive);
                let checked = self.checked.as_ref().filter(|_| self.looking == Looking::Everywhere && archived());
                let refused = match &got {
                    FileRead::Records(run) => {
                        checked.is_some_and(|checked| checked.refuses(found.timeline, found.number, run))
                    }
                    FileRead::Size(_) => checked.is_some(),
                    FileRead::Nothing(_) => false,
                };
                match got {
                    _ if refused => {
                        spoiled = Some(found);
                        return Ok(ControlFlow::Break(()));
                    }
                    FileRead::Nothing(why) => {
                        let size = self.shelf.entry(&found).and_then(|entry| entry.size);
                        closed |= why == NoRecords::Closed;
                        closed_odd |= why == NoRecords::Closed && size != Some(layout.segment.bytes());
                        spoiled = Some(found);
                        return Ok(ControlFlow::Break(()));
                    }
                    FileRead::Size(bytes) if short == ShortFile::NotYet && bytes < layout.segment.bytes() => {
                        spoiled = Some(found);
                        return Ok(ControlFlow::Break(()));
                    }
                    FileRead::Size(bytes) => {
                        let file = self.shelf.name(found.timeline, found.number);
                        ended =
                            Some(Walked::End(WalkEnd::Size { file, found: bytes, expected: layout.segment.bytes() }));
                        return Ok(ControlFlow::Break(()));
                    }
                    FileRead::Records(run) => {
                        taken += 1;
                        let broken = follows.take().and_then(|prev| unlinked(&run, prev));
                        ended = match broken {
                            Some(lsn) => Some(Walked::End(WalkEnd::Unreadable(lsn))),
                            None => replay_next(layout, ask, &mut chain, &run, replay),
                        };
                        // Whole in itself, it does not go on where the segment before ended.
                        let parts = !matches!(run.tail, Tail::Stopped(_))
                            && matches!(ended, Some(Walked::End(WalkEnd::Unreadable(_))));
                        if parts && checked.is_some_and(|checked| checked.stops) {
                            let file = self.shelf.name(found.timeline, found.number);
                            ended = Some(Walked::End(WalkEnd::NotDelivered(file)));
                        }
                        if matches!(ended, Some(Walked::End(WalkEnd::Unreadable(_)))) {
                            unexpected = of_other_timeline(&run)
                                .map(|timeline| (timeline, self.shelf.name(found.timeline, found.number)));
                        }
                        if through_damage && matches!(ended, Some(Walked::End(_))) {
                            ended = None;
                        }
                    }
                }
                Ok(if ended.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            };
            in_order(jobs, planned, &work, &mut take, || Error::Threads)?;
            collected.into_iter().for_each(|(name, found, damaged)| self.asked(name, found, damaged));
            self.unexpected = unexpected.map(|(found, file)| UnexpectedTimeline { found, file });
            self.closed |= closed;
            self.closed_odd |= closed_odd;
            self.segments += taken;
            if let Some((found, _)) = (taken as usize).checked_sub(1).and_then(|last| steps.get(last)) {
                self.read = found.timeline;
            }
            if let Some(ended) = ended {
                return Ok(ended);
            }
            if taken > 0 {
                start = None;
                let last = steps.get(taken as usize - 1).map(|(found, _)| *found);
                (number, oldest) = last.map_or((number, oldest), |found| (found.number.next(), found.timeline));
            }
            match spoiled {
                Some(found) => drop(self.spoiled.insert(found)),
                None if planned < AHEAD => {
                    let first =
                        missing.first().map_or_else(|| self.shelf.name(oldest, number), |(name, _)| name.clone());
                    let hides = self.looking == Looking::Everywhere;
                    self.closed |= hides && missing.iter().any(|(name, _)| self.shelf.is_refused(name));
                    missing.into_iter().for_each(|(name, found)| self.asked(name, found, false));
                    let end = stops.map_or(WalkEnd::NoFile(first), WalkEnd::NotDelivered);
                    return Ok(Walked::End(end));
                }
                None => {}
            }
        }
    }
}

/// Segments that are planned at once.
const AHEAD: usize = 4096;

/// The first record, where it is whole and names another one as the one before it.
fn unlinked(run: &Run<Events<'_>>, prev: Lsn) -> Option<Lsn> {
    let damaged = run.damages.first().map(|damage| damage.lsn);
    let first = run.first.filter(|first| damaged.is_none_or(|lsn| lsn > first.lsn))?;
    (first.prev != prev).then_some(first.lsn)
}

/// The timeline of the page at which a run ends first, where none of the history is it: later than the file's own.
fn of_other_timeline(run: &Run<Events<'_>>) -> Option<TimelineId> {
    let fault = match (run.damages.first(), &run.tail) {
        (Some(damage), _) => damage.fault,
        (None, Tail::Stopped(stop)) => stop.fault,
        (None, _) => return None,
    };
    match fault {
        Fault::Page(PageFault::Timeline { found, after }) if found > after => Some(found),
        _ => None,
    }
}

/// Joins a run to the one before it and replays both the record over the seam and its own.
fn replay_next(
    layout: &Layout,
    ask: &Ask,
    chain: &mut Chain,
    run: &Run<Events<'_>>,
    take: &mut TakeEvents<'_>,
) -> Option<Walked> {
    let begun = chain.begun();
    if let Some(joint) = chain.push(run) {
        if let Some(over) = joint.replayable() {
            let mut events = Events::new(ask).of_file(run.acc.file);
            events.record(&over.record(layout));
            let valid = events.sum;
            if let Some(stop) = take(&events, &valid) {
                return Some(Walked::Stop(stop));
            }
        }
        if let Some(lsn) = joint.broken() {
            return Some(Walked::End(WalkEnd::Unreadable(lsn)));
        }
    }
    let at = |lsn: Lsn, begun_before: bool| if begun_before { begun.unwrap_or(lsn) } else { lsn };
    let (valid, unreadable): (EventSum, Option<Lsn>) = match (run.damages.first(), &run.tail) {
        (Some(damage), _) if damage.begun_before => (EventSum::default(), Some(at(damage.lsn, true))),
        (Some(damage), _) => (damage.before, Some(damage.lsn)),
        (None, Tail::Stopped(stop)) => {
            (if stop.begun_before { EventSum::default() } else { run.acc.sum }, Some(at(stop.lsn, stop.begun_before)))
        }
        (None, _) => (run.acc.sum, None),
    };
    if let Some(stop) = take(&run.acc, &valid) {
        return Some(Walked::Stop(stop));
    }
    unreadable.map(|lsn| Walked::End(WalkEnd::Unreadable(lsn)))
}
