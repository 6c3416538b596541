//! What is wrong inside a timeline and at its seams, that with its parent included.

use super::Judge;
use super::flaw::flaw;
use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};
use pgwal_archive::Depth;
use pgwal_archive::stretch::{Bad, Piece, PieceKind, Unusable};
use pgwal_archive::way::Leg;
use pgwal_archive::{Mark, Tally};
use pgwal_format::page::PageFault;
use pgwal_format::{Lsn, SegmentNo, TimelineId};
use pgwal_walk::{Damage, Fault, Fold, Joint, Run, SlackKind, Stop, Tail};

/// Where a file that cannot be used lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UnusableAt {
    /// In front of all WAL of the timeline.
    Before,
    /// With WAL on both sides, or no WAL at all.
    Between,
    /// Behind all WAL of its timeline, and recovery goes on behind it in another one's.
    Handover,
    /// Behind all WAL.
    Behind,
}

impl Judge<'_> {
    /// Judges the pieces of a timeline in order, beginning with what its parent hands over.
    pub(super) fn line(&mut self, timeline: TimelineId) {
        let pieces = self.pieces.get(&timeline).cloned().unwrap_or_default();
        let last_run = pieces.iter().rposition(|p| p.run().is_some());
        let mut left: Option<Piece> = pieces.first().and_then(|first| self.handed_over(timeline, first.first));
        // Files to be written later lie behind WAL that ends; without any, they are what somebody took for it.
        let mut wal_before = self.live || left.as_ref().is_some_and(|l| l.run().is_some());
        for (i, piece) in pieces.iter().enumerate() {
            // Where recovery comes from another timeline's file, that one is what must fit.
            left = self.taken_before(timeline, piece.first).or(left);
            let adjacent = left.as_ref().filter(|l| l.last.next() == piece.first);
            let begun = self.begun(adjacent, piece.first);
            match &piece.kind {
                PieceKind::Run(run) => {
                    let before = self.before(timeline, piece);
                    let mut damages: Vec<Damage<Mark>> = run.damages.clone();
                    if self.options.depth == Depth::Records
                        && let Some(neighbour) = adjacent.and_then(Piece::run)
                    {
                        let joint = Joint::between(self.layout(), neighbour, run);
                        if let (Some((fault, _)), Some(first)) = (joint.first_page, damages.first_mut()) {
                            (first.at, first.end, first.fault) = (run.from, run.from, fault);
                        }
                        if let Some(damage) = joint.damage {
                            damages.insert(0, damage.with(Mark::default()));
                        }
                    }
                    for damage in &damages {
                        let lsn = if damage.begun_before { begun } else { damage.lsn };
                        let mark = before.map(|b| after(b, damage.before));
                        self.damage(timeline, lsn, damage, mark);
                    }
                    if run.more_damages > 0
                        && let Some(last) = self.findings.last_mut()
                    {
                        last.more += run.more_damages;
                    }
                    for slack in &run.slack {
                        self.slack(timeline, slack.segment.plus_within(slack.offset), slack.kind);
                    }
                    if last_run == Some(i)
                        && let Tail::Stopped(stop) = &run.tail
                        && !stop.rest.clean
                        && !stop.told
                        && self.options.depth == Depth::Records
                    {
                        let lsn = if stop.begun_before { begun } else { stop.lsn };
                        let mark = before.map(|b| after(b, run.acc.mark()));
                        self.torn(timeline, lsn, stop, mark);
                    } else if let Tail::Stopped(stop) = &run.tail
                        && !stop.told
                        && pieces.get(i + 1).is_some_and(|next| next.run().is_some() || !self.is_leftover(next))
                    {
                        // A file behind shows that WAL went on, whether or not that file can be read.
                        if pieces.get(i + 1).is_none_or(|next| piece.last.next() != next.first || next.run().is_none())
                        {
                            let mark = before.map(|b| after(b, run.acc.mark()));
                            let until = pieces.get(i + 1).and_then(Piece::run).and_then(|r| r.first).map(|f| f.lsn);
                            self.damage(timeline, stop.lsn, &of_stop(stop, until, run.acc.mark()), mark);
                        }
                    }
                }
                PieceKind::Bad(bad) => {
                    let next = pieces.get(i + 1).filter(|p| piece.last.next() == p.first).and_then(Piece::run);
                    // Behind the end of WAL, if there is any WAL that could end; before it; or between.
                    let place = match (wal_before, last_run.is_some_and(|last| i < last)) {
                        (true, false) if self.goes_on(timeline, piece.first) => UnusableAt::Handover,
                        (true, false) => UnusableAt::Behind,
                        (false, true) => UnusableAt::Before,
                        _ => UnusableAt::Between,
                    };
                    let adjacent_run = adjacent.and_then(Piece::run).cloned();
                    self.bad(timeline, piece, bad, begun, place, adjacent_run.as_ref(), next);
                }
            }
            wal_before |= piece.run().is_some();
            left = Some(piece.clone());
        }
    }

    /// Whether recovery takes this file, and WAL behind it.
    fn goes_on(&self, timeline: TimelineId, number: SegmentNo) -> bool {
        let behind = |leg: &Leg| {
            let pieces = self.pieces.get(&leg.timeline).map_or(&[][..], |p| p.as_slice());
            leg.last > number
                && pieces
                    .iter()
                    .any(|p| p.run().is_some() && p.last > number && (leg.first..=leg.last).contains(&p.last))
        };
        self.on_way(timeline, number) && self.way.legs.iter().any(behind)
    }

    /// The piece of another timeline that recovery takes right before it goes over to this one at segment `first`.
    fn taken_before(&self, timeline: TimelineId, first: SegmentNo) -> Option<Piece> {
        let at = self.way.legs.iter().position(|leg| (leg.timeline, leg.first) == (timeline, first))?;
        let before = self.way.legs.get(at.checked_sub(1)?).filter(|leg| leg.last.next() == first)?;
        self.pieces.get(&before.timeline)?.iter().find(|p| p.last == before.last).cloned()
    }

    /// The piece of the parent that ends right in front of a timeline's first segment.
    fn handed_over(&self, timeline: TimelineId, first: SegmentNo) -> Option<Piece> {
        let line = self.lineage.line(timeline, self.layout());
        line.iter()
            .rev()
            .filter(|&&(t, _)| t < timeline)
            .find_map(|(t, _)| self.pieces.get(t)?.iter().find(|p| p.last.next() == first).cloned())
    }

    /// The first record that is lost where a segment cannot be read: one begun before it, or its own first.
    pub(super) fn begun(&self, left: Option<&Piece>, number: SegmentNo) -> Lsn {
        match left.and_then(Piece::run).map(|run| &run.tail) {
            Some(Tail::Open(open)) => open.start,
            Some(Tail::Stopped(stop)) if !stop.begun_before => stop.lsn,
            _ => self.first_record_of(number),
        }
    }

    fn damage(&mut self, timeline: TimelineId, lsn: Lsn, damage: &Damage<Mark>, before: Option<Mark>) {
        let at = if damage.at == damage.lsn && !damage.begun_before { lsn } else { damage.at };
        let span = match damage.fault {
            _ if at == lsn => self.ranges(timeline, lsn, damage.end),
            _ => {
                let first_page = self.layout().address().offset(at, self.layout().segment) == 0;
                let header = if first_page { self.layout().long_header() } else { self.layout().short_header() };
                // Up to 9.2 the remaining length stands behind the header.
                self.ranges(timeline, at, at.plus_within(header as u64 + 4))
            }
        };
        let lost = self.lost(lsn, damage.until, before);
        let (code, detail) = self.cause(timeline, lsn, damage);
        let mildest = if let Detail::Reset { begins, .. } = detail { self.weight_at(begins) } else { Severity::Error };
        let finding = self.found(code, timeline, lsn, at, detail);
        finding.severity = finding.severity.min(mildest);
        finding.span = span;
        finding.lost = Some(lost);
        finding.readable_until = Some(lsn);
    }

    /// What is behind a fault, where the bytes show it: WAL that was begun anew, two servers that wrote one timeline.
    fn cause(&self, timeline: TimelineId, lsn: Lsn, damage: &Damage<Mark>) -> (Code, Detail) {
        let fault = damage.fault;
        let number = |lsn: Lsn| self.number(lsn);
        let is_first = |lsn: &Lsn| *lsn == self.first_record_of(number(*lsn)) && number(*lsn) > SegmentNo(1);
        let reset = |begins| (Code::WalReset, Detail::Reset { begins, missing: None, fault: Some(fault) });
        let own = |n: SegmentNo| self.inventory.get(timeline, n).is_some();
        let two = |n: SegmentNo| own(n) && n.0.checked_sub(1).is_some_and(|before| own(SegmentNo(before)));
        let parted = (Code::TwoHistories, Detail::Parted { fault, alone: false });
        match fault {
            Fault::PrevLink { found: Lsn::ZERO, .. } if is_first(&lsn) => reset(lsn),
            Fault::PrevLink { expected: Some(_), .. } if is_first(&lsn) && two(number(lsn)) => parted,
            Fault::NoContrecord | Fault::UnexpectedContrecord { .. } | Fault::ContrecordLength { .. } => {
                let start = self.start_of(number(damage.at));
                match (damage.until.filter(is_first), damage.until_prev) {
                    (Some(begins), Some(Lsn::ZERO)) => reset(begins),
                    // The next record names one of the segment before that is not the one that is open here.
                    (_, Some(prev)) if damage.at == start && prev < start && prev != lsn && two(number(start)) => {
                        parted
                    }
                    _ => (code_of(&fault), Detail::Wal(fault)),
                }
            }
            _ => (code_of(&fault), Detail::Wal(fault)),
        }
    }

    /// Of histories that part twice, on both sides of one segment: that segment was overwritten.
    pub(super) fn overwritten(&mut self) {
        let places: Vec<(Option<TimelineId>, SegmentNo)> =
            self.findings.iter().filter_map(|f| self.parts_at(f)).collect();
        let mut findings = std::mem::take(&mut self.findings);
        for finding in &mut findings {
            let behind = self.parts_at(finding).map(|(timeline, number)| (timeline, number.next()));
            if let (Some(behind), Detail::Parted { alone, .. }) = (behind, &mut finding.detail) {
                *alone = places.contains(&behind);
            }
        }
        self.findings = findings;
    }

    fn parts_at(&self, finding: &Finding) -> Option<(Option<TimelineId>, SegmentNo)> {
        (finding.code == Code::TwoHistories).then(|| Some((finding.timeline, self.number(finding.at?))))?
    }

    fn torn(&mut self, timeline: TimelineId, lsn: Lsn, stop: &Stop, before: Option<Mark>) {
        let unwritten = match stop.fault {
            Fault::Page(PageFault::Magic { found: 0 }) => true,
            Fault::Page(PageFault::Address { found }) => found < stop.at,
            _ => false,
        };
        let live = self.live;
        self.damage(timeline, lsn, &of_stop(stop, None, Mark::default()), before);
        if let Some(finding) = self.findings.last_mut() {
            if unwritten || live {
                finding.code = Code::Torn;
            }
            if live {
                finding.severity = Severity::Warning.min(finding.severity);
            }
        }
    }

    fn slack(&mut self, timeline: TimelineId, at: Lsn, kind: SlackKind) {
        let code = if kind == SlackKind::Recycled { Code::StalePages } else { Code::Slack };
        let finding = self.found(code, timeline, at, at, Detail::Slack(kind));
        finding.lsn = None;
        finding.segment = None;
    }

    /// What may lie behind the end of WAL: files to be written later.
    fn is_leftover(&self, piece: &Piece) -> bool {
        match &piece.kind {
            PieceKind::Bad(bad) => match &bad.why {
                Unusable::Belongs { address, .. } => *address < self.start_of(piece.first),
                Unusable::Unwritten => true,
                _ => false,
            },
            PieceKind::Run(_) => false,
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn bad(
        &mut self,
        timeline: TimelineId,
        piece: &Piece,
        bad: &Bad,
        begun: Lsn,
        place: UnusableAt,
        left: Option<&Run<Tally>>,
        next: Option<&Run<Tally>>,
    ) {
        let at = self.start_of(piece.first);
        let leftover = place == UnusableAt::Behind && self.is_leftover(piece);
        let (ends, inside) = (
            matches!(place, UnusableAt::Behind | UnusableAt::Handover),
            matches!(place, UnusableAt::Between | UnusableAt::Handover),
        );
        // Who writes one file after another was done with it before the next.
        let behind = |p: &Piece| p.first > piece.first && !self.is_leftover(p);
        let followed = self.pieces.get(&timeline).is_some_and(|pieces| pieces.iter().any(behind));
        let (code, detail) = match (self.flaw(&bad.why), &bad.why) {
            ((_, detail), _) if bad.grew => (Code::StillCopied, detail),
            ((_, detail), Unusable::Size { short: true, .. } | Unusable::Packed { cut: true, .. })
                if bad.fresh && ends && !followed =>
            {
                (Code::StillCopied, detail)
            }
            ((_, detail), Unusable::Belongs { .. }) if leftover => (Code::Recycled, detail),
            ((code, _), Unusable::Withheld) => (code, self.copies_of(bad.entry)),
            ((code, _), Unusable::Packed { codec, cut: true, .. }) if self.is_empty(bad.entry) => {
                (code, Detail::Nothing { codec: *codec })
            }
            (told, _) => told,
        };
        let before = self.before(timeline, piece);
        let nothing = matches!(&bad.why, Unusable::Size { found: 0, .. });
        let readable = if nothing { at } else { readable_until(bad, left, self.layout()).unwrap_or(begun) };
        let lost = self.lost(begun, next.and_then(|r| r.first).map(|f| f.lsn), before);
        let file = self.entries.get(bad.entry).map(|e| e.shown());
        let live = self.live;
        let needed = self.weigh(Severity::Error, timeline, piece.first);
        let finding = self.found(code, timeline, begun, at, detail);
        finding.file = file.or(finding.file.take());
        finding.readable_until = Some(readable);
        finding.lost = Some(lost);
        // Nothing was concluded from the file: between other files, that leaves a hole in what is proven.
        let unseen = matches!(bad.why, Unusable::Changed) && place != UnusableAt::Behind
            || matches!(bad.why, Unusable::Vanished) && inside;
        if unseen || code == Code::StillCopied && place == UnusableAt::Handover {
            finding.severity = needed;
        }
        if bad.grew {
            finding.severity = if inside { needed } else { Severity::Info };
        }
        // A server archives no file that it has not written: zeros there are lost WAL, older pages a file not yet
        // begun.
        if leftover && (live || bad.why != Unusable::Unwritten) {
            let mildest = if live { Severity::Info } else { Severity::Warning };
            finding.severity = finding.severity.min(mildest);
        }
    }

    /// What a file is that a server cannot use.
    pub(super) fn flaw(&self, why: &Unusable) -> (Code, Detail) {
        flaw(why, self.cluster)
    }

    fn is_empty(&self, entry: usize) -> bool {
        self.entries.get(entry).is_some_and(|entry| entry.size == Some(0))
    }
}

/// How far the bytes of a file that a server cannot use could be read.
fn readable_until(bad: &Bad, left: Option<&Run<Tally>>, layout: &pgwal_format::Layout) -> Option<Lsn> {
    let run = bad.run.as_ref()?;
    match &run.tail {
        Tail::Stopped(stop) if stop.begun_before => match &left?.tail {
            Tail::Open(open) => Some(open.start),
            _ => None,
        },
        Tail::Stopped(stop) => {
            // Only where what is here goes on from what is before it does its content count.
            let fits = left.is_none_or(|left| Joint::between(layout, left, run).damage.is_none());
            (fits && run.first.is_some()).then_some(stop.lsn)
        }
        _ => Some(run.end),
    }
}

pub(super) fn after(sum: Mark, own: Mark) -> Mark {
    Mark {
        records: sum.records + own.records,
        commits: sum.commits + own.commits,
        last_commit: own.last_commit.or(sum.last_commit),
    }
}

fn of_stop(stop: &Stop, until: Option<Lsn>, before: Mark) -> Damage<Mark> {
    Damage {
        lsn: stop.lsn,
        begun_before: stop.begun_before,
        at: stop.at,
        fault: stop.fault,
        end: stop.end,
        until,
        until_prev: None,
        before,
    }
}

/// The code of a fault in WAL.
pub(crate) fn code_of(fault: &Fault) -> Code {
    match fault {
        Fault::Page(_) => Code::PageHeader,
        Fault::Header(_) | Fault::LengthAgainstPage { .. } => Code::RecordHeader,
        Fault::Checksum { .. } => Code::RecordCrc,
        Fault::Body(_) => Code::Body,
        Fault::PrevLink { .. } => Code::PrevLink,
        Fault::NoContrecord | Fault::UnexpectedContrecord { .. } | Fault::ContrecordLength { .. } => Code::Contrecord,
        Fault::OverwriteMismatch { .. } => Code::Overwrite,
        _ => Code::Size,
    }
}

/// Findings in the order of WAL; of one place, the worst first.
pub(crate) fn order(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    (a.lsn.is_none(), a.lsn, a.at, b.severity).cmp(&(b.lsn.is_none(), b.lsn, b.at, a.severity))
}
