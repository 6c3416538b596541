//! Records that matter by their length or place, and those with which clusters and transactions begin and end.

use crate::Builder;
use crate::record::{Rec, lsn_bytes};
use pgwal_format::rmgr::{self, xact, xlog};
use pgwal_format::{Align, Generation, Lsn};

/// Which end a record is to be placed before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FillEnd {
    /// That of a page.
    Page,
    /// That of a segment.
    Segment,
}

/// The most that one record fills on the way to a far place.
const STRIDE: u64 = 64 << 20;

impl Builder {
    /// Writes a record of exactly `total` bytes, header included: `XLOG_NOOP`, a sequence's record on 8.2. The data is
    /// noise.
    ///
    /// # Panics
    /// Where no record has that length: fewer bytes than a header, exactly one more from 9.5 on, no data up to 9.4.
    pub fn filler(&mut self, total: u64) -> Lsn {
        let length = self.filler_data(total).1;
        let noise = self.noise(length);
        self.fill_with(total, &noise)
    }

    /// As [`Builder::filler`], with zeros for data: costs no memory but for page headers.
    pub fn zero_filler(&mut self, total: u64) -> Lsn {
        let zeros = vec![0; self.filler_data(total).1];
        self.fill_with(total, &zeros)
    }

    fn fill_with(&mut self, total: u64, data: &[u8]) -> Lsn {
        let origin = self.filler_data(total).0;
        let (rmid, info) = if self.facts.noop { (rmgr::XLOG, xlog::NOOP) } else { (rmgr::SEQUENCE, 0) };
        let lsn = self.record(&Rec { rmid, info, main: data, origin, ..Rec::default() });
        debug_assert_eq!(self.records.last().map(|r| u64::from(r.tot_len)), Some(total));
        lsn
    }

    /// The origin and the length of the data with which a record has `total` bytes.
    fn filler_data(&self, total: u64) -> (Option<u16>, usize) {
        let body = total
            .checked_sub(self.layout.record_header() as u64)
            .expect("a record is not shorter than its header") as usize;
        match (self.layout.dialect.generation, body) {
            (Generation::Modern, 0) => (None, 0),
            (Generation::Modern, 3..=257) => (None, body - 2),
            // Too long for the short form, too short for the long one: an origin takes three bytes.
            (Generation::Modern, 258..=260) => (Some(1), body - 5),
            (Generation::Modern, 261..) => (None, body - 5),
            (Generation::LegacyA | Generation::LegacyB, 1..) => (None, body),
            _ => panic!("no record has {total} bytes"),
        }
    }

    fn noise(&mut self, length: usize) -> Vec<u8> {
        let mut step = || {
            self.noise ^= self.noise << 13;
            self.noise ^= self.noise >> 7;
            self.noise ^= self.noise << 17;
            (self.noise >> 32) as u8
        };
        (0..length).map(|_| step()).collect()
    }

    /// Fills with noise until the next record starts exactly `before` bytes before the next end of a page or segment
    /// that can be reached so.
    ///
    /// # Panics
    /// Where no record can start there: `before` is not aligned, is larger than a page's data, or (up to 9.2) smaller
    /// than a record's header.
    pub fn skip_to(&mut self, before: u64, end: FillEnd) {
        self.skip(before, end, false);
    }

    /// As [`Builder::skip_to`], with zeros.
    pub fn skip_to_with_zeros(&mut self, before: u64, end: FillEnd) {
        self.skip(before, end, true);
    }

    fn skip(&mut self, before: u64, end: FillEnd, zeros: bool) {
        let (page, segment) = (self.layout.page.bytes(), self.layout.segment.bytes());
        let room = before.is_multiple_of(self.layout.align_bytes()) && before >= self.layout.start_room() as u64;
        assert!(
            room && before <= page - self.layout.long_header() as u64 - 4,
            "no record starts {before} bytes before an end"
        );
        let least = self.layout.record_header() as u64 + 8;
        loop {
            self.make_room();
            let step = if end == FillEnd::Page { page } else { segment };
            let mut target = (self.offset / step + 1) * step - before;
            if target != self.offset && self.data_between(target) < Some(least) && target + step < segment {
                target += step;
            }
            if target == self.offset {
                return;
            }
            match self.data_between(target) {
                Some(total) if total > STRIDE + least => self.fill(STRIDE, zeros),
                Some(total) if total >= least => self.fill(total, zeros),
                // Not to be reached on this page, or in this segment: on to the next.
                _ => self.fill(least + page.min(segment - self.offset), zeros),
            };
        }
    }

    fn fill(&mut self, total: u64, zeros: bool) -> Lsn {
        if zeros { self.zero_filler(total) } else { self.filler(total) }
    }

    /// Bytes of one record that would start here and end at `target`, an offset in this segment; `None` where that lies
    /// behind.
    fn data_between(&self, target: u64) -> Option<u64> {
        let page = self.layout.page.bytes();
        let continuation = if self.layout.dialect.generation == Generation::LegacyA { 4 } else { 0 };
        let headers =
            (target / page).saturating_sub(self.offset / page) * (self.layout.short_header() as u64 + continuation);
        target.checked_sub(self.offset)?.checked_sub(headers)
    }

    /// The checkpoint that a server writes when it stops.
    pub fn checkpoint_shutdown(&mut self) -> Lsn {
        self.checkpoint(self.timeline)
    }

    /// `CHECKPOINT_SHUTDOWN` whose redo position is its own start, and which opens the current timeline.
    pub(crate) fn checkpoint(&mut self, previous: pgwal_format::TimelineId) -> Lsn {
        self.make_room();
        let (e, at) = (self.layout.endian, self.facts.checkpoint_timeline);
        let mut main = vec![0; self.facts.checkpoint.on(self.layout.align)];
        main[..8].copy_from_slice(&lsn_bytes(&self.layout, self.position()));
        main[at..at + 4].copy_from_slice(&e.put_u32(self.timeline.0));
        if self.facts.names_previous {
            main[at + 4..at + 8].copy_from_slice(&e.put_u32(previous.0));
        }
        self.record(&Rec { rmid: rmgr::XLOG, info: xlog::CHECKPOINT_SHUTDOWN, main: &main, ..Rec::default() })
    }

    /// A commit without invalidations, files or subtransactions. `micros` are since 2000-01-01 UTC; 8.2 keeps seconds.
    pub fn commit(&mut self, xid: u32, micros: i64) -> Lsn {
        let e = self.layout.endian;
        let mut main = vec![0; self.facts.commit.on(self.layout.align)];
        if self.facts.unix_commit_time {
            let seconds = micros.div_euclid(1_000_000) + 946_684_800;
            match self.layout.align {
                Align::Eight => main[..8].copy_from_slice(&e.put_u64(seconds as u64)),
                Align::Four => main[..4].copy_from_slice(&e.put_u32(seconds as u32)),
            }
        } else {
            main[..8].copy_from_slice(&e.put_u64(micros as u64));
        }
        self.record(&Rec { rmid: rmgr::TRANSACTION, info: xact::COMMIT, xid, main: &main, ..Rec::default() })
    }
}
