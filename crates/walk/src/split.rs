//! A record that crosses pages.

use crate::Fold;
use crate::fault::Fault;
use crate::head::Head;
use crate::open::Open;
use crate::scanner::{Loss, Scanner};
use pgwal_format::page::PageFault;
use pgwal_format::record::RecordHeader;
use pgwal_format::{Generation, Lsn, TimelineId};

/// How reading a record that crosses pages ended.
pub(crate) enum Split {
    Whole { header: RecordHeader, end: usize, timeline: TimelineId },
    Open { open: Open, timeline: TimelineId },
    Cut,
    Overwritten { page: usize },
    Lost(Loss),
}

impl<F: Fold> Scanner<'_, F> {
    /// Reads a record that crosses pages, its body (or the beginning of it) into `kept`.
    pub(crate) fn split(&self, pos: usize, kept: &mut Vec<u8>, last: Option<Lsn>) -> Split {
        self.split_after(pos, kept, last, self.timeline)
    }

    /// The same, on a page of timeline `timeline`.
    pub(crate) fn split_after(
        &self,
        pos: usize,
        kept: &mut Vec<u8>,
        last: Option<Lsn>,
        mut timeline: TimelineId,
    ) -> Split {
        let layout = self.x.layout;
        let size = layout.record_header() as u64;
        let mut page = pos - pos % self.page;
        let page_end = (page + self.page).min(self.bytes.len());
        let mut chunk = self.bytes.get(pos..page_end).unwrap_or(&[]);
        let tot_len = layout.total_length(chunk);
        let lost = |page: Option<usize>, end: usize, fault: Fault| {
            Split::Lost(Loss { record: pos, before: false, page, end, missing: 0, fault })
        };
        if u64::from(tot_len) < size {
            let whole = layout.record_header_at(chunk).map(|h| layout.check_header(&h));
            let fault =
                whole.and_then(Result::err).unwrap_or(pgwal_format::record::HeaderFault::Length { found: tot_len });
            return lost(None, pos + size as usize, Fault::Header(fault));
        }
        kept.clear();
        let mut open = Open::new(self.lsn(pos), tot_len, std::mem::take(kept));
        let mut header_checked = false;
        let mut data = pos - page;
        loop {
            let missing = open.missing();
            let part = chunk.get(..(missing.min(chunk.len() as u64)) as usize).unwrap_or(chunk);
            open.feed(layout, part, self.x.keep);
            if !header_checked && open.has_header(layout) {
                header_checked = true;
                if let Some(header) = open.header(layout) {
                    let fault = layout
                        .check_header(&header)
                        .map_err(Fault::Header)
                        .and_then(|()| self.check_prev(pos, &header, last));
                    if let Err(fault) = fault {
                        return lost(None, pos + size as usize, fault);
                    }
                }
            }
            if open.missing() == 0 {
                let end = page + data + part.len();
                let checked = open.check(layout);
                *kept = std::mem::take(&mut open.kept);
                return match checked {
                    Err(fault) => lost(None, end, fault),
                    Ok(header) => Split::Whole { header, end, timeline },
                };
            }
            page += self.page;
            if page >= self.size {
                return Split::Open { open, timeline };
            }
            if page >= self.bytes.len() {
                return Split::Cut;
            }
            let header = match self.peek(page, timeline) {
                Err(fault) => return lost(Some(page), page, Fault::Page(fault)),
                Ok(h) => h,
            };
            if self.overwrites(&header) {
                return Split::Overwritten { page };
            }
            if !header.continues() && !self.trust_record {
                return Split::Lost(Loss {
                    record: pos,
                    before: false,
                    page: Some(page),
                    end: page,
                    missing: open.missing(),
                    fault: Fault::NoContrecord,
                });
            }
            if u64::from(header.rem_len) != open.missing() && !self.trust_record {
                let fault = Fault::ContrecordLength { found: header.rem_len, expected: open.missing() };
                return Split::Lost(Loss {
                    record: pos,
                    before: false,
                    page: Some(page),
                    end: page,
                    missing: open.missing(),
                    fault,
                });
            }
            timeline = header.timeline;
            // Up to 9.2 the remaining length stands between header and data, whether or not the flag says so.
            let hidden = !header.continues() && layout.dialect.generation == Generation::LegacyA;
            data = header.data + if hidden { 4 } else { 0 };
            chunk = self.data(page, data);
        }
    }

    /// A record and a page disagree on what is left of the record. If the record is right without the page, the page is
    /// wrong; otherwise it is the record's length, or something between that no checksum can tell apart.
    pub(crate) fn blame(&mut self, loss: Loss) -> Loss {
        if let (Fault::Page(PageFault::Timeline { found, after }), Some(page)) = (loss.fault, loss.page)
            && self.x.timeline.is_some_and(|own| after > own)
        {
            // The page before claimed a timeline that this file cannot have: it is the one at fault.
            self.timeline = found.min(self.x.timeline.unwrap_or(found));
            return Loss { page: Some(page.saturating_sub(self.page)), ..loss };
        }
        let (false, Some(page)) = (loss.before, loss.page) else { return loss };
        let rem_len = match loss.fault {
            Fault::ContrecordLength { found, .. } => Some(found),
            Fault::NoContrecord => None,
            _ => return loss,
        };
        self.trust_record = true;
        let whole = matches!(self.split(loss.record, &mut Vec::new(), self.last), Split::Whole { .. });
        self.trust_record = false;
        if whole {
            return loss;
        }
        let fault = Fault::LengthAgainstPage { page: self.lsn(page), rem_len, missing: loss.missing };
        Loss { page: None, end: page + self.x.layout.short_header(), fault, ..loss }
    }

    /// The offset behind an `XLOG_SWITCH` whose header the segment's start splits: its rest is all that the segment
    /// holds. Whether it was one, the segment before knows; if not, the link of the next record tells that some are
    /// lost.
    pub(crate) fn split_switch(&self, head: &Head, loss: &Loss) -> Option<usize> {
        let Head::Rest(rest) = head else { return None };
        let only = self.begins.is_none() && self.damages.is_empty() && rest.end.is_some();
        (only && (rest.rem_len as usize) < self.x.layout.record_header() && self.classify(loss).clean)
            .then_some(self.end)
    }
}
