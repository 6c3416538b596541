//! Two copies of an archive: where they differ, and which of the two is right.
//!
//! ```text
//! bytes the same ──► nothing to say        one of them is no good segment ──► the other is right
//! both good by themselves ──► what stands before and behind fits one of them alone ──► that one is right
//!                         └─► it fits both: records the same ──► slack: both are right
//!                                           else ──► two histories: bytes do not say which is meant
//! ```
//! Each file is read once, by the one reader; of what differs and is good on both sides, records are read once more.

mod decide;
mod files;
mod marks;
mod side;

pub use files::ComparedFile;

use crate::finding::Finding;
use crate::options::Options;
use crate::place_report::SegmentSpan;
use decide::Deciding;
use pgwal_archive::names::Segment;
use pgwal_archive::ordered::in_order;
use pgwal_archive::whose::Cluster;
use pgwal_archive::{Buffers, Error};
use pgwal_format::{Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_source::{Entry, Source};
use side::{ComparedSide, ReadCopies};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// What a comparison came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Comparison {
    /// How the WAL is laid out.
    pub layout: Layout,
    /// The clusters, where a file of each side says so.
    pub system_ids: [Option<u64>; 2],
    /// They are of different clusters, versions or sizes: nothing else was compared.
    pub foreign: bool,
    /// Segments that are there on both sides with the same bytes.
    pub same: u64,
    /// Of those, the ones that no server can use or whose records are damaged.
    pub alike_damaged: Vec<SegmentName>,
    /// Segments of both that differ, and those of one that are damaged; in order.
    pub segments: Vec<ComparedSegment>,
    /// Good segments that only one of the two has.
    pub only: [Vec<SegmentSpan>; 2],
    /// Segments of which several files lie on one side and differ, on either.
    pub twins: [Vec<DifferingFiles>; 2],
    /// Other files that differ, or that only one of the two has.
    pub files: Vec<ComparedFile>,
}

/// A segment of which the two copies are not the same.
#[derive(Clone, Debug)]
pub struct ComparedSegment {
    /// Its name.
    pub name: SegmentName,
    /// What they are.
    pub copies: [CopyState; 2],
    /// In what they differ.
    pub difference: CopyDifference,
    /// Which is right.
    pub right: RightCopy,
}

/// Files of one segment in one place that differ.
#[derive(Clone, Debug)]
pub struct DifferingFiles {
    /// Its name.
    pub name: SegmentName,
    /// The file that was compared with the other side, and what is wrong with it.
    pub taken: (String, Option<Finding>),
    /// Those beside it.
    pub others: Vec<(String, Option<Finding>)>,
    /// Who keeps the archive gives out none of them.
    pub withheld: bool,
    /// Hashes of all of them.
    sums: Vec<u128>,
}

/// What a copy of a segment is.
#[derive(Clone, Debug)]
pub enum CopyState {
    /// It is not there.
    Missing,
    /// Nothing is wrong with it.
    Good,
    /// What is wrong with it.
    Bad(Box<Finding>),
}

impl CopyState {
    /// Whether nothing is wrong with it.
    pub fn is_good(&self) -> bool {
        matches!(self, CopyState::Good)
    }
}

/// In what two copies differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CopyDifference {
    /// One is not there, and the other is damaged.
    Missing,
    /// One of them is damaged, or both are.
    Damage,
    /// Bytes outside records: replay does not read them.
    Slack,
    /// The records: from this position on, the first after so many that are the same.
    Records(Lsn, u64),
}

impl CopyDifference {
    /// As JSON names it.
    pub const fn name(self) -> &'static str {
        match self {
            CopyDifference::Missing => "missing",
            CopyDifference::Damage => "damage",
            CopyDifference::Slack => "slack",
            CopyDifference::Records(..) => "records",
        }
    }
}

/// Which of two copies is right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RightCopy {
    /// The first.
    A,
    /// The second.
    B,
    /// Both: their records are the same.
    Both,
    /// Neither.
    Neither,
    /// Bytes do not say it.
    Unknown,
}

impl RightCopy {
    /// As JSON names it.
    pub const fn name(self) -> &'static str {
        match self {
            RightCopy::A => "a",
            RightCopy::B => "b",
            RightCopy::Both => "both",
            RightCopy::Neither => "neither",
            RightCopy::Unknown => "unknown",
        }
    }
}

impl Comparison {
    /// Whether a record, or a file, is there on one side that the other has not.
    pub fn differs(&self) -> bool {
        let of_segments = self.segments.iter().any(|segment| segment.difference != CopyDifference::Slack);
        let twins = |side: usize| self.twins.get(side).into_iter().flatten().map(|files| (files.name, &files.sums));
        self.foreign
            || of_segments
            || !twins(0).eq(twins(1))
            || self.only.iter().any(|only| !only.is_empty())
            || !self.files.is_empty()
    }

    /// Segments of both that differ in what replay does not read.
    pub fn slack(&self) -> u64 {
        self.segments.iter().filter(|segment| segment.difference == CopyDifference::Slack).count() as u64
    }
}

/// Compares two copies of an archive; `None` where no file of either says whose WAL it is.
///
/// # Errors
/// One cannot be listed, or the caller asked for an early end.
pub fn compare(
    sources: [&dyn Source; 2],
    options: &Options<'_>,
    chosen: &mut dyn FnMut(SegmentName, usize, &Entry) -> Result<(), Error>,
) -> Result<Option<Comparison>, Error> {
    let [a, b] = sources;
    let owners = [side::owner(a, options)?, side::owner(b, options)?];
    let Some(cluster) = owners[0].or(owners[1]) else { return Ok(None) };
    let foreign = owners[0].zip(owners[1]).is_some_and(|(a, b): (Cluster, Cluster)| !a.is(&b));
    let mut out = Comparison {
        layout: cluster.layout,
        system_ids: owners.map(|owner| owner.map(|cluster| cluster.system_id)),
        foreign,
        same: 0,
        alike_damaged: Vec::new(),
        segments: Vec::new(),
        only: [Vec::new(), Vec::new()],
        twins: [Vec::new(), Vec::new()],
        files: Vec::new(),
    };
    if foreign {
        return Ok(Some(out));
    }
    let sides = [ComparedSide::open(a, cluster)?, ComparedSide::open(b, cluster)?];
    let all: BTreeSet<(TimelineId, SegmentNo)> = sides.iter().flat_map(ComparedSide::segments).collect();
    let all: Vec<(TimelineId, SegmentNo)> = all.into_iter().collect();
    if let Some(progress) = options.progress {
        progress.begin(all.len() as u64);
    }
    let work = |i: usize, buffers: &mut Buffers| -> Option<[Option<ReadCopies>; 2]> {
        let at = all.get(i)?;
        let mut copies = [0, 1].map(|side: usize| sides.get(side)?.read(*at, options, buffers));
        if let [Some(a), Some(b)] = &mut copies {
            ReadCopies::agree(a, b);
        }
        Some(copies)
    };
    let mut deciding = Deciding::new(&sides, &mut out);
    let mut place = 0;
    let mut take = |read: Option<[Option<ReadCopies>; 2]>| {
        let (Some(copies), Some(&at)) = (read, all.get(place)) else { return Ok(ControlFlow::Break(())) };
        place += 1;
        if options.look().is_stopped() {
            return Err(Error::Interrupted);
        }
        if let Some(progress) = options.progress {
            progress.file(copies.iter().flatten().map(|copies| copies.taken.bytes).sum());
        }
        deciding.take(at, copies, chosen)?;
        Ok(ControlFlow::Continue(()))
    };
    in_order(options.jobs, all.len(), &work, &mut take, || Error::Threads)?;
    deciding.finish(chosen)?;
    out.files = files::compare(&sides);
    Ok(Some(out))
}

/// A segment by its place.
fn segment(timeline: TimelineId, number: SegmentNo, entry: usize) -> Segment {
    Segment { timeline, number, entry, copies: 1 }
}
