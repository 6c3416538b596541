//! What is handed on: lines and findings, in order.

use super::rendered_lines::{self, RenderedLines};
use super::segment_file::SegmentFile;
use super::{Follower, found};
use crate::finding::Finding;
use crate::records::part::ListSink;
use crate::records::{ListPart, Render, render_record};
use pgwal_format::record::Record;
use pgwal_format::{Lsn, TimelineId};
use pgwal_walk::Damage;
use std::io;

impl<'a, R: Render> Follower<'a, R> {
    /// Lines and findings, in order.
    pub(super) fn hand_on(
        &mut self,
        mut strip: RenderedLines<'a, R>,
        damages: &[Damage<()>],
        begun: Lsn,
        file: &SegmentFile,
        sink: &mut ListSink<'_, R::Event>,
    ) -> io::Result<()> {
        let mut told = 0;
        for damage in damages {
            let finding = found::damage(&self.layout, damage, begun, file, self.number);
            let Some(lsn) = finding.lsn.filter(|_| self.costs(&finding)) else { continue };
            told = self.lines(&mut strip, told, rendered_lines::before(lsn), sink)?;
            if self.is_full() {
                return Ok(());
            }
            self.lose(&finding, sink)?;
        }
        self.lines(&mut strip, told, rendered_lines::all, sink)?;
        Ok(())
    }

    fn lines(
        &mut self,
        strip: &mut RenderedLines<'a, R>,
        from: usize,
        wanted: impl Fn(Lsn) -> bool,
        sink: &mut ListSink<'_, R::Event>,
    ) -> io::Result<usize> {
        let room = self.wanted.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.sum.records));
        let (to, text, sum) = strip.take(from, room, wanted);
        self.sum.add(sum);
        if !text.is_empty() {
            sink(&text)?;
        }
        Ok(to)
    }

    /// A record over the end of a segment.
    pub(super) fn over_seam(
        &mut self,
        record: &Record<'_>,
        timeline: TimelineId,
        sink: &mut ListSink<'_, R::Event>,
    ) -> io::Result<()> {
        self.reached = Some((timeline, record.end));
        if self.is_full() || !self.render.wants(&record.header) || !self.range.holds(record) {
            return Ok(());
        }
        let mut text = ListPart::default();
        if let Some(rendered) = render_record(self.render, record, timeline, &mut self.scratch, &mut text) {
            self.sum.count(record, rendered);
            sink(&text)?;
        }
        Ok(())
    }

    /// Tells of records that are lost.
    pub(super) fn lose(&mut self, finding: &Finding, sink: &mut ListSink<'_, R::Event>) -> io::Result<()> {
        self.cost.add(finding.code);
        self.tell(finding, sink)
    }

    pub(super) fn tell(&mut self, finding: &Finding, sink: &mut ListSink<'_, R::Event>) -> io::Result<()> {
        let mut text = ListPart::default();
        self.render.finding(finding, Some(&self.layout), &mut text);
        self.findings += 1;
        if text.is_empty() { Ok(()) } else { sink(&text) }
    }

    /// What lies before the start asked for is of no interest.
    fn costs(&self, finding: &Finding) -> bool {
        let until = finding.lost.and_then(|lost| lost.until_lsn).or(finding.lsn);
        self.range.start.is_none_or(|start| until.is_none_or(|until| until > start))
    }
}
