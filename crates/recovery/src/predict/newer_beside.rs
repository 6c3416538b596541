//! Commits of a timeline that is not on the way of a restore, and that are newer than what it keeps, or more.
//!
//! ```text
//! way     ──── 1 ────┬──── 2 ────►   a test restore that archived into this place, say
//! beside             └──── 1 ────►   production, which went on
//! ```
//! A test restore of today is newer than the last segment that production filled, and has next to nothing behind the
//! point where the two part. Whoever rewound production on purpose has more on the new timeline before long.

use crate::events::{EventKind, Events};
use crate::outcome::Restore;
use crate::predict::Site;
use crate::predict::behind::every_end;
use crate::replay::ReplayStop;
use crate::settings::{Mode, Settings};
use crate::sum::ReplayedCommit;
use crate::target::{Target, TargetTimeline};
use crate::way::{WalWalk, WalkOptions};
use pgwal_archive::Error;
use pgwal_format::{Lsn, SegmentNo, TimelineId};

/// Timelines that are looked at, the newest first.
const LOOKED_AT: usize = 8;
/// Segments in which a target is looked for behind a fork, and at the end of a timeline the last commit.
const AHEAD: u64 = 8;
const BACK: u64 = 2;
/// Segments behind a fork in which commits are counted: a restore that keeps more than these is none that was made to
/// try something.
const COUNTED: u64 = 32;

/// What such a timeline has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewerBeside {
    /// The timeline.
    pub timeline: TimelineId,
    /// From where on it is not on the way.
    pub from: Lsn,
    /// Its last commit.
    pub last: ReplayedCommit,
    /// What it has more, where none of its commits is newer.
    pub more: Option<MoreCommits>,
}

/// Commits of a timeline behind the point where it parts from the way of a restore.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MoreCommits {
    /// The first one.
    pub first: ReplayedCommit,
    /// How many.
    pub count: u64,
    /// There are more segments than were looked into, and more commits with them.
    pub at_least: bool,
    /// How many the restore keeps behind that point.
    pub kept: u64,
}

impl Site<'_> {
    /// The timeline beside the way with the newest commit behind the last one that is kept, and where it comes to the
    /// target, too: it has a commit that is not later than a time, the transaction, or the position. Where there is
    /// none, the one that has more commits behind the point where it parts from the way than are kept behind that.
    /// `None` where a timeline was asked for by its number, and of places whose files would have to be fetched.
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
        let (mut newest, mut most): (Option<NewerBeside>, Option<NewerBeside>) = (None, None);
        for timeline in self.timelines().into_iter().rev().take(LOOKED_AT) {
            let Some(from) = self.parts_at(&way, timeline, restore.target.is_none()) else { continue };
            let Some(last) = self.last_commit(timeline, from)? else { continue };
            let is_newer = kept.is_none_or(|kept| last.time > kept);
            let known = if is_newer { &mut newest } else { &mut most };
            if known.as_ref().is_some_and(|known| known.last.time >= last.time) {
                continue;
            }
            let beside = NewerBeside { timeline, from, last, more: None };
            let found = if is_newer {
                let has_target = match target {
                    Target::Time(time) => self.has_commit(timeline, from, &|commit| commit.time <= *time)?,
                    Target::Xid(xid) => self.has_commit(timeline, from, &|commit| commit.xid == *xid)?,
                    Target::Lsn(lsn) => *lsn <= last.lsn,
                    _ => true,
                };
                has_target.then_some(beside)
            } else {
                self.with_more(&way, restore, target, beside)?
            };
            *known = found.or(known.take());
        }
        Ok(newest.or(most))
    }

    /// The timeline of the archive that has commits behind the point where `timeline` left it, of which the archive has
    /// nothing: an earlier restore, say, left that one's files in the `pg_wal` of a data directory.
    ///
    /// # Errors
    /// An early end was asked for, or there are no threads.
    pub fn goes_on_without(&self, timeline: TimelineId) -> Result<Option<TimelineId>, Error> {
        if self.shelf().archives_history(timeline) {
            return Ok(None);
        }
        let Ok(line) = self.shelf().line(timeline) else { return Ok(None) };
        let mut passed = line.passed.iter().rev();
        let left = passed.next().and_then(|(_, begin)| begin.as_ref()?.lsn);
        let Some((parent, left)) = passed.next().map(|(parent, _)| *parent).zip(left) else { return Ok(None) };
        let layout = self.layout();
        let number = layout.address().segment(left, layout.segment);
        let goes_on = self.last_segment(timeline).is_none() && self.last_segment(parent) >= Some(number);
        let has_commits = goes_on && self.has_commit(parent, left, &|_| true)?;
        Ok(has_commits.then_some(parent))
    }

    /// The same timeline with the number of its commits, where it has more than the restore keeps behind the point
    /// where they part. None of them is later than a time that is the target; a transaction that is it names one place
    /// of the way.
    fn with_more(
        &self,
        way: &[(TimelineId, Lsn)],
        restore: &Restore,
        target: &Target,
        beside: NewerBeside,
    ) -> Result<Option<NewerBeside>, Error> {
        let NewerBeside { timeline, from, .. } = beside;
        let end = match target {
            Target::Xid(_) => return Ok(None),
            Target::Lsn(lsn) => Some(*lsn),
            _ => None,
        };
        let Some(kept) = self.kept_behind(way, restore, from)? else { return Ok(None) };
        let (mut first, mut last, mut count) = (None, None, 0);
        let at_least = self.commits(timeline, from, COUNTED, &mut |commit| {
            let is_behind = end.is_some_and(|end| commit.lsn > end);
            if !is_behind {
                (first, last) = (first.or(Some(commit)), Some(commit));
                count += 1;
            }
            is_behind
        })?;
        let Some((first, last)) = first.zip(last).filter(|_| count > kept) else { return Ok(None) };
        let last = if end.is_some() { last } else { beside.last };
        Ok(Some(NewerBeside { last, more: Some(MoreCommits { first, count, at_least, kept }), ..beside }))
    }

    /// How many commits a restore keeps behind a position of its way; `None` where that is far from its end, or where
    /// WAL is gone that its data files have already.
    fn kept_behind(&self, way: &[(TimelineId, Lsn)], restore: &Restore, from: Lsn) -> Result<Option<u64>, Error> {
        let layout = self.layout();
        let number = |lsn: Lsn| layout.address().segment(lsn, layout.segment).0;
        let Some(end) = restore.replay_end else { return Ok(None) };
        let is_here = |at: u64| way.iter().any(|(on, _)| !self.shelf().files(*on, SegmentNo(at)).is_empty());
        let is_far = number(end).saturating_sub(number(from)) >= COUNTED;
        if is_far || !(number(from)..number(restore.redo_start)).all(is_here) {
            return Ok(None);
        }
        let mut count = 0;
        self.commits(restore.target_timeline, from, COUNTED + 1, &mut |commit| {
            let is_behind = commit.lsn >= end;
            count += u64::from(!is_behind);
            is_behind
        })?;
        Ok(Some(count))
    }

    /// Where a timeline with WAL parts from a way; `None` where it does not, or behind its end. A way that ends with
    /// WAL may end in front of a promotion in the segment behind, of which the old timeline has no whole file.
    fn parts_at(&self, way: &[(TimelineId, Lsn)], timeline: TimelineId, ends_with_wal: bool) -> Option<Lsn> {
        let line = self.shelf().line(timeline).ok()?;
        let left = |at: usize| line.passed.get(at + 1).and_then(|(_, begin)| begin.as_ref()?.lsn);
        let (at, (on, end)) = line.passed.iter().enumerate().rev().find_map(|(at, (own, _))| {
            let passed = way.iter().find(|(timeline, _)| timeline == own)?;
            Some((at, *passed))
        })?;
        let is_last = way.last().is_some_and(|(last, _)| *last == on);
        let layout = self.layout();
        let number = |lsn: Lsn| layout.address().segment(lsn, layout.segment);
        let from = match left(at) {
            Some(left) if is_last && left > end && ends_with_wal && number(left) == number(end) => left,
            Some(left) if is_last && left > end => return None,
            Some(left) => left.min(end),
            // It is this timeline itself.
            None if is_last => return None,
            None => end,
        };
        (self.last_segment(timeline)? >= number(from)).then_some(from)
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
        self.commits(timeline, begin.max(from), AHEAD, &mut |commit| {
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
        self.commits(timeline, from, AHEAD, &mut |commit| {
            out |= is_one(commit);
            out
        })?;
        Ok(out)
    }

    /// Hands on commits along a timeline, until `see` has enough, or so many segments were read; whether there may be
    /// more behind these.
    fn commits(
        &self,
        timeline: TimelineId,
        from: Lsn,
        segments: u64,
        see: &mut dyn FnMut(ReplayedCommit) -> bool,
    ) -> Result<bool, Error> {
        let (ask, layout) = (every_end(), self.layout());
        let Ok(line) = self.shelf().line(timeline) else { return Ok(false) };
        let mut way = WalWalk::new(self.shelf(), &line, WalkOptions { jobs: 1, ..self.reading() });
        let number = layout.address().segment(from, layout.segment);
        let behind = layout.address().segment_start(SegmentNo(number.0.saturating_add(segments)), layout.segment);
        // Segments without a commit count, too; where a record lies over a seam, that is one time more.
        let (mut is_cut, mut seen) = (false, 0);
        way.walk(layout.address().segment_start(number, layout.segment), &ask, &mut |events: &Events<'_>, _| {
            seen += 1;
            is_cut |= seen > 2 * segments;
            let mut done = false;
            for event in events.list.iter().filter(|event| event.span.lsn >= from) {
                is_cut |= event.span.lsn >= behind;
                if let EventKind::Ended { commit: true, xid, time, .. } = event.what
                    && !is_cut
                    && !done
                {
                    done = see(ReplayedCommit { xid, time, lsn: event.span.lsn });
                }
            }
            (done || is_cut).then_some(ReplayStop::Target)
        })?;
        Ok(is_cut)
    }
}
