//! Reads the beginning of a segment: the rest of a record that was begun before it.

use crate::head::{Continuation, Head};
use crate::scanner::{ScanStep, Scanner};
use crate::{Fault, Fold};
use pgwal_format::page::PageHeader;

impl<F: Fold> Scanner<'_, F> {
    /// Reads the rest of a record from page 0 on.
    pub(crate) fn continuation(&mut self, first: PageHeader) -> (Head, ScanStep) {
        let layout = self.x.layout;
        let mut c = Continuation {
            rem_len: first.rem_len,
            got: 0,
            kept: Vec::new(),
            crc: 0,
            end: None,
            at_seam: false,
            aborted: false,
        };
        let (mut page, mut header) = (0usize, first);
        loop {
            let missing = u64::from(c.rem_len).saturating_sub(c.got);
            if missing == 0 || u64::from(header.rem_len) != missing {
                let fault = Fault::ContrecordLength { found: header.rem_len, expected: missing };
                return (Head::Contradicted { rem_len: first.rem_len }, ScanStep::lost_before(page, fault));
            }
            let data = self.data(page, header.data);
            let part = data.get(..data.len().min(missing as usize)).unwrap_or(data);
            let (kept, rest) = part.split_at(self.x.keep.saturating_sub(c.kept.len()).min(part.len()));
            c.kept.extend_from_slice(kept);
            if !rest.is_empty() {
                c.crc = layout.append(c.crc, rest);
            }
            c.got += part.len() as u64;
            if c.got == u64::from(c.rem_len) {
                let end = page + header.data + part.len();
                let next = self.padded(end);
                c.end = Some(self.lsn(next));
                return (Head::Rest(c), ScanStep::At(next));
            }
            page += self.page;
            if page >= self.size {
                return (Head::Rest(c), ScanStep::Through);
            }
            if page >= self.bytes.len() {
                return (Head::Rest(c), ScanStep::Cut);
            }
            header = match self.enter(page) {
                Err(fault) => return (Head::Damaged, ScanStep::lost_before(page, Fault::Page(fault))),
                Ok(h) if self.overwrites(&h) => {
                    c.aborted = true;
                    return (Head::Rest(c), ScanStep::At(page + h.data));
                }
                Ok(h) if !h.continues() => {
                    return (
                        Head::Contradicted { rem_len: first.rem_len },
                        ScanStep::lost_before(page, Fault::NoContrecord),
                    );
                }
                Ok(h) => h,
            };
        }
    }
}
