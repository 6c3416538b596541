//! Records as they are written: a live `pg_wal`, or an archive that grows.
//!
//! ```text
//!            ┌──── a segment's file ─────────────┐┌─ the next one ──
//! records ── │ read │ written since │ 0 or stale │   stale, or not there
//!            └──────┴───────────────┴────────────┘
//!             place ▲               ▲ wait: zeros and old pages are what WAL is going to be written over
//! ```
//! Each look goes on at the place where the last one ended ([`pgwal_walk::scan_on`]), and hands on whole records whose
//! checksum is right. What is no record is the end of WAL for now, as long as no WAL lies behind it. Where some does,
//! it may just have been written between two reads: only what is still wrong when it is read again is damage, is told
//! once, and is passed.
//!
//! Which file holds a segment is asked anew whenever names change: the path to the latest timeline, as a server takes
//! it (`path`). Where a timeline was left behind the last record, its child's file takes over in the middle of a
//! segment. What will be read is kept open, since a server removes it (`kept`).

mod file;
mod found;
mod hand_on;
mod kept;
mod rendered_lines;
mod segment_file;

use super::part::ListSink;
use super::range::Range;
use super::sum::{Cost, ListSum, listed};
use super::twice::findings_alone;
use super::{ListError, ListRequest, Listed, Render};
use crate::options::Options;
use crate::outcome::Outcome;
use crate::verify::{ExaminedArchive, examine};
use file::{Filled, SegmentAtHand};
use kept::OpenFiles;
use pgwal_archive::{Depth, Which};
use pgwal_format::text::history::Switch;
use pgwal_format::{Layout, Lsn, SegmentNo, TimelineId};
use pgwal_source::Source;
use pgwal_walk::{Chain, Damage, Fault, Head, RecordBoundary, ScanExpect, Stop, Tail, scan, scan_on};
use rendered_lines::RenderedLines;
use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A server writes pages in order, and a reader may see a later one first: what is wrong must still be wrong after this
/// long.
const DOUBT: Duration = Duration::from_millis(200);
/// Archives get their files in any order: one that others overtook may still come.
const GRACE: Duration = Duration::from_secs(5);
/// While there is much to read, names are read anew after this long, and no more than a tenth of the time is spent on
/// it.
const LOOK: Duration = Duration::from_millis(250);

/// What there is to do after [`Follower::advance`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FollowState {
    /// Nothing, until something is written.
    Waiting,
    /// Look again soon, whether or not something is written: something may be wrong.
    Doubting,
    /// The end or the number of records asked for was reached.
    Finished,
}

enum FollowStep {
    On,
    Wait,
    Doubt,
    Done,
}

/// Lists records as they come.
pub struct Follower<'a, R: Render> {
    source: &'a dyn Source,
    wanted: &'a ListRequest<'a>,
    render: &'a R,
    outcome: Outcome,
    sight: ExaminedArchive<'a>,
    layout: Layout,
    range: Range,
    /// The segment that is being read.
    number: SegmentNo,
    here: SegmentAtHand,
    /// The segments before, until the seam with them is checked.
    left: Chain,
    /// The timeline of the file in which the record over that seam begins.
    left_timeline: TimelineId,
    /// The timeline of the file of the last record, and where that ends.
    reached: Option<(TimelineId, Lsn)>,
    doubt: Option<(Lsn, Instant)>,
    /// The names that were seen are not those that are there.
    outdated: bool,
    /// When they were read, and how long that took.
    looked: (Instant, Duration),
    kept: OpenFiles,
    sum: ListSum,
    findings: u64,
    segments: u64,
    cost: Cost,
    scratch: R::Scratch,
}

impl<'a, R: Render> Follower<'a, R> {
    /// Begins where the archive, or the range asked for, does. `Err` inside, and findings in the list, where no file
    /// can be read.
    ///
    /// # Errors
    /// Nothing can be looked at, or `sink` fails.
    pub fn new(
        source: &'a dyn Source,
        wanted: &'a ListRequest<'a>,
        render: &'a R,
        sink: &mut ListSink<'_, R::Event>,
    ) -> Result<Result<Self, Box<Listed>>, ListError> {
        let (outcome, sight) =
            examine(source, &names(&wanted.options, wanted.options.start)).map_err(ListError::Verify)?;
        let Some(sight) = sight else {
            return findings_alone(render, outcome, sink).map(|listed| Err(Box::new(listed)));
        };
        let layout = sight.archive.cluster.layout;
        let range = Range::of(&wanted.options, &layout);
        let first = sight
            .way
            .legs
            .first()
            .map(|leg| leg.first)
            .or_else(|| sight.archive.inventory.partials.iter().map(|s| s.number).min());
        let asked = range.start.map(|start| layout.address().segment(start, layout.segment));
        let number = asked.or(first).unwrap_or(SegmentNo(0));
        let mut follower = Follower {
            source,
            wanted,
            render,
            outcome,
            sight,
            layout,
            range,
            number,
            here: SegmentAtHand::default(),
            left: Chain::new(&layout),
            left_timeline: TimelineId(0),
            reached: None,
            doubt: None,
            outdated: false,
            looked: (Instant::now(), Duration::ZERO),
            kept: OpenFiles::default(),
            sum: ListSum::default(),
            findings: 0,
            segments: 0,
            cost: Cost::default(),
            scratch: R::Scratch::default(),
        };
        follower.keep_ahead();
        Ok(Ok(follower))
    }

    /// Lists what has come since. `renamed`: files came or went.
    ///
    /// # Errors
    /// The place cannot be looked at any more, or `sink` fails.
    pub fn advance(&mut self, renamed: bool, sink: &mut ListSink<'_, R::Event>) -> Result<FollowState, ListError> {
        if renamed || self.outdated || self.doubt.is_some() {
            self.look_around(sink)?;
        }
        loop {
            if self.wanted.options.interrupt.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return Ok(FollowState::Waiting);
            }
            if self.is_full() || self.range.end.is_some_and(|end| self.start_of(self.number) >= end) {
                return Ok(FollowState::Finished);
            }
            if self.sight.archive.live && self.looked.0.elapsed() > LOOK.max(self.looked.1 * 10) {
                self.look_around(sink)?;
            }
            match self.step(sink).map_err(ListError::Output)? {
                FollowStep::On => {}
                FollowStep::Wait => {
                    self.doubt = None;
                    return Ok(if self.outdated { FollowState::Doubting } else { FollowState::Waiting });
                }
                FollowStep::Doubt => return Ok(FollowState::Doubting),
                FollowStep::Done => return Ok(FollowState::Finished),
            }
        }
    }

    /// What the list came to.
    pub fn finish(self) -> Listed {
        let segments = self.segments + u64::from(self.reached.is_some());
        listed(self.outcome, self.sum, self.findings, self.cost, segments)
    }

    /// Reads the names anew, and opens what will be read.
    fn look_around(&mut self, sink: &mut ListSink<'_, R::Event>) -> Result<(), ListError> {
        let begun = Instant::now();
        self.read_names(sink)?;
        self.keep_ahead();
        self.looked = (Instant::now(), begun.elapsed());
        Ok(())
    }

    /// Also finds out whether the timeline was left before the place that was reached.
    fn read_names(&mut self, sink: &mut ListSink<'_, R::Event>) -> Result<(), ListError> {
        self.outdated = false;
        let from = self.reached.map_or(self.range.start, |(_, end)| Some(end.min(self.start_of(self.number))));
        match examine(self.source, &names(&self.wanted.options, from)) {
            Ok((outcome, Some(sight))) if sight.archive.cluster.layout == self.layout => {
                (self.outcome, self.sight) = (outcome, sight)
            }
            // All files went away for a moment; or it is another cluster's place now, and nothing of ours will come.
            Ok(_) | Err(crate::Error::NoWal { .. }) => {}
            Err(error) => return Err(ListError::Verify(error)),
        }
        let Some((timeline, end)) = self.reached else { return Ok(()) };
        let left =
            self.switches().find(|&(child, parent, switch)| parent == timeline && switch < end && child > timeline);
        if let Some((child, parent, switch)) = left {
            let finding = found::diverged(&self.layout, parent, switch, child, end);
            self.tell(&finding, sink).map_err(ListError::Output)?;
            let (address, size) = (self.layout.address(), self.layout.segment);
            self.number = address.segment(switch, size);
            let offset = address.offset(switch, size) as usize;
            let place = RecordBoundary { offset, last: None, timeline: TimelineId(0) };
            self.here.leave();
            self.here.place = (offset > 0).then_some(place);
            self.left.cut();
            self.reached = None;
        }
        Ok(())
    }

    /// The switches on the path: child, parent, place.
    fn switches(&self) -> impl Iterator<Item = (TimelineId, TimelineId, Lsn)> {
        self.outcome.branches.iter().filter(|b| self.outcome.path.contains(&b.timeline)).filter_map(|b| {
            match (b.parent, &b.switch) {
                (Some(parent), Some(Switch::At(lsn))) => Some((b.timeline, parent, *lsn)),
                _ => None,
            }
        })
    }

    /// Looks at the segment.
    fn step(&mut self, sink: &mut ListSink<'_, R::Event>) -> io::Result<FollowStep> {
        let Some(file) = self.file(self.number) else { return self.missing(sink) };
        let filled = match self.fill(&file) {
            Ok(filled) => filled,
            Err(finding) => {
                if let Some(finding) = finding {
                    self.lose(&finding, sink)?;
                }
                self.outdated = true;
                return Ok(FollowStep::Wait);
            }
        };
        let start = self.start_of(self.number);
        let expect = ScanExpect {
            layout: &self.layout,
            start,
            timeline: Some(file.timeline),
            system_id: Some(self.sight.archive.cluster.system_id),
            keep: usize::MAX,
        };
        let strip = RenderedLines::new(self.render, self.range, file.timeline);
        let mut run = match self.here.place {
            Some(place) => scan_on(&self.here.bytes, expect, strip, place),
            None => scan(&self.here.bytes, expect, strip),
        };
        let mut damages = std::mem::take(&mut run.damages);
        let joint = if self.here.place.is_none() { self.left.meet(&run) } else { None };
        let over = joint.as_ref().and_then(|joint| joint.over.clone());
        damages.splice(0..0, joint.iter().flat_map(|joint| joint.damages().cloned()));
        if let Some(damage) = damages.first()
            && !self.is_sure(damage.lsn, DOUBT)
        {
            return Ok(FollowStep::Doubt);
        }
        let begun = self.begun();
        let over_seam = over.as_ref().map(|over| (over.lsn, over.header.is_switch()));
        if let Some(over) = over {
            let layout = self.layout;
            self.over_seam(&over.record(&layout), self.left_timeline, sink)?;
        }
        let strip = std::mem::replace(&mut run.acc, RenderedLines::new(self.render, self.range, file.timeline));
        self.hand_on(strip, &damages, begun, &file, sink)?;
        if run.last.is_some() {
            self.reached = Some((file.timeline, run.end));
        }
        if self.is_full() || self.range.end.is_some_and(|end| run.end >= end) {
            return Ok(FollowStep::Done);
        }
        // Nothing but the rest of a record and zeros: the end of a switch, or of any record, with more to come.
        if matches!(run.tail, Tail::Switched { .. }) && self.here.place.is_none() && run.first.is_none() {
            match over_seam {
                Some((_, true)) => {}
                Some((lsn, false)) => {
                    let offset = run.end.minus_within(start) as usize;
                    self.here.place = Some(RecordBoundary {
                        offset,
                        last: Some(lsn),
                        timeline: run.last_timeline.unwrap_or_default(),
                    });
                    self.left.cut();
                    return Ok(FollowStep::On);
                }
                None if self.is_written(self.number.next()) => {}
                None => return Ok(FollowStep::Wait),
            }
        }
        let entered = self.here.place.is_some()
            || run.first.is_some()
            || match &run.head {
                Head::Record => true,
                Head::Rest(rest) => rest.end.is_some(),
                _ => false,
            };
        if let Tail::Stopped(stop) = run.tail {
            if entered {
                let before = self.here.place;
                let offset = run.end.minus_within(start) as usize;
                let timeline = run.last_timeline.or(before.map(|p| p.timeline)).unwrap_or_default();
                let last = run.last.or(over_seam.filter(|_| damages.is_empty()).map(|(lsn, _)| lsn));
                self.here.place = Some(RecordBoundary { offset, last, timeline });
                self.left.cut();
            }
            return self.stopped(&stop, filled, begun, &file, sink);
        }
        self.doubt = None;
        if !run.is_through() {
            self.left_timeline = file.timeline;
        }
        self.left.push(&run);
        self.go_to(self.number.next());
        Ok(FollowStep::On)
    }

    /// No record comes next. Is that the end for now?
    fn stopped(
        &mut self,
        stop: &Stop,
        filled: Filled,
        begun: Lsn,
        file: &segment_file::SegmentFile,
        sink: &mut ListSink<'_, R::Event>,
    ) -> io::Result<FollowStep> {
        if filled == Filled::Window && stop.fault == Fault::CutOff {
            self.here.widen();
            return Ok(FollowStep::On);
        }
        // Nobody writes on what has no name, but for what overwrites it.
        if file.gone {
            return self.missing(sink);
        }
        // With the rest of the record not yet there, what lies in the next file says nothing.
        if !self.is_written(self.number.next()) {
            return Ok(FollowStep::Wait);
        }
        let patience = if stop.fault == Fault::CutOff { GRACE } else { DOUBT };
        if !self.is_sure(stop.lsn, patience) {
            return Ok(FollowStep::Doubt);
        }
        self.doubt = None;
        let damage = Damage {
            lsn: stop.lsn,
            begun_before: stop.begun_before,
            at: stop.at,
            fault: stop.fault,
            end: stop.end,
            until: None,
            until_prev: None,
            before: (),
        };
        let finding = found::damage(&self.layout, &damage, begun, file, self.number);
        self.lose(&finding, sink)?;
        self.left.cut();
        self.go_to(self.number.next());
        Ok(FollowStep::On)
    }

    /// There is no file for the segment, or no more of it. Will it come?
    fn missing(&mut self, sink: &mut ListSink<'_, R::Event>) -> io::Result<FollowStep> {
        let listed = self.sight.way.legs.iter().map(|leg| leg.first.max(self.number.next()));
        let later: BTreeSet<SegmentNo> = listed.chain(self.kept.after(self.number)).collect();
        let later = later.into_iter().find(|&n| self.is_written(n));
        let Some(later) = later else { return Ok(FollowStep::Wait) };
        // A server removes only what it has written, and in order: what is missing there was missed, and more is lost
        // by waiting.
        let patience = if self.sight.archive.live { DOUBT } else { GRACE };
        if !self.is_sure(self.start_of(self.number), patience) {
            return Ok(FollowStep::Doubt);
        }
        self.doubt = None;
        let timeline = self.timeline_of(self.number);
        let lost =
            self.here.place.map_or(self.begun(), |place| self.start_of(self.number).plus_within(place.offset as u64));
        let finding = found::gap(&self.layout, timeline, lost, self.number, later);
        self.lose(&finding, sink)?;
        self.left.cut();
        self.go_to(later);
        Ok(FollowStep::On)
    }

    /// The same thing was wrong all the time since it was first seen.
    fn is_sure(&mut self, lsn: Lsn, patience: Duration) -> bool {
        match self.doubt {
            Some((same, since)) if same == lsn => since.elapsed() >= patience,
            _ => {
                self.doubt = Some((lsn, Instant::now()));
                false
            }
        }
    }

    fn go_to(&mut self, number: SegmentNo) {
        self.number = number;
        self.here.leave();
        self.kept.close_before(number);
        self.segments += 1;
    }

    /// The record that is lost where this segment cannot be read from its beginning on.
    fn begun(&self) -> Lsn {
        let first = || self.start_of(self.number).plus_within(self.layout.long_header() as u64);
        self.left.begun().unwrap_or_else(first)
    }

    fn start_of(&self, number: SegmentNo) -> Lsn {
        self.layout.address().segment_start(number, self.layout.segment)
    }

    fn is_full(&self) -> bool {
        self.wanted.limit.is_some_and(|limit| self.sum.records >= limit)
    }
}

/// The same options, for names alone.
fn names<'a>(options: &Options<'a>, start: Option<Lsn>) -> Options<'a> {
    let timeline = match options.timeline {
        Which::All => Which::Latest,
        one => one,
    };
    Options { depth: Depth::Names, timeline, start, ..Options::default() }
}
