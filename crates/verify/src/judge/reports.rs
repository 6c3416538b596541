//! How far each timeline reaches, and replay as a whole.

use super::line::order;
use super::ruling::{Ruled, Ruling, RulingCase};
use super::{Judge, add_over_seam};
use crate::codes::{Code, Severity};
use crate::finding::{Finding, set_severities};
use crate::known::{self, Accepted};
use crate::outcome::{KnownBackup, NotChecked, TimelineReport, Verdict, WalEnd};
use pgwal_archive::stretch::{Piece, PieceKind, Readable, Unusable};
use pgwal_archive::way::Way;
use pgwal_archive::{Depth, Error, Tally};
use pgwal_format::text::history::Switch;
use pgwal_format::{Lsn, SegmentNo, TimelineId};
use pgwal_walk::{Fold, Run, Tail};

/// What the judge hands back.
pub(crate) struct Reports {
    pub case: RulingCase,
    pub ruled: Ruled,
    /// The way of recovery.
    pub way: Way,
    /// Files on it that a server cannot use.
    pub unusable: Vec<(TimelineId, SegmentNo, Readable)>,
}

impl Judge<'_> {
    /// Weighs what was found, and has it ruled: by whom it is asked for, else as an archive is.
    pub(super) fn reports(mut self, ruling: Option<&mut dyn Ruling>) -> Result<Reports, Error> {
        let mut findings = std::mem::take(&mut self.findings);
        findings.retain(|f| self.is_asked(f));
        let lowered = set_severities(&mut findings, &self.options.severities);
        findings.sort_by(order);
        // What is wrong at the end of a parent's segment is seen from each timeline that goes on behind it.
        findings.dedup_by(|b, a| {
            a.lsn.is_some() && (a.code, a.lsn, a.at, &a.file, a.offset) == (b.code, b.lsn, b.at, &b.file, b.offset)
        });
        let timelines = self.pieces.keys().copied().filter_map(|t| self.timeline_report(t, &findings)).collect();
        let gone: Vec<&Accepted> = self.options.known.map(|known| known.accept(&mut findings)).unwrap_or_default();
        let backups = self.reached_from(&findings);
        findings.extend(
            gone.into_iter().map(known::gone).filter(|f| self.options.depth == Depth::Records && self.is_asked(f)),
        );
        // Worst first, and of one severity in the order of WAL.
        findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
        let unusable = self.unusable();
        let mut case = RulingCase {
            layout: Some(self.cluster.layout),
            system_id: Some(self.cluster.system_id),
            path: self.path(),
            timelines,
            branches: self.lineage.branches(),
            not_checked: self.not_checked(&backups),
            backups,
            findings,
            lowered,
            facts: std::mem::take(&mut self.facts),
            live: self.live,
            ..RulingCase::without_wal(Vec::new(), self.options.depth)
        };
        case.take_repository(self.options);
        let ruled = match ruling {
            Some(ruling) => ruling.rule(&mut case)?,
            None => self.rule(&case.findings),
        };
        Ok(Reports { case, ruled, way: self.way, unusable })
    }

    /// The verdict on an archive: replay from its first record to its last.
    fn rule(&self, findings: &[Finding]) -> Ruled {
        // As if they were ignored; but what they damage is not told to be whole.
        let (accepted, counted): (Vec<Finding>, Vec<Finding>) = findings.iter().cloned().partition(|f| f.accepted);
        let (replay, replayed) = self.replay(&counted, &accepted);
        let reached = |n: SegmentNo| replay.is_some_and(|(from, to)| self.start_of(n) < to && n >= self.number(from));
        let replay_segments = self
            .way
            .legs
            .iter()
            .map(|leg| (leg.first.0..=leg.last.0).filter(|&n| reached(SegmentNo(n))).count() as u64)
            .sum();
        let verdict = match verdict(&counted, self.options.depth) {
            // Nothing was read: that proves nothing.
            Verdict::Proven if replay.is_none() => Verdict::Unproven,
            verdict => verdict,
        };
        Ruled { verdict, replay, replayed, replay_segments }
    }

    /// The backups known, and how far replay from each comes.
    fn reached_from(&mut self, findings: &[Finding]) -> Vec<KnownBackup> {
        let mut backups = std::mem::take(&mut self.backups);
        for backup in &mut backups {
            if self.options.depth == Depth::Records && self.options.start.is_none() && self.options.end.is_none() {
                backup.complete = Some(self.covers(backup, findings) && !self.is_overwritten(backup));
                // Along its own timeline it comes to places that this way does not know.
                let on_way = backup.beside.is_none();
                let reaches = self.reaches(backup, findings).filter(|_| on_way);
                let stopped = backup.stopped.as_ref().map(|(lsn, _)| *lsn);
                backup.reaches = reaches.map(|lsn| stopped.map_or(lsn, |at| at.min(lsn)));
            }
        }
        backups
    }

    fn not_checked(&self, backups: &[KnownBackup]) -> Vec<NotChecked> {
        let mut out = Vec::new();
        match self.options.depth {
            Depth::Names => out.extend([NotChecked::Records, NotChecked::Pages]),
            Depth::Pages => out.push(NotChecked::Records),
            Depth::Records => {}
        }
        if self.options.start.is_some() || self.options.end.is_some() {
            out.push(NotChecked::OutsideRange);
        }
        out.push(NotChecked::DataFiles);
        out.push(if backups.is_empty() { NotChecked::Backups } else { NotChecked::NewerWal });
        if self.layout().dialect.page.all & 0x0004 != 0 && self.layout().dialect.page.overwrite != 0x0004 {
            out.push(NotChecked::RemovableFlag);
        }
        out
    }

    fn unusable(&self) -> Vec<(TimelineId, SegmentNo, Readable)> {
        let mut out = Vec::new();
        for (&timeline, pieces) in &self.pieces {
            for piece in pieces {
                if let PieceKind::Bad(bad) = &piece.kind
                    && self.on_way(timeline, piece.first)
                {
                    out.push((timeline, piece.first, bad.why.readable()));
                }
            }
        }
        out
    }

    fn is_asked(&self, finding: &Finding) -> bool {
        let Some(lsn) = finding.lsn.or(finding.at) else { return true };
        let reach = finding.at.unwrap_or(lsn).max(finding.span.last().and(finding.lsn).unwrap_or(lsn));
        self.options.start.is_none_or(|start| self.number(reach) >= self.number(start))
            && self.options.end.is_none_or(|end| lsn < end)
    }

    fn timeline_report(&self, timeline: TimelineId, findings: &[Finding]) -> Option<TimelineReport> {
        let pieces = self.pieces.get(&timeline)?;
        let first = pieces.first()?;
        let mut tally = Tally::default();
        let mut islands: Vec<(Lsn, Lsn)> = Vec::new();
        let mut left: Option<&Piece> = None;
        for piece in pieces {
            if let Some(run) = piece.run() {
                add_over_seam(&mut tally, self.layout(), left.and_then(Piece::run), run);
                tally.join(run.acc.clone());
                let mut own = self.islands(run).into_iter();
                let goes_on = left.is_some_and(|l| l.last.next() == piece.first && l.run().is_some())
                    && run.first.is_some_and(|f| f.linked);
                match (islands.last_mut().filter(|_| goes_on), own.next()) {
                    (Some(last), Some((_, to))) => last.1 = to,
                    (_, first) => islands.extend(first),
                }
                islands.extend(own);
            }
            left = Some(piece);
        }
        let last_run = pieces.iter().filter_map(Piece::run).next_back();
        let torn = |f: &Finding| f.timeline == Some(timeline) && f.code == Code::Torn;
        let end = match (last_run, pieces.last().map(|p| &p.kind)) {
            (Some(run), Some(PieceKind::Run(_))) => end_of(run, findings.iter().any(torn)),
            (Some(run), Some(PieceKind::Bad(bad)))
                if matches!(bad.why, Unusable::Belongs { .. } | Unusable::Unwritten) =>
            {
                end_of(run, findings.iter().any(torn))
            }
            (None, _) => WalEnd::Damage,
            _ => WalEnd::Gap,
        };
        let parent = self.lineage.parent(timeline);
        let switch = parent.map(|p| p.switch).or_else(|| {
            let begins = self.opening(timeline).filter(|_| timeline > TimelineId::FIRST)?;
            Some(Switch::At(begins))
        });
        let partial_records = self
            .partials
            .iter()
            .filter(|p| p.timeline == timeline)
            .filter_map(|p| p.run.as_ref())
            .map(|r| r.acc.records)
            .sum();
        let next = self.inventory.of(timeline).last().map(|last| last.number.next());
        let goes_on = self.partials.iter().find(|p| p.timeline == timeline && Some(p.number) == next);
        let whole = goes_on.and_then(|p| p.run.as_ref()).filter(|run| run.damages.is_empty());
        let partial_commit = whole.and_then(|run| run.acc.last_commit);
        Some(TimelineReport {
            timeline,
            parent: parent.map(|p| p.timeline),
            switch,
            from: self.start_of(first.first),
            to: last_run.map_or(self.start_of(first.first), |run| self.read_to(run)),
            end,
            segments: self.inventory.of(timeline).len() as u64,
            tally,
            partial_records,
            partial_commit,
            islands,
        })
    }

    /// Where WAL ends in a run: behind its last record, and where no record was read behind its last segment.
    fn read_to(&self, run: &Run<Tally>) -> Lsn {
        if self.options.depth == Depth::Records { run.end } else { run.to }
    }

    /// Stretches of a run without damage, as positions of their first record and behind their last.
    fn islands(&self, run: &Run<Tally>) -> Vec<(Lsn, Lsn)> {
        let mut out = Vec::new();
        let mut from = run.first.map(|f| f.lsn);
        for damage in &run.damages {
            if let Some(start) = from.filter(|&start| start < damage.lsn) {
                out.push((start, damage.lsn));
            }
            from = damage.until;
        }
        if let Some(start) = from {
            out.push((start, run.end));
        }
        out
    }

    /// From the first record on the way, behind the last gap that nothing needs closed, to where the first error stops
    /// replay.
    fn replay(&self, findings: &[Finding], accepted: &[Finding]) -> (Option<(Lsn, Lsn)>, Tally) {
        let stop = findings.iter().find(|f| f.severity == Severity::Error && f.lsn.is_some() && self.stops(f));
        let refuted_at = stop.and_then(|f| f.at);
        // One behind which nothing can be read before that, ends replay itself.
        let last = self.last_run(refuted_at.unwrap_or(Lsn::MAX)).map(|(_, piece)| piece.last);
        let open = |h: &&pgwal_archive::way::Hole| {
            refuted_at.is_none_or(|at| self.start_of(h.last) < at && last.is_some_and(|last| h.last < last))
        };
        let behind = self.way.holes.iter().filter(open).map(|h| h.last).max();
        let legs = self.way.legs.iter().filter(|leg| behind.is_none_or(|hole| leg.first > hole));
        let on_leg = |leg: &pgwal_archive::way::Leg| {
            let pieces = self.pieces.get(&leg.timeline).map_or(&[][..], |p| p.as_slice());
            pieces.iter().filter(|p| (leg.first..=leg.last).contains(&p.first)).cloned().collect::<Vec<_>>()
        };
        let runs: Vec<Piece> = legs.flat_map(on_leg).collect();
        let first = runs.iter().filter_map(Piece::run).find_map(|r| r.first);
        let end = runs.iter().filter_map(Piece::run).map(|r| r.end).next_back();
        let mut replayed = Tally::default();
        let mut left: Option<&Run<Tally>> = None;
        for run in runs.iter().filter_map(Piece::run) {
            add_over_seam(&mut replayed, self.layout(), left, run);
            replayed.join(run.acc.clone());
            left = Some(run);
        }
        if let Some(lost) = stop.and_then(|f| f.lost) {
            replayed.records = replayed.records.saturating_sub(lost.records_after);
            replayed.commits = replayed.commits.saturating_sub(lost.commits_after);
            replayed.last_commit = lost.last_commit;
        }
        let to = stop.and_then(|f| f.lsn).map(|lsn| self.comes_to(lsn)).or(end);
        let mut first = first.map(|f| f.lsn);
        // Damage that is accepted is not replayed over: what is proven begins behind it.
        // Nor is what no backup needs, nor WAL in front of where it begins anew.
        let is_passed = |f: &&Finding| f.severity < Severity::Error && (f.passed || f.code == Code::WalReset);
        let anew = findings.iter().filter(is_passed);
        let behind = accepted
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .chain(anew)
            .filter(|f| self.stops(f))
            .filter_map(|f| f.lost.filter(|l| l.until_lsn > first));
        let in_reach = behind.filter(|lost| stop.is_none_or(|stop| lost.until_lsn <= stop.lsn));
        if let Some(lost) = in_reach.max_by_key(|lost| lost.until_lsn) {
            let after = stop.and_then(|f| f.lost).unwrap_or_default();
            first = lost.until_lsn;
            replayed.records = replayed.records.min(lost.records_after.saturating_sub(after.records_after));
            replayed.commits = replayed.commits.min(lost.commits_after.saturating_sub(after.commits_after));
            replayed.last_commit = replayed.last_commit.filter(|_| replayed.commits > 0);
        }
        (first.zip(to).map(|(first, to)| (first, to.max(first))), replayed)
    }

    /// How far replay comes that ends at a position: not farther than WAL does that can be read.
    fn comes_to(&self, lsn: Lsn) -> Lsn {
        self.last_run(lsn).map_or(lsn, |(_, piece)| lsn.min(self.begun(Some(piece), piece.last.next())))
    }

    /// Whether a finding lies on the way of recovery: in a file that it takes, or in a hole where it wants one.
    pub(super) fn stops(&self, f: &Finding) -> bool {
        let (Some(at), Some(timeline)) = (f.at, f.timeline) else { return true };
        let number = self.number(at);
        let hole = self.way.holes.iter().any(|h| (h.first..=h.last).contains(&number));
        hole || self.on_way(self.file(timeline, number).1, number)
    }

    /// Where replay from a backup comes to its end: at the first error or gap behind its start, or with the WAL.
    fn reaches(&self, backup: &KnownBackup, findings: &[Finding]) -> Option<Lsn> {
        let ends = |f: &&Finding| (f.severity == Severity::Error || f.code.is_hole()) && self.stops(f);
        // A file that the folder's list refuses has no record.
        let stop = findings.iter().filter(ends).filter_map(|f| f.lsn.or(f.at)).filter(|&lsn| lsn >= backup.start).min();
        let last = self.way.legs.last()?;
        let end = self
            .pieces
            .get(&last.timeline)?
            .iter()
            .filter(|p| p.first <= last.last)
            .filter_map(Piece::run)
            .next_back()?
            .end;
        Some(stop.map_or(end, |stop| self.comes_to(stop))).filter(|&to| to >= backup.start)
    }
}

fn end_of(run: &Run<Tally>, torn: bool) -> WalEnd {
    match &run.tail {
        Tail::Clean | Tail::Open(_) => WalEnd::Continues,
        Tail::Switched { .. } => WalEnd::Switch,
        Tail::Stopped(stop) if stop.rest.clean && stop.rest.leftover.recycled.is_some() => WalEnd::RecycledTail,
        Tail::Stopped(stop) if stop.rest.clean => WalEnd::ZeroTail,
        Tail::Stopped(_) if torn => WalEnd::Torn,
        Tail::Stopped(_) => WalEnd::Damage,
    }
}

/// Errors refute, but for those that say that we could not look: those leave it open.
fn verdict(findings: &[Finding], depth: Depth) -> Verdict {
    let errors = || findings.iter().filter(|f| f.severity == Severity::Error);
    if errors().any(|f| !f.code.is_could_not_look()) {
        Verdict::Refuted
    } else if errors().next().is_some() || depth != Depth::Records {
        Verdict::Unproven
    } else {
        Verdict::Proven
    }
}
