//! Looks at what lies behind the last record of a segment.

use crate::Fold;
use crate::fault::Fault;
use crate::rest::{Leftover, Rest};
use crate::scanner::{Loss, Scanner};
use crate::slack::{SlackKind, first_non_zero};
use pgwal_format::Dialect;
use pgwal_format::record::HeaderFault;

pub(crate) enum Page {
    Zero,
    /// A header of this place and nothing behind it, as 9.4 to 10 write behind a switch.
    Empty,
    Recycled,
    Junk(usize),
}

impl<F: Fold> Scanner<'_, F> {
    pub(crate) fn classify(&self, loss: &Loss) -> Rest {
        let begins = loss.page.unwrap_or(loss.record);
        let leftover = self.leftover(begins.min(self.bytes.len()));
        let clean = match (loss.fault, loss.page) {
            (Fault::CutOff, _) => false,
            (Fault::Page(_), Some(page)) if loss.record >= page => !matches!(self.look(page), Page::Junk(_)),
            (Fault::Header(HeaderFault::Length { found: 0 } | HeaderFault::ZeroLength), None) => {
                let page_end = (loss.record - loss.record % self.page + self.page).min(self.bytes.len());
                self.bytes.get(loss.record..page_end).is_some_and(|rest| first_non_zero(rest).is_none())
            }
            _ => false,
        };
        Rest { clean, leftover }
    }

    /// Looks at everything from `from` to the end of the segment.
    pub(crate) fn leftover(&self, from: usize) -> Leftover {
        let mut out = Leftover::default();
        let mut page = from;
        if !from.is_multiple_of(self.page) {
            let end = (from - from % self.page + self.page).min(self.bytes.len());
            out.junk = self.bytes.get(from..end).and_then(first_non_zero).map(|at| (from + at) as u64);
            page = end;
        }
        while page < self.bytes.len() {
            match self.look(page) {
                Page::Zero | Page::Empty => {}
                Page::Recycled => out.recycled = out.recycled.or(Some(page as u64)),
                Page::Junk(at) => out.junk = out.junk.or(Some((page + at) as u64)),
            }
            page += self.page;
        }
        out
    }

    pub(crate) fn look(&self, page: usize) -> Page {
        let layout = self.x.layout;
        let end = (page + self.page).min(self.bytes.len());
        let bytes = self.bytes.get(page..end).unwrap_or(&[]);
        let Some(at) = first_non_zero(bytes) else { return Page::Zero };
        let header = layout.page_header(bytes);
        let own = self.lsn(page);
        // Up to 9.4 a timeline's first segment is a copy of its parent's, with what the parent wrote behind the switch.
        let own_timeline = self.x.timeline.unwrap_or_default().max(self.timeline);
        let behind = header.address == own && header.timeline < own_timeline;
        if Dialect::by_magic(header.magic).is_some() && (header.address < own || behind) {
            return Page::Recycled;
        }
        if layout.check_page(&header, own, page == 0, self.x.system_id).is_ok() {
            let body = bytes.get(header.data..).unwrap_or(&[]);
            return first_non_zero(body).map_or(Page::Empty, |at| Page::Junk(header.data + at));
        }
        Page::Junk(at)
    }

    pub(crate) fn note_leftover(&mut self, leftover: &Leftover, kind: SlackKind) {
        let mut notes = [leftover.recycled.map(|at| (at, SlackKind::Recycled)), leftover.junk.map(|at| (at, kind))];
        notes.sort();
        for (at, kind) in notes.into_iter().flatten() {
            self.note(at as usize, kind);
        }
    }
}
