//! What is rendered of one segment.

use super::plan::Note;
use super::range::Range;
use super::{Render, Rendered};
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_walk::{Fold, KEEP};
use std::sync::Mutex;

/// What all segments share.
pub(super) struct Desk<'a, R> {
    pub render: &'a R,
    pub layout: &'a Layout,
    pub range: Range,
    pub notes: &'a [Note<'a>],
    /// Records that are listed at most.
    pub limit: Option<u64>,
    /// Buffers that are not in use.
    pub free: Mutex<Vec<Vec<u8>>>,
}

/// The records of a segment, rendered.
pub(super) struct Sheet<'a, R: Render> {
    desk: &'a Desk<'a, R>,
    timeline: TimelineId,
    /// Which records.
    pub range: Range,
    /// The findings of the segment: the first, the next, and the end of them.
    from: usize,
    pub next: usize,
    until: usize,
    pub text: Vec<u8>,
    pub sum: Sum,
    pub scratch: R::Scratch,
    /// The sum after each record, where only so many are listed.
    pub after: Vec<(usize, usize, Sum)>,
}

/// What records come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub records: u64,
    pub bytes: u64,
    pub image_bytes: u64,
    /// Findings of the renderer's own.
    pub findings: u64,
    pub first: Option<Lsn>,
    pub end: Option<Lsn>,
}

impl<R> std::fmt::Debug for Desk<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("range", &self.range).field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl<R: Render> std::fmt::Debug for Sheet<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sheet").field("timeline", &self.timeline).field("sum", &self.sum).finish_non_exhaustive()
    }
}

impl<'a, R: Render> Sheet<'a, R> {
    pub fn new(desk: &'a Desk<'a, R>, timeline: TimelineId, notes: std::ops::Range<usize>) -> Self {
        let mut text = desk.free.lock().ok().and_then(|mut free| free.pop()).unwrap_or_default();
        text.clear();
        Sheet {
            desk,
            timeline,
            range: desk.range,
            from: notes.start,
            next: notes.start,
            until: notes.end,
            text,
            sum: Sum::default(),
            scratch: R::Scratch::default(),
            after: Vec::new(),
        }
    }

    /// Bytes kept of a record that crosses pages.
    pub fn keep(&self) -> usize {
        if self.desk.render.whole() { usize::MAX } else { KEEP }
    }

    /// No finding stands in the segment.
    pub fn is_clean(&self) -> bool {
        self.from == self.until
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        self.text.clear();
        self.after.clear();
        (self.next, self.sum, self.scratch) = (self.from, Sum::default(), R::Scratch::default());
    }

    /// Keeps only the first `records`. Returns where the findings go on.
    pub fn cut(&mut self, records: u64) {
        let last = records.checked_sub(1).and_then(|i| self.after.get(i as usize));
        let (length, next, sum) = last.copied().unwrap_or((0, self.next, Sum::default()));
        self.text.truncate(length);
        (self.next, self.sum) = (next, sum);
    }
}

impl Sum {
    pub fn add(&mut self, right: Sum) {
        self.records += right.records;
        self.bytes += right.bytes;
        self.image_bytes += right.image_bytes;
        self.findings += right.findings;
        self.first = self.first.or(right.first);
        self.end = right.end.or(self.end);
    }

    pub fn count(&mut self, record: &Record<'_>, rendered: Rendered) {
        let bytes = u64::from(record.header.tot_len);
        let Rendered { listed, image_bytes, findings } = rendered;
        if !listed {
            self.findings += findings;
            return;
        }
        self.add(Sum { records: 1, bytes, image_bytes, findings, first: Some(record.lsn), end: Some(record.end) });
    }
}

impl<R: Render> Fold for Sheet<'_, R> {
    type Mark = ();

    fn mark(&self) {}

    fn after(_: &mut (), _: &Self) {}

    #[inline(always)]
    fn wants(&self, header: &RecordHeader) -> bool {
        self.desk.render.wants(header)
    }

    #[inline(always)]
    fn pass(&mut self, _: &RecordHeader) {}

    fn record(&mut self, record: &Record<'_>) {
        let desk = self.desk;
        if desk.limit.is_some_and(|limit| self.sum.records >= limit) || !self.range.holds(record) {
            return;
        }
        while let Some(note) =
            desk.notes.get(self.next).filter(|note| self.next < self.until && note.place <= record.lsn)
        {
            desk.render.finding(note.finding, Some(desk.layout), &mut self.text);
            self.next += 1;
        }
        if let Some(rendered) = desk.render.record(record, self.timeline, &mut self.scratch, &mut self.text) {
            self.sum.count(record, rendered);
            if desk.limit.is_some() {
                self.after.push((self.text.len(), self.next, self.sum));
            }
        }
    }

    fn join(&mut self, right: Self) {
        self.text.extend_from_slice(&right.text);
        self.sum.add(right.sum);
        self.next = right.next;
    }
}
