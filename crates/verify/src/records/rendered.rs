//! What is rendered of a part of a segment.

use super::part::{ListPart, ListPlace};
use super::range::Range;
use super::sum::ListSum;
use super::{Render, render_record};
use pgwal_archive::read::ScannedPart;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_walk::{Fold, KEEP, ScanExpect};
use std::sync::{Mutex, PoisonError};

/// What a part is rendered into.
type Room<R> = (ListPart<<R as Render>::Event>, <R as Render>::Scratch);

/// What all parts share.
pub(super) struct PartRenderer<'a, R: Render> {
    pub render: &'a R,
    pub layout: &'a Layout,
    pub system_id: u64,
    pub range: Range,
    /// Records that are listed at most.
    pub limit: Option<u64>,
    /// Not all records are wanted.
    is_bounded: bool,
    /// Nothing is written: what is rendered is put aside.
    pub quiet: bool,
    /// Buffers of text, and room for rendering, that are not in use.
    free: Mutex<Vec<Room<R>>>,
}

impl<'a, R: Render> PartRenderer<'a, R> {
    pub fn new(render: &'a R, layout: &'a Layout, system_id: u64, range: Range, limit: Option<u64>) -> Self {
        let is_bounded = limit.is_some() || range.start.is_some() || range.end.is_some();
        PartRenderer { render, layout, system_id, range, limit, is_bounded, quiet: false, free: Mutex::default() }
    }

    /// Bytes kept of a record that crosses pages.
    pub fn keep(&self) -> usize {
        if self.render.whole() { usize::MAX } else { KEEP }
    }

    /// Takes back what a part was rendered into.
    pub fn give_back(&self, (mut text, scratch): Room<R>) {
        text.clear();
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push((text, scratch));
    }
}

/// A part of a segment, by its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct PartPlace {
    /// Where the segment starts.
    pub start: Lsn,
    /// The timeline in its name.
    pub timeline: TimelineId,
    /// Offset of the part.
    pub offset: usize,
}

/// What a part came to.
pub(super) type RenderedPart<'a, R> = ScannedPart<RenderedRecords<'a, R>>;

impl<'a, R: Render> PartRenderer<'a, R> {
    /// Checks a part and renders its records.
    pub fn part(&'a self, place: PartPlace, bytes: &[u8]) -> RenderedPart<'a, R> {
        let PartPlace { start, timeline, offset } = place;
        let (layout, system_id) = (self.layout, Some(self.system_id));
        let expect = ScanExpect { layout, start, timeline: Some(timeline), system_id, keep: self.keep(), history: &[] };
        ScannedPart::of(expect, offset, self.records(timeline), bytes)
    }

    /// Room for the records of a part.
    pub fn records(&'a self, timeline: TimelineId) -> RenderedRecords<'a, R> {
        RenderedRecords::new(self, timeline)
    }
}

/// The records of a part, rendered.
pub(super) struct RenderedRecords<'a, R: Render> {
    renderer: &'a PartRenderer<'a, R>,
    timeline: TimelineId,
    pub text: ListPart<R::Event>,
    pub sum: ListSum,
    pub scratch: R::Scratch,
    /// The text and the sum after each record, where only so many are listed.
    after: Vec<(ListPlace, ListSum)>,
}

impl<R: Render> std::fmt::Debug for RenderedRecords<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenderedRecords")
            .field("timeline", &self.timeline)
            .field("sum", &self.sum)
            .finish_non_exhaustive()
    }
}

impl<'a, R: Render> RenderedRecords<'a, R> {
    fn new(renderer: &'a PartRenderer<'a, R>, timeline: TimelineId) -> Self {
        let free = renderer.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (text, scratch) = free.unwrap_or_default();
        RenderedRecords { renderer, timeline, text, sum: ListSum::default(), scratch, after: Vec::new() }
    }

    /// Keeps only the first `records`.
    pub fn cut(&mut self, records: u64) {
        if records >= self.sum.records {
            return;
        }
        let last = records.checked_sub(1).and_then(|i| self.after.get(usize::try_from(i).ok()?));
        let (place, sum) = last.copied().unwrap_or_default();
        self.text.cut(place);
        self.sum = sum;
    }
}

impl<R: Render> Fold for RenderedRecords<'_, R> {
    type Mark = ();

    fn mark(&self) {}

    fn after(_: &mut (), _: &Self) {}

    #[inline(always)]
    fn wants(&self, header: &RecordHeader) -> bool {
        self.renderer.render.wants(header)
    }

    #[inline(always)]
    fn needs_rest(&self, record: &Record<'_>) -> bool {
        self.renderer.render.needs_rest(record)
    }

    #[inline(always)]
    fn pass(&mut self, _: &RecordHeader) {}

    #[inline(always)]
    fn record(&mut self, record: &Record<'_>) {
        let renderer = self.renderer;
        if renderer.is_bounded
            && (renderer.limit.is_some_and(|limit| self.sum.records >= limit) || !renderer.range.holds(record))
        {
            return;
        }
        if renderer.quiet {
            let _ = renderer.render.record(record, self.timeline, &mut self.scratch, &mut self.text);
            return;
        }
        if let Some(rendered) = render_record(renderer.render, record, self.timeline, &mut self.scratch, &mut self.text)
        {
            self.sum.count(record, rendered);
            if renderer.limit.is_some() {
                self.after.push((self.text.end(), self.sum));
            }
        }
    }

    /// Parts are taken one by one.
    fn join(&mut self, _: Self) {}
}
