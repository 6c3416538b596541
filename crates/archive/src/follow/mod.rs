//! WAL as it is written: a live `pg_wal`, or an archive that grows.
//!
//! ```text
//!            ┌──── a segment's file ─────────────┐┌─ the next one ──
//! records ── │ read │ written since │ 0 or stale │   stale, or not there
//!            └──────┴───────────────┴────────────┘
//!             place ▲               ▲ wait: zeros and old pages are what WAL is going to be written over
//! ```
//! Each look goes on at the place where the last one ended ([`pgwal_walk::scan_on`]), and hands on whole records whose
//! checksum is right. What is no record is the end of WAL for now, as long as no WAL lies behind it. Where some does,
//! it may just have been written between two reads: only what is still wrong when it is read again is lost, is told
//! once, and is passed.
//!
//! Which file holds a segment is asked anew whenever names change: the path to the latest timeline, as a server takes
//! it ([`way`](crate::way)). Where a timeline was left behind the last record, its child's file takes over in the
//! middle of a segment. What will be read is kept open, since a server removes it (`kept`).

mod file;
mod kept;
mod loss;
mod step;

pub use loss::{FollowLoss, FollowedSegment};

use crate::archive::{Prior, Unowned};
use crate::error::Error;
use crate::lineage::Branch;
use crate::lines::{LineOfWal, ReadArchive, read_remembered};
use crate::look::{Depth, Look, Which};
use crate::way::Way;
use crate::whose::Cluster;
use file::SegmentAtHand;
use kept::OpenFiles;
use pgwal_format::record::Record;
use pgwal_format::text::history::Switch;
use pgwal_format::{Layout, Lsn, SegmentNo, TimelineId};
use pgwal_source::Source;
use pgwal_walk::{Chain, Fold, RecordBoundary};
use std::time::{Duration, Instant};

/// A server writes pages in order, and a reader may see a later one first: what is wrong must still be wrong after this
/// long.
const DOUBT: Duration = Duration::from_millis(200);
/// Archives get their files in any order: one that others overtook may still come.
const GRACE: Duration = Duration::from_secs(5);
/// While there is much to read, names are read anew after this long, and no more than a tenth of the time is spent on
/// it.
const LOOK: Duration = Duration::from_millis(250);

/// What there is to do after [`Following::advance`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FollowState {
    /// Nothing, until something is written.
    Waiting,
    /// Look again soon, whether or not something is written: something may be wrong.
    Doubting,
    /// The end was reached, or whoever takes records has had enough.
    Finished,
}

/// What is known to have happened since the last look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FollowNews {
    /// Files were written.
    Written,
    /// Files came or went, or nobody knows.
    Renamed,
}

enum FollowStep {
    On,
    Wait,
    Doubt,
    Done,
}

/// Takes what comes, in the order of WAL.
pub trait TakeFollowed {
    /// What the records of a file are gathered in.
    type Fold: Fold<Mark = ()>;
    /// What ends following.
    type Error: From<Error>;

    /// Room for records of a file of this timeline. What is gathered may be thrown away: where something may be wrong,
    /// the same records come again.
    fn room(&self, timeline: TimelineId) -> Self::Fold;

    /// Records of a file, and what is lost between them, in order.
    ///
    /// # Errors
    /// It cannot take them.
    fn records(&mut self, records: Self::Fold, lost: &[FollowLoss]) -> Result<(), Self::Error>;

    /// A record over the end of a segment; `timeline`: that of the file in which it begins.
    ///
    /// # Errors
    /// It cannot take it.
    fn over_seam(&mut self, record: &Record<'_>, timeline: TimelineId) -> Result<(), Self::Error>;

    /// It wants the bytes as well.
    fn wants_bytes(&self) -> bool {
        false
    }

    /// The bytes of a file from one record boundary, or its beginning, to another, or its end: those of the records
    /// before, and what lies between them.
    ///
    /// # Errors
    /// It cannot take them.
    fn bytes(&mut self, _segment: &FollowedSegment, _offset: usize, _bytes: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }

    /// What else is lost.
    ///
    /// # Errors
    /// It cannot take that.
    fn lost(&mut self, loss: &FollowLoss) -> Result<(), Self::Error>;

    /// It wants no more.
    fn is_full(&self) -> bool;
}

/// What opening came to.
pub enum FollowOpened<'a> {
    /// An archive.
    Following(Box<Following<'a>>),
    /// No file says whose WAL it is.
    NoOwner(Unowned),
}

/// Where following ended.
pub struct Followed<'a> {
    /// What lay there when names were read last; no record was read then.
    pub lines: Vec<LineOfWal<'a>>,
    /// What was asked for then.
    pub look: Look<'a>,
    /// Files that were read.
    pub segments: u64,
}

/// Names, as they were read last.
struct FollowedNames<'a> {
    /// The archive, and what its names came to.
    own: LineOfWal<'a>,
    /// WAL of others beside it.
    others: Vec<LineOfWal<'a>>,
    way: Way,
    path: Vec<TimelineId>,
    branches: Vec<Branch>,
    look: Look<'a>,
}

/// Reads an archive as it grows.
pub struct Following<'a> {
    source: &'a dyn Source,
    look: Look<'a>,
    names: FollowedNames<'a>,
    layout: Layout,
    /// What is asked for.
    start: Option<Lsn>,
    end: Option<Lsn>,
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
    segments: u64,
}

impl<'a> FollowedNames<'a> {
    fn of(lines: Vec<LineOfWal<'a>>, look: Look<'a>) -> Option<FollowedNames<'a>> {
        let mut others = lines.into_iter();
        let own = others.next()?;
        let way = own.archive.path().way;
        let branches = own.archive.lineage.branches();
        Some(FollowedNames { path: way.timelines(), others: others.collect(), own, way, branches, look })
    }

    fn into_lines(self) -> Vec<LineOfWal<'a>> {
        std::iter::once(self.own).chain(self.others).collect()
    }
}

impl<'a> Following<'a> {
    /// Begins where the archive, or the range asked for, does. Of `look`, the depth, the number of threads and progress
    /// do not count.
    ///
    /// # Errors
    /// As [`read`](crate::read()).
    pub fn open(source: &'a dyn Source, look: Look<'a>) -> Result<FollowOpened<'a>, Error> {
        let asked = names(&look, look.start);
        let lines = match read_remembered(source, asked, Prior::None)? {
            ReadArchive::Lines(lines) => lines,
            ReadArchive::NoOwner(unowned) => return Ok(FollowOpened::NoOwner(unowned)),
        };
        let seen = FollowedNames::of(lines, asked).ok_or(Error::Threads)?;
        let archive = &seen.own.archive;
        let layout = archive.cluster.layout;
        let normal = |lsn: Lsn| layout.address().normal(lsn, layout.segment);
        let (start, end) = (look.start.map(normal), look.end.map(normal));
        let partials = archive.inventory.partials.iter().map(|s| s.number);
        let first = seen.way.legs.first().map(|leg| leg.first).or_else(|| partials.min());
        let asked = start.map(|start| layout.address().segment(start, layout.segment));
        let mut following = Following {
            source,
            look,
            layout,
            start,
            end,
            number: asked.or(first).unwrap_or(SegmentNo(0)),
            names: seen,
            here: SegmentAtHand::default(),
            left: Chain::new(&layout),
            left_timeline: TimelineId(0),
            reached: None,
            doubt: None,
            outdated: false,
            looked: (Instant::now(), Duration::ZERO),
            kept: OpenFiles::default(),
            segments: 0,
        };
        following.keep_ahead();
        Ok(FollowOpened::Following(Box::new(following)))
    }

    /// How the WAL is laid out.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whose WAL it is.
    pub fn cluster(&self) -> &Cluster {
        &self.names.own.archive.cluster
    }

    /// The timeline of the segment that is read, and where that starts.
    pub fn place(&self) -> (TimelineId, Lsn) {
        (self.timeline_of(self.number), self.start_of(self.number))
    }

    /// Hands on what has come since.
    ///
    /// # Errors
    /// The place cannot be looked at any more, or `take` fails.
    pub fn advance<T: TakeFollowed>(&mut self, news: FollowNews, take: &mut T) -> Result<FollowState, T::Error> {
        if news == FollowNews::Renamed || self.outdated || self.doubt.is_some() {
            self.look_around(take)?;
        }
        loop {
            if self.look.is_stopped() {
                return Ok(FollowState::Waiting);
            }
            if take.is_full() || self.end.is_some_and(|end| self.start_of(self.number) >= end) {
                return Ok(FollowState::Finished);
            }
            if self.names.own.archive.live && self.looked.0.elapsed() > LOOK.max(self.looked.1 * 10) {
                self.look_around(take)?;
            }
            match self.step(take)? {
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

    /// What there was, by names.
    pub fn finish(self) -> Followed<'a> {
        let segments = self.segments + u64::from(self.reached.is_some());
        Followed { look: self.names.look, lines: self.names.into_lines(), segments }
    }

    /// Reads the names anew, and opens what will be read.
    fn look_around<T: TakeFollowed>(&mut self, take: &mut T) -> Result<(), T::Error> {
        let begun = Instant::now();
        self.read_names(take)?;
        self.keep_ahead();
        self.looked = (Instant::now(), begun.elapsed());
        Ok(())
    }

    /// Also finds out whether the timeline was left before the place that was reached.
    fn read_names<T: TakeFollowed>(&mut self, take: &mut T) -> Result<(), T::Error> {
        self.outdated = false;
        let from = self.reached.map_or(self.start, |(_, end)| Some(end.min(self.start_of(self.number))));
        let look = names(&self.look, from);
        match read_remembered(self.source, look, Prior::None) {
            Ok(ReadArchive::Lines(lines)) => {
                let own = |seen: &FollowedNames<'_>| seen.own.archive.cluster.layout == self.layout;
                if let Some(seen) = FollowedNames::of(lines, look).filter(own) {
                    self.names = seen;
                }
            }
            // All files went away for a moment; or it is another cluster's place now, and nothing of ours will come.
            Ok(ReadArchive::NoOwner(_)) | Err(Error::NoWal { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let Some((timeline, end)) = self.reached else { return Ok(()) };
        let left =
            self.switches().find(|&(child, parent, switch)| parent == timeline && switch < end && child > timeline);
        if let Some((child, parent, switch)) = left {
            take.lost(&FollowLoss::Left { parent, switch, child, to: end })?;
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
        let on_path = self.names.branches.iter().filter(|b| self.names.path.contains(&b.timeline));
        on_path.filter_map(|b| match (b.parent, &b.switch) {
            (Some(parent), Some(Switch::At(lsn))) => Some((b.timeline, parent, *lsn)),
            _ => None,
        })
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
}

/// What is read of an archive to know its names.
fn names<'a>(look: &Look<'a>, start: Option<Lsn>) -> Look<'a> {
    let timeline = match look.timeline {
        Which::All => Which::Latest,
        one => one,
    };
    Look { depth: Depth::Names, timeline, cluster: look.cluster, start, settle: look.settle, ..Look::default() }
}
