//! Whether the files that were taken are those of a branch that the target's history left.

use super::{LeftBranch, WalWalk, WalkOptions};
use crate::at_hand::FoundFile;
use crate::events::Ask;
use crate::way::reading::EventReader;
use pgwal_archive::lineage::{BranchPoint, Descent};
use pgwal_format::{Lsn, SegmentNo, TimelineId};
use std::sync::{Arc, Mutex};

impl WalWalk<'_> {
    /// Where replay up to `end` went on along a timeline behind the point where another of the line leaves it. Where
    /// the other began all the same, with a record that follows, its history names a wrong point, and `now` is it.
    pub fn left_branch(&self, line: &Descent, end: Lsn, now: TimelineId) -> Option<LeftBranch> {
        let layout = &self.shelf.layout;
        let start = |number: SegmentNo| layout.address().segment_start(number, layout.segment);
        let pairs = line.passed.windows(2).filter_map(|pair| match pair {
            [(own, _), (child, Some(begin))] if *own == now => Some((*own, *child, *begin)),
            _ => None,
        });
        let taken = |own: TimelineId, begin: BranchPoint| {
            let found = self.requests.iter().filter_map(|request| request.found).filter(move |f| f.timeline == own);
            let fork = begin.lsn.unwrap_or_else(|| start(begin.segment));
            let past = found.filter(|f| f.number >= begin.segment).any(|f| match begin.lsn {
                Some(lsn) => end > lsn.max(start(f.number)),
                // Where in the segment it was left is not known.
                None => f.number > begin.segment && end > start(f.number),
            });
            past.then_some(fork)
        };
        let mut found = pairs
            .filter_map(|(timeline, child, begin)| Some(LeftBranch { timeline, child, fork: taken(timeline, begin)? }));
        found.next()
    }

    /// The record that lies over the point where a branch is said to have been left: no server leaves one there, and
    /// the history is not this WAL's.
    pub fn record_over(&self, branch: &LeftBranch) -> Option<Lsn> {
        let number = self.shelf.layout.address().segment(branch.fork, self.shelf.layout.segment);
        let own = |found: &FoundFile| found.timeline == branch.timeline && found.number == number;
        let found = self.requests.iter().filter_map(|request| request.found).find(own)?;
        let (ask, WalkOptions { system_id, map, settle, .. }) = (&Ask::default(), self.reading);
        let reader = EventReader {
            shelf: self.shelf,
            ask,
            system_id,
            map,
            settle,
            named: None,
            history: Arc::new([]),
            permit: Mutex::default(),
        };
        reader.record_over(&found, branch.fork)
    }
}
