//! Whether the data files are older than the position from which a server replays: a copy of a running server without
//! `backup_label`, a file that an incomplete copy left as it was, a snapshot that was not taken in one moment, data of
//! one backup under the label of another one.

use crate::backup::DataPages;
use crate::events::{Ask, Events};
use crate::outcome::Restore;
use crate::pages::{BlockPlace, Flushed, Outlived, StalePages};
use crate::predict::Site;
use crate::replay::ReplayStop;
use crate::sum::EventSum;
use crate::way::{WalWalk, WalkOptions};
use pgwal_archive::Error;
use pgwal_format::{Generation, Lsn, SegmentNo};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Segments in front of the start of replay that are looked into.
const BEFORE: u64 = 16;
/// Blocks that are looked at: those that were changed last.
const LOOKED_AT: usize = 4096;

impl Site<'_> {
    /// Blocks that the data files hold as they were before WAL in front of the start of replay changed them. A server
    /// replays nothing of that, and notices nothing. `None` where there are none, or where it is not known: the files
    /// or the archive are not on this machine's disk, no WAL in front is here, records of up to 9.4.
    ///
    /// # Errors
    /// An early end was asked for, or there are no threads.
    pub fn stale_pages(&self, restore: &Restore) -> Result<Option<StalePages>, Error> {
        let is_modern = self.layout().dialect.generation == Generation::Modern;
        let Some(mut pages) = DataPages::of(self.backup()).filter(|_| is_modern) else { return Ok(None) };
        let Some(changed) = self.changed_before()?.and_then(|changed| changed.newest(LOOKED_AT)) else {
            return Ok(None);
        };
        let (mut of, mut stale) = (0, Vec::new());
        for (rel, block, lsn) in changed {
            let Ok(found) = pages.lsn(rel, block) else { continue };
            of += 1;
            // The page of this block names the end of the record, which lies behind its start.
            if found.is_none_or(|found| found <= lsn) {
                stale.push(((rel, block), found, lsn));
            }
        }
        if stale.is_empty() {
            return Ok(None);
        }
        let outlived = self.outlived(restore, stale.iter().map(|(place, ..)| *place).collect())?;
        stale.retain(|(place, ..)| !outlived.is_gone(place));
        let healed = stale.iter().all(|(place, ..)| outlived.is_healed(place));
        let first = stale.iter().find(|(place, ..)| healed || !outlived.is_healed(place));
        let named = first.and_then(|((rel, block), found, lsn)| {
            let (file, _) = pages.place(*rel, *block)?;
            Some(StalePages { file, block: *block, found: *found, lsn: *lsn, count: stale.len() as u64, of, healed })
        });
        Ok(named)
    }

    /// What WAL of the same timeline changed in front of the start of replay.
    fn changed_before(&self) -> Result<Option<Flushed>, Error> {
        let (start, shelf) = (self.start(), self.shelf());
        let (timeline, redo) = (start.timeline, start.redo);
        let layout = self.layout();
        let first = layout.address().segment(redo, layout.segment);
        let is_here = |number: &SegmentNo| !shelf.files(timeline, *number).is_empty();
        let back = (1..=BEFORE).map_while(|back| first.0.checked_sub(back).map(SegmentNo).filter(is_here)).last();
        let begin = layout.address().segment_start(back.unwrap_or(first), layout.segment);
        let Ok(line) = shelf.line(timeline) else { return Ok(None) };
        // What would have to be fetched is not asked for beside what a restore needs.
        let is_local = shelf.places.iter().all(|place| place.source.local().is_some());
        if begin == redo || !is_here(&first) || !is_local {
            return Ok(None);
        }
        let ask = Ask { flushed: Some(redo), ..Ask::default() };
        let mut way = WalWalk::new(shelf, &line, WalkOptions { jobs: 1, ..self.reading() });
        way.oldest = timeline;
        let mut out = Flushed::new(redo);
        way.walk(begin, &ask, &mut |events: &Events<'_>, valid: &EventSum| {
            if valid.records == events.sum.records {
                events.flushed.iter().for_each(|later| out.add(later));
            }
            events.sum.last.is_some_and(|last| last.lsn >= redo).then_some(ReplayStop::Target)
        })?;
        Ok(Some(out))
    }

    /// What replay makes of blocks.
    fn outlived(&self, restore: &Restore, places: BTreeSet<BlockPlace>) -> Result<Outlived, Error> {
        let places = Arc::new(places);
        let mut out = Outlived::new(places.clone());
        let Ok(line) = self.shelf().line(restore.target_timeline) else { return Ok(out) };
        let ask = Ask { stale: Some(places), ..Ask::default() };
        let mut way = WalWalk::new(self.shelf(), &line, self.reading());
        let end = restore.replay_end.unwrap_or(Lsn::MAX);
        way.walk(restore.redo_start, &ask, &mut |events: &Events<'_>, _: &EventSum| {
            events.outlived.iter().for_each(|later| out.add(later));
            events.sum.last.is_some_and(|last| last.end >= end).then_some(ReplayStop::Target)
        })?;
        Ok(out)
    }
}
