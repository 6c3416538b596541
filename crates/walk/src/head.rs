//! The beginning of a segment: the rest of a record that was begun before it.

use crate::scan::{ScanStep, Scanner};
use crate::{Fault, Fold};
use pgwal_format::Lsn;
use pgwal_format::page::PageHeader;

/// How a run begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Head {
    /// With a record.
    Record,
    /// With the rest of a record.
    Rest(Continuation),
    /// With a record, in the place of the rest of one that was aborted (`XLP_FIRST_IS_OVERWRITE_CONTRECORD`).
    Overwrite,
    /// With bytes that cannot be read.
    Damaged,
    /// With pages that contradict each other on how much of a record begun before is still to come.
    Contradicted {
        /// What the first page says, in bytes.
        rem_len: u32,
    },
}

/// The rest of a record begun before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Continuation {
    /// What the first page says is to come, in bytes.
    pub rem_len: u32,
    /// Bytes at hand.
    pub got: u64,
    /// The first of them.
    pub(crate) kept: Vec<u8>,
    /// The checksum of the others, from 0.
    pub(crate) crc: u32,
    /// Where it ends; `None` where it goes on behind the run.
    pub end: Option<Lsn>,
    /// A segment behind does not go on with it: what the pages of both say contradicts each other.
    pub(crate) at_seam: bool,
    /// The record was aborted in the middle of this rest: `OVERWRITE_CONTRECORD` follows.
    pub aborted: bool,
}

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
