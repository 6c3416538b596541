//! The segments before they are damaged. They are kept, with their scans: making them takes longer than all else.

use super::log::Log;
use super::{Plan, SEGMENT, SYSTEM_ID};
use pgwal_craft::{Builder, FillEnd, Opening};
use pgwal_format::{FileName, SegmentNo, TimelineId};
use pgwal_walk::{Run, scan};
use std::cell::RefCell;

/// Number of stories: zeros, and those of [`craft`].
pub(super) const STORIES: u8 = 8;
/// Bases that are kept.
const KEPT: usize = 24;

/// Segments, and the scan of each.
pub(super) struct Base {
    /// All of them, one behind the other.
    pub(super) bytes: Vec<u8>,
    pub(super) runs: Vec<Run<Log>>,
}

thread_local! {
    static BASES: RefCell<Vec<(Plan, Base)>> = const { RefCell::new(Vec::new()) };
}

/// The number of the first segment: any for real WAL, a few for crafted one, about the end of a log id (9.2 and
/// earlier) among them.
pub(super) fn first_segment(story: u8, number: u32) -> SegmentNo {
    match (story, number & 3) {
        (0, _) => SegmentNo(u64::from(number)),
        (_, 0) => SegmentNo(1),
        (_, 1) => SegmentNo(4093),
        (_, 2) => SegmentNo(1 << 32),
        (_, _) => SegmentNo(0),
    }
}

/// Calls `then` with the base of a plan.
pub(super) fn with(plan: Plan, then: impl FnOnce(&Base)) {
    BASES.with_borrow_mut(|bases| {
        let index = bases.iter().position(|(made, _)| *made == plan).unwrap_or_else(|| {
            if bases.len() == KEPT {
                bases.remove(0);
            }
            bases.push((plan, make(plan)));
            bases.len() - 1
        });
        then(&bases[index].1);
    });
}

fn make(plan: Plan) -> Base {
    let mut bytes = vec![0; plan.segments * SEGMENT];
    if plan.story > 0 {
        craft(plan, &mut bytes);
    }
    let runs = bytes
        .chunks(SEGMENT)
        .enumerate()
        .map(|(index, segment)| scan(segment, plan.expect(index), Log::default()))
        .collect();
    Base { bytes, runs }
}

fn craft(plan: Plan, bytes: &mut [u8]) {
    let mut wal = Builder::new(plan.layout, TimelineId(1), SYSTEM_ID, plan.first);
    wal.checkpoint_shutdown();
    match plan.story {
        1 => small_records(&mut wal),
        2 => drop(wal.zero_filler(2_400_000)),
        3 => switches(&mut wal),
        4 => aborted(&mut wal),
        5 => timelines(&mut wal),
        6 => drop(wal.zero_filler(700_000)),
        _ => headers_at_seams(&mut wal),
    }
    // Up to four segments are looked at; beyond the story they stay zero.
    if plan.story != 6 {
        for step in 0..40 {
            wal.commit(step, i64::from(step) * 1_000_000);
            wal.zero_filler(90_000 + u64::from(step) * 3);
        }
    }
    let mut newest = vec![TimelineId(0); plan.segments];
    for file in wal.finish().files {
        let (FileName::Segment(name) | FileName::Partial(name)) = file.name else { continue };
        let Some(number) = name.number(plan.layout.address(), plan.layout.segment) else { continue };
        let index = (number.0 - plan.first.0) as usize;
        if let Some(newest) = newest.get_mut(index).filter(|newest| **newest < name.timeline) {
            *newest = name.timeline;
            bytes[index * SEGMENT..(index + 1) * SEGMENT].copy_from_slice(&file.content.bytes(0, SEGMENT));
        }
    }
}

fn small_records(wal: &mut Builder) {
    for step in 0..400u64 {
        wal.filler(60 + step * 7);
        wal.filler(60 + step % 9);
        wal.commit(step as u32, step as i64);
    }
}

fn switches(wal: &mut Builder) {
    for length in [100, 20_000, 60] {
        wal.filler(length);
        wal.switch();
        wal.filler(length + 40);
    }
}

fn aborted(wal: &mut Builder) {
    wal.aborted_record_and_overwrite_contrecord();
    wal.skip_to_with_zeros(64, FillEnd::Segment);
    if wal.aborted_record_and_overwrite_contrecord().is_none() {
        wal.filler(500);
    }
    wal.skip_to_with_zeros(wal.layout().page.bytes() - 200, FillEnd::Segment);
    wal.filler(3000);
}

fn timelines(wal: &mut Builder) {
    wal.filler(300_000);
    wal.timeline_switch(TimelineId(2), Opening::ShutdownCheckpoint);
    wal.filler(900_000);
    wal.timeline_switch(TimelineId(3), Opening::EndOfRecovery);
}

/// A record whose header the end of a segment splits, and one that ends with a segment.
fn headers_at_seams(wal: &mut Builder) {
    let room = wal.layout().start_room().next_multiple_of(8) as u64;
    wal.skip_to_with_zeros(room, FillEnd::Segment);
    wal.filler(2000);
    wal.skip_to_with_zeros(160, FillEnd::Segment);
    wal.filler(160);
    wal.filler(400);
}
