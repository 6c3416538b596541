//! What a server gets of `walproof archive-get` on its way: not the bytes that lie there, but what it lets pass.

use crate::at_hand::FilesAtHand;
use crate::command::archive_get::ArchiveGet;
use crate::events::Events;
use crate::hole::{Absence, HoleKind, KnownNames, ServerAim, judge};
use pgwal_archive::lineage::Descent;
use pgwal_format::{Layout, SegmentName, SegmentNo, TimelineId};
use pgwal_walk::{Run, Tail};
use std::collections::BTreeSet;

/// `walproof archive-get` as the `restore_command` of a recovery.
pub struct CheckedDelivery {
    /// Its options.
    pub options: ArchiveGet,
    /// What it does not deliver stops the server; a standby asks again.
    pub stops: bool,
    known: KnownNames,
    /// Segments that lie in the server's own `pg_wal`: what is not in the archive is taken from there.
    own: BTreeSet<SegmentName>,
    aim: ServerAim,
    layout: Layout,
}

impl CheckedDelivery {
    /// For a server that is going there, from the archive among these files.
    pub fn new(options: ArchiveGet, stops: bool, shelf: &FilesAtHand<'_>, aim: ServerAim) -> CheckedDelivery {
        let layout = shelf.layout;
        let mut known = KnownNames::default();
        let name = |timeline, number| SegmentName::new(timeline, number, layout.address(), layout.segment);
        for place in shelf.places.iter().filter(|place| place.archive) {
            let written = place.inventory.timelines().into_iter().flat_map(|timeline| shelf.written(place, timeline));
            known.segments.extend(written.map(|s| name(s.timeline, s.number)));
            for node in place.lineage.nodes.iter().filter(|node| !node.broken) {
                let passed = Descent::of(node.timeline, &node.written, &layout).passed;
                let forks = passed.iter().zip(passed.iter().skip(1));
                // A timeline that goes on has the segment of the fork whole; one that was left has a .partial.
                let forks = forks.filter_map(|((parent, _), (_, begin))| Some(name(*parent, (*begin)?.segment)));
                known.beyond_fork.extend(forks.filter(|fork| known.segments.contains(fork)).collect::<Vec<_>>());
                known.histories.entry(node.timeline).or_insert_with(|| node.written.clone());
            }
        }
        let mut own = BTreeSet::new();
        for place in shelf.places.iter().filter(|place| !place.archive) {
            for segment in place.inventory.timelines().into_iter().flat_map(|timeline| shelf.written(place, timeline)) {
                let entry = place.entries.get(segment.entry);
                let is_whole = entry.is_some_and(|entry| entry.size == Some(layout.segment.bytes()));
                own.extend(is_whole.then(|| name(segment.timeline, segment.number)));
            }
        }
        CheckedDelivery { options, stops, known, own, aim, layout }
    }

    /// A segment that is not there is missing in the middle.
    pub fn is_hole(&self, timeline: TimelineId, number: SegmentNo) -> bool {
        let asked = SegmentName::new(timeline, number, self.layout.address(), self.layout.segment);
        let is_missing = !self.options.ends_at_hole && !self.own.contains(&asked);
        is_missing && !matches!(self.absence(timeline, number), Absence::End)
    }

    /// A segment that is there is not let pass: something in it is wrong, or WAL goes on behind its end.
    pub fn refuses(&self, timeline: TimelineId, number: SegmentNo, run: &Run<Events<'_>>) -> bool {
        let goes_on = || match self.absence(timeline, number) {
            Absence::Hole(hole) => hole.kind != HoleKind::LeftBranch,
            Absence::End => false,
        };
        !run.damages.is_empty() || matches!(run.tail, Tail::Stopped(_)) && goes_on()
    }

    fn absence(&self, timeline: TimelineId, number: SegmentNo) -> Absence {
        let asked = SegmentName::new(timeline, number, self.layout.address(), self.layout.segment);
        judge(asked, &self.known, &self.aim, &self.layout)
    }
}
