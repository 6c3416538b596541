//! Puts what was rendered in order, completes the records between parts and segments, and hands everything on.
//!
//! ```text
//! a segment ──► in parts, while it is read (a Crew) ──┐
//!    └── not right, or not read in parts: by a scan ──┴──► in order: record over the seam, findings, text
//! ```

use super::part::ListSink;
use super::plan::Note;
use super::range::Range;
use super::rendered::{PartPlace, PartRenderer, RenderedPart};
use super::sum::{Cost, ListSum};
use super::workers::{Done, ListWorkers};
use super::{ListPart, Render, render_record};
use crate::finding::Finding;
use pgwal_archive::names::Segment;
use pgwal_archive::ordered::in_order;
use pgwal_archive::read::{Reader, TakeBytes};
use pgwal_archive::{Buffers, Tally};
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Lsn, TimelineId};
use pgwal_walk::{Chain, Fold, Joint, Run, Tail};
use std::cell::RefCell;
use std::io;
use std::ops::ControlFlow;

/// Bytes of WAL in a part that is rendered as text.
const PART: usize = 256 << 10;
/// The least text that is worth writing.
const PIECE: usize = 256 << 10;

/// A list that is being made.
pub(super) struct Lister<'a, 's, R: Render> {
    pub renderer: &'a PartRenderer<'a, R>,
    workers: Option<&'s ListWorkers<'a, R>>,
    sink: &'s mut ListSink<'s, R::Event>,
    /// Findings in order.
    notes: &'s [Note<'s>],
    /// The next finding.
    next: usize,
    pub chain: Chain,
    /// The timeline of the file in which the record over the next seam starts.
    left_timeline: TimelineId,
    pub sum: ListSum,
    pub findings: u64,
    pub cost: Cost,
    line: ListPart<R::Event>,
    scratch: R::Scratch,
    /// The list could not be written.
    failed: Option<io::Error>,
}

impl<'a, 's, R: Render> Lister<'a, 's, R> {
    /// `already`: records that were listed before.
    pub fn new(
        renderer: &'a PartRenderer<'a, R>,
        workers: Option<&'s ListWorkers<'a, R>>,
        sink: &'s mut ListSink<'s, R::Event>,
        notes: &'s [Note<'s>],
        already: ListSum,
    ) -> Self {
        Lister {
            renderer,
            workers,
            sink,
            notes,
            next: 0,
            chain: Chain::new(renderer.layout),
            left_timeline: TimelineId(0),
            sum: already,
            findings: 0,
            cost: Cost::default(),
            line: ListPart::default(),
            scratch: R::Scratch::default(),
            failed: None,
        }
    }

    /// As many records as were asked for.
    pub fn is_full(&self) -> bool {
        self.renderer.limit.is_some_and(|limit| self.sum.records >= limit)
    }

    /// What kept the list from being written.
    pub fn check(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn start_of(&self, segment: &Segment) -> Lsn {
        self.renderer.layout.address().segment_start(segment.number, self.renderer.layout.segment)
    }

    /// Takes a segment part by part.
    pub fn parts(&mut self, segment: &Segment) -> InParts<'_, 'a, 's, R> {
        let start = self.start_of(segment);
        let begin = (self.chain.clone(), self.left_timeline);
        InParts { list: self, timeline: segment.timeline, start, begin, offset: 0, run: None, accepted: 0, good: true }
    }

    /// Lists a segment by a scan of the whole, as far as it is not listed yet; `run` is that of the segment, `joint`
    /// what stands between it and the one before. `begun`: the record over that seam is listed already.
    pub fn scan(
        &mut self,
        reader: &Reader<'_>,
        (segment, entry): (&Segment, usize),
        (run, joint): (&Run<Tally>, Option<&Joint>),
        (begun, trouble): (bool, Option<&Finding>),
        buffers: &mut Buffers,
    ) -> io::Result<()> {
        let start = self.start_of(segment);
        if !begun && let Some(over) = joint.and_then(|joint| joint.over.as_ref()) {
            self.between(&over.record(self.renderer.layout))?;
        }
        if self.is_full() {
            return Ok(());
        }
        self.notes(|place| place < start)?;
        self.trouble(trouble)?;
        let range = Range { start: self.sum.end.or(self.renderer.range.start), ..self.renderer.range };
        let (first, next) = (self.next, self.renderer.layout.address().normal(run.to, self.renderer.layout.segment));
        let until = first + self.notes.get(first..).unwrap_or(&[]).partition_point(|n| n.place < next);
        let (keep, timeline) = (self.renderer.keep(), segment.timeline);
        let list = RefCell::new(&mut *self);
        let mut make = || Direct { list: &list, timeline, range, until, text: ListPart::default() };
        if let Some(Run { acc: mut direct, .. }) = reader.scan_as(segment, entry, keep, &mut make, buffers).run {
            direct.flush();
        }
        self.check()
    }

    /// What comes next follows this run.
    pub fn push(&mut self, segment: &Segment, run: &Run<Tally>) {
        if !run.is_through() {
            self.left_timeline = segment.timeline;
        }
        self.chain.push(run);
    }

    /// A record over the end of a part or segment.
    pub fn between(&mut self, record: &Record<'_>) -> io::Result<()> {
        let renderer = self.renderer;
        let listed = self.sum.end.is_some_and(|end| record.lsn < end);
        if listed || self.is_full() || !renderer.render.wants(&record.header) || !renderer.range.holds(record) {
            return Ok(());
        }
        self.notes(|place| place <= record.lsn)?;
        self.line.clear();
        let (render, timeline) = (renderer.render, self.left_timeline);
        if let Some(rendered) = render_record(render, record, timeline, &mut self.scratch, &mut self.line) {
            self.sum.count(record, rendered);
            renderer.render.done(&mut self.scratch);
            (self.sink)(&self.line)?;
        }
        Ok(())
    }

    /// The next findings, as long as their places are in order.
    pub fn notes(&mut self, is_in_order: impl Fn(Lsn) -> bool) -> io::Result<()> {
        self.line.clear();
        while let Some(note) = self.notes.get(self.next).filter(|note| is_in_order(note.place)) {
            self.renderer.render.finding(note.finding, Some(self.renderer.layout), &mut self.line);
            self.told(note);
        }
        if self.line.is_empty() { Ok(()) } else { (self.sink)(&self.line) }
    }

    fn told(&mut self, note: &Note<'_>) {
        self.next += 1;
        self.findings += 1;
        if note.costs {
            self.cost.add(note.finding.code);
        }
    }

    /// What went wrong since the file was verified.
    pub fn trouble(&mut self, finding: Option<&Finding>) -> io::Result<()> {
        let Some(finding) = finding else { return Ok(()) };
        self.line.clear();
        self.renderer.render.finding(finding, Some(self.renderer.layout), &mut self.line);
        self.findings += 1;
        self.cost.add(finding.code);
        (self.sink)(&self.line)
    }
}

/// A segment that is listed part by part, while it is read.
pub(super) struct InParts<'l, 'a, 's, R: Render> {
    list: &'l mut Lister<'a, 's, R>,
    timeline: TimelineId,
    start: Lsn,
    /// What was before the segment.
    begin: (Chain, TimelineId),
    offset: usize,
    run: Option<Run<Tally>>,
    accepted: u64,
    good: bool,
}

impl<R: Render> InParts<'_, '_, '_, R> {
    /// All of it was listed, and comes to this run.
    pub fn is_whole(&self, run: &Run<Tally>) -> bool {
        self.good && self.list.chain.to() == Some(run.to)
    }

    /// Ends the segment in the middle: what was listed of it stays. Says whether that was anything.
    pub fn give_up(self) -> bool {
        if let Some(workers) = self.list.workers {
            while workers.take().is_some() {}
        }
        (self.list.chain, self.list.left_timeline) = self.begin;
        self.accepted > 0
    }

    fn take_while(&mut self, wanted: impl Fn() -> bool) {
        while wanted() {
            let Some(done) = self.list.workers.and_then(ListWorkers::take) else { return };
            self.accept(done);
        }
    }

    fn accept(&mut self, done: Done<'_, R>) {
        if !self.good {
            return;
        }
        if let Err(error) = self.try_accept(done) {
            self.list.failed = Some(error);
            self.good = false;
        }
    }

    fn try_accept(&mut self, done: Done<'_, R>) -> io::Result<()> {
        let layout = self.list.renderer.layout;
        let end = self.start.plus_within((done.place.offset + done.length) as u64);
        let end = layout.address().normal(end, layout.segment);
        let run = match done.part {
            RenderedPart::Declined => {
                self.good = false;
                return Ok(());
            }
            RenderedPart::Zeros => {
                let switched = self.run.as_mut().filter(|run| matches!(run.tail, Tail::Switched { .. }));
                self.good = self.list.chain.pass_zeros(end) && switched.map(|run| run.to = end).is_some();
                return Ok(());
            }
            RenderedPart::Run(run) => run,
        };
        let (run, mut sheet) = run.unzip();
        let joint = self.list.chain.push(&run);
        if joint.as_ref().is_some_and(|joint| !joint.fits()) {
            self.good = false;
            return Ok(());
        }
        if let Some(over) = joint.as_ref().and_then(|joint| joint.over.as_ref()) {
            self.list.between(&over.record(layout))?;
        }
        let start = self.start;
        self.list.notes(|place| place < start)?;
        if let Some(limit) = self.list.renderer.limit {
            sheet.cut(limit.saturating_sub(self.list.sum.records));
        }
        self.list.renderer.render.done(&mut sheet.scratch);
        (self.list.sink)(&sheet.text)?;
        self.list.sum.add(sheet.sum);
        self.list.renderer.give_back((sheet.text, sheet.scratch));
        self.accepted += 1;
        if !run.is_through() {
            self.list.left_timeline = self.timeline;
        }
        self.run = Some(match (self.run.take(), joint) {
            (Some(left), Some(joint)) => left.go_on(run, &joint, layout),
            _ => run,
        });
        self.good = !self.list.is_full();
        Ok(())
    }
}

impl<'a, R: Render> InParts<'_, 'a, '_, R> {
    /// Bytes that lie in memory anyway: the threads look at them where they are.
    fn push_mapped(&mut self, bytes: &[u8], jobs: usize) -> bool {
        let (renderer, size) = (self.list.renderer, PART);
        let parts: Vec<(PartPlace, &[u8])> = bytes
            .chunks(size)
            .map(|part| {
                let place = PartPlace { start: self.start, timeline: self.timeline, offset: self.offset };
                self.offset += part.len();
                (place, part)
            })
            .collect();
        let work = |i: usize, (): &mut ()| {
            let (place, part) = parts.get(i)?;
            Some(Done { part: renderer.part(*place, part), length: part.len(), place: *place })
        };
        let mut take = |done: Option<Done<'a, R>>| {
            done.into_iter().for_each(|done| self.accept(done));
            Ok::<_, ()>(if self.good { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        };
        let began = in_order(jobs, parts.len(), &work, &mut take, || ());
        began.is_ok() && self.good
    }
}

impl<R: Render> TakeBytes for InParts<'_, '_, '_, R> {
    fn push(&mut self, bytes: &[u8]) -> bool {
        if let Some(workers) = self.list.workers.filter(|_| bytes.len() > 4 * PART) {
            return self.push_mapped(bytes, workers.jobs());
        }
        for part in bytes.chunks(PART) {
            let place = PartPlace { start: self.start, timeline: self.timeline, offset: self.offset };
            self.offset += part.len();
            match self.list.workers {
                None => {
                    let renderer = self.list.renderer;
                    self.accept(Done { part: renderer.part(place, part), length: part.len(), place });
                }
                Some(workers) => {
                    self.take_while(|| !workers.has_room());
                    workers.put(place, part);
                }
            }
            if !self.good {
                return false;
            }
        }
        true
    }

    fn finish(&mut self) -> Option<Run<Tally>> {
        self.take_while(|| true);
        let whole = self.offset as u64 == self.list.renderer.layout.segment.bytes();
        self.run.clone().filter(|_| self.good && whole)
    }
}

/// Writes records while a segment is scanned.
struct Direct<'l, 'a, 's, 'm, R: Render> {
    list: &'l RefCell<&'m mut Lister<'a, 's, R>>,
    timeline: TimelineId,
    range: Range,
    /// The end of the findings that stand in the segment.
    until: usize,
    text: ListPart<R::Event>,
}

impl<R: Render> Direct<'_, '_, '_, '_, R> {
    fn flush(&mut self) {
        let list = &mut **self.list.borrow_mut();
        list.renderer.render.done(&mut list.scratch);
        if list.failed.is_none()
            && let Err(error) = (list.sink)(&self.text)
        {
            list.failed = Some(error);
        }
        self.text.clear();
    }
}

impl<R: Render> Fold for Direct<'_, '_, '_, '_, R> {
    type Mark = ();

    fn mark(&self) {}

    fn after(_: &mut (), _: &Self) {}

    fn wants(&self, header: &RecordHeader) -> bool {
        self.list.borrow().renderer.render.wants(header)
    }

    fn pass(&mut self, _: &RecordHeader) {}

    fn record(&mut self, record: &Record<'_>) {
        let list = &mut **self.list.borrow_mut();
        if list.failed.is_some() || list.is_full() || !self.range.holds(record) {
            return;
        }
        while let Some(note) = list.notes.get(list.next).filter(|n| list.next < self.until && n.place <= record.lsn) {
            list.renderer.render.finding(note.finding, Some(list.renderer.layout), &mut self.text);
            list.told(note);
        }
        let renderer = list.renderer;
        if let Some(rendered) = render_record(renderer.render, record, self.timeline, &mut list.scratch, &mut self.text)
        {
            list.sum.count(record, rendered);
        }
        if self.text.as_text().len() >= PIECE {
            renderer.render.done(&mut list.scratch);
            if let Err(error) = (list.sink)(&self.text) {
                list.failed = Some(error);
            }
            self.text.clear();
        }
    }

    fn join(&mut self, _: Self) {}
}
