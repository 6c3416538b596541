//! What is told of WAL that cannot be read on.

use super::segment_file::SegmentFile;
use crate::codes::Code;
use crate::finding::{Detail, Finding, Lost};
use crate::judge::code_of;
use pgwal_format::{Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_walk::Damage;

/// A place in a file, or at its seam with the one before; `begun`: the record that goes over that seam.
pub(super) fn damage(
    layout: &Layout,
    damage: &Damage<()>,
    begun: Lsn,
    file: &SegmentFile,
    number: SegmentNo,
) -> Finding {
    let lsn = if damage.begun_before { begun } else { damage.lsn };
    let at = if damage.at == damage.lsn && !damage.begun_before { lsn } else { damage.at };
    let bytes =
        damage.until.and_then(|until| u64::try_from(layout.address().distance(until, lsn, layout.segment)).ok());
    let in_file = layout.address().segment(at, layout.segment) == number;
    Finding {
        timeline: Some(file.timeline),
        lsn: Some(lsn),
        at: Some(at),
        segment: Some(name(layout, file.timeline, layout.address().segment(lsn, layout.segment))),
        file: Some(if in_file {
            file.entry.shown()
        } else {
            name(layout, file.timeline, layout.address().segment(at, layout.segment))
        }),
        offset: Some(layout.address().offset(at, layout.segment)),
        readable_until: Some(lsn),
        lost: Some(Lost { bytes, until_lsn: damage.until, ..Lost::default() }),
        detail: Detail::Wal(damage.fault),
        ..Finding::of(code_of(&damage.fault))
    }
}

/// Segments that did not come.
pub(super) fn gap(layout: &Layout, timeline: TimelineId, lsn: Lsn, first: SegmentNo, next: SegmentNo) -> Finding {
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
pub(super) fn diverged(layout: &Layout, parent: TimelineId, switch: Lsn, child: TimelineId, to: Lsn) -> Finding {
    Finding {
        timeline: Some(parent),
        at: Some(switch),
        file: Some(name(layout, parent, layout.address().segment(switch, layout.segment))),
        offset: Some(layout.address().offset(switch, layout.segment)),
        detail: Detail::Diverged { switch: pgwal_format::text::history::Switch::At(switch), child, to },
        ..Finding::of(Code::Diverged)
    }
}

/// The operating system, or the way in which a file is packed, keeps it closed.
pub(super) fn unreadable(layout: &Layout, file: &SegmentFile, number: SegmentNo, why: String) -> Finding {
    let at = layout.address().segment_start(number, layout.segment);
    Finding {
        timeline: Some(file.timeline),
        lsn: Some(at.plus_within(layout.long_header() as u64)),
        at: Some(at),
        file: Some(file.entry.shown()),
        offset: Some(0),
        detail: Detail::Refused(why),
        ..Finding::of(Code::Unreadable)
    }
}

fn name(layout: &Layout, timeline: TimelineId, number: SegmentNo) -> String {
    SegmentName::new(timeline, number, layout.address(), layout.segment).to_string()
}
