//! Notes the bytes that should be zero and are not.

use crate::Fold;
use crate::fault::MANY;
use crate::rest::Rest;
use crate::scanner::{Loss, Scanner};
use crate::slack::{Slack, SlackKind, first_non_zero};
use pgwal_format::Generation;

impl<F: Fold> Scanner<'_, F> {
    pub(crate) fn note(&mut self, offset: usize, kind: SlackKind) {
        if self.slack.len() < MANY && self.slack.last().is_none_or(|s| s.offset < offset as u64) {
            self.slack.push(Slack { offset: offset as u64, segment: self.x.start, kind });
        }
    }

    pub(crate) fn padding(&mut self, from: usize, to: usize) {
        if let Some(at) = self.bytes.get(from..to).and_then(first_non_zero) {
            self.note(from + at, SlackKind::Padding);
        }
    }

    /// The aligned end of a record.
    pub(crate) fn padded(&mut self, end: usize) -> usize {
        let next = self.x.layout.align_up(end as u64) as usize;
        self.padding(end, next);
        next
    }

    /// A page that begins with a record says that some of another are still to come. Servers do not look.
    pub(crate) fn rem_len_of_nothing(&mut self, page: usize) {
        if let Some(at) = self.bytes.get(page + 16..page + 20).and_then(first_non_zero) {
            self.note(page + 16 + at, SlackKind::PageHeader);
        }
    }

    pub(crate) fn slack_of_header(&mut self, page: usize) {
        // What is left of a record is said where no record goes on: no check covers it, and no reader uses it.
        let header = self.bytes.get(page..).unwrap_or(&[]);
        let says =
            self.x.layout.dialect.generation != Generation::LegacyA && self.x.layout.page_header(header).is_idle();
        if says && header.get(16..20).is_some_and(|b| b != [0; 4]) {
            self.note(page + 16, SlackKind::PageHeader);
        }
        if let Some(pad) = self.x.layout.page_pad()
            && let Some(at) = self.bytes.get(page + pad.start..page + pad.end).and_then(first_non_zero)
        {
            self.note(page + pad.start + at, SlackKind::PageHeader);
        }
    }

    /// The pad behind the checksum in a record header of 9.3 and 9.4 on 8-byte aligned servers, which no checksum
    /// covers.
    pub(crate) fn slack_of_record(&mut self, pos: usize) {
        const PAD: std::ops::Range<usize> = 28..32;
        let layout = self.x.layout;
        if layout.record_header() < PAD.end {
            return;
        }
        let here = self.page - pos % self.page;
        // Where the header is split, its last bytes are the pad: they lie on one page.
        let from = if here >= PAD.end { pos + PAD.start } else { pos + PAD.start + layout.short_header() };
        if from + PAD.len() <= self.bytes.len() {
            self.padding(from, from + PAD.len());
        }
    }

    /// The pads of the pages that a record crosses into, and the padding behind it.
    pub(crate) fn slack_of_pages(&mut self, from: usize, next: usize) {
        let mut page = from - from % self.page + self.page;
        while page < next.min(self.size) {
            self.slack_of_header(page);
            page += self.page;
        }
    }

    pub(crate) fn after_switch(&mut self, at: usize) {
        let rest = self.leftover(at);
        self.note_leftover(&rest, SlackKind::AfterSwitch);
    }

    pub(crate) fn rest(&mut self, loss: &Loss) -> Rest {
        let rest = self.classify(loss);
        self.note_leftover(&rest.leftover, SlackKind::AfterEnd);
        rest
    }
}
