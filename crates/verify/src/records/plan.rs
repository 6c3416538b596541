//! Which files are read, in which order, and where each finding stands among them.

use super::range::Range;
use crate::codes::{Code, Severity};
use crate::finding::Finding;
use crate::verify::ExaminedArchive;
use pgwal_archive::names::Segment;
use pgwal_archive::stretch::Readable;
use pgwal_archive::way::{Leg, Way};
use pgwal_format::{Layout, Lsn, SegmentNo, TimelineId};
use std::collections::HashMap;

/// A file of the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedFile {
    pub segment: Segment,
    pub start: Lsn,
    /// A server cannot use it.
    pub unusable: Option<Readable>,
    /// It is the unfinished segment behind the last whole one.
    pub unfinished: bool,
}

/// A finding and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note<'a> {
    pub place: Lsn,
    pub finding: &'a Finding,
    /// Records asked for are lost by it.
    pub costs: bool,
}

pub(super) struct ListPlan<'a> {
    pub files: Vec<PlannedFile>,
    pub notes: Vec<Note<'a>>,
}

impl<'a> ListPlan<'a> {
    pub fn new(
        sight: &ExaminedArchive<'_>,
        findings: &'a [Finding],
        range: Range,
        (target, unfinished): (Option<TimelineId>, bool),
    ) -> ListPlan<'a> {
        let archive = &sight.archive;
        let layout = &archive.cluster.layout;
        let (address, size) = (layout.address(), layout.segment);
        let unusable: HashMap<(TimelineId, SegmentNo), Readable> =
            sight.unusable.iter().map(|&(t, n, r)| ((t, n), r)).collect();
        let file = |s: &Segment| PlannedFile {
            segment: *s,
            start: address.segment_start(s.number, size),
            unusable: unusable.get(&(s.timeline, s.number)).copied(),
            unfinished: false,
        };
        let asked = |f: &PlannedFile| range.reaches(f.segment.number, layout);
        let mut files: Vec<PlannedFile> = Vec::new();
        for leg in &sight.way.legs {
            let own = archive.inventory.of(leg.timeline).iter().filter(|s| (leg.first..=leg.last).contains(&s.number));
            files.extend(own.map(file).filter(asked));
        }
        if sight.way.legs.is_empty() {
            // Nothing but unfinished segments: they were meant.
            let partials = archive.inventory.partials.iter().filter(|s| target.is_none_or(|t| t == s.timeline));
            files.extend(partials.map(file).filter(asked));
        }
        let behind = if unfinished { archive.inventory.partials.iter().find(|s| goes_on(s, &sight.way)) } else { None };
        files.extend(behind.map(|s| PlannedFile { unusable: None, unfinished: true, ..file(s) }).filter(asked));
        let mut notes: Vec<Note<'a>> = findings
            .iter()
            .filter(|f| match refused(f, layout) {
                Some(segment) => is_wanted(segment, &sight.way, target) && range.reaches(segment.1, layout),
                None => is_on_way(f, &sight.way, (behind, layout)) && is_in(f, range),
            })
            .map(|finding| Note {
                place: finding.lsn.or(finding.at).unwrap_or(Lsn::ZERO),
                finding,
                costs: costs_records(finding)
                    || hides_the_way(finding, &sight.way, target)
                    || refused(finding, layout).is_some_and(|segment| taken(&sight.way, segment.1) != Some(segment.0)),
            })
            .collect();
        notes.sort_by_key(|n| n.place);
        ListPlan { files, notes }
    }

    /// The findings that stand in a segment, as indices of the notes.
    pub fn notes_in(&self, file: &PlannedFile, next: Lsn) -> std::ops::Range<usize> {
        let first = self.notes.partition_point(|n| n.place < file.start);
        first..self.notes.partition_point(|n| n.place < next).max(first)
    }
}

/// The segment whose name a pipe, a folder or a broken link has: whatever was in it, nobody could look at it.
fn refused(finding: &Finding, layout: &Layout) -> Option<(TimelineId, SegmentNo)> {
    let (timeline, at) = finding.timeline.zip(finding.at)?;
    (matches!(finding.code, Code::Unreadable | Code::NoFile) && finding.lsn.is_none())
        .then(|| (timeline, layout.address().segment(at, layout.segment)))
}

/// Whether recovery would try that file.
fn is_wanted((timeline, number): (TimelineId, SegmentNo), way: &Way, target: Option<TimelineId>) -> bool {
    target.is_none_or(|target| timeline <= target) && taken(way, number).is_none_or(|taken| taken <= timeline)
}

/// The timeline of the file that recovery takes for a segment.
fn taken(way: &Way, number: SegmentNo) -> Option<TimelineId> {
    way.legs.iter().find(|leg: &&Leg| (leg.first..=leg.last).contains(&number)).map(|leg| leg.timeline)
}

/// Whether an unfinished segment is the next one behind the last on the way.
fn goes_on(unfinished: &Segment, way: &Way) -> bool {
    let next = |leg: &Leg| (leg.timeline, leg.last.next()) == (unfinished.timeline, unfinished.number);
    way.legs.last().is_some_and(next)
}

/// Whether a finding tells of the files that are read; `behind`: of them, the unfinished segment.
fn is_on_way(finding: &Finding, way: &Way, (behind, layout): (Option<&Segment>, &Layout)) -> bool {
    let Some(place) = finding.at.or(finding.lsn) else { return true };
    let Some(timeline) = finding.timeline else { return true };
    let number = layout.address().segment(place, layout.segment);
    if behind.is_some_and(|s| (s.timeline, s.number) == (timeline, number)) {
        return true;
    }
    let leg = |number: SegmentNo| taken(way, number);
    match leg(number) {
        Some(taken) if taken == timeline => true,
        // At the seam with its parent.
        Some(taken) => taken < timeline && leg(number.next()) == Some(timeline),
        None if finding.code == Code::PartialOnly => {
            way.legs.last().is_none_or(|last| last.timeline == timeline && last.last.next() == number)
        }
        None => way.legs.is_empty() || way.holes.iter().any(|h| (h.first..=h.last).contains(&number)),
    }
}

/// Whether a finding tells of something in the range: a place in it, or a hole that reaches into it.
pub(super) fn is_in(finding: &Finding, range: Range) -> bool {
    let Some(from) = finding.lsn.or(finding.at) else { return true };
    let reaches = match (finding.lost, range.start) {
        (_, None) => true,
        (Some(lost), Some(start)) if costs_records(finding) => lost.until_lsn.is_none_or(|until| until > start),
        (_, Some(start)) => finding.at.unwrap_or(from).max(from) >= start,
    };
    reaches && range.end.is_none_or(|end| from < end)
}

/// Without a history file that can be used, nobody knows which other segments lie on the way to its timeline.
fn hides_the_way(finding: &Finding, way: &Way, target: Option<TimelineId>) -> bool {
    let is_history = finding.code.id().starts_with("WP3") && finding.lsn.is_none();
    let concerns = target.is_none_or(|t| {
        finding.timeline == Some(t) || way.legs.iter().any(|leg| finding.timeline == Some(leg.timeline))
    });
    finding.severity == Severity::Error && is_history && concerns
}

/// Whether records of the way are lost by it.
fn costs_records(finding: &Finding) -> bool {
    let lost = finding.severity == Severity::Error
        || matches!(finding.code, Code::Gap | Code::WalReset | Code::Changed | Code::Vanished | Code::StillCopied);
    lost && finding.lsn.is_some() && !finding.code.is_of_replay()
}
