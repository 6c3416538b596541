//! Which times, positions, transactions and restore points an archive reaches, and one translated into the others.
//!
//! ```text
//! verify, with facts ──► a span of times and transactions for each segment of the way
//!                            │ which segment may hold it?
//!                            ▼
//!                       read that one segment's records: every end of a transaction, every restore point
//! ```
//! Commit times do not rise with positions: two servers' clocks, or two processors, differ, and a process may write its
//! commit late. A server with a target time stops at the first end of a transaction that is later; so does
//! [`Times::at_time`].

mod elsewhere;
mod inside;
mod notes;

use crate::options::Options;
use crate::outcome::{KnownBackup, Outcome};
use crate::records::{ListError, ListPart, ListRequest, NoEvent, Render, Rendered, list};
use crate::wording::{target_missed, target_named};
use pgwal_archive::Error;
use pgwal_archive::Which;
use pgwal_archive::facts::{Facts, RestorePoint, TransactionEnd, end_of, point_of};
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::rmgr::{STANDBY, TRANSACTION, XLOG};
use pgwal_format::{Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_recovery::{Target, UnmetTarget, XidTrace};
use pgwal_source::Source;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

pub use notes::PointNotes;

/// The times of an archive.
pub struct Times {
    /// What verification came to.
    pub outcome: Outcome,
    layout: Layout,
    timeline: TimelineId,
    /// Every segment of the way, what replay does not reach as well.
    way: Vec<Facts>,
    /// The one that the verdict is about first.
    replays: Vec<ReplayStretch>,
}

/// A stretch of WAL that replays from a backup.
struct ReplayStretch {
    from: Lsn,
    to: Lsn,
    /// Its segments, in order.
    facts: Vec<Facts>,
}

/// A point in the WAL at which recovery can be told to end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Moment {
    /// The position: that of the record that was asked for, or the one up to which everything is replayed.
    pub lsn: Lsn,
    /// The last end of a transaction that is replayed.
    pub kept: Option<TransactionEnd>,
    /// The first end of a transaction that is not.
    pub dropped: Option<TransactionEnd>,
    /// The restore point that was asked for.
    pub point: Option<RestorePoint>,
    /// The record in front of which a server stops whose target is the time that was asked for.
    pub stops_before: Option<Lsn>,
    /// No record starts there or behind: a server with that position as its target never comes to it.
    pub is_end: bool,
}

/// What the records of a segment say.
#[derive(Default)]
struct SegmentTimes {
    ends: Vec<TransactionEnd>,
    points: Vec<RestorePoint>,
    /// Where the last record starts.
    last: Option<Lsn>,
}

impl Times {
    /// Verifies an archive and gathers its times; where no file there says whose WAL it is, only the outcome. An index
    /// in `options` makes it quick.
    ///
    /// # Errors
    /// As [`crate::verify()`].
    pub fn of(source: &dyn Source, options: Options<'_>) -> Result<Result<Times, Box<Outcome>>, Error> {
        let mut outcome =
            crate::verify(source, &Options { facts: true, severities: options.severities.clone(), ..options })?;
        let Some(layout) = outcome.layout else { return Ok(Err(Box::new(outcome))) };
        let timeline = outcome.path.last().copied().unwrap_or(TimelineId::FIRST);
        let way = std::mem::take(&mut outcome.facts);
        let mut times = Times { outcome, layout, timeline, way, replays: Vec::new() };
        times.replays = times.find_replays(source, &options)?;
        Ok(Ok(times))
    }

    /// The replay that the verdict is about, then those from older or newer backups that end elsewhere, by their ends.
    fn find_replays(&self, source: &dyn Source, options: &Options<'_>) -> Result<Vec<ReplayStretch>, Error> {
        let mut ranges: Vec<(Lsn, Lsn)> = self.outcome.replay.into_iter().collect();
        let whole = self.outcome.backups.iter().filter(|b| b.complete == Some(true));
        let mut others: Vec<(Lsn, Lsn)> = whole.filter_map(|b| Some((b.start, b.reaches?))).collect();
        others.sort_unstable_by_key(|&(from, to)| (to, from));
        others.dedup_by_key(|&mut (_, to)| to);
        ranges.extend(
            others.into_iter().filter(|&(_, to)| ranges.first().is_none_or(|main| main.1 != to)).collect::<Vec<_>>(),
        );
        ranges.into_iter().map(|(from, to)| self.replay(source, options, from, to)).collect()
    }

    /// What replays between two positions. Into a segment in the middle of which it stops, this looks: nothing behind
    /// that is reached.
    fn replay(&self, source: &dyn Source, options: &Options<'_>, from: Lsn, to: Lsn) -> Result<ReplayStretch, Error> {
        let begin = self.layout.address().segment_start(self.number(from), self.layout.segment);
        let mut facts: Vec<Facts> =
            self.way.iter().filter(|facts| begin <= facts.from && facts.from < to).cloned().collect();
        let goes_on = |facts: &Facts| {
            let end = facts.span.as_ref().is_some_and(|span| span.last.lsn >= to);
            end || facts.more_points || facts.points.last().is_some_and(|point| point.lsn >= to)
        };
        if let Some(last) = facts.last_mut().filter(|last| goes_on(last)) {
            let seen = self.records(source, options, self.timeline, last, to)?;
            last.keep(&seen.ends, seen.points);
        }
        Ok(ReplayStretch { from, to, facts })
    }

    /// The first end of a transaction that is known to lie behind `from`, and the last before `to`, the end of replay
    /// from a backup: of the segment that holds `from` only its first and last ends are known.
    pub fn window(&self, from: Lsn, to: Lsn) -> (Option<TransactionEnd>, Option<TransactionEnd>) {
        let Some(replay) = self.replays.iter().find(|replay| replay.to == to) else { return (None, None) };
        let ends =
            || replay.facts.iter().filter_map(|facts| facts.span.as_ref()).flat_map(|span| [span.first, span.last]);
        let within = |end: &TransactionEnd| from <= end.lsn && end.lsn < to;
        (ends().find(within), ends().rfind(within))
    }

    /// How the WAL is laid out.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The segments that replay reads up to where it stops, in order.
    pub fn segments(&self) -> &[Facts] {
        self.replays.first().map_or(&[], |replay| &replay.facts)
    }

    /// The timeline to which this replay leads.
    pub fn timeline(&self) -> TimelineId {
        self.timeline
    }

    /// The number of the segment that holds a position.
    pub fn number(&self, lsn: Lsn) -> SegmentNo {
        self.layout.address().segment(lsn, self.layout.segment)
    }

    /// The segment that holds a position, on the way of replay.
    pub fn segment(&self, lsn: Lsn) -> SegmentName {
        let before = self.way.partition_point(|facts| facts.from <= lsn);
        let timeline =
            before.checked_sub(1).and_then(|at| self.way.get(at)).map_or(self.timeline, |facts| facts.timeline);
        SegmentName::new(timeline, self.number(lsn), self.layout.address(), self.layout.segment)
    }

    /// Whether replay gets to a position: the one that the verdict is about, or that from another backup.
    pub fn reaches(&self, lsn: Lsn) -> bool {
        self.replays.iter().any(|replay| replay.reaches(lsn))
    }

    /// Whether a server can be told to recover to a position: replay gets there, from a backup known here if any is.
    pub fn is_reachable(&self, moment: &Moment) -> bool {
        self.reaches(moment.lsn) && (self.outcome.backups.is_empty() || self.backup_of(moment).is_some())
    }

    /// The newest backup from which a server gets there. Between its end and the first transaction that ends behind it
    /// every time is reached.
    pub fn backup_of(&self, moment: &Moment) -> Option<&KnownBackup> {
        self.backup_for(moment.stops_before.unwrap_or(moment.lsn))
    }

    /// The newest backup from which replay gets to a position: one that is consistent before it. One that is whole by
    /// itself counts more than an incremental one.
    pub fn backup_for(&self, lsn: Lsn) -> Option<&KnownBackup> {
        let leads =
            |b: &&KnownBackup| b.complete == Some(true) && b.stop <= lsn && b.reaches.is_some_and(|to| lsn <= to);
        self.outcome.backups.iter().filter(leads).max_by_key(|b| (b.incremental_from.is_none(), b.stop))
    }

    /// A position: what is replayed up to the record that holds it, that one included.
    ///
    /// # Errors
    /// The segment cannot be read now.
    pub fn at_lsn(&self, source: &dyn Source, options: &Options<'_>, lsn: Lsn) -> Result<Moment, Error> {
        let Some(replay) = self.replays.iter().find(|replay| replay.reaches(lsn)) else {
            return Ok(Moment { lsn, ..Moment::default() });
        };
        let number = self.number(lsn);
        let behind = replay.facts.partition_point(|facts| facts.from <= lsn);
        let at = behind.saturating_sub(1);
        let is_last = behind >= replay.facts.len();
        let Some(facts) = replay.facts.get(at).filter(|facts| self.number(facts.from) == number) else {
            return Ok(Moment { is_end: is_last, ..replay.between(lsn, behind..behind, None, None, None) });
        };
        let seen = self.read(source, options, replay, facts)?;
        // What is read of the segment may go beyond the end of this replay.
        let is_end = is_last && (lsn >= replay.to || seen.last.is_none_or(|last| last < lsn));
        let kept = seen.ends.iter().rev().find(|end| end.lsn <= lsn).copied();
        let dropped = seen.ends.iter().find(|end| end.lsn > lsn).copied();
        let point = seen.points.into_iter().find(|point| point.lsn == lsn);
        Ok(Moment { is_end, ..replay.between(lsn, at..behind, kept, dropped, point) })
    }

    /// A time: everything up to the first end of a transaction that is later. `None` where no transaction ends.
    ///
    /// # Errors
    /// The segment cannot be read now.
    pub fn at_time(
        &self,
        source: &dyn Source,
        options: &Options<'_>,
        time: Timestamp,
    ) -> Result<Option<Moment>, Error> {
        let later = |facts: &Facts| facts.span.as_ref().is_some_and(|span| span.latest.time > time);
        let mut replays: Vec<&ReplayStretch> = self.replays.iter().collect();
        replays.sort_by_key(|replay| replay.to);
        let found = replays.iter().find_map(|replay| replay.facts.iter().position(later).map(|at| (*replay, at)));
        let Some((replay, at)) = found else {
            let last = replays
                .iter()
                .rev()
                .flat_map(|replay| replay.facts.iter().rev())
                .find_map(|facts| facts.span.as_ref())
                .map(|span| span.last);
            // Nothing is past it that would stop a server, and from 13 on it does not end well then.
            let fatal = self.outcome.layout.is_some_and(|l| l.dialect.unreached_target_is_fatal);
            let last = last.filter(|last| !fatal || time <= last.time);
            return Ok(last.map(|kept| Moment { lsn: kept.lsn, kept: Some(kept), ..Moment::default() }));
        };
        let Some(facts) = replay.facts.get(at) else { return Ok(None) };
        let seen = self.read(source, options, replay, facts)?;
        let Some(index) = seen.ends.iter().position(|end| end.time > time) else { return Ok(None) };
        let dropped = seen.ends.get(index).copied();
        let kept = index.checked_sub(1).and_then(|before| seen.ends.get(before)).copied();
        let moment = replay.between(dropped.map_or(facts.from, |end| end.lsn), at..at + 1, kept, dropped, None);
        let (lsn, stops_before) = (moment.kept.map_or(moment.lsn, |kept| kept.lsn), Some(moment.lsn));
        Ok(Some(Moment { lsn, stops_before, ..moment }))
    }

    /// The end of a transaction. `None` where it does not end in reach.
    ///
    /// # Errors
    /// A segment cannot be read now.
    pub fn at_xid(&self, source: &dyn Source, options: &Options<'_>, xid: u32) -> Result<Option<Moment>, Error> {
        for (replay, at, facts) in self.all() {
            if facts.span.as_ref().is_some_and(|span| span.may_end(xid)) {
                let seen = self.read(source, options, replay, facts)?;
                if let Some(index) = seen.ends.iter().position(|end| end.xid == xid) {
                    let (kept, dropped) = (seen.ends.get(index).copied(), seen.ends.get(index + 1).copied());
                    return Ok(kept.map(|end| replay.between(end.lsn, at..at + 1, kept, dropped, None)));
                }
            }
        }
        Ok(None)
    }

    /// Why a transaction does not end in reach: in words, and the transaction to ask for instead. `None` where nothing
    /// is known of it.
    ///
    /// # Errors
    /// The archive cannot be read now.
    pub fn why_not(
        &self,
        source: &dyn Source,
        options: &Options<'_>,
        xid: u32,
    ) -> Result<Option<(String, Option<u32>)>, Error> {
        let catch = TraceCatcher(xid, Mutex::new(XidTrace::new(xid)));
        self.list(source, options, self.timeline, (None, None), &catch)?;
        let trace = catch.1.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(UnmetTarget::of(xid, &trace).map(|missed| {
            let why = target_missed(&missed, &target_named(&Target::Xid(xid)), "the WAL that is here");
            let other = match missed {
                UnmetTarget::Subtransaction { of, .. } => Some(of),
                _ => None,
            };
            (why, other)
        }))
    }

    /// The first restore point of a name. `None` where there is none in reach.
    ///
    /// # Errors
    /// A segment cannot be read now.
    pub fn at_name(&self, source: &dyn Source, options: &Options<'_>, name: &str) -> Result<Option<Moment>, Error> {
        for (replay, _, facts) in self.all() {
            let known = facts.points.iter().find(|point| point.name == name).cloned();
            let point = match known {
                None if facts.more_points => {
                    self.read(source, options, replay, facts)?.points.into_iter().find(|point| point.name == name)
                }
                known => known,
            };
            if let Some(point) = point.filter(|point| replay.reaches(point.lsn)) {
                return self
                    .at_lsn(source, options, point.lsn)
                    .map(|moment| Some(Moment { point: Some(point), ..moment }));
            }
        }
        Ok(None)
    }

    /// Each segment of each replay.
    fn all(&self) -> impl Iterator<Item = (&ReplayStretch, usize, &Facts)> {
        self.replays
            .iter()
            .flat_map(|replay| replay.facts.iter().enumerate().map(move |(at, facts)| (replay, at, facts)))
    }

    /// Reads the records of a segment that a replay reaches.
    fn read(
        &self,
        source: &dyn Source,
        options: &Options<'_>,
        replay: &ReplayStretch,
        facts: &Facts,
    ) -> Result<SegmentTimes, Error> {
        let mut seen = self.records(source, options, self.timeline, facts, replay.to)?;
        seen.ends.retain(|end| replay.reaches(end.lsn));
        Ok(seen)
    }

    /// Reads the records of a segment, on the line of a timeline, that lie before a position.
    fn records(
        &self,
        source: &dyn Source,
        options: &Options<'_>,
        timeline: TimelineId,
        facts: &Facts,
        to: Lsn,
    ) -> Result<SegmentTimes, Error> {
        let (address, size) = (self.layout.address(), self.layout.segment);
        let number = self.number(facts.from);
        let behind = address.segment_start(number.next(), size);
        let catch = TimeCatcher(Mutex::default(), to);
        // A record may end in the next segment.
        let range = (Some(facts.from), Some(address.segment_start(number.next().next(), size)));
        self.list(source, options, timeline, range, &catch)?;
        let mut seen = catch.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        seen.ends.retain(|end| end.lsn < behind);
        seen.points.retain(|point| point.lsn < behind);
        // One that ends farther away.
        if let Some(last) =
            facts.span.as_ref().map(|span| span.last).filter(|last| seen.ends.iter().all(|end| end.lsn < last.lsn))
        {
            seen.ends.push(last);
        }
        seen.ends.retain(|end| end.lsn < to);
        seen.points.retain(|point| point.lsn < to);
        seen.ends.sort_by_key(|end| end.lsn);
        seen.ends.dedup();
        seen.points.sort_by_key(|point| point.lsn);
        Ok(seen)
    }

    /// Hands on the records of a range, on the line of a timeline.
    fn list<R: Render>(
        &self,
        source: &dyn Source,
        options: &Options<'_>,
        timeline: TimelineId,
        (start, end): (Option<Lsn>, Option<Lsn>),
        catch: &R,
    ) -> Result<(), Error> {
        let mut asked = Options { index: None, facts: false, severities: options.severities.clone(), ..*options };
        asked.timeline = Which::Number(timeline);
        (asked.start, asked.end) = (start, end);
        let listed = list(source, &ListRequest { options: asked, limit: None }, catch, &mut |_| Ok(()));
        listed.map(drop).map_err(|error| match error {
            ListError::Verify(error) => error,
            ListError::Output(_) => Error::Interrupted,
        })
    }
}

impl ReplayStretch {
    fn reaches(&self, lsn: Lsn) -> bool {
        self.from <= lsn && lsn <= self.to
    }

    /// Looks into the neighbours for what the segment that holds the position (`own`: none where it is missing) does
    /// not have.
    fn between(
        &self,
        lsn: Lsn,
        own: Range<usize>,
        kept: Option<TransactionEnd>,
        dropped: Option<TransactionEnd>,
        point: Option<RestorePoint>,
    ) -> Moment {
        let before =
            || self.facts.iter().take(own.start).rev().find_map(|facts| facts.span.as_ref()).map(|span| span.last);
        let behind = || self.facts.iter().skip(own.end).find_map(|facts| facts.span.as_ref()).map(|span| span.first);
        let kept = kept.or_else(before);
        Moment {
            lsn,
            kept,
            dropped: dropped.or_else(behind).filter(|end| self.reaches(end.lsn)),
            point,
            ..Moment::default()
        }
    }
}

/// Renders nothing, and keeps what says when, and where the last record before a position starts.
struct TimeCatcher(Mutex<SegmentTimes>, Lsn);

impl Render for TimeCatcher {
    type Scratch = ();
    type Event = NoEvent;

    fn whole(&self) -> bool {
        false
    }

    // Every record is wanted: where the last one starts is asked, too.
    fn record(&self, record: &Record<'_>, _: TimelineId, (): &mut (), _: &mut ListPart<NoEvent>) -> Option<Rendered> {
        let (end, point) = (end_of(record), point_of(record));
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.ends.extend(end);
        seen.points.extend(point);
        seen.last = seen.last.max(Some(record.lsn).filter(|lsn| *lsn < self.1));
        Some(0.into())
    }
}

/// Renders nothing, and keeps what is said of a transaction.
struct TraceCatcher(u32, Mutex<XidTrace>);

impl Render for TraceCatcher {
    type Scratch = ();
    type Event = NoEvent;

    fn wants(&self, header: &RecordHeader) -> bool {
        header.xid == self.0 || matches!(header.rmid, TRANSACTION | XLOG | STANDBY)
    }

    fn record(&self, record: &Record<'_>, _: TimelineId, (): &mut (), _: &mut ListPart<NoEvent>) -> Option<Rendered> {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).record(record);
        Some(0.into())
    }
}
