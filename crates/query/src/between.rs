//! What lies between two positions of an archive: records, commits, time.

use pgwal_format::record::Record;
use pgwal_format::rmgr::xact::{self, Timestamp, XactOutcome};
use pgwal_format::{Layout, Lsn, SegmentNo, TimelineId};
use pgwal_source::Source;
use pgwal_verify::records::{ListError, ListPart, ListRequest, NoEvent, Render, Rendered, gather};
use pgwal_verify::{Error, Finding, Options, Which, verify};
use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Why nothing can be said of what lies between.
#[derive(Debug)]
pub enum BetweenError {
    /// It cannot be looked at.
    Verify(Error),
    /// Its records cannot be listed.
    List(ListError),
    /// No file says whose WAL it is; the place.
    NotReadable(String),
    /// Nothing of the stretch is there.
    NoSegment {
        /// The lower position.
        low: Lsn,
        /// The higher one.
        high: Lsn,
        /// The place.
        place: String,
    },
}

impl fmt::Display for BetweenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BetweenError::Verify(error) => write!(f, "{error}"),
            BetweenError::List(error) => write!(f, "{error}"),
            BetweenError::NotReadable(place) => write!(f, "{place}: no file there says how to read it"),
            BetweenError::NoSegment { low, high, place } => {
                write!(f, "no segment between {low} and {high} is in {place}")
            }
        }
    }
}

impl std::error::Error for BetweenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BetweenError::Verify(error) => error.source(),
            BetweenError::List(error) => error.source(),
            BetweenError::NotReadable(_) | BetweenError::NoSegment { .. } => None,
        }
    }
}

/// An archive that positions are compared in.
pub struct Compared {
    source: Box<dyn Source>,
    options: Options<'static>,
    /// How its WAL is laid out.
    pub layout: Layout,
    /// The cluster, where its WAL says so.
    pub system_id: Option<u64>,
}

/// What lies between. Counts are of records that start at the lower position or behind it and before the higher one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Between {
    /// Records.
    pub records: u64,
    /// Commits among them.
    pub commits: u64,
    /// From the last commit at or before the lower position to the last one at or before the higher: `None` where the
    /// archive does not tell one of them.
    pub seconds: Option<f64>,
    /// Every record between the two was read.
    pub complete: bool,
    /// Something between the two is damaged or missing in the middle; otherwise the archive begins later or ends
    /// earlier.
    pub damaged: bool,
}

/// What lies behind a position, for somebody who has come to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WaitingWal {
    /// Records that start there or behind.
    pub records: u64,
    /// Commits among them.
    pub commits: u64,
    /// The time of the first of those.
    pub oldest: Option<Timestamp>,
    /// The WAL at hand has the beginning of it, so that no older commit waits.
    pub begins: bool,
    /// It has all of it.
    pub complete: bool,
}

impl Compared {
    /// Finds out whose WAL it is. Of `options` only how to read counts.
    ///
    /// # Errors
    /// It cannot be looked at, or no file says how to read it.
    pub fn of(source: Box<dyn Source>, options: &Options<'static>) -> Result<Compared, BetweenError> {
        let outcome = verify(source.as_ref(), &options.any_names()).map_err(BetweenError::Verify)?;
        let system_id = outcome.system_id;
        let Some(layout) = outcome.layout else { return Err(BetweenError::NotReadable(source.describe())) };
        Ok(Compared { source, options: options.beside(), layout, system_id })
    }

    /// Counts what lies between `low` and `high`, on the way of recovery to a timeline.
    ///
    /// # Errors
    /// Nothing of it is there, or it cannot be listed.
    pub fn between(&self, low: Lsn, high: Lsn, timeline: Option<TimelineId>) -> Result<Between, BetweenError> {
        let (address, size) = (self.layout.address(), self.layout.segment);
        let normal = |lsn: Lsn| address.normal(lsn, size);
        let (low, high) = (normal(low), normal(high));
        let first = address.segment(low, size);
        // The last record may go on for some segments.
        let behind = address.segment_start(SegmentNo(address.segment(high, size).0 + 4), size);
        let read = address.segment_start(first, size)..behind;
        let found = self.look(CountedRange { low, high, read, needed: low..high, enough: high }, timeline)?;
        let (reached, damaged) = (found.begins && found.ends, found.damaged);
        let mut before = found.before_low;
        // The last commit before the lower position may lie far back: look at ever more segments in front of it.
        let (mut from, mut step) = (first, 1);
        while before.is_none() && from.0 > 0 {
            let to = address.segment_start(from.next(), size);
            from = SegmentNo(from.0.saturating_sub(step));
            step *= 2;
            let read = address.segment_start(from, size)..to;
            let range = CountedRange { low, high: low, read, needed: low..low, enough: low };
            let Ok(found) = self.look(range, timeline) else { break };
            before = found.before_low;
            if found.records == 0 && before.is_none() && found.is_empty {
                break;
            }
        }
        let last = found.before_high.or(before);
        let seconds =
            last.zip(before).map(|(high, low)| (high.1.unix_micros().saturating_sub(low.1.unix_micros())) as f64 / 1e6);
        Ok(Between { records: found.records, commits: found.commits, seconds, complete: reached && !damaged, damaged })
    }

    /// What waits for somebody who has come to `low`, of a server that has written up to `high`.
    ///
    /// # Errors
    /// Nothing of it is there, or it cannot be listed.
    pub fn waiting(&self, low: Lsn, high: Lsn) -> Result<WaitingWal, BetweenError> {
        let (address, size) = (self.layout.address(), self.layout.segment);
        let (low, high) = (address.normal(low, size), address.normal(high, size));
        let behind = address.segment_start(SegmentNo(address.segment(high, size).0 + 4), size);
        let read = address.segment_start(address.segment(low, size), size)..behind;
        let enough = written_whole(high, &self.layout).max(low);
        let found = self.look(CountedRange { low, high, read, needed: low..high, enough }, None)?;
        Ok(WaitingWal {
            records: found.records,
            commits: found.commits,
            oldest: found.first_from_low.map(|(_, time)| time),
            begins: found.begins,
            complete: found.begins && found.ends && !found.damaged,
        })
    }

    fn look(&self, range: CountedRange, timeline: Option<TimelineId>) -> Result<BetweenFound, BetweenError> {
        let CountedRange { low, high, read, needed, enough } = range;
        let mut options = self.options.beside();
        (options.start, options.end) = (Some(read.start), Some(read.end));
        options.timeline = timeline.map_or(Which::Latest, Which::Number);
        let make = || BetweenCounter { low, high, sums: Mutex::default() };
        let wanted = ListRequest { options, limit: None };
        let (counter, listed) =
            gather(self.source.as_ref(), &wanted, &make, &mut |_| Ok(())).map_err(BetweenError::List)?;
        let sums = counter.sums.into_inner().unwrap_or_else(PoisonError::into_inner);
        if listed.segments == 0 && !needed.is_empty() {
            return Err(BetweenError::NoSegment { low, high, place: self.source.describe() });
        }
        // What the archive lacks of the stretch: damage, gaps, or that it begins later or ends earlier.
        let loses = |f: &Finding| {
            f.lsn.is_some_and(|lsn| lsn < needed.end)
                && f.lost.is_some_and(|lost| lost.until_lsn.is_none_or(|until| until > needed.start))
        };
        let broken = listed.outcome.findings.iter().any(|f| f.severity == pgwal_verify::Severity::Error && loses(f));
        let (address, size) = (self.layout.address(), self.layout.segment);
        let first_needed = address.segment(needed.start, size);
        let begins = sums.first.is_some_and(|first| address.segment(first, size) <= first_needed.next());
        let ends = sums.end.is_some_and(|end| end >= enough);
        let [before_low, before_high] = sums.last;
        Ok(BetweenFound {
            records: sums.records,
            commits: sums.commits,
            before_low,
            before_high,
            first_from_low: sums.first_commit,
            is_empty: sums.first.is_none(),
            begins: needed.is_empty() || begins,
            ends: needed.is_empty() || ends,
            damaged: broken,
        })
    }
}

/// Up to where records must be whole of what a server has written up to `high`: that ends with a record, or with a page
/// in the middle of one.
pub(crate) fn written_whole(high: Lsn, layout: &Layout) -> Lsn {
    let (address, size, page) = (layout.address(), layout.segment, layout.page.bytes());
    let offset = address.offset(high, size);
    if offset % page != 0 || offset == 0 {
        return high;
    }
    address.segment_start(address.segment(high, size), size).plus_within(offset - page)
}

/// What is counted, and where.
struct CountedRange {
    /// Records from here on.
    low: Lsn,
    /// And before this.
    high: Lsn,
    /// The segments that are read.
    read: Range<Lsn>,
    /// What the archive must have whole.
    needed: Range<Lsn>,
    /// It has the end of that where it comes so far.
    enough: Lsn,
}

/// A commit: the end of its record and its time.
type TimedCommit = (Lsn, Timestamp);

struct BetweenFound {
    records: u64,
    commits: u64,
    before_low: Option<TimedCommit>,
    before_high: Option<TimedCommit>,
    /// The first commit that starts at the lower position or behind it.
    first_from_low: Option<TimedCommit>,
    is_empty: bool,
    /// The archive has the beginning of what is needed; its end; and something of it is damaged or missing.
    begins: bool,
    ends: bool,
    damaged: bool,
}

/// What records come to, of a part of the stretch or of all.
#[derive(Clone, Copy, Default)]
struct BetweenSums {
    records: u64,
    commits: u64,
    /// The last commit at or before each position.
    last: [Option<TimedCommit>; 2],
    /// The first one between the two.
    first_commit: Option<TimedCommit>,
    /// Start of the first record that was read, between the two or not, and end of the last.
    first: Option<Lsn>,
    end: Option<Lsn>,
}

impl BetweenSums {
    /// Those of what lies behind.
    fn add(&mut self, right: BetweenSums) {
        self.records += right.records;
        self.commits += right.commits;
        for (own, right) in self.last.iter_mut().zip(right.last) {
            *own = right.or(*own);
        }
        self.first_commit = self.first_commit.or(right.first_commit);
        self.first = self.first.or(right.first);
        self.end = right.end.or(self.end);
    }
}

/// Records may be read twice: what counts is handed over once ([`Render::done`]).
struct BetweenCounter {
    low: Lsn,
    high: Lsn,
    sums: Mutex<BetweenSums>,
}

impl Render for BetweenCounter {
    type Scratch = BetweenSums;
    type Event = NoEvent;

    fn whole(&self) -> bool {
        false
    }

    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        sums: &mut BetweenSums,
        _: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        let between = self.low <= record.lsn && record.lsn < self.high;
        sums.first = sums.first.or(Some(record.lsn));
        sums.end = Some(record.end);
        sums.records += u64::from(between);
        if let Some((XactOutcome::Commit, time)) = xact::ended_at(record) {
            let commit = (record.end, time);
            sums.commits += u64::from(between);
            sums.first_commit = sums.first_commit.or(between.then_some(commit));
            for (place, limit) in sums.last.iter_mut().zip([self.low, self.high]) {
                if record.end <= limit {
                    *place = Some(commit);
                }
            }
        }
        Some(0.into())
    }

    fn done(&self, sums: &mut BetweenSums) {
        if let Ok(mut all) = self.sums.lock() {
            all.add(std::mem::take(sums));
        }
    }
}
