//! What is handed on: lines and findings, in order.

use super::found;
use super::rendered_lines::{self, RenderedLines};
use crate::finding::Finding;
use crate::options::Options;
use crate::records::part::ListSink;
use crate::records::range::Range;
use crate::records::sum::{Cost, ListSum};
use crate::records::{ListError, ListPart, Render, render_record};
use pgwal_archive::follow::{FollowLoss, TakeFollowed};
use pgwal_format::record::Record;
use pgwal_format::{Layout, Lsn, TimelineId};
use std::io;

/// What was listed so far.
pub(super) struct FollowedList<'a, R: Render> {
    pub options: &'a Options<'a>,
    pub limit: Option<u64>,
    pub render: &'a R,
    pub layout: Layout,
    pub range: Range,
    pub sum: ListSum,
    pub findings: u64,
    pub cost: Cost,
    pub scratch: R::Scratch,
}

/// Lists what comes.
pub(super) struct HandOn<'x, 's, 'a, R: Render> {
    pub list: &'x mut FollowedList<'a, R>,
    pub sink: &'x mut ListSink<'s, R::Event>,
}

impl<'a, R: Render> TakeFollowed for HandOn<'_, '_, 'a, R> {
    type Fold = RenderedLines<'a, R>;
    type Error = ListError;

    fn room(&self, timeline: TimelineId) -> RenderedLines<'a, R> {
        RenderedLines::new(self.list.render, self.list.range, timeline)
    }

    fn records(&mut self, records: RenderedLines<'a, R>, lost: &[FollowLoss]) -> Result<(), ListError> {
        let mut told = 0;
        for loss in lost {
            let finding = found::of(&self.list.layout, loss);
            let Some(lsn) = finding.lsn.filter(|_| self.costs(&finding)) else { continue };
            told = self.lines(&records, told, rendered_lines::before(lsn)).map_err(ListError::Output)?;
            if self.is_full() {
                return Ok(());
            }
            self.lost(loss)?;
        }
        self.lines(&records, told, rendered_lines::all).map_err(ListError::Output)?;
        Ok(())
    }

    fn over_seam(&mut self, record: &Record<'_>, timeline: TimelineId) -> Result<(), ListError> {
        let list = &mut *self.list;
        if list.is_full() || !list.render.wants(&record.header) || !list.range.holds(record) {
            return Ok(());
        }
        let mut text = ListPart::default();
        if let Some(rendered) = render_record(list.render, record, timeline, &mut list.scratch, &mut text) {
            list.sum.count(record, rendered);
            (self.sink)(&text).map_err(ListError::Output)?;
        }
        Ok(())
    }

    fn lost(&mut self, loss: &FollowLoss) -> Result<(), ListError> {
        let finding = found::of(&self.list.layout, loss);
        // What was listed on a timeline that was left is no record that is missing.
        if !matches!(loss, FollowLoss::Left { .. }) {
            self.list.cost.add(finding.code);
        }
        let mut text = ListPart::default();
        self.list.render.finding(&finding, Some(&self.list.layout), &mut text);
        self.list.findings += 1;
        if text.is_empty() { Ok(()) } else { (self.sink)(&text).map_err(ListError::Output) }
    }

    fn is_full(&self) -> bool {
        self.list.is_full()
    }
}

impl<R: Render> HandOn<'_, '_, '_, R> {
    fn lines(&mut self, lines: &RenderedLines<'_, R>, from: usize, wanted: impl Fn(Lsn) -> bool) -> io::Result<usize> {
        let room = self.list.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.list.sum.records));
        let (to, text, sum) = lines.take(from, room, wanted);
        self.list.sum.add(sum);
        if !text.is_empty() {
            (self.sink)(&text)?;
        }
        Ok(to)
    }

    /// What lies before the start asked for is of no interest.
    fn costs(&self, finding: &Finding) -> bool {
        let until = finding.lost.and_then(|lost| lost.until_lsn).or(finding.lsn);
        self.list.range.start.is_none_or(|start| until.is_none_or(|until| until > start))
    }
}

impl<R: Render> FollowedList<'_, R> {
    fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.sum.records >= limit)
    }
}
