//! Which backups lie on the way of recovery, and which beside it: by where a timeline was left, not by its number.
//!
//! ```text
//! timeline 2            ┌── 6 ── 7 ──▶  the latest
//! timeline 1   5 ── 6 ──┴── 6 ── 7 ── 8 ── 9 ──▶
//!                 b1          b2                   b1 is the way's, b2 lies beside it: a server that starts from b2
//!                                                  and follows timeline 2 does not start
//! ```
//! A backup is a way's where the way goes on along its timeline at least to the position where the backup ended.

use super::Judge;
use crate::beside::Beside;
use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};
use crate::outcome::KnownBackup;
use pgwal_archive::lineage::switch_segment;
use pgwal_archive::way::{Way, whole_way};
use pgwal_archive::{Tally, Which};
use pgwal_format::text::history::Switch;
use pgwal_format::{Lsn, SegmentNo, TimelineId};
use pgwal_walk::{Run, Tail};

impl Judge<'_> {
    /// Says of each backup whether it lies beside the way.
    pub(super) fn place_backups(&mut self) {
        let mut backups = std::mem::take(&mut self.backups);
        for backup in &mut backups {
            let left = match self.leaves(self.target, backup) {
                Left::Holds => continue,
                Left::At(child, switch) => Some((child, switch)),
                Left::Never => None,
            };
            if self.side_ways.is_empty() {
                let others = self.inventory.timelines().into_iter().chain([backup.timeline]);
                let way = |t| (t, whole_way(self.inventory, &self.lineage.line(t, self.layout()), self.layout()));
                self.side_ways = others.map(way).collect();
            }
            backup.beside = Some(Beside { target: self.target, left, ask: self.timeline_for(backup) });
        }
        self.backups = backups;
    }

    /// Backups on the way.
    pub(super) fn backups_on_way(&self) -> impl Iterator<Item = &KnownBackup> {
        self.backups.iter().filter(|backup| backup.beside.is_none())
    }

    /// The segments of a backup, from the first to the last.
    pub(super) fn segments_of(&self, backup: &KnownBackup) -> (SegmentNo, SegmentNo) {
        let layout = self.layout();
        (self.number(backup.start), layout.address().prev_segment(backup.stop, layout.segment))
    }

    /// The way of recovery that a backup lies on: this one, or the one along its own timeline. `None` where that has no
    /// WAL here.
    pub(super) fn way_of(&self, backup: &KnownBackup) -> Option<&Way> {
        match backup.beside {
            None => Some(&self.way),
            Some(_) => self.side_ways.get(&backup.timeline),
        }
    }

    /// Whether the history of a timeline holds all of a backup.
    fn leaves(&self, timeline: TimelineId, backup: &KnownBackup) -> Left {
        if timeline == backup.timeline {
            return Left::Holds;
        }
        let Some(node) = self.lineage.get(timeline) else { return Left::Never };
        let Some(at) = node.ancestors.iter().position(|a| a.timeline == backup.timeline) else { return Left::Never };
        let child = node.ancestors.get(at + 1).map_or(timeline, |next| next.timeline);
        let Some(switch) = node.ancestors.get(at).map(|a| a.switch) else { return Left::Never };
        let holds = match (switch, self.opening(child)) {
            (Switch::At(left), _) => backup.stop <= left,
            // Up to 9.2 a history names the segment; where in it, the child's first record tells.
            (Switch::In(_), Some(begins)) => backup.stop <= begins,
            (Switch::In(_), None) => {
                let (_, last) = self.segments_of(backup);
                switch_segment(&switch, self.layout()).is_none_or(|left| last <= left)
            }
        };
        if holds { Left::Holds } else { Left::At(child, switch) }
    }

    /// The timeline with WAL whose history holds a backup and whose WAL reaches farthest; the backup's own, without
    /// any.
    fn timeline_for(&self, backup: &KnownBackup) -> TimelineId {
        let farthest =
            |timeline: TimelineId| self.side_ways.get(&timeline).and_then(|way| way.legs.last()).map(|leg| leg.last);
        let holds = |timeline: &TimelineId| matches!(self.leaves(*timeline, backup), Left::Holds);
        let all = self.inventory.timelines().into_iter().filter(holds);
        all.max_by_key(|&timeline| (farthest(timeline), timeline)).unwrap_or(backup.timeline)
    }

    /// Tells of backups beside the way to the latest timeline: one finding for all that the way left at one place.
    pub(super) fn backups_beside(&mut self) {
        // Of a history that cannot be read, nothing follows; a timeline that was asked for is one's own choice.
        let node = self.lineage.get(self.target);
        if node.is_some_and(|node| node.closed) {
            self.backups.iter_mut().for_each(|backup| backup.beside = None);
        }
        let readable = node.is_some_and(|node| !node.broken);
        if !readable || matches!(self.options.timeline, Which::Number(_)) || self.live {
            return;
        }
        let newest_on_way = self.backups_on_way().map(|b| b.start).max();
        let latest_by_default = self.layout().dialect.settings.latest_by_default;
        let mut told: Vec<(TimelineId, Beside, Finding)> = Vec::new();
        for backup in self.backups.iter().rev() {
            let Some(beside) = backup.beside else { continue };
            if let Some((.., known)) = told.iter_mut().find(|(t, b, _)| (*t, *b) == (backup.timeline, beside)) {
                known.more += 1;
                continue;
            }
            // The newest of all is the one that somebody will restore.
            let newest = newest_on_way.is_none_or(|start| start < backup.start);
            let severity = if newest && latest_by_default { Severity::Warning } else { Severity::Info };
            let during = matches!(beside.left, Some((_, Switch::At(left))) if left > backup.start);
            let finding = Finding {
                severity,
                timeline: Some(backup.timeline),
                file: Some(backup.file.clone()),
                detail: Detail::BackupBeside { beside, during },
                ..Finding::of(Code::BackupBeside)
            };
            told.push((backup.timeline, beside, finding));
        }
        self.findings.extend(told.into_iter().map(|(.., finding)| finding));
    }

    /// Whether everything from a backup's start to its stop can be read, along the way that it lies on.
    pub(super) fn covers(&self, backup: &KnownBackup, findings: &[Finding]) -> bool {
        let Some(way) = self.way_of(backup) else { return false };
        let (mut next, last) = self.segments_of(backup);
        for leg in &way.legs {
            if (leg.first..=leg.last).contains(&next) {
                next = leg.last.next();
            }
        }
        let on = |leg: &pgwal_archive::way::Leg, number: SegmentNo| (leg.first..=leg.last).contains(&number);
        let end = way.legs.iter().rev().find_map(|leg| {
            let pieces = self.pieces.get(&leg.timeline)?.iter().rev();
            let before = |p: &&pgwal_archive::stretch::Piece| on(leg, p.first) && self.start_of(p.first) < backup.stop;
            let last = pieces.filter(|p| p.run().is_some()).find(before)?;
            // Behind a switch nothing more is written to the segment.
            let switched = |run: &Run<Tally>| matches!(run.tail, Tail::Switched { .. });
            last.run().map(|run| if switched(run) { self.start_of(last.last.next()) } else { run.end })
        });
        let on_way = |f: &Finding| {
            let (Some(at), Some(timeline)) = (f.at, f.timeline) else { return true };
            let number = self.number(at);
            let (_, owner) = self.file(timeline, number);
            way.holes.iter().any(|h| (h.first..=h.last).contains(&number))
                || way.legs.iter().any(|leg| leg.timeline == owner && on(leg, number))
        };
        let broken = |f: &Finding| {
            // A file whose bytes are others than they were, or than its name says, is judged by its records all the
            // same.
            let stops = !matches!(f.code, Code::SegmentChanged | Code::NameChecksum | Code::TimeBack);
            stops && f.severity >= Severity::Warning && f.lsn.or(f.at).is_some_and(|l| l < backup.stop) && {
                let next = || self.next_record(self.number(f.at.or(f.lsn)?));
                let until = f.lost.and_then(|l| l.until_lsn).or_else(next).unwrap_or(Lsn::MAX);
                // Where the first page of the backup's first segment is another cluster's, its first record is whole.
                let inside = f.lsn.is_some_and(|lsn| lsn >= backup.start);
                (inside || until > backup.start) && on_way(f)
            }
        };
        next > last && end.is_some_and(|end| end >= backup.stop) && !findings.iter().any(broken)
    }
}

/// What the history of a timeline says of a backup.
enum Left {
    /// It holds all of it.
    Holds,
    /// It left the backup's timeline before the backup ended: for this one, there.
    At(TimelineId, Switch),
    /// It was never on the backup's timeline.
    Never,
}
