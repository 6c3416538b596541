//! One to four segments that follow each other: however their scans are grouped, they join to the same run.
//!
//! An input is a small program, so that a few bytes can damage megabytes in the places that matter:
//!
//! ```text
//! 0      version        a row of the table of dialects
//! 1      shape          bit 0 alignment 4, bit 1 big-endian, bits 2-4 page size (1 KiB << n), bits 5-6 segments less one
//! 2      story          0 zeros, else what `base` crafts
//! 3      expectations   bit 0 system id, bit 1 whole records kept, bit 2 a timeline: bits 3-5
//! 4      number         of the first segment, u32
//! 8 …    steps          see `step`
//! ```
//!
//! Seeds with story 0 lay pages of real WAL in their place.

mod base;
mod log;
mod same;
mod step;

use crate::layouts;
use base::Base;
use log::Log;
use pgwal_format::{Layout, Lsn, SegmentNo, TimelineId};
use pgwal_walk::{KEEP, Run, ScanExpect, Stream, headers, scan};

/// The system identifier of crafted WAL.
const SYSTEM_ID: u64 = 7_000_000_000_000_000_001;
/// Bytes in a segment.
const SEGMENT: usize = 1 << 20;

/// What the first bytes of an input ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Plan {
    layout: Layout,
    segments: usize,
    story: u8,
    first: SegmentNo,
    timeline: Option<TimelineId>,
    system_id: Option<u64>,
    keep: usize,
}

/// Builds the segments, scans each, and joins the scans in every grouping.
pub fn run(input: &[u8]) {
    let Some((&[version, shape, story, expect, n0, n1, n2, n3], steps)) = input.split_first_chunk::<8>() else {
        return;
    };
    let plan = Plan {
        layout: layouts::chosen(version, shape),
        segments: usize::from(shape >> 5 & 3) + 1,
        story: story % base::STORIES,
        first: base::first_segment(story % base::STORIES, u32::from_le_bytes([n0, n1, n2, n3])),
        timeline: (expect & 4 != 0).then_some(TimelineId(u32::from(expect >> 3 & 7))),
        system_id: (expect & 1 != 0).then_some(SYSTEM_ID),
        keep: if expect & 2 == 0 { KEEP } else { usize::MAX },
    };
    base::with(plan, |base| damaged(plan, base, steps));
}

fn damaged(plan: Plan, base: &Base, steps: &[u8]) {
    let image = step::run(&plan.layout, base, steps);
    let mut runs = Vec::new();
    let mut pages = Vec::new();
    for (index, segment) in image.segments().enumerate() {
        match base.runs.get(index).filter(|_| !image.touched(index)) {
            Some(run) => runs.push(run.clone()),
            None => runs.push(scan(segment, plan.expect(index), Log::default())),
        }
        pages.push(headers::<Log>(segment, plan.expect(index)));
        // A stream either declines or comes to what a scan comes to.
        if let Some(run) = streamed(segment, plan.expect(index)) {
            same::check(runs.last().expect("one was pushed"), &run);
        }
    }
    every_grouping(&plan.layout, &runs);
    every_grouping(&plan.layout, &pages);
}

fn streamed(segment: &[u8], expect: ScanExpect<'_>) -> Option<Run<Log>> {
    let mut stream = Stream::new(expect, Log::default()).ok()?;
    segment.chunks(64 << 10).try_for_each(|window| stream.push(window)).ok()?;
    stream.finish().ok()
}

/// All ways to set the brackets come down to those that differ in one place.
fn every_grouping(layout: &Layout, runs: &[Run<Log>]) {
    let Some(expected) = joined(layout, runs) else { return };
    for left in 1..runs.len() {
        let (a, b) = runs.split_at(left);
        for other in groupings(layout, a)
            .iter()
            .flat_map(|a| groupings(layout, b).into_iter().map(|b| a.clone().join(b, layout)))
        {
            same::check(&expected, &other);
        }
    }
}

fn joined(layout: &Layout, runs: &[Run<Log>]) -> Option<Run<Log>> {
    runs.iter().cloned().reduce(|a, b| a.join(b, layout))
}

fn groupings(layout: &Layout, runs: &[Run<Log>]) -> Vec<Run<Log>> {
    match runs {
        [one] => vec![one.clone()],
        _ => (1..runs.len())
            .flat_map(|left| {
                let (a, b) = runs.split_at(left);
                let (a, b) = (groupings(layout, a), groupings(layout, b));
                a.into_iter().flat_map(move |a| b.clone().into_iter().map(move |b| a.clone().join(b, layout)))
            })
            .collect(),
    }
}

impl Plan {
    fn expect(&self, index: usize) -> ScanExpect<'_> {
        ScanExpect {
            layout: &self.layout,
            start: self.start(index),
            timeline: self.timeline,
            system_id: self.system_id,
            keep: self.keep,
            history: &[],
        }
    }

    fn start(&self, index: usize) -> Lsn {
        self.layout.address().segment_start(SegmentNo(self.first.0 + index as u64), self.layout.segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_pass() {
        assert!(crate::seeds("walk", run).unwrap() >= 10);
    }

    #[test]
    fn every_version_and_story_passes_undamaged() {
        for version in 0..20 {
            for story in 0..base::STORIES {
                for shape in [0b0110_1100, 0b0100_0101, 0b0111_0010] {
                    run(&[version, shape, story, 1, version & 3, 0, 0, 0]);
                }
            }
        }
    }
}
