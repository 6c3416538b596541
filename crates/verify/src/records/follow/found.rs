//! What is told of WAL that cannot be read on.

use crate::codes::Code;
use crate::finding::{Detail, Finding, Lost};
use crate::judge::code_of;
use pgwal_archive::follow::{FollowLoss, FollowedSegment};
use pgwal_format::text::history::Switch;
use pgwal_format::{Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_walk::Damage;

/// The finding of a loss.
pub fn of(layout: &Layout, loss: &FollowLoss) -> Finding {
    match loss {
        FollowLoss::Damage { damage, begun, segment } => of_damage(layout, damage, *begun, segment),
        &FollowLoss::Gap { timeline, lsn, first, next } => gap(layout, timeline, lsn, first, next),
        FollowLoss::Unreadable { segment, why } => unreadable(layout, segment, why),
        &FollowLoss::Left { parent, switch, child, to } => left(layout, (parent, switch), (child, to)),
    }
}

fn of_damage(layout: &Layout, damage: &Damage<()>, begun: Lsn, segment: &FollowedSegment) -> Finding {
    let lsn = if damage.begun_before { begun } else { damage.lsn };
    let at = if damage.at == damage.lsn && !damage.begun_before { lsn } else { damage.at };
    let bytes =
        damage.until.and_then(|until| u64::try_from(layout.address().distance(until, lsn, layout.segment)).ok());
    let in_file = layout.address().segment(at, layout.segment) == segment.number;
    Finding {
        timeline: Some(segment.timeline),
        lsn: Some(lsn),
        at: Some(at),
        segment: Some(name(layout, segment.timeline, layout.address().segment(lsn, layout.segment))),
        file: Some(if in_file {
            segment.file.clone()
        } else {
            name(layout, segment.timeline, layout.address().segment(at, layout.segment))
        }),
        offset: Some(layout.address().offset(at, layout.segment)),
        readable_until: Some(lsn),
        lost: Some(Lost { bytes, until_lsn: damage.until, ..Lost::default() }),
        detail: Detail::Wal(damage.fault),
        ..Finding::of(code_of(&damage.fault))
    }
}

/// Segments that did not come.
fn gap(layout: &Layout, timeline: TimelineId, lsn: Lsn, first: SegmentNo, next: SegmentNo) -> Finding {
    let at = layout.address().segment_start(first, layout.segment);
    let last = SegmentNo(next.0.saturating_sub(1));
    Finding {
        timeline: Some(timeline),
        lsn: Some(lsn),
        at: Some(at),
        segment: Some(name(layout, timeline, layout.address().segment(lsn, layout.segment))),
        file: Some(name(layout, timeline, first)),
        offset: Some(0),
        readable_until: Some(lsn),
        lost: Some(Lost::default()),
        detail: Detail::Gap {
            last: name(layout, timeline, last),
            count: next.0.saturating_sub(first.0),
            partial: false,
        },
        ..Finding::of(Code::Gap)
    }
}

/// Records were listed that no path to the newest timeline has.
fn left(layout: &Layout, (parent, switch): (TimelineId, Lsn), (child, to): (TimelineId, Lsn)) -> Finding {
    Finding {
        timeline: Some(parent),
        at: Some(switch),
        file: Some(name(layout, parent, layout.address().segment(switch, layout.segment))),
        offset: Some(layout.address().offset(switch, layout.segment)),
        detail: Detail::Diverged { switch: Switch::At(switch), child, to },
        ..Finding::of(Code::Diverged)
    }
}

/// A file that is kept closed.
fn unreadable(layout: &Layout, segment: &FollowedSegment, why: &str) -> Finding {
    let at = layout.address().segment_start(segment.number, layout.segment);
    Finding {
        timeline: Some(segment.timeline),
        lsn: Some(at.plus_within(layout.long_header() as u64)),
        at: Some(at),
        file: Some(segment.file.clone()),
        offset: Some(0),
        detail: Detail::Refused(why.to_owned()),
        ..Finding::of(Code::Unreadable)
    }
}

fn name(layout: &Layout, timeline: TimelineId, number: SegmentNo) -> String {
    SegmentName::new(timeline, number, layout.address(), layout.segment).to_string()
}
