//! `XLOG_SWITCH`: a segment that ends early.

use crate::Builder;
use crate::facts::Padding;
use crate::record::Rec;
use pgwal_format::{Lsn, rmgr};

impl Builder {
    /// Ends the segment: the record, and behind it what this version leaves in the rest of the file. Returns the
    /// record's start, or `None` where a server writes none: at the very beginning of a segment.
    pub fn switch(&mut self) -> Option<Lsn> {
        if self.offset == 0 || self.offset == self.layout.long_header() as u64 {
            return None;
        }
        let lsn = self.record(&Rec { rmid: rmgr::XLOG, info: rmgr::xlog::SWITCH, ..Rec::default() });
        if self.offset == 0 {
            return Some(lsn);
        }
        let (page, size) = (self.layout.page.bytes(), self.layout.segment.bytes());
        let first = self.offset.next_multiple_of(page);
        match self.facts.padding {
            Padding::Untouched => {}
            Padding::Zeros => self.file().zero(first, size - first),
            Padding::Headers => {
                self.offset = first;
                while self.offset < size {
                    let next = self.offset + page;
                    self.begin_page(None);
                    self.offset = next;
                }
            }
        }
        (self.segment, self.offset) = (self.segment.next(), 0);
        Some(lsn)
    }
}
