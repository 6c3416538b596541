//! What lies at one position of an archive: evidence for what a server said of it.

use crate::codes::{Code, CodeFamily, Severity};
use crate::finding::Finding;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::records::{ListError, ListPart, ListRequest, Listed, NoEvent, Render, Rendered};
use crate::verify::{ExaminedArchive, examine};
use pgwal_archive::Error;
use pgwal_archive::{Branch, Which};
use pgwal_format::record::Record;
use pgwal_format::text::history::Switch;
use pgwal_format::{Dialect, Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_source::{How, Scratch, Source};
use std::ops::ControlFlow;
use std::sync::Mutex;

/// What lies at a position.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum AtPosition {
    /// Something that a finding tells of: the first of [`Probe::findings`].
    Damage,
    /// A whole record whose checksum and links are right.
    Record {
        /// Where it starts.
        start: Lsn,
        /// Where it ends.
        end: Lsn,
    },
    /// The unused rest of a segment behind an `XLOG_SWITCH`.
    AfterSwitch {
        /// The switch.
        switch: Lsn,
    },
    /// The normal end of WAL, or zeros behind it.
    EndOfWal {
        /// End of the last record.
        end: Lsn,
    },
    /// Behind the end of WAL: a page of an older segment, as recycled files hold them.
    Recycled {
        /// End of the last record, where there is one near.
        end: Option<Lsn>,
        /// The position on the page.
        address: Lsn,
        /// The segment that it is of.
        segment: String,
    },
    /// No file holds the position, and WAL goes on behind it.
    Missing,
    /// No file holds the position: it lies behind the last file.
    BehindLast {
        /// The last file on the way.
        last: String,
    },
    /// No file holds the position: it lies before the first file.
    BeforeFirst {
        /// The first file on the way.
        first: String,
    },
    /// Between records: a page header, padding, or a record that began before the first file.
    Between,
}

/// Evidence.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The position.
    pub lsn: Lsn,
    /// How the WAL is laid out.
    pub layout: Layout,
    /// The segment that holds the position, on the way of recovery.
    pub segment: SegmentName,
    /// Bytes from the beginning of the segment.
    pub offset: u64,
    /// The file.
    pub file: Option<String>,
    /// What lies there.
    pub what: AtPosition,
    /// The timeline that, by its history, leaves another exactly there.
    pub branch: Option<Branch>,
    /// Findings about the place, worst first.
    pub findings: Vec<Finding>,
}

/// Finds a position and its timeline, once it is known how the WAL is laid out; `None` where there is no such place.
pub type PlaceIn<'a> = dyn Fn(&Layout) -> Option<(Lsn, Option<TimelineId>)> + 'a;

/// Looks a position up: verifies the segment that holds it and its neighbours. Of `options` only how to read counts.
///
/// # Errors
/// As [`crate::verify()`].
pub fn probe(source: &dyn Source, options: Options<'_>, at: &PlaceIn<'_>) -> Result<Option<Probe>, Error> {
    let Some(layout) = crate::verify(source, &options.any_names())?.layout else { return Ok(None) };
    let Some((lsn, timeline)) = at(&layout) else { return Ok(None) };
    let (address, size) = (layout.address(), layout.segment);
    let lsn = address.normal(lsn, size);
    let number = address.segment(lsn, size);
    let mut options = options;
    options.timeline = timeline.map_or(Which::Latest, Which::Number);
    options.start = Some(address.segment_start(SegmentNo(number.0.saturating_sub(1)), size));
    options.end = Some(address.segment_start(number.next().next(), size));
    let (outcome, sight) = examine(source, &options)?;
    let Some(sight) = sight else { return Ok(None) };
    let seen = RecordAt { lsn, covering: Mutex::new(None), before: Mutex::new(None) };
    let wanted = ListRequest { options, limit: None };
    let listed = crate::records::silently(&wanted, &seen, outcome, &sight).map_err(|error| match error {
        ListError::Verify(error) => error,
        ListError::Output(_) => Error::Interrupted,
    })?;
    Ok(Some(judge(&sight, &listed, &seen, timeline)))
}

fn judge(sight: &ExaminedArchive<'_>, listed: &Listed, seen: &RecordAt, timeline: Option<TimelineId>) -> Probe {
    let (source, layout, lsn) = (sight.archive.source, sight.archive.cluster.layout, seen.lsn);
    let (address, size) = (layout.address(), layout.segment);
    let number = address.segment(lsn, size);
    let taken = sight.way.legs.iter().find(|leg| (leg.first..=leg.last).contains(&number)).map(|leg| leg.timeline);
    let owner = taken.or(timeline).or_else(|| listed.outcome.path.last().copied()).unwrap_or(TimelineId::FIRST);
    let segment = SegmentName::new(owner, number, address, size);
    let offset = address.offset(lsn, size);
    let entry = sight
        .archive
        .inventory
        .get(owner, number)
        .or_else(|| sight.archive.inventory.partial(owner, number))
        .and_then(|s| sight.archive.entries.get(s.entry));
    let findings = about(&listed.outcome, lsn, number, &layout);
    let covering = seen.covering.lock().ok().and_then(|c| *c);
    let before = seen.before.lock().ok().and_then(|b| *b);
    let name = |n: SegmentNo, t: TimelineId| SegmentName::new(t, n, address, size).to_string();
    let what = match (entry, covering) {
        (None, _) => match (sight.way.legs.first(), sight.way.legs.last()) {
            (Some(first), _) if number < first.first => {
                AtPosition::BeforeFirst { first: name(first.first, first.timeline) }
            }
            (_, Some(last)) if number > last.last => AtPosition::BehindLast { last: name(last.last, last.timeline) },
            _ => AtPosition::Missing,
        },
        // Whole, and a server does not take it all the same.
        (Some(_), Some((start, ..))) if start == lsn && findings.iter().any(|f| is_damage(f) && f.lsn == Some(lsn)) => {
            AtPosition::Damage
        }
        (Some(_), Some((start, _, true))) if start < lsn => AtPosition::AfterSwitch { switch: start },
        (Some(_), Some((start, end, _))) => AtPosition::Record { start, end },
        (Some(entry), None) => {
            let page = layout.page.bytes();
            let header = page_at(source, entry, offset - offset % page, page).map(|bytes| layout.page_header(&bytes));
            let own = address.segment_start(number, size).plus_within(offset - offset % page);
            let stale = header.filter(|h| Dialect::by_magic(h.magic).is_some() && h.address < own);
            match (stale, before) {
                (Some(h), _) => {
                    let segment = name(address.segment(h.address, size), h.timeline);
                    AtPosition::Recycled { end: before, address: h.address, segment }
                }
                _ if findings.iter().any(is_damage) => AtPosition::Damage,
                (None, Some(end)) if listed.end == Some(end) => AtPosition::EndOfWal { end },
                _ => AtPosition::Between,
            }
        }
    };
    let left = |b: &&Branch| matches!(b.switch, Some(Switch::At(at)) if address.normal(at, size) == lsn);
    let branch = listed.outcome.branches.iter().find(left).cloned();
    Probe { lsn, layout, segment, offset, file: entry.map(|e| e.shown()), what, branch, findings }
}

/// Files behind the end of WAL that wait for being written are none.
fn is_damage(finding: &Finding) -> bool {
    let waiting = matches!(finding.code, Code::Recycled | Code::Unwritten | Code::StillCopied);
    finding.severity == Severity::Error || (finding.severity == Severity::Warning && !waiting)
}

/// The findings that tell of a position: a hole around it, its page, its file.
fn about(outcome: &Outcome, lsn: Lsn, number: SegmentNo, layout: &Layout) -> Vec<Finding> {
    let page = |lsn: Lsn| lsn.get() / layout.page.bytes();
    let is_about = |f: &&Finding| {
        let hole = f.lsn.is_some_and(|from| {
            from <= lsn && f.lost.is_some_and(|lost| lost.until_lsn.is_none_or(|until| lsn < until))
        });
        let place = [f.lsn, f.at].into_iter().flatten().any(|place| page(place) == page(lsn));
        let whole_file = f.code.family() == CodeFamily::Archive
            && f.at.is_some_and(|at| layout.address().segment(at, layout.segment) == number);
        hole || place || whole_file
    };
    let mut out: Vec<Finding> = outcome.findings.iter().filter(is_about).cloned().collect();
    out.sort_by_key(|f| std::cmp::Reverse(f.severity));
    out
}

/// A page of a file, decompressed.
fn page_at(source: &dyn Source, entry: &pgwal_source::Entry, from: u64, length: u64) -> Option<Vec<u8>> {
    let (mut out, mut position) = (Vec::new(), 0u64);
    let how = How { limit: from + length, ..How::default() };
    let read = source.read(entry, &how, &mut Scratch::default(), &mut |window| {
        let skip = from.saturating_sub(position).min(window.len() as u64) as usize;
        let missing = length as usize - out.len();
        let part = window.get(skip..).unwrap_or(&[]);
        out.extend_from_slice(part.get(..missing.min(part.len())).unwrap_or(part));
        position += window.len() as u64;
        if out.len() as u64 == length { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    read.ok().filter(|_| out.len() as u64 == length).map(|_| out)
}

/// The record that holds a position, and the end of the last one before it.
struct RecordAt {
    lsn: Lsn,
    /// Start, end, and whether it is a switch.
    covering: Mutex<Option<(Lsn, Lsn, bool)>>,
    before: Mutex<Option<Lsn>>,
}

impl Render for RecordAt {
    type Scratch = ();
    type Event = NoEvent;

    fn whole(&self) -> bool {
        false
    }

    fn record(&self, record: &Record<'_>, _: TimelineId, (): &mut (), _: &mut ListPart<NoEvent>) -> Option<Rendered> {
        if record.lsn <= self.lsn && self.lsn < record.end {
            if let Ok(mut covering) = self.covering.lock() {
                *covering = Some((record.lsn, record.end, record.header.is_switch()));
            }
        } else if record.end <= self.lsn
            && let Ok(mut before) = self.before.lock()
        {
            *before = (*before).max(Some(record.end));
        }
        Some(0.into())
    }
}
