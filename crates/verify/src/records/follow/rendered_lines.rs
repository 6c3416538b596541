//! Records that were rendered, each with its place, to be handed on once it is sure that nothing before them is still
//! to come.

use super::super::part::{ListPart, ListPlace};
use super::super::range::Range;
use super::super::sum::ListSum;
use super::super::{Render, render_record};
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Lsn, TimelineId};
use pgwal_walk::Fold;

pub(super) struct RenderedLines<'a, R: Render> {
    render: &'a R,
    range: Range,
    timeline: TimelineId,
    text: ListPart<R::Event>,
    lines: Vec<RenderedLine>,
    scratch: R::Scratch,
}

struct RenderedLine {
    lsn: Lsn,
    /// Where its text ends.
    end: ListPlace,
    sum: ListSum,
}

/// Lines of records before `lsn`.
pub(super) fn before(lsn: Lsn) -> impl Fn(Lsn) -> bool {
    move |line| line < lsn
}

/// All lines.
pub(super) fn all(_: Lsn) -> bool {
    true
}

impl<'a, R: Render> RenderedLines<'a, R> {
    pub fn new(render: &'a R, range: Range, timeline: TimelineId) -> Self {
        RenderedLines {
            render,
            range,
            timeline,
            text: ListPart::default(),
            lines: Vec::new(),
            scratch: R::Scratch::default(),
        }
    }

    /// The lines from number `from` on, as long as they are wanted and there is room: the number of the next, their
    /// text, what they come to.
    pub fn take(&self, from: usize, room: u64, wanted: impl Fn(Lsn) -> bool) -> (usize, ListPart<R::Event>, ListSum) {
        let rest = self.lines.get(from..).unwrap_or(&[]);
        let mut left = room;
        let fits = |line: &&RenderedLine| {
            let fits = wanted(line.lsn) && left >= line.sum.records;
            left = left.saturating_sub(line.sum.records);
            fits && (room > 0)
        };
        let count = rest.iter().take_while(fits).count();
        let end_of = |number: usize| {
            number.checked_sub(1).and_then(|i| self.lines.get(i)).map(|line| line.end).unwrap_or_default()
        };
        let mut sum = ListSum::default();
        rest.iter().take(count).for_each(|line| sum.add(line.sum));
        (from + count, self.text.between(end_of(from), end_of(from + count)), sum)
    }
}

impl<R: Render> std::fmt::Debug for RenderedLines<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenderedLines")
            .field("timeline", &self.timeline)
            .field("lines", &self.lines.len())
            .finish_non_exhaustive()
    }
}

impl<R: Render> Fold for RenderedLines<'_, R> {
    type Mark = ();

    fn mark(&self) {}

    fn after(_: &mut (), _: &Self) {}

    fn wants(&self, header: &RecordHeader) -> bool {
        self.render.wants(header)
    }

    fn pass(&mut self, _: &RecordHeader) {}

    fn record(&mut self, record: &Record<'_>) {
        if !self.range.holds(record) {
            return;
        }
        if let Some(rendered) = render_record(self.render, record, self.timeline, &mut self.scratch, &mut self.text) {
            let mut sum = ListSum::default();
            sum.count(record, rendered);
            self.lines.push(RenderedLine { lsn: record.lsn, end: self.text.end(), sum });
        }
    }

    fn join(&mut self, _: Self) {}
}
