//! What is missing on the way of recovery, and who needs it.

use super::Judge;
use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};
use crate::outcome::KnownBackup;
use pgwal_archive::lineage::history_name;
use pgwal_archive::stretch::Piece;
use pgwal_archive::way::{Hole, whole_way};
use pgwal_archive::{Depth, Which};
use pgwal_format::{Lsn, SegmentNo, TimelineId};
use pgwal_source::{AsOf, Entry};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

impl Judge<'_> {
    pub(super) fn gaps(&mut self) {
        let mut seen: Vec<(TimelineId, SegmentNo)> = Vec::new();
        let mut holes: Vec<(Hole, bool)> = self.way.holes.iter().map(|h| (*h, true)).collect();
        // Other branches: what they alone lack.
        let mut others: Vec<TimelineId> = self.pieces.keys().copied().filter(|t| *t != self.target).collect();
        others.sort_unstable_by(|a, b| b.cmp(a));
        for timeline in others {
            let line = self.lineage.line(timeline, self.layout());
            holes.extend(whole_way(self.inventory, &line, self.layout()).holes.iter().map(|h| (*h, false)));
        }
        for (hole, needed) in holes {
            if seen.contains(&(hole.timeline, hole.first)) {
                continue;
            }
            seen.push((hole.timeline, hole.first));
            if !self.in_range(hole.first, hole.last) || self.never_was(hole.first, hole.last) {
                continue;
            }
            match hole.too_early {
                Some(early) if !self.begins_as_told(early) => self.unreachable(&hole, early, needed),
                _ => self.gap(&hole, needed, None),
            }
        }
        if self.options.start.is_none() && self.options.end.is_none() {
            self.gaps_of_backups();
            self.timelines_without_wal();
        }
    }

    /// WAL that a backup needs and that lies before the first or behind the last segment here.
    fn gaps_of_backups(&mut self) {
        self.gaps_beside();
        let (Some(first), Some(last)) = (self.way.legs.first().map(|l| l.first), self.way.legs.last().map(|l| l.last))
        else {
            return;
        };
        let need = |b: &KnownBackup| {
            let (from, to) = self.segments_of(b);
            (b.timeline, from, to, b.start)
        };
        let needs: Vec<(TimelineId, SegmentNo, SegmentNo, Lsn)> = self.backups_on_way().map(need).collect();
        let newest = needs.iter().map(|n| n.3).max();
        // Where WAL begins with what a backup needs, everything older was given up; pg_archivecleanup leaves its
        // .backup files.
        let expired = needs.iter().any(|n| n.1 == first);
        self.ends_in_backup();
        for (timeline, from, to, start) in needs {
            // A live server has given up what it archived.
            if from < first && self.live {
                continue;
            }
            if from < first {
                let hole = Hole { timeline, first: from, last: SegmentNo(to.0.min(first.0 - 1)), too_early: None };
                let weight = match newest == Some(start) {
                    true => Severity::Error,
                    false if expired => Severity::Info,
                    false => Severity::Warning,
                };
                self.gap(&hole, true, Some(weight));
            } else if to > last {
                let hole = Hole { timeline, first: SegmentNo(from.0.max(last.0 + 1)), last: to, too_early: None };
                self.gap(&hole, true, Some(Severity::Error));
            }
        }
    }

    /// WAL that a backup beside the way needs and that lies behind the last segment of its own line: nothing that this
    /// way lacks. What lies before the first is expired.
    fn gaps_beside(&mut self) {
        let hole = |backup: &KnownBackup| {
            let (from, to) = self.segments_of(backup);
            let last = self.way_of(backup)?.legs.last()?.last;
            let first = SegmentNo(from.0.max(last.0 + 1));
            (to > last).then_some(Hole { timeline: backup.timeline, first, last: to, too_early: None })
        };
        let holes: Vec<Hole> = self.backups.iter().filter(|b| b.beside.is_some()).filter_map(hole).collect();
        holes.into_iter().for_each(|hole| self.gap(&hole, false, Some(Severity::Warning)));
    }

    /// WAL that ends, without an error, before the end of a backup whose segments are all there by their names.
    fn ends_in_backup(&mut self) {
        if self.live || self.options.depth != Depth::Records {
            return;
        }
        let Some((timeline, piece)) = self.last_run(Lsn::MAX) else { return };
        let (from, next) = (self.start_of(piece.last), piece.last.next());
        let (end, lsn) = (piece.run().map_or(from, |run| run.end), self.begun(Some(piece), next));
        let last = self.way.legs.last().map_or(next, |leg| leg.last);
        let first = self.way.legs.first().map_or(next, |leg| leg.first);
        let whole = |b: &&KnownBackup| {
            let (start, stop) = self.segments_of(b);
            first <= start && stop <= last && end < b.stop
        };
        let Some(backup) = self.backups_on_way().filter(whole).min_by_key(|b| b.stop).cloned() else { return };
        // What is wrong there is told already, or the file is being copied.
        let told = |f: &Finding| {
            let near = f.at.is_some_and(|at| at >= from && at < backup.stop) && f.timeline >= Some(timeline);
            near && (f.severity == Severity::Error || f.code == Code::StillCopied)
        };
        if self.findings.iter().any(told) {
            return;
        }
        let at = if self.on_way(timeline, self.number(lsn)) { lsn } else { end };
        let lost = self.lost(lsn, None, None);
        let finding = self.found(
            Code::BackupCut,
            timeline,
            lsn,
            at,
            Detail::EndsInBackup { backup: backup.file, stop: backup.stop },
        );
        finding.severity = Severity::Error;
        finding.lost = Some(lost);
        finding.readable_until = Some(lsn);
    }

    /// Timelines that a history file tells of and that have no WAL here, not even unfinished.
    fn timelines_without_wal(&mut self) {
        let target = self.target;
        let asked = self.options.timeline != Which::Latest;
        // Of a timeline that nothing tells of, no segment is missing.
        if self.unknown().is_some() {
            return;
        }
        let on_line: Vec<(TimelineId, SegmentNo)> =
            self.target_line.iter().copied().filter(|&(t, _)| t > self.start).collect();
        for (timeline, begin) in on_line {
            let unfinished = self.inventory.partials.iter().any(|p| p.timeline == timeline);
            let child = self.target_line.iter().find(|&&(t, _)| t > timeline).map(|&(_, b)| b);
            // A child that begins in the same segment holds all that is needed of it.
            if !self.inventory.of(timeline).is_empty() || child == Some(begin) || (unfinished && timeline == target) {
                continue;
            }
            // Backups that begin behind it need nothing of it: what is older is expired.
            let oldest = self.backups_on_way().map(|b| self.number(b.start)).min();
            if oldest.zip(child).is_some_and(|(oldest, child)| oldest >= child) {
                continue;
            }
            let hole = Hole { timeline, first: begin, last: begin, too_early: None };
            // That the way goes on along another one instead is told already, and for want of which.
            let left = |f: &Finding| match f.detail {
                Detail::LeftBranch { .. } => f.timeline < Some(timeline),
                Detail::InsideRecord { .. } => f.timeline <= Some(timeline),
                _ => false,
            };
            let told = self.never_was(begin, begin) || self.findings.iter().any(left);
            if self.way.holes.iter().any(|h| h.timeline == timeline) || told {
                continue;
            }
            // Right after a promotion the first segment is not archived yet. A restore that follows the latest timeline
            // comes to the end of the one before.
            let goes_on = self.goes_on_with(begin);
            let newest = timeline == target && (!asked || self.options.followed && goes_on);
            let weight = if newest { Severity::Warning } else { Severity::Error };
            self.gap(&hole, true, Some(weight));
            if newest && goes_on {
                self.not_yet(timeline);
            }
        }
    }

    /// Whether a segment is the next one of the way, or its last, in which the timeline before ends.
    fn goes_on_with(&self, begin: SegmentNo) -> bool {
        self.way.legs.last().is_some_and(|leg| begin == leg.last || begin == leg.last.next())
    }

    /// The first segment of a timeline comes when it is full: that it is missing is no more than news.
    fn not_yet(&mut self, timeline: TimelineId) {
        let own = |f: &&mut Finding| f.code == Code::Gap && f.timeline == Some(timeline);
        let newest = self.newest_age();
        if let Some(finding) = self.findings.iter_mut().rev().find(own) {
            (finding.severity, finding.detail) = (Severity::Info, Detail::NotYet { timeline, newest });
        }
    }

    /// How long ago the file was written that was written last.
    fn newest_age(&self) -> Option<Duration> {
        let age = |entry: &Entry| {
            let written = u64::try_from(self.source.stamp(entry)?.modified).ok()?;
            let as_of = match self.source.as_of(entry) {
                AsOf::Now => SystemTime::now(),
                AsOf::Then(then) => then,
            };
            Some(as_of.duration_since(UNIX_EPOCH + Duration::from_nanos(written)).unwrap_or_default())
        };
        self.entries.iter().filter_map(age).min()
    }

    fn in_range(&self, first: SegmentNo, last: SegmentNo) -> bool {
        let after = self.options.start.is_none_or(|start| last >= self.number(start));
        let before = self.options.end.is_none_or(|end| self.start_of(first) < end);
        after && before
    }

    /// The pieces on either side of a hole, along a timeline.
    fn sides(&self, timeline: TimelineId, first: SegmentNo, last: SegmentNo) -> (Option<&Piece>, Option<&Piece>) {
        let line = self.lineage.line(timeline, self.layout());
        let all = || line.iter().rev().filter_map(|(t, _)| self.pieces.get(t)).flatten();
        (all().find(|p| p.last.next() == first), all().find(|p| p.first == last.next()))
    }

    /// Tells of a hole; `weight` where it is known how bad that is.
    fn gap(&mut self, hole: &Hole, needed: bool, weight: Option<Severity>) {
        // There is something of that name, and it was refused: that is told already.
        let name = self.name(hole.timeline, hole.first);
        let refused = |f: &crate::Finding| {
            f.code == Code::Unreadable && f.file.as_deref().is_some_and(|file| file.contains(&name))
        };
        if hole.first == hole.last && self.findings.iter().any(refused) {
            return;
        }
        let (left, right) = self.sides(hole.timeline, hole.first, hole.last);
        let lsn = self.begun(left, hole.first);
        // Where a timeline lacks its last segments, recovery would go on in another one's.
        let right = right.or_else(|| self.next_on_way(hole.last).filter(|_| needed).map(|(piece, _)| piece));
        let until = right.and_then(Piece::run).and_then(|r| r.first).map(|f| f.lsn);
        let before = right.and_then(|p| self.way.legs.iter().find_map(|leg| self.before(leg.timeline, p)));
        let lost = self.lost(lsn, until, before);
        let (name, last) = (self.name(hole.timeline, hole.first), self.name(hole.timeline, hole.last));
        // Where a timeline lacks its first segment, nothing from before leads to it, whatever backups were taken later:
        // unless nothing from before is known to be wanted.
        let opens =
            self.target_line.iter().any(|&(t, begin)| t == hole.timeline && t > self.start && begin == hole.first);
        let starts = || self.backups_on_way().map(|b| self.number(b.start));
        let no_way_in = opens && (starts().next().is_none() || starts().any(|start| start <= hole.last));
        let severity = match needed || self.options.timeline == Which::All {
            true if no_way_in => Severity::Error,
            true => self.gap_severity(hole),
            false => Severity::Warning,
        };
        let partial = self.inventory.partial(hole.timeline, hole.first).is_some();
        let count = hole.last.0 - hole.first.0 + 1;
        let at = self.start_of(hole.first);
        let (code, detail) = match self.reset_behind(hole) {
            Some(begins) => (Code::WalReset, Detail::Reset { begins, missing: Some((last, count)), fault: None }),
            None => (Code::Gap, Detail::Gap { last, count, partial }),
        };
        let finding = self.found(code, hole.timeline, lsn, at, detail);
        finding.severity = weight.unwrap_or(severity);
        finding.file = Some(name);
        finding.lost = Some(lost);
        finding.readable_until = Some(lsn);
    }

    /// WAL behind a hole begins anew: with a checkpoint that names no record before it.
    fn reset_behind(&self, hole: &Hole) -> Option<Lsn> {
        let (_, right) = self.sides(hole.timeline, hole.first, hole.last);
        let piece = right?;
        let first = piece.run()?.first?;
        let begins = first.lsn == self.first_record_of(piece.first) && first.prev == Lsn::ZERO;
        (begins && piece.first > SegmentNo(1)).then_some(first.lsn)
    }

    /// What it weighs that no replay comes over a position: for backups before it, as a hole does.
    pub(super) fn weight_at(&self, lsn: Lsn) -> Severity {
        let number = self.number(lsn);
        self.gap_severity(&Hole {
            timeline: self.target,
            first: number,
            last: SegmentNo(number.0.saturating_sub(1)),
            too_early: None,
        })
    }

    /// Before the oldest backup nobody needs a segment; inside a backup and behind the newest, recovery does; between
    /// two backups, only recovery to a time between them does. With no backup known, all of it counts.
    fn gap_severity(&self, hole: &Hole) -> Severity {
        let (first, last) = (self.start_of(hole.first), self.start_of(hole.last.next()));
        let known: Vec<(Lsn, Lsn)> = self.backups_on_way().map(|b| (b.start, b.stop)).collect();
        let (Some(oldest), Some(newest)) = (known.iter().map(|b| b.0).min(), known.iter().map(|b| b.0).max()) else {
            return Severity::Error;
        };
        let inside = known.iter().any(|&(start, stop)| first < stop && start < last);
        if inside || last > newest {
            Severity::Error
        } else if last <= oldest {
            Severity::Info
        } else {
            Severity::Warning
        }
    }

    /// WAL of a timeline ends before the point at which, by its history, the next one leaves it.
    fn unreachable(&mut self, hole: &Hole, early: TimelineId, needed: bool) {
        let Some(parent) = self.lineage.parent(early).map(|p| (p.timeline, p.switch)) else { return };
        let (left, _) = self.sides(hole.timeline, hole.first, hole.last);
        let lsn = self.begun(left, hole.first);
        let before = self.next_on_way(hole.last).and_then(|(_, mark)| mark);
        let lost = self.lost(lsn, None, before);
        let at = self.start_of(hole.first);
        let detail = Detail::Unreachable { parent: parent.0, switch: parent.1 };
        let file = self.lineage.get(early).map_or_else(|| history_name(early), |n| n.file.clone());
        let finding = self.found(Code::Unreachable, early, lsn, at, detail);
        finding.severity = if needed { Severity::Error } else { Severity::Warning };
        finding.file = Some(file);
        finding.offset = None;
        finding.lost = Some(lost);
    }
}
