//! Gives a server a file of its archive: whole and checked, or not at all.
//!
//! ```text
//! name ──► each place in order: find ──► read ──► check, with the seam to the segment before ──► write, rename
//!                 │ nowhere                           │ none is good
//!                 └─► recovery/hole.rs: the end of WAL?         └─► told, and nothing is delivered
//! ```
//! A server that is told "not there" ends its recovery, and a file that it cannot use has the same effect: both without
//! a word. So neither is said where it is not true.
//!
//! | module | what it knows |
//! |---|---|
//! | [`pgwal_recovery::hole`] | whether a file that is not there is the end of WAL, by names and histories |
//! | `asker` | the server that asks, by its data directory |
//! | `place` | where it is looked for |
//! | `copy` | whether a file may be handed out |
//! | `seam` | the record that goes over from the segment before |
//! | `later` | what lies behind a segment |
//! | `foreign` | places that hold another cluster's WAL |
//! | `wait` | for how long, and until when |
//! | `passed` | what a server in recovery needs no more |

mod answer;
mod asker;
mod copy;
mod foreign;
mod later;
mod own;
mod passed;
mod place;
mod seam;
mod wait;

pub use answer::{GetAnswer, GetNote};
pub use asker::AskingServer;
pub use copy::CopyFault;
pub use passed::{KeptWal, remove_passed};
pub use place::{GetPlace, PlaceOut};
pub use wait::{EndsWait, GetWait, Trigger};

use copy::{GoodCopy, SegmentWanted};
use later::Later;
use pgwal_format::{FileName, Lsn, SegmentName, TimelineId};
use pgwal_recovery::hole::HoleAhead;
use pgwal_source::{Entry, NameSought};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};
use wait::Patience;

/// How to answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GetOptions {
    /// Unfinished segments count where there is no whole one, and nobody waits for it any more.
    pub partial: bool,
    /// How long WAL must have been there behind a file that is not, before that is a hole.
    pub grace: Duration,
    /// How long a copy that is not right may be one that is still being written.
    pub settle: Duration,
    /// What is not there is the end, whatever lies behind it.
    pub ends_at_hole: bool,
    /// Wait for a file that is not there.
    pub wait: Option<GetWait>,
    /// How long to wait before another look.
    pub poll: Duration,
}

impl GetOptions {
    /// How long others may take to bring what is missing, unless a target is set.
    pub const GRACE: Duration = Duration::from_secs(30);
}

impl Default for GetOptions {
    fn default() -> GetOptions {
        GetOptions {
            partial: false,
            grace: GetOptions::GRACE,
            settle: GetOptions::GRACE,
            ends_at_hole: false,
            wait: None,
            poll: Duration::from_secs(1),
        }
    }
}

/// A request: a file by its name, and where it is to be put.
#[derive(Clone, Copy, Debug)]
pub struct GetRequest<'a> {
    /// The file.
    pub name: FileName,
    /// The path, which is there whole or not at all.
    pub path: &'a Path,
    /// Who asks.
    pub server: &'a AskingServer,
}

/// What one look came to.
enum GetLook {
    Delivered,
    Absent,
    /// Something is there that may become right.
    Unsettled(GetNote),
    Hole {
        hole: HoleAhead,
        since: Option<SystemTime>,
    },
    Answer(GetAnswer),
}

/// Delivers a file, if a good copy of it lies at one of the places.
///
/// # Errors
/// It cannot be written.
pub fn get(
    request: &GetRequest<'_>,
    places: &mut [GetPlace],
    options: &GetOptions,
    tell: &mut dyn FnMut(&GetNote),
) -> io::Result<GetAnswer> {
    let patience = Patience::begin(request.server.data());
    let mut told: Vec<GetNote> = Vec::new();
    loop {
        let triggered = options.wait.as_ref().and_then(|wait| wait.triggered());
        let promotes = options.wait.is_some() && patience.is_promoting();
        // History files are asked for to know where WAL goes on: an answer to that is never late.
        let waits = options.wait.as_ref().filter(|_| matches!(request.name, FileName::Segment(_)));
        let is_over = |wait: &GetWait| wait.timeout.is_some_and(|timeout| patience.waited() >= timeout);
        let ends = waits.and_then(|wait| match triggered {
            Some(said) => Some(EndsWait::Trigger(wait.trigger.clone().unwrap_or_default(), said)),
            None if promotes => Some(EndsWait::Promotion),
            None => wait.timeout.filter(|_| is_over(wait)).map(EndsWait::Timeout),
        });
        let ended = ends.clone().map(|why| GetNote::EndsWait(request.name, why));
        if let (Some(EndsWait::Trigger(_, Trigger::Fast)), Some(note)) = (&ends, &ended) {
            tell(note);
            return Ok(GetAnswer::Triggered);
        }
        let still = waits.filter(|_| ends.is_none());
        // What is unfinished ends a recovery: while somebody waits for the rest, it is none.
        let unfinished = options.partial && still.is_none();
        let mut notes = Vec::new();
        let mut looking = GetLooking { request, options, patience: &patience, notes: &mut notes, unfinished };
        let look = looking.look(places)?;
        for note in notes.into_iter().filter(|note| !told.contains(note)).collect::<Vec<_>>() {
            tell(&note);
            told.push(note);
        }
        let answer = match look {
            GetLook::Delivered => return Ok(GetAnswer::Delivered),
            GetLook::Absent => GetAnswer::Absent,
            GetLook::Hole { .. } if options.ends_at_hole => GetAnswer::Absent,
            GetLook::Hole { hole, since } => {
                let age = since.and_then(|since| SystemTime::now().duration_since(since).ok()).unwrap_or_default();
                match options.grace.checked_sub(age.max(patience.waited())) {
                    // It will ask again: no need to keep it.
                    Some(left) if request.server.is_standby() && waits.is_none() && !left.is_zero() => {
                        return Ok(GetAnswer::Absent);
                    }
                    Some(left) if !left.is_zero() => {
                        std::thread::sleep(options.poll.min(left));
                        if patience.is_orphan() {
                            return Ok(GetAnswer::Orphaned);
                        }
                        continue;
                    }
                    _ => {
                        let note = GetNote::Hole(hole);
                        if !told.contains(&note) {
                            tell(&note);
                            told.push(note);
                        }
                        GetAnswer::Hole(hole)
                    }
                }
            }
            GetLook::Unsettled(_) if patience.waited() < options.settle && !request.server.is_standby() => {
                std::thread::sleep(options.poll.min(Duration::from_millis(200)));
                continue;
            }
            GetLook::Unsettled(note) => {
                if !told.contains(&note) {
                    tell(&note);
                    told.push(note);
                }
                GetAnswer::NoGoodCopy
            }
            GetLook::Answer(answer) => answer,
        };
        let Some(wait) = still else {
            if let Some(note) = &ended {
                tell(note);
            }
            return Ok(answer);
        };
        // A standby goes over to a newer timeline by itself, as soon as it may look for one.
        if let FileName::Segment(segment) = request.name
            && request.server.is_standby()
            && later::is_left(places, segment.timeline)
        {
            return Ok(answer);
        }
        let left = wait.timeout.map_or(options.poll, |timeout| timeout.saturating_sub(patience.waited()));
        std::thread::sleep(options.poll.min(left));
        if patience.is_orphan() {
            return Ok(GetAnswer::Orphaned);
        }
    }
}

/// One look at all places.
struct GetLooking<'a, 'b> {
    request: &'a GetRequest<'b>,
    options: &'a GetOptions,
    patience: &'a Patience,
    notes: &'a mut Vec<GetNote>,
    /// Unfinished segments count.
    unfinished: bool,
}

impl GetLooking<'_, '_> {
    fn look(&mut self, places: &mut [GetPlace]) -> io::Result<GetLook> {
        let (mut bad, mut unsettled, mut out) = (false, None, false);
        let name = self.request.name;
        let segment = if let FileName::Segment(segment) = name { Some(segment) } else { None };
        let partial = segment.filter(|_| self.unfinished).map(FileName::Partial);
        // Copies with which the record over their end is wrong: the first is handed out where no other is better.
        let mut doubtful: Vec<(GoodCopy, Entry, GetNote)> = Vec::new();
        for name in [Some(name), partial].into_iter().flatten() {
            for at in 0..places.len() {
                let Some(found) = self.find(places, at, NameSought::One(name)) else {
                    out = true;
                    continue;
                };
                let place = places.get(at).map(GetPlace::shown).unwrap_or_default();
                for (file, fault) in found.unreadable {
                    bad = true;
                    self.notes.push(GetNote::BadCopy { place: place.clone(), file, fault });
                }
                for entry in found.entries {
                    match self.take(places, at, &entry, name) {
                        Ok(Some(_)) if self.patience.is_orphan() => return Ok(GetLook::Answer(GetAnswer::Orphaned)),
                        Ok(Some(good)) => {
                            if let Some(at) = self.parts_ahead(places, &good) {
                                let fault = CopyFault::PartsAhead { at };
                                let note = GetNote::BadCopy { place: place.clone(), file: entry.shown(), fault };
                                doubtful.push((good, entry, note));
                                continue;
                            }
                            self.notes.extend(doubtful.into_iter().map(|(_, _, note)| note));
                            self.deliver(&good, &entry)?;
                            return Ok(GetLook::Delivered);
                        }
                        Ok(None) => {}
                        Err(fault) => {
                            let note = GetNote::BadCopy { place: place.clone(), file: entry.shown(), fault };
                            if self.is_fresh(places, at, &entry) {
                                unsettled = Some(note);
                            } else {
                                bad = true;
                                self.notes.push(note);
                            }
                        }
                    }
                }
            }
        }
        if let Some((good, entry, _)) = doubtful.into_iter().next() {
            self.deliver(&good, &entry)?;
            return Ok(GetLook::Delivered);
        }
        match (unsettled, segment) {
            _ if bad => Ok(GetLook::Answer(GetAnswer::NoGoodCopy)),
            (Some(note), _) => Ok(GetLook::Unsettled(note)),
            _ if out => Ok(GetLook::Answer(GetAnswer::OutOfReach)),
            (None, Some(segment)) => Ok(match self.absent(places, segment) {
                GetLook::Absent => self.of_others(places, segment),
                look => look,
            }),
            (None, None) => Ok(GetLook::Absent),
        }
    }

    fn find(&mut self, places: &mut [GetPlace], at: usize, sought: NameSought) -> Option<place::FoundThere> {
        match places.get_mut(at)?.find(sought) {
            Ok(found) => Some(found),
            Err(out) => {
                let note = GetNote::Out(out);
                if !self.notes.contains(&note) {
                    self.notes.push(note);
                }
                None
            }
        }
    }

    /// Reads and checks a copy; `None`: it is gone.
    fn take(
        &self,
        places: &mut [GetPlace],
        at: usize,
        entry: &Entry,
        name: FileName,
    ) -> Result<Option<GoodCopy>, CopyFault> {
        let server = self.request.server;
        let Some(Ok(source)) = places.get_mut(at).map(GetPlace::source) else { return Ok(None) };
        let (asked, is_partial) = match (name, self.request.name) {
            (FileName::Segment(segment), _) => (segment, false),
            (FileName::Partial(segment), FileName::Segment(_)) => (segment, true),
            (FileName::History(timeline), _) => {
                let good = copy::history(source, entry, timeline)?;
                return match good {
                    Some(good) => later::is_true_history(places, timeline, &good.bytes).map(|()| Some(good)),
                    None => Ok(None),
                };
            }
            (other, _) => return copy::other(source, entry, other),
        };
        let wanted = SegmentWanted { system_id: server.system_id(), layout: server.layout(), before: None };
        let good = match is_partial {
            true => copy::partial(source, entry, asked, &wanted)?,
            false => copy::segment(source, entry, asked, &wanted)?,
        };
        let Some(good) = good else { return Ok(None) };
        let Some(checked) = &good.checked else { return Ok(Some(good)) };
        seam::check(places, server, asked, &good.bytes, checked, &wanted)?;
        if let Some(at) = checked.end.stops() {
            let mut later = Later::new(places, server, checked.layout);
            if let Some(there) = later.behind(asked) {
                return Err(CopyFault::StopsInside { at, there });
            }
        }
        Ok(Some(good))
    }

    /// The record that goes over the end of a copy and is wrong. Where nothing else can be had, nobody asks.
    fn parts_ahead(&self, places: &mut [GetPlace], good: &GoodCopy) -> Option<Lsn> {
        let (FileName::Segment(name), Some(checked)) = (self.request.name, &good.checked) else { return None };
        if places.len() > 1 { seam::parts_ahead(places, name, checked) } else { None }
    }

    /// Written so shortly ago that it may not be whole yet.
    fn is_fresh(&self, places: &mut [GetPlace], at: usize, entry: &Entry) -> bool {
        let Some(Ok(source)) = places.get_mut(at).map(GetPlace::source) else { return false };
        let written = source.stamp(entry).map(|stamp| stamp.written());
        written.and_then(|at| SystemTime::now().duration_since(at).ok()).is_some_and(|age| age < self.options.settle)
    }

    fn deliver(&mut self, good: &GoodCopy, entry: &Entry) -> io::Result<()> {
        pgwal_source::restore(self.request.path, &good.bytes)?;
        if let Some(at) =
            good.checked.as_ref().filter(|checked| !checked.findings.is_empty()).and_then(|c| c.end.stops())
        {
            self.notes.push(GetNote::TornEnd { file: entry.shown(), at });
        }
        Ok(())
    }

    /// Nothing of that name lies anywhere: is that the end of WAL?
    fn absent(&mut self, places: &mut [GetPlace], asked: SegmentName) -> GetLook {
        if self.options.ends_at_hole {
            return GetLook::Absent;
        }
        let server = self.request.server;
        let Some(layout) = server.layout().or_else(|| later::layout_beside(places, asked)) else {
            return self.without_wal(places);
        };
        let mut later = Later::new(places, server, layout);
        match later.absence(asked) {
            Ok(Some(_)) if own::has_whole(server, asked, &layout) => GetLook::Absent,
            Ok(Some((hole, since))) => GetLook::Hole { hole, since },
            Ok(None) if later.saw_any() => GetLook::Absent,
            Ok(None) => self.without_wal(places),
            Err(out) => {
                self.notes.push(GetNote::Out(out));
                GetLook::Answer(GetAnswer::OutOfReach)
            }
        }
    }

    /// What another cluster's archive lacks may be in this one's.
    fn of_others(&mut self, places: &mut [GetPlace], asked: SegmentName) -> GetLook {
        match foreign::foreign(places, self.request.server, asked) {
            Ok(notes) if notes.is_empty() => GetLook::Absent,
            Ok(notes) => {
                self.notes.extend(notes);
                GetLook::Answer(GetAnswer::Foreign)
            }
            Err(out) => {
                self.notes.push(GetNote::Out(out));
                GetLook::Answer(GetAnswer::OutOfReach)
            }
        }
    }

    /// Places without any WAL are more often ones that are not mounted.
    fn without_wal(&mut self, places: &mut [GetPlace]) -> GetLook {
        let mut all = true;
        for place in places.iter_mut() {
            match place.is_empty() {
                Ok(empty) => all &= empty,
                Err(out) => {
                    self.notes.push(GetNote::Out(out));
                    return GetLook::Answer(GetAnswer::OutOfReach);
                }
            }
        }
        if !all {
            return GetLook::Absent;
        }
        self.notes.extend(places.iter().map(|place| GetNote::Empty(place.shown())));
        GetLook::Answer(GetAnswer::OutOfReach)
    }
}

/// The name of a timeline's history file.
fn history_of(timeline: TimelineId) -> NameSought {
    NameSought::One(FileName::History(timeline))
}
