//! Whether a segment that is not there is the end of WAL or a hole in it: from names and histories alone.
//!
//! ```text
//! timeline 1   …  7  8  [9]  A  B            9 is asked for, and A is here: a hole
//! timeline 1   …  7  8  [9]                  the end of WAL
//! timeline 2            └─ 9  A  B           2 begins in 9, and a server that goes there asked it for 9 before: it is
//!                                            another's, and tells nothing of timeline 1
//! timeline 2            └─[9]                the first of 2, while timeline 1 goes on behind the fork: a server
//!                                            would replay the branch that was left, without a word
//! ```
//! A server takes "not there" for the end of WAL: in archive recovery it promotes. A file that it would not miss is
//! never called a hole: up to 9.4 every timeline is asked for every number, and nothing is known of a target that is
//! set elsewhere.

#[cfg(test)]
mod tests;

use crate::target::TargetTimeline;
use pgwal_archive::lineage::Descent;
use pgwal_format::text::history::Ancestor;
use pgwal_format::{Layout, SegmentName, SegmentNo, TimelineId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is known of an archive, as far as a question needs it.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    /// Complete segments.
    pub segments: BTreeSet<SegmentName>,
    /// Timelines with a history file, and their ancestors, oldest first.
    pub histories: BTreeMap<TimelineId, Vec<Ancestor>>,
    /// Segments in which a timeline was left and that hold records behind that point.
    pub beyond_fork: BTreeSet<SegmentName>,
}

/// Where the server that asks is going.
#[derive(Clone, Copy, Debug)]
pub struct ServerAim {
    /// The timeline on which it starts, by its control file.
    pub start: Option<TimelineId>,
    /// The timeline that it is told to follow.
    pub timeline: TargetTimeline,
}

/// What it means that a segment is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absence {
    /// WAL ends here, or goes on elsewhere: the server may be told so.
    End,
    /// WAL goes on behind it.
    Hole(HoleAhead),
}

/// A segment that is missing in the middle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HoleAhead {
    /// The one that was asked for.
    pub asked: SegmentName,
    /// A segment that is there, and that recovery would lose, or take in its place.
    pub there: SegmentName,
    /// How it is known.
    pub kind: HoleKind,
}

/// How a hole is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HoleKind {
    /// Its own timeline goes on behind it.
    SameTimeline,
    /// A timeline that the server is going to begins behind it.
    LaterTimeline,
    /// It is the first of its timeline, of which nothing is there, and the timeline that was left goes on.
    LeftBranch,
}

/// A timeline of a line, and where it begins.
struct LinePart {
    timeline: TimelineId,
    begin: SegmentNo,
    /// It begins with the first byte of that segment.
    at_boundary: bool,
}

/// Judges the absence of a segment.
pub fn judge(asked: SegmentName, known: &KnownNames, aim: &ServerAim, layout: &Layout) -> Absence {
    let number_of = |name: &SegmentName| name.number(layout.address(), layout.segment);
    let Some(number) = number_of(&asked) else { return Absence::End };
    let hole = |there: SegmentNo, timeline: TimelineId, kind: HoleKind| {
        let there = SegmentName::new(timeline, there, layout.address(), layout.segment);
        Absence::Hole(HoleAhead { asked, there, kind })
    };
    let of = |timeline: TimelineId| {
        let all = known.segments.iter().filter(move |name| name.timeline == timeline);
        all.filter_map(number_of)
    };
    let is_there = |timeline: TimelineId, number: SegmentNo| of(timeline).any(|n| n == number);
    let mut line = line_through(asked.timeline, known, aim, layout);
    let Some(at) = line.iter().position(|part| part.timeline == asked.timeline) else { return Absence::End };
    if let Some(child) = line.get(at + 1).filter(|child| number >= child.begin) {
        // It was asked first, where it is followed. Its file is here: so it is not.
        if !is_there(child.timeline, number) {
            return Absence::End;
        }
        line.truncate(at + 1);
    }
    let Some(own) = line.get(at) else { return Absence::End };
    // Up to 9.4 every timeline is asked for every number, the newest first.
    if number < own.begin {
        return Absence::End;
    }
    let last = line.get(at + 1).map(|child| child.begin);
    // What lies behind its fork is of a branch that was left.
    let behind = of(own.timeline).filter(|n| *n > number && last.is_none_or(|last| *n <= last)).min();
    if let Some(there) = behind {
        return hole(there, own.timeline, HoleKind::SameTimeline);
    }
    for later in line.iter().skip(at + 1) {
        if let Some(there) = of(later.timeline).filter(|n| *n >= later.begin).min() {
            return hole(there, later.timeline, HoleKind::LaterTimeline);
        }
    }
    match left_branch(&line, at, number, known, &of, layout) {
        Some((timeline, there)) => hole(there, timeline, HoleKind::LeftBranch),
        None => Absence::End,
    }
}

/// The line that the server is on, oldest first: that of its aim where the timeline lies on it, else its own.
fn line_through(timeline: TimelineId, known: &KnownNames, aim: &ServerAim, layout: &Layout) -> Vec<LinePart> {
    let start = aim.start.unwrap_or(timeline);
    let target = match aim.timeline {
        TargetTimeline::Latest => latest(start, known),
        TargetTimeline::Current => start,
        TargetTimeline::Number(number) => number,
    };
    let of_aim = line_of(target, known, layout);
    if of_aim.iter().any(|part| part.timeline == timeline) { of_aim } else { line_of(timeline, known, layout) }
}

/// The timeline that a server takes for the latest: it tries one number after another.
fn latest(start: TimelineId, known: &KnownNames) -> TimelineId {
    let mut newest = start;
    while let Some(next) = newest.0.checked_add(1).map(TimelineId).filter(|next| known.histories.contains_key(next)) {
        newest = next;
    }
    newest
}

fn line_of(target: TimelineId, known: &KnownNames, layout: &Layout) -> Vec<LinePart> {
    let ancestors = known.histories.get(&target).map_or(&[][..], Vec::as_slice);
    let descent = Descent::of(target, ancestors, layout);
    let parts = descent.passed.iter().map(|(timeline, begin)| LinePart {
        timeline: *timeline,
        begin: begin.map_or(SegmentNo(0), |begin| begin.segment),
        at_boundary: begin
            .and_then(|begin| begin.lsn)
            .is_some_and(|lsn| layout.address().offset(lsn, layout.segment) == 0),
    });
    parts.collect()
}

/// Nothing is there of the timeline so far, and one that it descends from goes on behind the point where it was left: a
/// segment of it that a server would replay.
fn left_branch<I: Iterator<Item = SegmentNo>>(
    line: &[LinePart],
    at: usize,
    number: SegmentNo,
    known: &KnownNames,
    of: &impl Fn(TimelineId) -> I,
    layout: &Layout,
) -> Option<(TimelineId, SegmentNo)> {
    let own = line.get(at)?;
    // Where it has begun, its end is the end.
    if own.begin == SegmentNo(0) || of(own.timeline).any(|n| n >= own.begin) {
        return None;
    }
    let pairs = line.iter().zip(line.iter().skip(1)).take(at);
    for (parent, child) in pairs.collect::<Vec<_>>().into_iter().rev() {
        let name = |n: SegmentNo| SegmentName::new(parent.timeline, n, layout.address(), layout.segment);
        let is_beyond = |n: &SegmentNo| {
            let beyond =
                *n > child.begin || *n == child.begin && (child.at_boundary || known.beyond_fork.contains(&name(*n)));
            *n >= number && beyond
        };
        // Its segment of this very number is what a server would ask for next.
        let there = of(parent.timeline).filter(is_beyond).min();
        let would_take = of(parent.timeline).any(|n| n == number);
        if let Some(there) = there.filter(|_| would_take) {
            return Some((parent.timeline, there));
        }
    }
    None
}

impl fmt::Display for HoleAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HoleAhead { asked, there, kind } = self;
        match kind {
            HoleKind::SameTimeline => {
                write!(f, "{asked} is missing, and {there} behind it is here: WAL does not end there (WP101)")
            }
            HoleKind::LaterTimeline => write!(
                f,
                "{asked} is missing, and {there} of timeline {} to which recovery is going is here: WAL does not end there (WP101)",
                there.timeline
            ),
            HoleKind::LeftBranch => write!(
                f,
                "{asked} is missing, the first segment of timeline {}: recovery would go on along timeline {} instead, behind the point where it was left, and {there} is here (WP101)",
                asked.timeline, there.timeline
            ),
        }
    }
}
