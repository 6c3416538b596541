//! What is asked for ahead of replay, and what a server dies of before it comes there.

use crate::events::{Ask, Events};
use crate::failure::{Failure, Lacking};
use crate::outcome::Restore;
use crate::read_ahead::{AheadCount, ReadAhead};
use crate::recover::Recovery;
use crate::replay::{Replay, ReplayStop};
use crate::settings::Mode;
use crate::sum::EventSum;
use crate::way::{Looking, UnexpectedTimeline, WalWalk, WalkEnd, Walked};
use pgwal_archive::Error;
use pgwal_format::Lsn;

impl Recovery<'_> {
    /// What a server asks for beyond the record with which replay ends: a file of wrong size among that ends it first.
    ///
    /// # Errors
    /// An early end was asked for, or there are no threads.
    pub(crate) fn read_ahead<'w>(
        &self,
        way: &mut WalWalk<'w>,
        replay: &mut Replay<'_>,
        walked: Walked,
        ask: &'w Ask,
        out: &mut Restore,
    ) -> Result<Walked, Error> {
        let Some(limits) = self.settings.reads_ahead.filter(|_| way.looking == Looking::Everywhere) else {
            return Ok(walked);
        };
        let at_page = way.unexpected.is_some() && matches!(walked, Walked::End(WalkEnd::Unreadable(_)));
        let (walked, size) = match walked {
            Walked::Stop(ReplayStop::Target) => {
                // Nothing is read behind the first record before it is replayed.
                let Some(read) = replay.read.filter(|read| *read != out.redo_start) else {
                    return Ok(Walked::Stop(ReplayStop::Target));
                };
                let (end, certain) = self.ahead_of(way, read, &limits, ask)?;
                match end {
                    Some(WalkEnd::Size { file, found, expected }) if self.dies_of(found, expected) => {
                        out.end = Some(WalkEnd::Size { file: file.clone(), found, expected });
                        let failure = Failure::SizeAhead { file, found, expected, certain };
                        (Walked::Stop(ReplayStop::Dies(failure)), true)
                    }
                    Some(WalkEnd::NotDelivered(file)) => {
                        out.end = Some(WalkEnd::NotDelivered(file.clone()));
                        (Walked::Stop(ReplayStop::Dies(self.not_delivered(file, certain))), true)
                    }
                    Some(WalkEnd::Unreadable(at)) if way.unexpected.is_some() => {
                        let stop = self.other_timeline(way.unexpected.take(), at, replay.replayed, certain);
                        out.end = Some(WalkEnd::Unreadable(at));
                        (Walked::Stop(stop), false)
                    }
                    _ => (Walked::Stop(ReplayStop::Target), false),
                }
            }
            Walked::End(WalkEnd::Size { file, found, expected }) => {
                let dies = self.dies_of(found, expected);
                (Walked::End(WalkEnd::Size { file, found, expected }), dies)
            }
            Walked::End(WalkEnd::NotDelivered(file)) => (Walked::End(WalkEnd::NotDelivered(file)), true),
            other => (other, false),
        };
        if let (true, Some(consistent)) = (size || at_page, replay.consistent_at) {
            // It may end before it replays what it has read in front of the file, or of the page.
            let (end, _) = self.ahead_of(way, consistent, &limits, ask)?;
            let at_page = at_page && matches!(end, Some(WalkEnd::Unreadable(_))) && way.unexpected.is_some();
            if at_page || matches!(end, Some(WalkEnd::Size { .. } | WalkEnd::NotDelivered(_))) {
                (replay.consistent_at, replay.active) = (None, false);
            }
            if at_page {
                return Ok(Walked::Stop(ReplayStop::Dies(match (self.settings.mode, self.start.label) {
                    (Mode::Standby, _) => Failure::Waits { lacks: Lacking::Consistency, at: replay.replayed },
                    (_, true) => Failure::BackupEnd,
                    (_, false) => Failure::Consistency,
                })));
            }
        }
        Ok(walked)
    }

    /// From 15 on the timeline of the last page that was read, ahead or not, must be one of the history: what lies in
    /// front of it is not replayed.
    fn other_timeline(&self, page: Option<UnexpectedTimeline>, at: Lsn, end: Lsn, certain: bool) -> ReplayStop {
        let (found, file) = page.map_or_else(Default::default, |page| (page.found, page.file));
        ReplayStop::Dies(match self.settings.mode {
            Mode::Standby => Failure::Waits { lacks: Lacking::Target, at: end },
            Mode::Archive | Mode::Crash => Failure::TimelineAhead { found, file, at, certain },
        })
    }

    /// A standby waits for the rest of a file that is too short.
    fn dies_of(&self, found: u64, expected: u64) -> bool {
        self.settings.mode != Mode::Standby || found > expected
    }

    /// Reads on from a record as a server does that reads ahead: where WAL ends for it, if it does, and whether it
    /// comes there for certain.
    fn ahead_of<'w>(
        &self,
        way: &mut WalWalk<'w>,
        from: Lsn,
        limits: &ReadAhead,
        ask: &'w Ask,
    ) -> Result<(Option<WalkEnd>, bool), Error> {
        let mut count = AheadCount::default();
        let mut take = |events: &Events<'_>, valid: &EventSum| {
            // Of a segment with damage, what was counted behind that is not read: the limits count where one of the
            // records in front of it came to them.
            let last = valid.last.map(|last| last.lsn);
            let in_front = events.ahead.stopped_at.is_some_and(|at| last.is_some_and(|last| at <= last));
            if valid.records < events.sum.records && !in_front {
                return None;
            }
            if valid.records > 0 {
                count.add(&events.ahead);
            }
            count.is_over(limits).then_some(ReplayStop::Target)
        };
        let jobs = std::mem::replace(&mut way.reading.jobs, 1);
        let (closed, odd) = (way.closed, std::mem::take(&mut way.closed_odd));
        let walked = way.walk(from, ask, &mut take);
        way.reading.jobs = jobs;
        // What cannot be read ahead is no matter, as long as its size is right: that alone ends a server there.
        way.closed = closed || way.closed_odd;
        way.closed_odd |= odd;
        Ok(match walked? {
            Walked::End(end) => (Some(end), count.goes_on(limits)),
            Walked::Stop(_) => (None, false),
        })
    }
}
