//! Commits of a timeline that is not on the way of a restore, and that are newer than what it keeps.
//!
//! ```text
//! way     ──── 1 ────┬──── 2 ────►   a test restore that archived into this place, say
//! beside             └──── 1 ────►   production, which went on
//! ```

use crate::events::{EventKind, Events};
use crate::outcome::Restore;
use crate::predict::Site;
use crate::predict::behind::every_end;
use crate::replay::ReplayStop;
use crate::settings::{Mode, Settings};
use crate::sum::{EventSum, ReplayedCommit};
use crate::target::{Target, TargetTimeline};
use crate::way::{WalWalk, WalkOptions};
use pgwal_archive::Error;
use pgwal_format::{Lsn, SegmentNo, TimelineId};

/// Timelines that are looked at, the newest first.
const LOOKED_AT: usize = 8;
/// Segments in which a target is looked for behind a fork, and at the end of a timeline the last commit.
const AHEAD: u32 = 8;
const BACK: u64 = 2;

/// What such a timeline has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewerBeside {
    /// The timeline.
    pub timeline: TimelineId,
    /// From where on it is not on the way.
    pub from: Lsn,
    /// Its last commit.
    pub last: ReplayedCommit,
}

impl Site<'_> {
    /// The timeline beside the way with the newest commit behind the last one that is kept, and where it comes to the
    /// target, too: it has a commit that is not later than a time, the transaction, or the position. `None` where a
    /// timeline was asked for by its number, and of places whose files would have to be fetched.
    ///
    /// # Errors
    /// An early end was asked for, or there are no threads.
    pub fn newer_beside(&self, settings: &Settings, restore: &Restore) -> Result<Option<NewerBeside>, Error> {
        let is_local = self.shelf().places.iter().all(|place| place.source.local().is_some());
        let by_number = matches!(settings.timeline, TargetTimeline::Number(_));
        let asks = settings.mode != Mode::Crash && !by_number;
        let Some(way) = self.way_of(restore).filter(|_| asks && is_local) else { return Ok(None) };
        let kept = restore.replayed.last_commit.map(|commit| commit.time).or(restore.began);
        let target = match &settings.target {
            _ if restore.target.is_none() => &Target::None,
            // It was found on the way, and names one place.
            Target::Name(_) | Target::Immediate => return Ok(None),
            target => target,
        };
        let mut newest: Option<NewerBeside> = None;
        for timeline in self.timelines().into_iter().rev().take(LOOKED_AT) {
            let Some(from) = self.parts_at(&way, timeline) else { continue };
            let Some(last) = self.last_commit(timeline, from)? else { continue };
            let is_newer = kept.is_none_or(|kept| last.time > kept);
            if !is_newer || newest.as_ref().is_some_and(|known| known.last.time >= last.time) {
                continue;
            }
            let has_target = match target {
                Target::Time(time) => self.has_commit(timeline, from, &|commit| commit.time <= *time)?,
                Target::Xid(xid) => self.has_commit(timeline, from, &|commit| commit.xid == *xid)?,
                Target::Lsn(lsn) => *lsn <= last.lsn,
                _ => true,
            };
            if has_target {
                newest = Some(NewerBeside { timeline, from, last });
            }
        }
        Ok(newest)
    }

    /// Where a timeline with WAL parts from a way; `None` where it does not, or behind its end.
    fn parts_at(&self, way: &[(TimelineId, Lsn)], timeline: TimelineId) -> Option<Lsn> {
        let line = self.shelf().line(timeline).ok()?;
        let left = |at: usize| line.passed.get(at + 1).and_then(|(_, begin)| begin.as_ref()?.lsn);
        let (at, (on, end)) = line.passed.iter().enumerate().rev().find_map(|(at, (own, _))| {
            let passed = way.iter().find(|(timeline, _)| timeline == own)?;
            Some((at, *passed))
        })?;
        let is_last = way.last().is_some_and(|(last, _)| *last == on);
        let from = match left(at) {
            Some(left) if is_last && left > end => return None,
            Some(left) => left.min(end),
            // It is this timeline itself.
            None if is_last => return None,
            None => end,
        };
        let layout = self.layout();
        let number = layout.address().segment(from, layout.segment);
        (self.last_segment(timeline)? >= number).then_some(from)
    }

    fn last_segment(&self, timeline: TimelineId) -> Option<SegmentNo> {
        let archive = self.shelf().places.iter().filter(|place| place.archive);
        archive.flat_map(|place| place.inventory.of(timeline)).map(|segment| segment.number).max()
    }

    fn last_commit(&self, timeline: TimelineId, from: Lsn) -> Result<Option<ReplayedCommit>, Error> {
        let layout = self.layout();
        let Some(last) = self.last_segment(timeline) else { return Ok(None) };
        let begin = layout.address().segment_start(SegmentNo(last.0.saturating_sub(BACK)), layout.segment);
        let mut out = None;
        self.commits(timeline, begin.max(from), &mut |commit| {
            out = Some(commit);
            false
        })?;
        Ok(out)
    }

    /// Whether there is one of some kind not far behind a position.
    fn has_commit(
        &self,
        timeline: TimelineId,
        from: Lsn,
        is_one: &dyn Fn(ReplayedCommit) -> bool,
    ) -> Result<bool, Error> {
        let mut out = false;
        self.commits(timeline, from, &mut |commit| {
            out |= is_one(commit);
            out
        })?;
        Ok(out)
    }

    /// Hands on commits along a timeline, until `see` has enough.
    fn commits(
        &self,
        timeline: TimelineId,
        from: Lsn,
        see: &mut dyn FnMut(ReplayedCommit) -> bool,
    ) -> Result<(), Error> {
        let (ask, layout) = (every_end(), self.layout());
        let Ok(line) = self.shelf().line(timeline) else { return Ok(()) };
        let mut way = WalWalk::new(self.shelf(), &line, WalkOptions { jobs: 1, ..self.reading() });
        let begin = layout.address().segment_start(layout.address().segment(from, layout.segment), layout.segment);
        let mut segments = 0;
        way.walk(begin, &ask, &mut |events: &Events<'_>, _: &EventSum| {
            segments += 1;
            let mut done = segments >= AHEAD;
            for event in events.list.iter().filter(|event| event.span.lsn >= from) {
                if let EventKind::Ended { commit: true, xid, time, .. } = event.what {
                    done |= see(ReplayedCommit { xid, time, lsn: event.span.lsn });
                }
            }
            done.then_some(ReplayStop::Target)
        })?;
        Ok(())
    }
}
