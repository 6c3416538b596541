//! A row each: which segments a place has, where its WAL ends, what only it has.

use super::NumberedSegment;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::place_report::{PlaceReport, SegmentSpan};
use crate::verify::verify;
use pgwal_archive::Which;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{FileName, Layout, Lsn, SegmentName, SegmentNo};
use pgwal_source::{ArchivePlace, Entry, PlacesSource};
use std::collections::BTreeSet;

/// Of each place. `listed`: what was taken; `passed_over`: the copies that were not, with their places.
pub(super) fn rows(
    places: &PlacesSource,
    listed: &[Entry],
    outcome: &Outcome,
    options: &Options<'_>,
    passed_over: &[(usize, String)],
) -> Vec<PlaceReport> {
    let Some(layout) = outcome.layout else {
        let bare = |place: &ArchivePlace| blank(place, None);
        return places.places().map(bare).collect();
    };
    let held: Vec<Result<BTreeSet<NumberedSegment>, String>> =
        places.places().map(|place| held(place, &layout)).collect();
    let taken = |number: usize| {
        let own = listed.iter().filter(|entry| places.place_of(entry) == number);
        own.filter(|entry| matches!(entry.name, Some(FileName::Segment(_)))).count() as u64
    };
    let mut out = Vec::new();
    for (number, place) in places.places().enumerate() {
        let own = match held.get(number) {
            Some(Ok(own)) => own,
            Some(Err(why)) => {
                out.push(blank(place, Some(why.clone())));
                continue;
            }
            None => continue,
        };
        let others = || held.iter().enumerate().filter(|(other, _)| *other != number);
        let elsewhere =
            |at: &NumberedSegment| others().any(|(_, held)| held.as_ref().is_ok_and(|held| held.contains(at)));
        let only: BTreeSet<NumberedSegment> = own.iter().filter(|at| !elsewhere(at)).copied().collect();
        let fills = others().filter_map(|(other, theirs)| {
            let theirs = theirs.as_ref().ok()?;
            let missing = |at: &&NumberedSegment| !theirs.contains(at) && is_within(at, theirs);
            let filled = spans(&own.iter().filter(missing).copied().collect(), &layout);
            (!filled.is_empty()).then_some((other, filled))
        });
        let name = |(timeline, number): &NumberedSegment| {
            SegmentName::new(*timeline, *number, layout.address(), layout.segment)
        };
        let (to, last_commit) = end_of(place, own, &layout, options);
        out.push(PlaceReport {
            segments: own.len() as u64,
            names: own.first().map(name).zip(own.last().map(name)),
            taken: taken(number),
            to,
            last_commit,
            only: spans(&only, &layout),
            fills: fills.collect(),
            passed_over: passed_over.iter().filter(|(p, _)| *p == number).map(|(_, file)| file.clone()).collect(),
            ..blank(place, None)
        });
    }
    out
}

fn blank(place: &ArchivePlace, unreadable: Option<String>) -> PlaceReport {
    PlaceReport {
        name: place.name.clone(),
        unreadable,
        segments: 0,
        names: None,
        taken: 0,
        to: None,
        last_commit: None,
        only: Vec::new(),
        fills: Vec::new(),
        passed_over: Vec::new(),
    }
}

/// The complete segments of a place, by their names.
fn held(place: &ArchivePlace, layout: &Layout) -> Result<BTreeSet<NumberedSegment>, String> {
    let entries = place.source.list().map_err(|error| error.to_string())?.entries;
    let placed = entries.iter().filter_map(|entry| match entry.name {
        Some(FileName::Segment(name)) => Some((name.timeline, name.number(layout.address(), layout.segment)?)),
        _ => None,
    });
    Ok(placed.collect())
}

/// Between the first and the last segment of a timeline.
fn is_within((timeline, number): &NumberedSegment, held: &BTreeSet<NumberedSegment>) -> bool {
    let before = held.range(..(*timeline, *number)).next_back().is_some_and(|(t, _)| t == timeline);
    let behind = held.range((*timeline, *number)..).next().is_some_and(|(t, _)| t == timeline);
    before && behind
}

fn spans(held: &BTreeSet<NumberedSegment>, layout: &Layout) -> Vec<SegmentSpan> {
    let name =
        |(timeline, number): NumberedSegment| SegmentName::new(timeline, number, layout.address(), layout.segment);
    let mut out: Vec<SegmentSpan> = Vec::new();
    let mut before: Option<NumberedSegment> = None;
    for &at in held {
        let follows = before.is_some_and(|(timeline, number)| (timeline, number.next()) == at);
        match out.last_mut().filter(|_| follows) {
            Some(span) => (span.last, span.count) = (name(at), span.count + 1),
            None => out.push(SegmentSpan { first: name(at), last: name(at), count: 1 }),
        }
        before = Some(at);
    }
    out
}

/// Where the WAL of a place ends, and its last commit, by its last segments alone.
fn end_of(
    place: &ArchivePlace,
    own: &BTreeSet<NumberedSegment>,
    layout: &Layout,
    options: &Options<'_>,
) -> (Option<Lsn>, Option<Timestamp>) {
    let Some(&(timeline, last)) = own.last() else { return (None, None) };
    // What a live server keeps for later has names behind the end.
    let mut at = last;
    for _ in 0..TRIED {
        let start = SegmentNo(at.0.saturating_sub(1));
        let (address, size) = (layout.address(), layout.segment);
        let asked = Options {
            start: Some(address.segment_start(start, size)),
            end: Some(address.segment_start(at.next(), size)),
            timeline: Which::Number(timeline),
            settle: std::time::Duration::ZERO,
            ..options.beside()
        };
        let Ok(outcome) = verify(place.source.as_ref(), &asked) else { return (None, None) };
        let report = outcome.timelines.iter().find(|report| report.timeline == timeline);
        if let Some(report) = report.filter(|report| report.tally.records > 0) {
            return (Some(report.to), report.tally.last_commit);
        }
        let Some(before) = start.0.checked_sub(1) else { break };
        at = SegmentNo(before);
    }
    (None, None)
}

/// How often something older is looked at.
const TRIED: usize = 40;
