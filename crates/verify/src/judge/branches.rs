//! Does the way go on along a timeline behind the point where it was left? And do the first records of a timeline
//! disprove its history?
//!
//! ```text
//! timeline 2           ┌─ (6 ── 7)     its history is here, its segments are not:
//! timeline 1   5 ── 6 ─┴─ 6 ── 7 ── 8  a server takes those of timeline 1, and replays what was left behind
//! ```

use super::Judge;
use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};
use crate::options::Options;
use pgwal_archive::lineage::{history_name, switch_segment};
use pgwal_archive::stretch::Piece;
use pgwal_archive::way::Leg;
use pgwal_archive::{Archive, Depth, TimelineBegin, Which};
use pgwal_format::text::history::{Ancestor, Switch};
use pgwal_format::{Lsn, SegmentNo, TimelineId};

/// Places where the history of `target` leaves a timeline inside of a record, and no WAL of the next one says
/// otherwise.
pub(super) fn impossible_forks(
    archive: &Archive<'_>,
    options: &Options<'_>,
    target: TimelineId,
) -> Vec<(TimelineId, Lsn, Lsn)> {
    // Whoever asks for a timeline by its number takes it for this WAL's.
    let asked = options.timeline == Which::Latest && options.depth == Depth::Records;
    let node = archive.lineage.get(target).filter(|node| !node.broken && asked);
    let Some(node) = node else { return Vec::new() };
    let child = |i: usize| node.ancestors.get(i + 1).map_or(node.timeline, |next| next.timeline);
    let over = |(i, ancestor): (usize, &Ancestor)| match ancestor.switch {
        Switch::At(at) if archive.inventory.of(child(i)).is_empty() => {
            Some((ancestor.timeline, at, archive.record_over(ancestor.timeline, at)?))
        }
        _ => None,
    };
    node.ancestors.iter().enumerate().filter_map(over).collect()
}

impl Judge<'_> {
    /// Files of a timeline that the way takes behind the point where the next one left it.
    pub(super) fn left_branches(&mut self) {
        let Some(node) = self.lineage.get(self.target).filter(|node| !node.broken) else { return };
        let child = |i: usize| node.ancestors.get(i + 1).map_or(node.timeline, |next| next.timeline);
        let switches: Vec<(TimelineId, TimelineId, Switch)> =
            node.ancestors.iter().enumerate().map(|(i, a)| (a.timeline, child(i), a.switch)).collect();
        for (own, child, switch) in switches {
            // Where its first record stands, it was left, whatever its history says.
            let begin = self.first_record(child).filter(|begin| self.is_of_way(child, begin.lsn, switch));
            let switch = begin.map_or(switch, |begin| Switch::At(begin.lsn));
            if let Some((at, to)) = self.taken_behind(own, switch) {
                let before = self.piece_at(own, self.number(at)).and_then(|piece| self.before(own, piece));
                let lost = self.lost(at, None, before);
                // Where it lies in front of all that is here, no server comes so far: that is told by itself.
                if self.is_before_all(own, switch) {
                    return;
                }
                // No backup that is known comes by there.
                let passed = !self.backups.is_empty() && self.backups.iter().all(|backup| backup.start >= at);
                if let Some(&(_, at, record)) = self.impossible_forks.iter().find(|fork| (fork.0, fork.1) == (own, at))
                {
                    let beside = self.goes_on_beside(own, child);
                    let detail = Detail::InsideRecord { own, at, record, beside };
                    let finding = self.found(Code::OthersHistory, child, at, at, detail);
                    // Replay comes to the end of this WAL all the same, unless the server in use left it, too.
                    let severity = if beside.is_some() { Severity::Error } else { Severity::Warning };
                    (finding.severity, finding.lsn, finding.segment) = (severity, None, None);
                    finding.file = Some(history_name(child));
                    finding.offset = None;
                    return;
                }
                let finding = self.found(Code::LeftBranch, own, at, at, Detail::LeftBranch { child, switch, to });
                finding.lost = Some(lost);
                finding.readable_until = Some(at);
                if passed {
                    finding.severity = Severity::Info;
                }
                return;
            }
        }
    }

    /// The newest timeline with WAL that left another one, and that is not on the way to `target`.
    fn goes_on_beside(&self, own: TimelineId, target: TimelineId) -> Option<TimelineId> {
        let others = self.lineage.nodes.iter().filter(|node| !node.broken && node.timeline != target);
        let has_left = others.filter(|node| node.ancestors.iter().any(|ancestor| ancestor.timeline == own));
        let all = has_left.map(|node| node.timeline).filter(|t| !self.target_line.iter().any(|(own, _)| own == t));
        all.filter(|timeline| !self.inventory.of(*timeline).is_empty()).max()
    }

    /// Where the way goes on along a timeline behind a switch, and where its WAL ends there.
    fn taken_behind(&self, own: TimelineId, switch: Switch) -> Option<(Lsn, Lsn)> {
        let number = switch_segment(&switch, self.layout())?;
        let leg = self.way.legs.iter().rev().find(|leg| leg.timeline == own && leg.last >= number)?;
        let last = self.pieces.get(&own)?.iter().rev().filter(|p| (leg.first..=leg.last).contains(&p.first));
        let end = last.filter_map(Piece::run).next().map(|run| run.end);
        match switch {
            Switch::At(lsn) if self.options.depth == Depth::Records => {
                let end = end.filter(|&end| end > lsn)?;
                Some((lsn, end))
            }
            // Of names alone it is not known what the segment of the switch holds.
            Switch::At(lsn) => (leg.last > number).then(|| (lsn, self.start_of(leg.last.next()))),
            Switch::In(_) => {
                let behind = self.start_of(number.next());
                (leg.last > number).then(|| (behind, end.unwrap_or(behind).max(behind)))
            }
        }
    }

    /// Whether a timeline was left before all WAL of it that is here.
    pub(super) fn is_before_all(&self, own: TimelineId, left: Switch) -> bool {
        let Some(first) = self.inventory.of(own).first().map(|segment| segment.number) else { return false };
        match left {
            Switch::At(lsn) => lsn <= self.start_of(first),
            Switch::In(_) => switch_segment(&left, self.layout()).is_some_and(|number| number < first),
        }
    }

    fn piece_at(&self, timeline: TimelineId, number: SegmentNo) -> Option<&Piece> {
        self.pieces.get(&timeline)?.iter().find(|piece| (piece.first..=piece.last).contains(&number))
    }

    /// History files that the first records of a timeline disprove.
    pub(super) fn disproved(&mut self) {
        let mut told: Vec<(TimelineId, TimelineBegin, Ancestor, String, bool)> = Vec::new();
        for node in self.lineage.nodes.iter().filter(|node| !node.broken) {
            let read = node.timeline == self.target || self.options.timeline == Which::All;
            for (i, ancestor) in node.ancestors.iter().enumerate() {
                let child = node.ancestors.get(i + 1).map_or(node.timeline, |next| next.timeline);
                // Of what only others' histories say, their own speak.
                if !read && child != node.timeline {
                    continue;
                }
                let Some(opening) = self.first_record(child) else { continue };
                // A recovery that ends before the target's own timeline began names that as the parent all the same,
                // and the record the one that was in force: both are in the file.
                let named = |previous| node.written.iter().any(|a| a.timeline == previous);
                // Up to 9.2 the record does not name the timeline before.
                if opening.previous.is_some_and(|previous| previous < child && !named(previous)) {
                    told.push((child, opening, ancestor.clone(), node.file.clone(), read));
                }
            }
        }
        for (child, opening, ancestor, file, read) in told {
            let Some(after) = opening.previous else { continue };
            let from = switch_segment(&ancestor.switch, self.layout());
            let lsn = match ancestor.switch {
                Switch::At(lsn) => lsn,
                Switch::In(_) => from.map_or(opening.lsn, |from| self.start_of(from)),
            };
            let last = SegmentNo(self.number(opening.lsn).0.saturating_sub(1));
            if let Some(from) = from.filter(|from| *from <= last && read) {
                self.never_were.push((from, last));
            }
            let detail = Detail::Disproved { child, says: ancestor.timeline, after, begins: opening.lsn };
            self.findings.push(Finding {
                severity: if read { Code::Disproved.severity() } else { Severity::Warning },
                timeline: Some(child),
                lsn: Some(lsn),
                at: Some(lsn),
                file: Some(file),
                detail,
                ..Finding::of(Code::Disproved)
            });
        }
    }

    /// What the first own record of a timeline says of the one before.
    fn first_record(&self, timeline: TimelineId) -> Option<TimelineBegin> {
        let runs = self.pieces.get(&timeline).into_iter().flatten().filter_map(Piece::run);
        self.own_begin(timeline, runs.filter_map(|run| run.acc.opening_of(timeline)).collect())
    }

    /// Whether the first record of a timeline's number is that of the timeline on the way, which leaves its parent at
    /// `switch`, and not that of another promotion.
    fn is_of_way(&self, child: TimelineId, begins: Lsn, switch: Switch) -> bool {
        let number = self.number(begins);
        let is_taken = |leg: &Leg| leg.timeline == child && (leg.first..=leg.last).contains(&number);
        let is_others = || self.lineage.parent(child).is_some_and(|parent| self.stands_at(begins, parent.switch));
        self.way.legs.iter().any(is_taken) && (self.stands_at(begins, switch) || !is_others())
    }

    /// Of several first records of a timeline's number, that of its history: a promotion of which the history went away
    /// leaves that number to the next one.
    pub(super) fn own_begin(&self, timeline: TimelineId, all: Vec<TimelineBegin>) -> Option<TimelineBegin> {
        let says = self.lineage.parent(timeline).map(|parent| parent.switch);
        let own = all.iter().find(|begin| says.is_some_and(|says| self.stands_at(begin.lsn, says)));
        own.or(all.first()).copied()
    }

    /// Whether a record is the first one behind a switch.
    pub(super) fn stands_at(&self, begins: Lsn, switch: Switch) -> bool {
        let layout = self.layout();
        match switch {
            Switch::At(lsn) => {
                // A switch on a page boundary: the record stands behind the page's header.
                let offset = layout.address().offset(lsn, layout.segment);
                let header = match (offset, offset % layout.page.bytes()) {
                    (0, _) => layout.long_header(),
                    (_, 0) => layout.short_header(),
                    _ => 0,
                };
                begins == lsn.plus_within(header as u64) || begins == lsn
            }
            Switch::In(_) => switch_segment(&switch, layout) == Some(self.number(begins)),
        }
    }

    /// Segments that only a history that is disproved asks for.
    pub(super) fn never_was(&self, first: SegmentNo, last: SegmentNo) -> bool {
        self.never_were.iter().any(|&(from, to)| from <= first && last <= to)
    }
}
