//! Which file a server takes for each segment (`XLogFileReadAnyTLI`).
//!
//! For a segment, the target timeline and its ancestors are tried, newest first; timelines that begin in a later
//! segment are passed over where the server's version does that ([`RecoveryRules`]), and none older than that of the
//! segment before is tried again.
//!
//! [`RecoveryRules`]: pgwal_format::recovery::RecoveryRules

use crate::lineage::{Lineage, switch_segment};
use crate::names::{Inventory, Segment};
use pgwal_format::{Layout, SegmentNo, TimelineId};

/// Segments of one timeline that follow each other on the way of recovery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leg {
    /// The timeline whose files are taken.
    pub timeline: TimelineId,
    /// The first.
    pub first: SegmentNo,
    /// The last.
    pub last: SegmentNo,
}

/// Segments that no file is there for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hole {
    /// The newest timeline that could have them.
    pub timeline: TimelineId,
    /// The first.
    pub first: SegmentNo,
    /// The last.
    pub last: SegmentNo,
    /// A newer timeline has files for them, and by its history begins only later.
    pub too_early: Option<TimelineId>,
}

/// The way of recovery, and what is missing on it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Way {
    /// In order.
    pub legs: Vec<Leg>,
    /// In order.
    pub holes: Vec<Hole>,
}

impl Way {
    /// The timelines whose files are taken, oldest first.
    pub fn timelines(&self) -> Vec<TimelineId> {
        let mut out: Vec<TimelineId> = self.legs.iter().map(|leg| leg.timeline).collect();
        out.dedup();
        out
    }
}

/// The way along a line over all segments that it has.
pub fn whole_way(inventory: &Inventory, line: &[(TimelineId, SegmentNo)], layout: &Layout) -> Way {
    let all = || line.iter().flat_map(|&(t, _)| inventory.of(t));
    match (all().map(|s| s.number).min(), all().map(|s| s.number).max()) {
        (Some(from), Some(to)) => way(inventory, line, (from, to), layout),
        _ => Way::default(),
    }
}

/// Segments in front of which runs are not joined, in order: where recovery to any timeline goes over from one
/// timeline's files to another's.
pub fn cuts(inventory: &Inventory, lineage: &Lineage, layout: &Layout) -> Vec<SegmentNo> {
    let timelines = inventory.timelines();
    let mut cuts: Vec<SegmentNo> =
        timelines.iter().filter_map(|&t| inventory.of(t).first()).map(|s| s.number).collect();
    let legs = timelines.iter().flat_map(|&t| whole_way(inventory, &lineage.line(t, layout), layout).legs);
    cuts.extend(legs.map(|leg| leg.first));
    cuts.extend(lineage.nodes.iter().filter_map(|n| switch_segment(&n.ancestors.last()?.switch, layout)));
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// The timelines whose files a server tries for a segment, in its order. `line`: a timeline and its ancestors, oldest
/// first, each with the segment in which it begins; `oldest`: the timeline of the file before.
pub fn tried(
    line: &[(TimelineId, SegmentNo)],
    number: SegmentNo,
    oldest: TimelineId,
    layout: &Layout,
) -> impl Iterator<Item = TimelineId> {
    let passes_over = layout.dialect.recovery.passes_over_later_timelines;
    let newest_first = line.iter().rev().take_while(move |(timeline, _)| *timeline >= oldest);
    newest_first.filter(move |(_, begin)| !passes_over || number >= *begin).map(|(timeline, _)| *timeline)
}

/// The way along `line` (a timeline and its ancestors, oldest first, each with the segment in which it begins), for
/// segments from one to another.
pub fn way(
    inventory: &Inventory,
    line: &[(TimelineId, SegmentNo)],
    (from, to): (SegmentNo, SegmentNo),
    layout: &Layout,
) -> Way {
    let mut out = Way::default();
    let mut oldest = TimelineId(0);
    let mut number = from;
    while number <= to {
        let tried = || tried(line, number, oldest, layout);
        let taken = tried().find(|&t| inventory.get(t, number).is_some());
        match taken {
            Some(timeline) => {
                oldest = timeline;
                match out.legs.last_mut() {
                    Some(leg) if leg.timeline == timeline && leg.last.next() == number => leg.last = number,
                    _ => out.legs.push(Leg { timeline, first: number, last: number }),
                }
            }
            None => {
                // Whatever else a server tries: the timeline that was written there.
                let written = |(t, begin): &&(TimelineId, SegmentNo)| *t >= oldest && number >= *begin;
                let newest = line.iter().rev().find(written).map_or(oldest, |&(t, _)| t);
                let early = line.iter().rev().find(|&&(t, begin)| number < begin && inventory.get(t, number).is_some());
                // However wide the gap, it is one step.
                let next = following(inventory, line, number).unwrap_or(to.next());
                let begins = line.iter().map(|&(_, begin)| begin).filter(|&b| b > number).min().unwrap_or(next);
                let last = SegmentNo(next.min(begins).min(to.next()).0 - 1);
                match out.holes.last_mut() {
                    Some(hole)
                        if hole.timeline == newest
                            && hole.last.next() == number
                            && hole.too_early == early.map(|e| e.0) =>
                    {
                        hole.last = last
                    }
                    _ => out.holes.push(Hole {
                        timeline: newest,
                        first: number,
                        last,
                        too_early: early.map(|&(t, _)| t),
                    }),
                }
                number = last;
            }
        }
        number = number.next();
    }
    // What only timelines have that recovery has left behind is not missing at the end of the way.
    let end = out.legs.last().map(|leg| leg.last);
    out.holes.retain(|hole| hole.too_early.is_some() || end.is_some_and(|end| hole.first < end));
    out
}

/// The first number above `number` for which any timeline of the line has a file.
fn following(inventory: &Inventory, line: &[(TimelineId, SegmentNo)], number: SegmentNo) -> Option<SegmentNo> {
    let after = |&(t, _): &(TimelineId, SegmentNo)| {
        let list = inventory.of(t);
        list.get(list.partition_point(|s| s.number <= number)).map(|s: &Segment| s.number)
    };
    line.iter().filter_map(after).min()
}
