//! Turns what was seen into findings and reports.
//!
//! | file | question |
//! |---|---|
//! | [`seen`] | what is wrong with files beside their records? |
//! | [`suspects`] | another cluster's file, or one with a damaged system identifier? |
//! | [`line`] | what is wrong inside a timeline, and at its seams? |
//! | [`beside`] | which backups lie on the way of recovery, and which beside it? |
//! | [`copies`] | which damaged file has another one of its name beside it? |
//! | [`flaw`] | what is a file that a server cannot use? |
//! | [`gaps`] | what is missing on the way of recovery, and who needs it? |
//! | [`timelines`] | do history files fit each other and the WAL? |
//! | [`branches`] | does the way go on along a timeline that was left? do first records disprove a history? |
//! | [`content`] | which records end replay by what they say, and from which backups? |
//! | [`passed`] | what is wrong in front of every backup, and stands in nobody's way? |
//! | [`partials`] | what lies in unfinished segments? |
//! | [`miswritten`] | which WAL has a name that no server asks for? |
//! | [`misfiled`] | which WAL lies where the tool that keeps the place does not look for it? |
//! | [`notes`] | which segments were damaged before they were archived? |
//! | [`reports`] | how far does each timeline reach, and replay as a whole? |
//! | [`ruling`] | and the verdict: of the archive, or of a restore? |

mod beside;
mod branches;
mod by_name;
mod content;
mod copies;
mod flaw;
mod gaps;
mod line;
mod misfiled;
mod miswritten;
mod notes;
mod partials;
mod passed;
mod reports;
mod ruling;
mod seen;
mod suspects;
mod timelines;

use crate::codes::{Code, Severity};
use crate::finding::{Detail, FileRange, Finding, Lost};
use crate::options::Options;
use crate::outcome::KnownBackup;
use pgwal_archive::lineage::Node;
use pgwal_archive::names::Inventory;
use pgwal_archive::stretch::Piece;
use pgwal_archive::way::Way;
use pgwal_archive::whose::Cluster;
use pgwal_archive::{
    Archive, ArchiveSurvey, BackupFile, DifferingCopies, Error, Facts, Lineage, Mark, Partial, Path, Tally, Which,
};
use pgwal_format::{Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_source::{Entry, Ignored, MisfiledFile, Source};
use pgwal_walk::{Fold, Joint, Run};
use std::collections::BTreeMap;

pub(crate) use copies::segment_of;
pub(crate) use flaw::flaw;
pub(crate) use line::code_of;
pub(crate) use reports::Reports;
pub(crate) use ruling::{Ruled, Ruling, RulingCase};
pub(crate) use seen::{facts_of, nobody};

/// Everything that was seen, and everything that is said of it.
pub(crate) struct Judge<'a> {
    pub source: &'a dyn Source,
    pub cluster: &'a Cluster,
    pub entries: &'a [Entry],
    pub inventory: &'a Inventory,
    /// Notes that a segment was stored although it is damaged.
    pub notes: &'a [String],
    /// Files that the tool which keeps the place does not find.
    pub misfiled: &'a [MisfiledFile],
    /// Files that are left out for their names.
    pub unknown: &'a Ignored,
    pub lineage: &'a Lineage,
    /// History files of others.
    pub others_histories: &'a [Node],
    /// The record of a timeline that lies over a position.
    record_over: Box<dyn Fn(TimelineId, Lsn) -> Option<Lsn> + 'a>,
    pub options: &'a Options<'a>,
    pub live: bool,
    pub backups: Vec<KnownBackup>,
    /// Pieces of each timeline.
    pub pieces: BTreeMap<TimelineId, Vec<Piece>>,
    /// Copies of which nobody gets any.
    pub withheld: Vec<DifferingCopies>,
    /// Scans of `.partial` files.
    pub partials: Vec<Partial>,
    /// Where recovery starts: a live server's own timeline, else the lowest one here.
    pub start: TimelineId,
    /// The timeline that must replay.
    pub target: TimelineId,
    /// The target and its ancestors, oldest first, with the segments in which they begin.
    pub target_line: Vec<(TimelineId, SegmentNo)>,
    pub way: Way,
    /// The ways along other timelines, where a backup lies on one of them.
    side_ways: BTreeMap<TimelineId, Way>,
    /// Records before each piece on the way.
    before: BTreeMap<(TimelineId, SegmentNo), Mark>,
    /// Where the target's history leaves a timeline of which nothing else tells inside of a record: the timeline, the
    /// place, the record.
    impossible_forks: Vec<(TimelineId, Lsn, Lsn)>,
    /// Segments that only a history file that is disproved asks for.
    never_were: Vec<(SegmentNo, SegmentNo)>,
    pub total: Mark,
    /// Of every segment on the way.
    pub facts: Vec<Facts>,
    pub findings: Vec<Finding>,
}

impl<'a> Judge<'a> {
    pub fn new(
        archive: &'a Archive<'_>,
        options: &'a Options<'a>,
        path: Path,
        seen: ArchiveSurvey,
        findings: Vec<Finding>,
    ) -> Judge<'a> {
        let backup = |b: &BackupFile| KnownBackup {
            file: b.file.clone(),
            timeline: b.timeline,
            start: b.start,
            stop: b.stop,
            checkpoint: b.checkpoint,
            label: b.label.clone(),
            start_time: b.start_time.clone(),
            complete: None,
            reaches: None,
            beside: None,
            stopped: None,
            incremental_from: b.incremental_from,
        };
        let impossible_forks = branches::impossible_forks(archive, options, path.target);
        let copies = seen.stretches.values().flat_map(|stretch| &stretch.copies);
        let withheld = copies.filter(|copies| copies.withheld).cloned().collect();
        Judge {
            source: archive.source,
            cluster: &archive.cluster,
            entries: &archive.entries,
            inventory: &archive.inventory,
            notes: &archive.notes,
            misfiled: &archive.misfiled,
            unknown: &archive.unknown,
            lineage: &archive.lineage,
            others_histories: &archive.others_histories,
            record_over: Box::new(|timeline, lsn| archive.record_over(timeline, lsn)),
            options,
            live: archive.live,
            backups: archive.backups.iter().map(backup).collect(),
            pieces: seen.stretches.into_iter().map(|(t, s)| (t, s.pieces)).collect(),
            withheld,
            partials: seen.partials,
            start: path.start,
            target: path.target,
            target_line: path.line,
            way: path.way,
            side_ways: BTreeMap::new(),
            before: BTreeMap::new(),
            impossible_forks,
            never_were: Vec::new(),
            total: Mark::default(),
            facts: Vec::new(),
            findings,
        }
    }

    /// Judges everything. `ruling` gives the verdict; without one it is the archive's.
    ///
    /// # Errors
    /// Those of `ruling`.
    pub fn judge(mut self, ruling: Option<&mut dyn Ruling>) -> Result<Reports, Error> {
        self.suspects();
        self.place_backups();
        self.count();
        self.weigh_copies();
        self.weigh_refused();
        let timelines: Vec<TimelineId> = self.pieces.keys().copied().collect();
        for &timeline in &timelines {
            self.line(timeline);
        }
        self.overwritten();
        self.disproved();
        self.left_branches();
        self.gaps();
        self.timelines();
        self.content();
        self.times_back();
        self.partials();
        self.given_partials();
        self.backups_beside();
        self.miswritten();
        self.misfiled();
        self.noted_damage();
        // A restore begins with a backup of its own, whichever others are known.
        if ruling.is_none() {
            self.weigh_passed();
        }
        self.weigh_closed_history();
        self.copies_beside();
        for &index in &self.inventory.impossible {
            let file = self.entries.get(index).map(Entry::shown);
            self.findings.push(Finding { file, ..Finding::of(Code::ForeignName) });
        }
        self.reports(ruling)
    }

    pub fn layout(&self) -> &'a Layout {
        &self.cluster.layout
    }

    /// The timelines of the way, oldest first, those without a file on it left out.
    pub fn path(&self) -> Vec<TimelineId> {
        self.way.timelines()
    }

    /// Whether the file of this timeline and number is one that recovery takes.
    pub fn on_way(&self, timeline: TimelineId, number: SegmentNo) -> bool {
        self.way.legs.iter().any(|leg| leg.timeline == timeline && (leg.first..=leg.last).contains(&number))
    }

    /// What an error counts that was found at this place: recovery must need it.
    pub fn weigh(&self, severity: Severity, timeline: TimelineId, number: SegmentNo) -> Severity {
        if severity == Severity::Error && self.options.timeline != Which::All && !self.on_way(timeline, number) {
            Severity::Warning
        } else {
            severity
        }
    }

    pub fn number(&self, lsn: Lsn) -> SegmentNo {
        self.layout().address().segment(lsn, self.layout().segment)
    }

    pub fn start_of(&self, number: SegmentNo) -> Lsn {
        self.layout().address().segment_start(number, self.layout().segment)
    }

    /// The first position of a segment at which a record can start.
    pub fn first_record_of(&self, number: SegmentNo) -> Lsn {
        self.start_of(number).plus_within(self.layout().long_header() as u64)
    }

    pub fn name(&self, timeline: TimelineId, number: SegmentNo) -> String {
        SegmentName::new(timeline, number, self.layout().address(), self.layout().segment).to_string()
    }

    /// The file in which recovery along `timeline` finds a segment: its own, or that of an ancestor.
    pub fn file(&self, timeline: TimelineId, number: SegmentNo) -> (String, TimelineId) {
        let line = self.lineage.line(timeline, self.layout());
        let found = line.iter().rev().find_map(|&(t, _)| self.inventory.get(t, number).map(|s| (t, s.entry)));
        match found.and_then(|(t, index)| self.entries.get(index).map(|e| (e.shown(), t))) {
            Some(found) => found,
            None => (self.name(timeline, number), timeline),
        }
    }

    /// The file ranges of the bytes from `from` to `to`.
    pub fn ranges(&self, timeline: TimelineId, from: Lsn, to: Lsn) -> Vec<FileRange> {
        let layout = self.layout();
        let size = layout.segment.bytes();
        let length = u64::try_from(layout.address().distance(to, from, layout.segment)).unwrap_or(0).min(16 * size);
        let mut out = Vec::new();
        let (mut number, mut offset, mut left) =
            (self.number(from), layout.address().offset(from, layout.segment), length);
        while left > 0 {
            let here = left.min(size - offset);
            out.push(FileRange { file: self.file(timeline, number).0, offset, length: here });
            left -= here;
            (number, offset) = (number.next(), 0);
        }
        out
    }

    /// What it costs that replay stops here: `before` are the records up to it, `until` the next that can be read.
    pub fn lost(&self, lsn: Lsn, until: Option<Lsn>, before: Option<Mark>) -> Lost {
        let layout = self.layout();
        let bytes = until.and_then(|u| u64::try_from(layout.address().distance(u, lsn, layout.segment)).ok());
        let before = before.unwrap_or(self.total);
        Lost {
            bytes,
            until_lsn: until,
            records_after: self.total.records.saturating_sub(before.records),
            commits_after: self.total.commits.saturating_sub(before.commits),
            last_commit: before.last_commit,
            last_commit_after: self.total.last_commit.filter(|_| self.total.commits > before.commits),
        }
    }

    /// Adds a finding at a place: `lsn` where replay stops, `at` what is wrong.
    pub fn found(&mut self, code: Code, timeline: TimelineId, lsn: Lsn, at: Lsn, detail: Detail) -> &mut Finding {
        let number = self.number(at);
        let (file, owner) = self.file(timeline, number);
        let layout = self.layout();
        let finding = Finding {
            severity: self.weigh(code.severity(), owner, number),
            timeline: Some(timeline),
            lsn: Some(lsn),
            at: Some(at),
            segment: Some(self.name(self.file(timeline, self.number(lsn)).1, self.number(lsn))),
            file: Some(file),
            offset: Some(layout.address().offset(at, layout.segment)),
            detail,
            ..Finding::of(code)
        };
        self.findings.push(finding);
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// Counts records along the way.
    fn count(&mut self) {
        let mut sum = Tally::default();
        let mut left: Option<&Run<Tally>> = None;
        for leg in &self.way.legs {
            for piece in self.pieces.get(&leg.timeline).map_or(&[][..], |p| p.as_slice()) {
                if (leg.first..=leg.last).contains(&piece.first) {
                    if let Some(run) = piece.run() {
                        add_over_seam(&mut sum, &self.cluster.layout, left, run);
                    }
                    left = piece.run();
                    self.before.insert((leg.timeline, piece.first), sum.mark());
                    if let Some(run) = piece.run() {
                        sum.join(run.acc.clone());
                    }
                }
            }
        }
        self.total = sum.mark();
        self.facts = sum.facts;
    }

    /// The last run on the way that begins before a position, and its timeline.
    pub fn last_run(&self, before: Lsn) -> Option<(TimelineId, &Piece)> {
        self.way.legs.iter().rev().find_map(|leg| {
            let pieces = self.pieces.get(&leg.timeline)?;
            let on_leg = |p: &&Piece| {
                (leg.first..=leg.last).contains(&p.first) && p.run().is_some() && self.start_of(p.first) < before
            };
            Some((leg.timeline, pieces.iter().rev().find(on_leg)?))
        })
    }

    /// The first record that can be read on the way behind a segment.
    pub fn next_record(&self, number: SegmentNo) -> Option<Lsn> {
        self.way.legs.iter().filter(|leg| leg.last > number).find_map(|leg| {
            let behind = |p: &&Piece| p.first > number && (leg.first..=leg.last).contains(&p.first);
            let first = |p: &Piece| p.run().and_then(|run| run.first).map(|first| first.lsn);
            self.pieces.get(&leg.timeline)?.iter().filter(behind).find_map(first)
        })
    }

    /// The first piece on the way behind a segment, and the records before it.
    pub fn next_on_way(&self, number: SegmentNo) -> Option<(&Piece, Option<Mark>)> {
        let leg = self.way.legs.iter().find(|leg| leg.last > number)?;
        let behind = |p: &&Piece| p.first > number && (leg.first..=leg.last).contains(&p.first);
        let piece = self.pieces.get(&leg.timeline)?.iter().find(behind)?;
        Some((piece, self.before(leg.timeline, piece)))
    }

    /// Records before a piece, where it lies on the way.
    pub fn before(&self, timeline: TimelineId, piece: &Piece) -> Option<Mark> {
        self.before.get(&(timeline, piece.first)).copied()
    }
}

/// Adds the record over the seam between two runs that no join has completed: where another timeline's files begin.
pub(crate) fn add_over_seam(sum: &mut Tally, layout: &Layout, left: Option<&Run<Tally>>, right: &Run<Tally>) {
    let Some(left) = left.filter(|left| left.to == right.from) else { return };
    if let Some(over) = Joint::between(layout, left, right).over {
        if sum.wants(&over.header) { sum.record(&over.record(layout)) } else { sum.pass(&over.header) }
    }
}
