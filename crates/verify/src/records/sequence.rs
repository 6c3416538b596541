//! Puts rendered segments in order, completes the records between them, and hands everything on.

use super::plan::{File, Plan};
use super::range::Range;
use super::segment::{Seen, Tools, read};
use super::sheet::{Desk, Sheet, Sum};
use super::{ListError, Listed, Render, Wanted, ordered};
use crate::codes::Code;
use crate::error::Error;
use crate::finding::Finding;
use crate::look::Looker;
use crate::options::{Depth, Which};
use crate::outcome::{Outcome, Verdict};
use crate::verify::Sight;
use pgwal_format::record::Record;
use pgwal_format::{Lsn, SegmentNo, TimelineId};
use pgwal_source::{How, Source};
use pgwal_walk::seam::seam;
use pgwal_walk::{Head, Run, Tail};
use std::io;
use std::ops::ControlFlow;
use std::sync::Mutex;

type Sink<'a> = dyn FnMut(&[u8]) -> io::Result<()> + 'a;

/// Lists what was verified; `already`: records that were listed before, in order, from the first on.
pub(super) fn run<R: Render>(
    source: &dyn Source,
    wanted: &Wanted<'_>,
    render: &R,
    outcome: Outcome,
    sight: &Sight,
    sink: &mut Sink<'_>,
    already: Sum,
) -> Result<Listed, ListError> {
    let layout = &sight.whose.layout;
    let options = &wanted.options;
    let range = Range::of(options, layout);
    let target = if let Which::Number(timeline) = options.timeline { Some(timeline) } else { None };
    let mut plan = Plan::new(sight, &outcome.findings, range, target);
    let segments = plan.files.len() as u64;
    // What was listed already need not be read again.
    let range = Range { start: already.end.or(range.start), ..range };
    plan.files.retain(|f| range.reaches(f.segment.number, layout));
    let how = How { map: options.map.filter(|_| !sight.live), ..How::default() };
    let looker = Looker {
        source,
        entries: &sight.entries,
        consensus: &sight.whose,
        how,
        live: sight.live,
        depth: Depth::Records,
        known: None,
        facts: false,
    };
    let desk = Desk { render, layout, range, notes: &plan.notes, limit: wanted.limit, free: Mutex::new(Vec::new()) };
    let work = |i: usize, tools: &mut Tools| {
        let file = plan.files.get(i)?;
        let end = layout.address().normal(file.start.plus_within(layout.segment.bytes()), layout.segment);
        let sheet = Sheet::new(&desk, file.segment.timeline, plan.notes_in(file, end));
        Some((*file, read(&looker, file, sheet, tools)))
    };
    let mut sequence = Sequence {
        desk: &desk,
        sink,
        left: None,
        next: 0,
        sum: already,
        findings: 0,
        cost: Cost::default(),
        line: Vec::new(),
        scratch: R::Scratch::default(),
    };
    let stopped = || options.interrupt.is_some_and(|stop| stop.load(std::sync::atomic::Ordering::Relaxed));
    if wanted.limit != Some(0) {
        let no_threads = || ListError::Verify(Error::Threads);
        ordered::in_order(
            options.jobs,
            plan.files.len(),
            &work,
            &mut |piece| match piece {
                _ if stopped() => Err(ListError::Verify(Error::Interrupted)),
                Some((file, seen)) => sequence.take(&file, seen).map_err(ListError::Output),
                None => Ok(ControlFlow::Break(())),
            },
            no_threads,
        )?;
    }
    if !sequence.is_full() {
        sequence.notes(|_| true).map_err(ListError::Output)?;
    }
    let Sequence { sum, findings, cost, .. } = sequence;
    Ok(listed(outcome, sum, findings, cost, segments))
}

/// No file can be read: the findings say why.
pub(super) fn findings_alone<R: Render>(
    render: &R,
    outcome: Outcome,
    sink: &mut Sink<'_>,
) -> Result<Listed, ListError> {
    let mut text = Vec::new();
    for finding in &outcome.findings {
        render.finding(finding, None, &mut text);
    }
    sink(&text).map_err(ListError::Output)?;
    let findings = outcome.findings.len() as u64;
    let cost = Cost { complete: false, refuted: outcome.verdict == Verdict::Refuted };
    Ok(listed(outcome, Sum::default(), findings, cost, 0))
}

pub(super) fn listed(outcome: Outcome, sum: Sum, told: u64, cost: Cost, segments: u64) -> Listed {
    let Sum { records, bytes, image_bytes, findings, first, end } = sum;
    let Cost { complete, refuted } = cost;
    Listed { complete, refuted, segments, records, bytes, image_bytes, findings: told + findings, first, end, outcome }
}

/// Whether every record was read, and if not, why.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub complete: bool,
    pub refuted: bool,
}

impl Default for Cost {
    fn default() -> Cost {
        Cost { complete: true, refuted: false }
    }
}

impl Cost {
    /// Records asked for are lost by a finding of this kind.
    pub fn add(&mut self, code: Code) {
        self.complete = false;
        self.refuted |= !code.is_could_not_look();
    }
}

struct Sequence<'a, 's, R: Render> {
    desk: &'a Desk<'a, R>,
    sink: &'a mut Sink<'s>,
    /// What lies right before the next segment.
    left: Option<Left<'a, R>>,
    /// The next finding.
    next: usize,
    sum: Sum,
    findings: u64,
    cost: Cost,
    line: Vec<u8>,
    scratch: R::Scratch,
}

/// A segment that was written.
struct Left<'a, R: Render> {
    run: Run<Sheet<'a, R>>,
    /// The timeline of the file in which its last record starts.
    timeline: TimelineId,
    number: SegmentNo,
}

impl<'a, R: Render> Sequence<'a, '_, R> {
    fn take(&mut self, file: &File, seen: Seen<'a, R>) -> io::Result<ControlFlow<()>> {
        let left = self.left.take().filter(|left| left.number.next() == file.segment.number);
        let Some(mut run) = seen.run else {
            self.notes(|place| place < file.start)?;
            self.trouble(seen.trouble.as_ref())?;
            return Ok(ControlFlow::Continue(()));
        };
        let mut open = None;
        if let Some(left) = &left {
            let seam = seam(self.desk.layout, &left.run, &run);
            if let Some((lsn, header)) = seam.completed {
                let end = match &run.head {
                    Head::Rest(rest) => rest.end.unwrap_or(run.to),
                    _ => run.to,
                };
                let record = Record { lsn, end, header, body: &seam.body, layout: self.desk.layout };
                self.between(&record, left.timeline)?;
                if self.is_full() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            open = seam.open;
        }
        self.notes(|place| place < file.start)?;
        self.trouble(seen.trouble.as_ref())?;
        let room = self.desk.limit.map(|limit| limit.saturating_sub(self.sum.records));
        if let Some(room) = room.filter(|&room| room <= run.acc.sum.records) {
            run.acc.cut(room);
        }
        self.desk.render.done(&mut run.acc.scratch);
        (self.sink)(&run.acc.text)?;
        self.sum.add(run.acc.sum);
        self.findings += run.acc.next.saturating_sub(self.next) as u64;
        let told = self.desk.notes.get(self.next..run.acc.next).unwrap_or(&[]);
        told.iter().filter(|n| n.costs).for_each(|n| self.cost.add(n.finding.code));
        self.next = self.next.max(run.acc.next);
        if let Ok(mut free) = self.desk.free.lock() {
            free.push(std::mem::take(&mut run.acc.text));
        }
        if self.is_full() {
            return Ok(ControlFlow::Break(()));
        }
        let number = file.segment.number;
        self.left = Some(match (open, left) {
            // All of this segment is the inside of a record begun before.
            (Some(open), Some(mut left)) => {
                left.run.tail = Tail::Open(open);
                left.run.to = run.to;
                Left { number, ..left }
            }
            _ => Left { run, timeline: file.segment.timeline, number },
        });
        Ok(ControlFlow::Continue(()))
    }

    /// A record over the end of a segment.
    fn between(&mut self, record: &Record<'_>, timeline: TimelineId) -> io::Result<()> {
        if !self.desk.render.wants(&record.header) || !self.desk.range.holds(record) {
            return Ok(());
        }
        self.notes(|place| place <= record.lsn)?;
        self.line.clear();
        if let Some(rendered) = self.desk.render.record(record, timeline, &mut self.scratch, &mut self.line) {
            self.sum.count(record, rendered);
            self.desk.render.done(&mut self.scratch);
            (self.sink)(&self.line)?;
        }
        Ok(())
    }

    /// The next findings, as long as their places are in order.
    fn notes(&mut self, is_in_order: impl Fn(Lsn) -> bool) -> io::Result<()> {
        self.line.clear();
        while let Some(note) = self.desk.notes.get(self.next).filter(|note| is_in_order(note.place)) {
            self.desk.render.finding(note.finding, Some(self.desk.layout), &mut self.line);
            self.next += 1;
            self.findings += 1;
            if note.costs {
                self.cost.add(note.finding.code);
            }
        }
        if self.line.is_empty() { Ok(()) } else { (self.sink)(&self.line) }
    }

    /// What went wrong since the file was verified.
    fn trouble(&mut self, finding: Option<&Finding>) -> io::Result<()> {
        let Some(finding) = finding else { return Ok(()) };
        self.line.clear();
        self.desk.render.finding(finding, Some(self.desk.layout), &mut self.line);
        self.findings += 1;
        self.cost.add(finding.code);
        (self.sink)(&self.line)
    }

    fn is_full(&self) -> bool {
        self.desk.limit.is_some_and(|limit| self.sum.records >= limit)
    }
}
