//! Which records end replay by what they say, and from which backups: as a restore of each would foretell it.

use super::Judge;
use crate::codes::{Code, CodeFamily, Severity};
use crate::finding::{Detail, Finding};
use crate::outcome::KnownBackup;
use pgwal_archive::stretch::Piece;
use pgwal_archive::way::Way;
use pgwal_archive::{Depth, NoteKind, ReplayNote, Tally};
use pgwal_format::recovery::BackupEnd;
use pgwal_format::recovery::Minimal;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::control::WalLevel;
use pgwal_format::{Lsn, TimelineId};
use pgwal_recovery::failure::Failure;
use pgwal_recovery::{KnownStart, stopped_by};

/// More bytes than headers of a first page and the record that ends a backup take.
const ROOM_OF_END: u64 = 256;
/// Microseconds.
const MINUTE: i64 = 60_000_000;

impl Judge<'_> {
    /// Follows replay from every backup known.
    pub(super) fn content(&mut self) {
        if self.options.depth != Depth::Records || self.options.start.is_some() || self.options.end.is_some() {
            return;
        }
        let mut backups = std::mem::take(&mut self.backups);
        for backup in &mut backups {
            backup.stopped = self.stopped(backup);
        }
        let newest = backups.iter().filter(|b| b.beside.is_none()).map(|b| b.start).max();
        let mut told: Vec<(TimelineId, Lsn, Failure, Vec<&KnownBackup>)> = Vec::new();
        for backup in &backups {
            let Some((lsn, failure)) = &backup.stopped else { continue };
            match told.iter_mut().find(|(t, at, ..)| (*t, at) == (backup.timeline, lsn)) {
                Some((.., concerned)) => concerned.push(backup),
                None => told.push((backup.timeline, *lsn, failure.clone(), vec![backup])),
            }
        }
        let mut findings = Vec::new();
        for (timeline, lsn, failure, concerned) in told {
            let decides = concerned.iter().any(|b| b.beside.is_none() && Some(b.start) == newest);
            let names = concerned.iter().rev().map(|b| b.file.clone()).collect();
            let severity = if decides { Code::Stopped.severity() } else { Severity::Warning };
            findings.push((self.owner(timeline, lsn), lsn, failure, Some(names), severity));
        }
        self.overwritten_backups(&backups);
        if backups.is_empty() {
            findings.extend(self.minimal().map(|(t, lsn, failure)| (t, lsn, failure, None, Severity::Warning)));
        }
        self.backups = backups;
        for (timeline, lsn, failure, backups, severity) in findings {
            self.tell_stop(timeline, lsn, Detail::Stopped { failure, backups }, severity);
        }
    }

    /// Commit times that go back over a seam whose links fit.
    pub(super) fn times_back(&mut self) {
        let mut found: Vec<(TimelineId, Lsn, Timestamp, Timestamp)> = Vec::new();
        for (&timeline, pieces) in &self.pieces {
            let notes = pieces.iter().filter_map(Piece::run).flat_map(|run| &run.acc.notes);
            found.extend(notes.filter_map(|note| match note.what {
                NoteKind::TimeBack { before, after } => Some((timeline, note.lsn, before, after)),
                _ => None,
            }));
        }
        for (timeline, lsn, before, after) in found {
            // Behind damage or another history that is no news.
            let told = |f: &Finding| {
                let near = f.timeline == Some(timeline) && f.lsn.is_some_and(|at| at <= lsn);
                near && (f.severity == Severity::Error || f.code.is_hole())
            };
            if self.findings.iter().any(told) {
                continue;
            }
            let finding = self.found(Code::TimeBack, timeline, lsn, lsn, Detail::TimeBack { before, after });
            (finding.lsn, finding.segment) = (None, None);
            if before.0.saturating_sub(after.0) >= MINUTE {
                finding.severity = Severity::Warning;
            }
        }
    }

    fn tell_stop(&mut self, timeline: TimelineId, lsn: Lsn, detail: Detail, severity: Severity) {
        let before = self.pieces.get(&timeline).into_iter().flatten().find_map(|piece| {
            let note = piece.run()?.acc.notes.iter().find(|note| note.lsn == lsn)?;
            Some(super::line::after(self.before(timeline, piece)?, note.before))
        });
        let lost = self.lost(lsn, None, before);
        let finding: &mut Finding = self.found(Code::Stopped, timeline, lsn, lsn, detail);
        finding.severity = severity;
        finding.lost = (severity == Severity::Error).then_some(lost);
        finding.readable_until = Some(lsn);
    }

    /// The record that ends replay from a backup by what it says.
    fn stopped(&self, backup: &KnownBackup) -> Option<(Lsn, Failure)> {
        let way = self.way_of(backup)?;
        let target = if backup.beside.is_none() { self.target } else { backup.timeline };
        let line = self.lineage.descent(target, self.layout());
        let from = KnownStart { timeline: backup.timeline, start: backup.start, stop: backup.stop };
        let end = self.readable_from(way, backup.start);
        let notes = self.notes(way).into_iter().filter(|note| note.lsn < end);
        let notes: Vec<&ReplayNote> = notes.collect();
        stopped_by(self.layout().dialect, &line, from, notes.into_iter())
    }

    /// Backups whose WAL is here by its names, and is other WAL: an error where that leaves none.
    fn overwritten_backups(&mut self, backups: &[KnownBackup]) {
        let covered: Vec<&KnownBackup> = backups.iter().filter(|b| self.covers(b, &self.findings)).collect();
        let (gone, left): (Vec<&KnownBackup>, Vec<&KnownBackup>) =
            covered.into_iter().partition(|backup| self.is_overwritten(backup));
        let severity = if left.is_empty() { Severity::Error } else { Code::BackupOverwritten.severity() };
        let found: Vec<Finding> = gone
            .iter()
            .map(|backup| Finding {
                severity,
                timeline: Some(backup.timeline),
                file: Some(backup.file.clone()),
                detail: Detail::BackupOverwritten(backup.start, backup.stop),
                ..Finding::of(Code::BackupOverwritten)
            })
            .collect();
        self.findings.extend(found);
    }

    /// The WAL of a backup is other WAL: no record begins where its checkpoint was, and none ends it where its file
    /// says that it ended. From 9.0 on the end of a primary's backup is one, and only such a backup has a file of its
    /// own (`do_pg_backup_stop`).
    pub(super) fn is_overwritten(&self, backup: &KnownBackup) -> bool {
        let is_inside = |lsn: Lsn| {
            let number = self.number(lsn);
            let own = |way: &Way| way.legs.iter().find(|leg| (leg.first..=leg.last).contains(&number)).copied();
            let leg = self.way_of(backup).and_then(own);
            leg.is_some_and(|leg| (self.record_over)(leg.timeline, lsn).is_some())
        };
        self.lacks_its_end(backup) && backup.checkpoint.is_some_and(is_inside)
    }

    fn lacks_its_end(&self, backup: &KnownBackup) -> bool {
        let (layout, stop) = (self.layout(), backup.stop);
        let is_file = backup.file.ends_with(".backup") && layout.dialect.recovery.backup_end == BackupEnd::Record;
        // Over the seam of two segments it is a note of neither.
        let is_whole = layout.address().offset(stop, layout.segment) >= ROOM_OF_END;
        let Some(way) = self.way_of(backup).filter(|_| is_file && is_whole) else { return false };
        let runs = || {
            way.legs.iter().flat_map(|leg| {
                let pieces = self.pieces.get(&leg.timeline).map_or(&[][..], |p| p.as_slice());
                pieces.iter().filter(|p| (leg.first..=leg.last).contains(&p.first)).filter_map(Piece::run)
            })
        };
        let ends = |note: &ReplayNote| {
            note.what == NoteKind::BackupEnd { start: backup.start } && (backup.start..stop).contains(&note.lsn)
        };
        runs().all(|run| run.acc.notes.len() < Tally::NOTES) && !runs().any(|run| run.acc.notes.iter().any(ends))
    }

    /// The records on a way that decide, in order.
    fn notes(&self, way: &Way) -> Vec<&ReplayNote> {
        let mut out = Vec::new();
        for leg in &way.legs {
            let pieces = self.pieces.get(&leg.timeline).map_or(&[][..], |p| p.as_slice());
            let runs = pieces.iter().filter(|p| (leg.first..=leg.last).contains(&p.first)).filter_map(Piece::run);
            out.extend(runs.flat_map(|run| &run.acc.notes));
        }
        out
    }

    /// How far a way goes on from a position without a hole, a file that cannot be used, or damage.
    fn readable_from(&self, way: &Way, start: Lsn) -> Lsn {
        let hole = way.holes.iter().map(|h| self.start_of(h.first)).filter(|&lsn| lsn >= start);
        let ends = |f: &&Finding| f.severity >= Severity::Warning && f.code.family() <= CodeFamily::Bytes;
        let found = self.findings.iter().filter(ends).filter_map(|f| f.lsn).filter(|&lsn| lsn >= start);
        hole.chain(found).min().unwrap_or(Lsn::MAX)
    }

    /// The timeline whose file holds a position, on the way or along another timeline.
    fn owner(&self, timeline: TimelineId, lsn: Lsn) -> TimelineId {
        let number = self.number(lsn);
        let leg = self.way.legs.iter().find(|leg| (leg.first..=leg.last).contains(&number));
        leg.map_or(timeline, |leg| leg.timeline)
    }

    /// With no backup known: the first place behind which none from before comes.
    fn minimal(&self) -> Option<(TimelineId, Lsn, Failure)> {
        let is_minimal = |note: &&&ReplayNote| note.what == NoteKind::WalLevel { level: WalLevel::Minimal };
        let notes = self.notes(&self.way);
        let lsn = notes.iter().find(is_minimal)?.lsn;
        let dialect = self.layout().dialect;
        let failure = match dialect.recovery.minimal {
            Minimal::Fatal => Failure::Minimal,
            Minimal::Warning if dialect.settings.hot_standby == Some(true) => Failure::NotReplica,
            Minimal::Warning | Minimal::Unknown => return None,
        };
        Some((self.owner(self.target, lsn), lsn, failure))
    }
}
