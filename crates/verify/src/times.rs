//! Which times, positions, transactions and restore points an archive reaches, and one translated into the others.
//!
//! ```text
//! verify, with facts ──► a span of times and transactions for each segment of the way
//!                            │ which segment may hold it?
//!                            ▼
//!                       read that one segment's records: every end of a transaction, every restore point
//! ```
//! Commit times do not rise with positions: two servers' clocks, or two processors, differ, and a process may write its
//! commit late. A server with a target time stops at the first end of a transaction that is later; so does [`Times::at_time`].

use crate::error::Error;
use crate::facts::{Facts, RestorePoint, TransactionEnd, end_of, point_of};
use crate::finding::Finding;
use crate::options::{Options, Which};
use crate::outcome::{Backup, Outcome};
use crate::records::{ListError, Render, Rendered, Wanted, list};
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::rmgr::{TRANSACTION, XLOG};
use pgwal_format::{Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_source::Source;
use std::sync::{Mutex, PoisonError};

/// The times of an archive.
pub struct Times {
    /// What verification came to.
    pub outcome: Outcome,
    layout: Layout,
    timeline: TimelineId,
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
}

/// What the records of a segment say.
#[derive(Default)]
struct Seen {
    ends: Vec<TransactionEnd>,
    points: Vec<RestorePoint>,
}

impl Times {
    /// Verifies an archive and gathers its times; `None` where no file there says whose WAL it is. An index in `options`
    /// makes it quick.
    ///
    /// # Errors
    /// As [`crate::verify()`].
    pub fn of(source: &dyn Source, options: Options<'_>) -> Result<Option<Times>, Error> {
        let mut outcome = crate::verify(source, &Options { facts: true, ..options })?;
        let Some(layout) = outcome.layout else { return Ok(None) };
        let mut facts = std::mem::take(&mut outcome.replayed.facts);
        if let Some((_, to)) = outcome.replay {
            facts.retain(|facts| facts.from < to);
        }
        let timeline = outcome.path.last().copied().unwrap_or(TimelineId::FIRST);
        Ok(Some(Times { outcome, layout, timeline, facts }))
    }

    /// How the WAL is laid out.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The segments that replay reads up to where it stops, in order.
    pub fn segments(&self) -> &[Facts] {
        &self.facts
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
        let before = self.facts.partition_point(|facts| facts.from <= lsn);
        let timeline = before.checked_sub(1).and_then(|at| self.facts.get(at)).map_or(self.timeline, |facts| facts.timeline);
        SegmentName::new(timeline, self.number(lsn), self.layout.address(), self.layout.segment)
    }

    /// Whether replay gets to a position.
    pub fn reaches(&self, lsn: Lsn) -> bool {
        self.outcome.replay.is_some_and(|(from, to)| from <= lsn && lsn <= to)
    }

    /// Whether a server can be told to recover to a position: replay gets there, from a backup known here if any is.
    pub fn is_reachable(&self, lsn: Lsn) -> bool {
        self.reaches(lsn) && (self.outcome.backups.is_empty() || self.backup_for(lsn).is_some())
    }

    /// The newest backup from which replay gets to a position: one that is consistent before it.
    pub fn backup_for(&self, lsn: Lsn) -> Option<&Backup> {
        let leads = |b: &&Backup| b.complete == Some(true) && b.stop <= lsn && b.reaches.is_some_and(|to| lsn <= to);
        self.outcome.backups.iter().filter(leads).max_by_key(|b| b.stop)
    }

    /// A position: what is replayed up to the record that holds it, that one included.
    ///
    /// # Errors
    /// The segment cannot be read now.
    pub fn at_lsn(&self, source: &dyn Source, options: &Options<'_>, lsn: Lsn) -> Result<Moment, Error> {
        let number = self.number(lsn);
        let at = self.facts.partition_point(|facts| facts.from <= lsn).saturating_sub(1);
        let seen = match self.facts.get(at).filter(|facts| self.number(facts.from) == number) {
            Some(facts) => self.read(source, options, facts)?,
            None => Seen::default(),
        };
        let kept = seen.ends.iter().rev().find(|end| end.lsn <= lsn).copied();
        let dropped = seen.ends.iter().find(|end| end.lsn > lsn).copied();
        let point = seen.points.into_iter().find(|point| point.lsn == lsn);
        Ok(self.between(lsn, at, kept, dropped, point))
    }

    /// A time: everything up to the first end of a transaction that is later. `None` where no transaction ends.
    ///
    /// # Errors
    /// The segment cannot be read now.
    pub fn at_time(&self, source: &dyn Source, options: &Options<'_>, time: Timestamp) -> Result<Option<Moment>, Error> {
        let later = |facts: &Facts| facts.span.as_ref().is_some_and(|span| span.latest.time > time);
        let Some(at) = self.facts.iter().position(later) else {
            let last = self.facts.iter().rev().find_map(|facts| facts.span.as_ref()).map(|span| span.last);
            // Nothing is past it that would stop a server, and from 13 on it does not end well then.
            let fatal = self.outcome.layout.is_some_and(|l| l.dialect.unreached_target_is_fatal);
            let last = last.filter(|last| !fatal || time <= last.time);
            return Ok(last.map(|kept| Moment { lsn: kept.lsn, kept: Some(kept), ..Moment::default() }));
        };
        let Some(facts) = self.facts.get(at) else { return Ok(None) };
        let seen = self.read(source, options, facts)?;
        let Some(index) = seen.ends.iter().position(|end| end.time > time) else { return Ok(None) };
        let dropped = seen.ends.get(index).copied();
        let kept = index.checked_sub(1).and_then(|before| seen.ends.get(before)).copied();
        let moment = self.between(dropped.map_or(facts.from, |end| end.lsn), at, kept, dropped, None);
        Ok(Some(Moment { lsn: moment.kept.map_or(moment.lsn, |kept| kept.lsn), ..moment }))
    }

    /// The end of a transaction. `None` where it does not end in reach.
    ///
    /// # Errors
    /// A segment cannot be read now.
    pub fn at_xid(&self, source: &dyn Source, options: &Options<'_>, xid: u32) -> Result<Option<Moment>, Error> {
        for (at, facts) in self.facts.iter().enumerate() {
            if facts.span.as_ref().is_some_and(|span| span.may_end(xid)) {
                let seen = self.read(source, options, facts)?;
                if let Some(index) = seen.ends.iter().position(|end| end.xid == xid) {
                    let (kept, dropped) = (seen.ends.get(index).copied(), seen.ends.get(index + 1).copied());
                    return Ok(kept.map(|end| self.between(end.lsn, at, kept, dropped, None)));
                }
            }
        }
        Ok(None)
    }

    /// The first restore point of a name. `None` where there is none in reach.
    ///
    /// # Errors
    /// A segment cannot be read now.
    pub fn at_name(&self, source: &dyn Source, options: &Options<'_>, name: &str) -> Result<Option<Moment>, Error> {
        for facts in &self.facts {
            let known = facts.points.iter().find(|point| point.name == name).cloned();
            let point = match known {
                None if facts.more_points => self.read(source, options, facts)?.points.into_iter().find(|point| point.name == name),
                known => known,
            };
            if let Some(point) = point.filter(|point| self.reaches(point.lsn)) {
                return self.at_lsn(source, options, point.lsn).map(|moment| Some(Moment { point: Some(point), ..moment }));
            }
        }
        Ok(None)
    }

    /// Looks into the neighbours for what the segment itself does not have.
    fn between(&self, lsn: Lsn, at: usize, kept: Option<TransactionEnd>, dropped: Option<TransactionEnd>, point: Option<RestorePoint>) -> Moment {
        let before = || self.facts.iter().take(at).rev().find_map(|facts| facts.span.as_ref()).map(|span| span.last);
        let behind = || self.facts.iter().skip(at + 1).find_map(|facts| facts.span.as_ref()).map(|span| span.first);
        let kept = kept.or_else(before);
        Moment { lsn, kept, dropped: dropped.or_else(behind).filter(|end| self.reaches(end.lsn)), point }
    }

    /// Reads the records of a segment that replay reaches.
    fn read(&self, source: &dyn Source, options: &Options<'_>, facts: &Facts) -> Result<Seen, Error> {
        let (address, size) = (self.layout.address(), self.layout.segment);
        let number = self.number(facts.from);
        let behind = address.segment_start(number.next(), size);
        let catch = Catch(Mutex::default());
        let mut asked = Options { index: None, facts: false, severities: options.severities.clone(), ..*options };
        asked.timeline = Which::Number(self.timeline);
        asked.start = Some(facts.from);
        // A record may end in the next segment.
        asked.end = Some(address.segment_start(number.next().next(), size));
        list(source, &Wanted { options: asked, limit: None }, &catch, &mut |_| Ok(())).map_err(|error| match error {
            ListError::Verify(error) => error,
            ListError::Output(_) => Error::Interrupted,
        })?;
        let mut seen = catch.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        seen.ends.retain(|end| end.lsn < behind);
        seen.points.retain(|point| point.lsn < behind);
        // One that ends farther away.
        if let Some(last) = facts.span.as_ref().map(|span| span.last).filter(|last| seen.ends.iter().all(|end| end.lsn < last.lsn)) {
            seen.ends.push(last);
        }
        seen.ends.retain(|end| self.reaches(end.lsn));
        seen.ends.sort_by_key(|end| end.lsn);
        seen.ends.dedup();
        seen.points.sort_by_key(|point| point.lsn);
        Ok(seen)
    }
}

/// Renders nothing, and keeps what says when.
struct Catch(Mutex<Seen>);

impl Render for Catch {
    type Scratch = ();

    fn whole(&self) -> bool {
        false
    }

    fn wants(&self, header: &RecordHeader) -> bool {
        header.rmid == TRANSACTION || header.rmid == XLOG
    }

    fn record(&self, record: &Record<'_>, _: TimelineId, (): &mut (), _: &mut Vec<u8>) -> Option<Rendered> {
        let (end, point) = (end_of(record), point_of(record));
        if end.is_some() || point.is_some() {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            seen.ends.extend(end);
            seen.points.extend(point);
        }
        Some(0.into())
    }

    fn finding(&self, _: &Finding, _: Option<&Layout>, _: &mut Vec<u8>) {}
}
