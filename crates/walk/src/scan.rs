//! Scans one segment alone.

use crate::begin::{Begin, Link};
use crate::expect::{RecordBoundary, ScanExpect};
use crate::fault::{Damage, Fault};
use crate::head::Head;
use crate::run::{Run, Stop, Tail};
use crate::scanner::{Loss, ScanStep, Scanner};
use crate::slack::SlackKind;
use crate::split::Split;
use crate::{Fold, Rest};
use pgwal_format::page::PageFault;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Endian, Generation};

/// Scans a segment: `bytes` from its first byte on. Fewer bytes than the segment has are read as far as they go; more
/// are left alone. Never fails: what is wrong is in the result.
pub fn scan<F: Fold>(bytes: &[u8], expect: ScanExpect<'_>, fold: F) -> Run<F> {
    Scanner::new(bytes, expect, fold).run()
}

/// Scans the rest of a segment that was scanned up to a place, when it had fewer bytes. Of `bytes` before the page of
/// that place nothing is looked at. The head of the run means nothing.
pub fn scan_on<F: Fold>(bytes: &[u8], expect: ScanExpect<'_>, fold: F, place: RecordBoundary) -> Run<F> {
    let mut scanner = Scanner::new(bytes, expect, fold);
    (scanner.last, scanner.timeline, scanner.first_timeline) = (place.last, place.timeline, Some(place.timeline));
    scanner.end = place.offset;
    scanner.go_on(Head::Record, ScanStep::At(place.offset))
}

impl<F: Fold> Scanner<'_, F> {
    fn run(mut self) -> Run<F> {
        let (head, step) = self.begin();
        self.go_on(head, step)
    }

    fn go_on(mut self, head: Head, mut step: ScanStep) -> Run<F> {
        let tail = loop {
            step = match step {
                ScanStep::At(offset) => self.records(offset),
                ScanStep::Lost(loss) => {
                    let loss = self.blame(loss);
                    match self.resync(&loss) {
                        Some(found) => {
                            self.damage(&loss, Some(found));
                            if found.open { self.tentative(found.offset) } else { ScanStep::At(found.offset) }
                        }
                        None => match self.split_switch(&head, &loss) {
                            Some(at) => ScanStep::Switched(at),
                            None => break self.stop(&loss),
                        },
                    }
                }
                ScanStep::Clean => break Tail::Clean,
                ScanStep::Through => break Tail::Clean,
                ScanStep::Open(mut open) => {
                    self.begins.get_or_insert(open.begin(self.x.layout));
                    open.overwrites = self.aborted.filter(|_| self.overwritten_page);
                    break Tail::Open(open);
                }
                ScanStep::Switched(at) => {
                    self.after_switch(at);
                    break Tail::Switched { at: self.lsn(at) };
                }
                ScanStep::Cut => {
                    let at = self.bytes.len();
                    let before = self.first.is_none() && matches!(&head, Head::Rest(rest) if rest.end.is_none());
                    // Cut exactly between pages: the next record would start behind the next page's header.
                    let header =
                        if self.end == at && at.is_multiple_of(self.page) { self.x.layout.short_header() } else { 0 };
                    let loss = Loss {
                        record: self.end + header,
                        before,
                        page: Some(at),
                        end: self.size,
                        missing: 0,
                        fault: Fault::CutOff,
                    };
                    break self.stop(&loss);
                }
            };
        };
        let tail = self.too_high(&head, tail);
        let layout = self.x.layout;
        Run {
            from: self.x.start,
            to: layout.address().normal(self.x.start.plus_within(self.size as u64), layout.segment),
            head,
            begins: self.begins,
            first: self.first,
            last: self.last,
            end: self.lsn(self.end),
            acc: self.fold,
            tail,
            damages: self.damages,
            more_damages: self.more_damages,
            slack: self.slack,
            first_timeline: self.first_timeline,
            last_timeline: self.first_timeline.map(|_| self.timeline),
        }
    }

    /// The last page claims a timeline that this file cannot have. A server notices at the next page, in the next file.
    fn too_high(&mut self, head: &Head, tail: Tail) -> Tail {
        let Some(own) = self.x.timeline.filter(|own| self.timeline > *own) else { return tail };
        let claimed =
            |page: usize| self.x.layout.page_header(self.bytes.get(page..).unwrap_or(&[])).timeline == self.timeline;
        let page = (0..self.bytes.len()).step_by(self.page).rev().find(|&page| claimed(page)).unwrap_or(0);
        let fault = Fault::Page(PageFault::Timeline { found: own, after: self.timeline });
        let lsn = match &tail {
            Tail::Open(open) => open.start,
            Tail::Stopped(stop) => stop.lsn,
            _ => self.lsn(self.size).plus_within(self.x.layout.long_header() as u64),
        };
        let (last, before) = (self.last, self.fold.mark());
        self.timeline = own;
        self.first_timeline = self.first_timeline.map(|t| t.min(own));
        if matches!((head, &tail), (Head::Rest(rest), Tail::Clean) if rest.end.is_none()) {
            // The record that goes on through all of the segment ends here.
            let (lsn, at) = (self.x.start, self.lsn(page));
            return Tail::Stopped(Stop {
                lsn,
                begun_before: true,
                at,
                fault,
                end: lsn,
                rest: Rest::NOTHING,
                told: false,
            });
        }
        self.damages.push(Damage {
            lsn,
            begun_before: false,
            at: self.lsn(page),
            fault,
            end: lsn,
            until: None,
            until_prev: None,
            before,
        });
        self.last = last;
        tail
    }

    fn begin(&mut self) -> (Head, ScanStep) {
        if self.bytes.is_empty() {
            return (Head::Damaged, ScanStep::lost_before(0, Fault::CutOff));
        }
        match self.enter(0) {
            Err(fault) => (Head::Damaged, ScanStep::lost_before(0, Fault::Page(fault))),
            Ok(h) if self.overwrites(&h) => {
                self.overwritten_page = true;
                (Head::Overwrite, ScanStep::At(h.data))
            }
            Ok(h) if h.continues() => self.continuation(h),
            Ok(h) => (Head::Record, ScanStep::At(h.data)),
        }
    }

    /// Reads records one after another until something else is to be done.
    fn records(&mut self, mut pos: usize) -> ScanStep {
        let layout = self.x.layout;
        let room_needed = layout.start_room();
        let size = layout.record_header();
        loop {
            self.end = pos;
            if pos >= self.size {
                return ScanStep::Clean;
            }
            if pos >= self.bytes.len() {
                return ScanStep::Cut;
            }
            if pos.is_multiple_of(self.page) {
                match self.enter(pos) {
                    Err(fault) => return ScanStep::Lost(self.bad_page(pos, Fault::Page(fault))),
                    Ok(h) if h.continues() => {
                        let fault = Fault::UnexpectedContrecord { rem_len: h.rem_len };
                        let loss = self.bad_page(pos, fault);
                        // Behind a record that was given up for an announcement that does not come, that one is lost.
                        let record = self.aborted.map_or(loss.record, |lsn| lsn.minus_within(self.x.start) as usize);
                        return ScanStep::Lost(Loss { record, ..loss });
                    }
                    Ok(h) => {
                        self.overwritten_page = self.overwrites(&h);
                        pos += h.data;
                    }
                }
            }
            let page_end = (pos - pos % self.page + self.page).min(self.bytes.len());
            let page = self.bytes.get(..page_end).unwrap_or(self.bytes);
            while let Some(rest) = page.get(pos..).filter(|rest| rest.len() >= room_needed) {
                let Some(header) = layout.record_header_at(rest) else { break };
                let Some(whole) = rest.get(..header.tot_len as usize) else { break };
                if whole.len() < size {
                    break;
                }
                if let Err(fault) = self.check(pos, &header, whole) {
                    return ScanStep::Lost(Loss {
                        record: pos,
                        before: false,
                        page: None,
                        end: pos + whole.len(),
                        missing: 0,
                        fault,
                    });
                }
                if layout.dialect.generation == Generation::LegacyB {
                    self.slack_of_record(pos);
                }
                let end = pos + whole.len();
                let next = layout.align_up(end as u64) as usize;
                self.take(pos, next, &header, whole.get(size..).unwrap_or(&[]));
                self.last = Some(self.lsn(pos));
                if end != next {
                    self.padding(end, next);
                }
                pos = next;
                self.end = pos;
                if header.is_switch() {
                    return ScanStep::Switched(pos);
                }
            }
            let room = page_end - pos.min(page_end);
            if room == 0 {
                continue;
            }
            if room < room_needed {
                self.padding(pos, page_end);
                pos = page_end;
                continue;
            }
            let mut scratch = std::mem::take(&mut self.scratch);
            let split = self.split(pos, &mut scratch, self.last);
            self.scratch = scratch;
            match split {
                Split::Whole { header, end, timeline } => {
                    if layout.dialect.generation == Generation::LegacyB {
                        self.slack_of_record(pos);
                    }
                    self.slack_of_pages(pos, end);
                    let next = layout.align_up(end as u64) as usize;
                    self.padding(end, next);
                    self.timeline = timeline;
                    self.first_timeline.get_or_insert(timeline);
                    let scratch = std::mem::take(&mut self.scratch);
                    self.take(pos, next, &header, &scratch);
                    self.scratch = scratch;
                    self.last = Some(self.lsn(pos));
                    pos = next;
                    if header.is_switch() {
                        self.end = pos;
                        return ScanStep::Switched(pos);
                    }
                }
                Split::Open { open, timeline } => {
                    self.timeline = timeline;
                    self.first_timeline.get_or_insert(timeline);
                    self.slack_of_pages(pos, self.size);
                    return ScanStep::Open(open);
                }
                Split::Cut => return ScanStep::Cut,
                Split::Overwritten { page } => {
                    self.aborted = Some(self.lsn(pos));
                    pos = page;
                }
                Split::Lost(loss) => return ScanStep::Lost(loss),
            }
        }
    }

    /// Checks a record that lies whole on its page.
    #[inline(always)]
    fn check(&self, pos: usize, header: &RecordHeader, whole: &[u8]) -> Result<(), Fault> {
        let layout = self.x.layout;
        layout.check_header(header).map_err(Fault::Header)?;
        self.check_prev(pos, header, self.last)?;
        let (head, body) = whole.split_at(layout.record_header());
        let computed = layout.checksum(head, body);
        if computed != header.crc {
            return Err(Fault::Checksum { stored: header.crc, computed });
        }
        layout.shape(header, body, &mut |_| ()).map_err(Fault::Body)?;
        Ok(())
    }

    /// Hands a good record on.
    #[inline(always)]
    fn take(&mut self, pos: usize, next: usize, header: &RecordHeader, body: &[u8]) {
        let wanted = self.fold.wants(header);
        if wanted || self.first.is_none() || self.overwritten_page {
            let lsn = self.lsn(pos);
            // As for servers, a switch ends where its segment does.
            let end = self.lsn(if header.is_switch() { self.size } else { next });
            let record = Record { lsn, end, header: *header, body, layout: self.x.layout };
            let overwrites = pgwal_format::rmgr::xlog::overwritten(&record);
            if self.first.is_none() {
                self.begins.get_or_insert(Begin { lsn, prev: Some(header.prev) });
                self.first = Some(Link { lsn, prev: header.prev, linked: !self.lost_before_first, overwrites });
            }
            if let Some(aborted) = self.aborted.take().filter(|_| self.overwritten_page)
                && overwrites != Some(aborted)
            {
                let fault = Fault::OverwriteMismatch { found: overwrites, expected: aborted };
                let end = pos + header.tot_len as usize;
                self.damage(&Loss { record: pos, before: false, page: None, end, missing: 0, fault }, None);
            }
            if self.overwritten_page && overwrites.is_none() {
                // Servers look at the flag only where they miss the rest of a record.
                let byte = if self.x.layout.endian == Endian::Little { 2 } else { 3 };
                self.note(pos - pos % self.page + byte, SlackKind::PageHeader);
            }
            self.overwritten_page = false;
            if wanted {
                self.fold.record(&record);
                return;
            }
        }
        self.fold.pass(header);
    }

    fn bad_page(&self, page: usize, fault: Fault) -> Loss {
        let layout = self.x.layout;
        let header = if page == 0 { layout.long_header() } else { layout.short_header() };
        Loss { record: page + header, before: false, page: Some(page), end: page, missing: 0, fault }
    }

    /// A record at the end of the segment that only its looks speak for.
    fn tentative(&mut self, pos: usize) -> ScanStep {
        let mut kept = Vec::new();
        match self.split(pos, &mut kept, None) {
            Split::Open { mut open, timeline } => {
                self.timeline = timeline;
                self.first_timeline.get_or_insert(timeline);
                open.unproven = true;
                self.end = pos;
                ScanStep::Open(open)
            }
            Split::Lost(loss) => ScanStep::Lost(loss),
            _ => ScanStep::Cut,
        }
    }

    fn stop(&mut self, loss: &Loss) -> Tail {
        let rest = self.rest(loss);
        Tail::Stopped(Stop {
            lsn: self.lsn(loss.record),
            begun_before: loss.before,
            at: self.lsn(loss.page.unwrap_or(loss.record)),
            fault: loss.fault,
            end: self.lsn(loss.end),
            rest,
            told: false,
        })
    }
}
