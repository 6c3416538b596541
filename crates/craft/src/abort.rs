//! A record whose end a crash lost, and `OVERWRITE_CONTRECORD`, with which the server goes on behind it.
//!
//! ```text
//! page header | … | head of a record        | page header: OVERWRITE, nothing remains | OVERWRITE_CONTRECORD {head's start, time} | …
//! ```

use crate::Builder;
use crate::record::{Rec, encode, lsn_bytes};
use pgwal_format::{Lsn, rmgr};

impl Builder {
    /// Writes the beginning of a record of `total` bytes: its share of `pages` pages, and nothing of the rest. The next
    /// record starts on the page after, whose header says that the record before was given up. Returns the head's
    /// start.
    ///
    /// # Panics
    /// Where the record would end within those pages.
    pub fn aborted_record(&mut self, total: u64, pages: u64) -> Lsn {
        let main = vec![
            0xAB;
            usize::try_from(total)
                .expect("a record fits in memory")
                .saturating_sub(self.layout.record_header() + 5)
        ];
        let rec = Rec { rmid: rmgr::XLOG, info: rmgr::xlog::NOOP, main: &main, ..Rec::default() };
        let bytes = encode(&self.layout, &rec, self.prev);
        self.make_room();
        let lsn = self.position();
        let pieces = self.place(&bytes, pages);
        let written: u64 = pieces.iter().map(|p| p.length).sum();
        assert!(written < bytes.len() as u64, "a record of {total} bytes ends within {pages} pages");
        self.log(lsn, &rec, bytes.len(), pieces, true);
        self.overwrite = self.layout.dialect.page.overwrite != 0;
        lsn
    }

    /// Writes the record that gives up the one whose head lies at `head`.
    pub fn overwrite_contrecord(&mut self, head: Lsn) -> Lsn {
        let mut main = [0; 16];
        main[..8].copy_from_slice(&lsn_bytes(&self.layout, head));
        self.record(&Rec { rmid: rmgr::XLOG, info: rmgr::xlog::OVERWRITE_CONTRECORD, main: &main, ..Rec::default() })
    }

    /// An aborted record with a head on one page, and its `OVERWRITE_CONTRECORD`. Returns the starts of both, or `None`
    /// where this version has no such record (9.5 and earlier).
    pub fn aborted_record_and_overwrite_contrecord(&mut self) -> Option<(Lsn, Lsn)> {
        if self.layout.dialect.page.overwrite == 0 {
            return None;
        }
        let head = self.aborted_record(self.layout.page.bytes() + 1000, 1);
        Some((head, self.overwrite_contrecord(head)))
    }
}
