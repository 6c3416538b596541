//! Reads a good segment as its bytes arrive, window by window, so that they are looked at while they are still in the
//! processor's cache.
//!
//! Nearly every segment is good, and nearly all time is spent here. A stream knows only what is right: pages that
//! follow each other, whole records, records over pages, a switch with zeros behind it. At the first thing that is
//! anything else it declines, and [`crate::scan`] reads the segment again: what is wrong is said in one place only.
//! Where a stream does not decline, its run is equal to that of `scan`; a test holds the two against each other.

use crate::Fold;
use crate::begin::{Begin, Link};
use crate::expect::{KEEP, ScanExpect};
use crate::head::{Continuation, Head};
use crate::open::Open;
use crate::run::{Run, Tail};
use crate::slack::first_non_zero;
use pgwal_crc::castagnoli::{self, Engine};
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::rmgr::xlog::overwritten;
use pgwal_format::{Endian, Generation, Layout, Lsn, TimelineId};
use std::ops::Range;

/// A segment of 9.5 or later, little-endian, that is right so far.
pub struct Stream<'a, F> {
    x: ScanExpect<'a>,
    fold: F,
    /// Offset of the first byte that is read, and of the one behind the last.
    part: Range<usize>,
    /// Offset of the next byte.
    seen: usize,
    state: StreamState,
    head: Head,
    first: Option<Link>,
    last: Option<Lsn>,
    end: usize,
    timeline: TimelineId,
    first_timeline: TimelineId,
    /// A buffer for the record that crosses pages.
    kept: Vec<u8>,
    /// Bytes of it that are kept, once its beginning tells.
    keep: Option<usize>,
}

/// Bytes of a body that tell what its record touches, in nearly all records.
const BEGINNING: usize = 256;

enum StreamState {
    /// Records follow.
    Records,
    /// The rest of the record begun before the segment follows.
    Rest(Continuation),
    /// The rest of this record follows.
    Open(Open),
    /// Zeros follow; the switch ends here.
    Switched(usize),
}

/// The segment is not one that a stream can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declined;

impl<'a, F: Fold> Stream<'a, F> {
    /// Whether a stream can read segments of this layout.
    pub fn reads(layout: &Layout) -> bool {
        layout.dialect.generation == Generation::Modern && layout.endian == Endian::Little
    }

    /// Begins a segment. Gives the fold back for layouts other than those of 9.5 and later on little-endian servers.
    pub fn new(expect: ScanExpect<'a>, fold: F) -> Result<Stream<'a, F>, F> {
        let size = expect.layout.segment.bytes() as usize;
        Stream::part(expect, fold, 0..size)
    }

    /// Begins a part of a segment, given by the offsets of its pages: its run is joined to those of the other parts as
    /// the runs of segments are ([`Run::join`], [`Chain`](crate::Chain)).
    pub fn part(expect: ScanExpect<'a>, fold: F, part: Range<usize>) -> Result<Stream<'a, F>, F> {
        if !Stream::<F>::reads(expect.layout) {
            return Err(fold);
        }
        Ok(Stream {
            x: ScanExpect { keep: expect.keep.max(KEEP), ..expect },
            fold,
            seen: part.start,
            end: part.start,
            part,
            state: StreamState::Records,
            head: Head::Record,
            first: None,
            last: None,
            timeline: TimelineId(0),
            first_timeline: TimelineId(0),
            kept: Vec::new(),
            keep: None,
        })
    }

    /// Goes on with whole pages.
    pub fn push(&mut self, window: &[u8]) -> Result<(), Declined> {
        let size = self.x.layout.page.bytes() as usize;
        for page in window.chunks(size) {
            if page.len() != size || self.seen >= self.part.end {
                return Err(Declined);
            }
            self.page(page).ok_or(Declined)?;
            self.seen += size;
        }
        Ok(())
    }

    /// The run of the whole segment, or of the part; the fold where it was not seen whole.
    pub fn finish(mut self) -> Result<Run<F>, F> {
        let layout = self.x.layout;
        if self.seen != self.part.end {
            return Err(self.fold);
        }
        let begins = match (&self.first, &self.state) {
            (Some(first), _) => Some(Begin { lsn: first.lsn, prev: Some(first.prev) }),
            (None, StreamState::Open(open)) => Some(open.begin(layout)),
            (None, _) => None,
        };
        let tail = match self.state {
            StreamState::Records => Tail::Clean,
            StreamState::Rest(rest) => {
                self.head = Head::Rest(rest);
                Tail::Clean
            }
            StreamState::Open(open) => Tail::Open(open),
            StreamState::Switched(at) => Tail::Switched { at: at_offset(&self.x, at) },
        };
        Ok(Run {
            from: at_offset(&self.x, self.part.start),
            to: at_offset(&self.x, self.seen),
            head: self.head,
            begins,
            first: self.first,
            last: self.last,
            end: at_offset(&self.x, self.end),
            acc: self.fold,
            tail,
            damages: Vec::new(),
            more_damages: 0,
            slack: Vec::new(),
            first_timeline: Some(self.first_timeline),
            last_timeline: Some(self.timeline),
        })
    }

    fn page(&mut self, page: &[u8]) -> Option<()> {
        if let StreamState::Switched(_) = self.state {
            return first_non_zero(page).is_none().then_some(());
        }
        let layout = self.x.layout;
        let at = at_offset(&self.x, self.seen);
        let header = layout.page_header(page);
        layout.check_page(&header, at, self.seen == 0, self.x.system_id).ok()?;
        let highest = self.x.timeline.unwrap_or(header.timeline);
        let in_order = header.timeline >= self.timeline && header.timeline <= highest && header.timeline.0 > 0;
        let plain = header.info & layout.dialect.page.overwrite == 0 && (header.continues() || header.rem_len == 0);
        let padded = layout.page_pad().is_none_or(|pad| page.get(pad).is_some_and(|b| b == [0; 4]));
        if !in_order || !plain || !padded {
            return None;
        }
        self.timeline = header.timeline;
        if self.seen == self.part.start {
            self.first_timeline = header.timeline;
            if header.continues() {
                let rest = Continuation {
                    rem_len: header.rem_len,
                    got: 0,
                    kept: Vec::new(),
                    crc: 0,
                    end: None,
                    at_seam: false,
                    aborted: false,
                };
                self.state = StreamState::Rest(rest);
            }
        }
        let pos = match std::mem::replace(&mut self.state, StreamState::Records) {
            StreamState::Records if !header.continues() => header.data,
            StreamState::Rest(rest) if header.continues() => self.rest(page, header.data, header.rem_len, rest)?,
            StreamState::Open(open) if header.continues() => self.go_on(page, header.data, header.rem_len, open)?,
            _ => return None,
        };
        if pos < page.len() && matches!(self.state, StreamState::Records) { self.records(page, pos) } else { Some(()) }
    }

    /// The rest of the record begun before the segment; returns where it ends.
    fn rest(&mut self, page: &[u8], data: usize, rem_len: u32, mut rest: Continuation) -> Option<usize> {
        let missing = u64::from(rest.rem_len).checked_sub(rest.got).filter(|&m| m > 0 && m == u64::from(rem_len))?;
        let part = page.get(data..)?;
        let part = part.get(..part.len().min(missing as usize))?;
        let (kept, summed) = part.split_at(self.x.keep.saturating_sub(rest.kept.len()).min(part.len()));
        rest.kept.extend_from_slice(kept);
        if !summed.is_empty() {
            rest.crc = self.x.layout.append(rest.crc, summed);
        }
        rest.got += part.len() as u64;
        if rest.got < u64::from(rest.rem_len) {
            self.state = StreamState::Rest(rest);
            return Some(page.len());
        }
        let next = self.padded(page, data + part.len())?;
        rest.end = Some(at_offset(&self.x, self.seen + next));
        self.head = Head::Rest(rest);
        self.end = self.seen + next;
        Some(next)
    }

    /// The rest of a record begun in the segment; returns where it ends.
    fn go_on(&mut self, page: &[u8], data: usize, rem_len: u32, mut open: Open) -> Option<usize> {
        let missing = open.missing();
        if missing != u64::from(rem_len) {
            return None;
        }
        let part = page.get(data..)?;
        let part = part.get(..part.len().min(missing as usize))?;
        self.feed(&mut open, part)?;
        if open.missing() > 0 {
            self.state = StreamState::Open(open);
            return Some(page.len());
        }
        let header = open.check(self.x.layout).ok()?;
        let next = self.padded(page, data + part.len())?;
        self.took(open.start, self.seen + next, &header, &open.kept);
        self.kept = open.kept;
        Some(next)
    }

    /// Adds bytes to a record, and looks at its header as soon as that is complete.
    fn feed(&mut self, open: &mut Open, part: &[u8]) -> Option<()> {
        let layout = self.x.layout;
        let had = open.has_header(layout);
        let body = open.feed_header(layout, part);
        if !had {
            self.keep = None;
            if open.has_header(layout) {
                let header = open.header(layout)?;
                layout.check_header(&header).ok()?;
                let linked = self.last.map_or(header.prev < open.start, |last| header.prev == last);
                if !linked {
                    return None;
                }
            }
        }
        let kept = open.keep(body, self.keep.unwrap_or(BEGINNING.min(self.x.keep)));
        if self.keep.is_none() && open.kept.len() >= BEGINNING {
            self.keep = Some(self.needed(open)?);
        }
        open.keep(body.get(kept..)?, self.keep.unwrap_or(0));
        open.sum(layout, body);
        Some(())
    }

    /// Bytes to keep of a record of which the beginning is kept.
    fn needed(&self, open: &Open) -> Option<usize> {
        let layout = self.x.layout;
        let (lsn, header) = (open.start, open.header(layout)?);
        let record = Record { lsn, end: lsn, header, body: &open.kept, layout };
        Some(if self.fold.needs_rest(&record) { self.x.keep } else { open.kept.len() })
    }

    /// The records that start on a page.
    fn records(&mut self, page: &[u8], pos: usize) -> Option<()> {
        let layout = self.x.layout;
        let from = pos;
        let mut pos = self.hot(page, pos);
        loop {
            // The last record ended with the page before, not behind this one's header.
            if pos > from || self.seen == self.part.start {
                self.end = self.seen + pos;
            }
            let rest = page.get(pos..)?;
            if rest.is_empty() {
                return Some(());
            }
            let tot_len = layout.total_length(rest) as usize;
            if tot_len < 24 {
                return None;
            }
            if tot_len > rest.len() {
                let mut open =
                    Open::new(at_offset(&self.x, self.seen + pos), tot_len as u32, std::mem::take(&mut self.kept));
                open.kept.clear();
                self.feed(&mut open, rest)?;
                self.state = StreamState::Open(open);
                return Some(());
            }
            // The first record of the segment, or a switch: what the loop above leaves over.
            let (whole, body) = (rest.get(..tot_len)?, rest.get(24..tot_len)?);
            let header = layout.record_header_at(whole)?;
            let start = at_offset(&self.x, self.seen + pos);
            let linked = self.last.map_or(header.prev < start, |last| header.prev == last);
            layout.check_header(&header).ok()?;
            if !linked || layout.checksum(whole.get(..24)?, body) != header.crc || !layout.modern_shape_holds(body) {
                return None;
            }
            let next = self.padded(page, pos + tot_len)?;
            self.took(start, self.seen + next, &header, body);
            if header.is_switch() {
                return first_non_zero(page.get(next..)?).is_none().then_some(());
            }
            pos = self.hot(page, next);
        }
    }

    /// Takes nearly all records: whole on their page, none of them the first of the segment or a switch. Returns where
    /// it stopped.
    fn hot(&mut self, page: &[u8], pos: usize) -> usize {
        castagnoli::run(Hot { stream: self, page, pos })
    }

    /// Hands a record on that ends before `next`.
    fn took(&mut self, lsn: Lsn, next: usize, header: &RecordHeader, body: &[u8]) {
        let layout = self.x.layout;
        let end = if header.is_switch() { layout.segment.bytes() as usize } else { next };
        let record = Record { lsn, end: at_offset(&self.x, end), header: *header, body, layout };
        if self.first.is_none() {
            self.first = Some(Link { lsn, prev: header.prev, linked: true, overwrites: overwritten(&record) });
        }
        if self.fold.wants(header) {
            self.fold.record(&record)
        } else {
            self.fold.pass(header)
        }
        self.last = Some(lsn);
        self.end = next;
        if header.is_switch() {
            self.state = StreamState::Switched(next);
        }
    }

    /// The aligned end of a record, where its padding is zero.
    fn padded(&self, page: &[u8], end: usize) -> Option<usize> {
        let next = self.x.layout.align_up(end as u64) as usize;
        first_non_zero(page.get(end..next)?).is_none().then_some(next)
    }
}

/// The loop in which nearly all time is spent.
struct Hot<'s, 'a, 'b, F> {
    stream: &'s mut Stream<'a, F>,
    page: &'b [u8],
    pos: usize,
}

impl<F: Fold> castagnoli::Task for Hot<'_, '_, '_, F> {
    type Output = usize;

    #[inline(always)]
    fn run(self, engine: Engine) -> usize {
        let Hot { stream, page, mut pos } = self;
        let layout = stream.x.layout;
        let Some(mut last) = stream.last else { return pos };
        let align = layout.align_bytes() as usize - 1;
        let start = stream.x.start.get() + stream.seen as u64;
        let custom = if layout.dialect.custom_rmgrs { 128u16 } else { 256 };
        let rmgr_max = layout.dialect.rmgr_max;
        while let Some(rest) = page.get(pos..)
            && let Some(bytes) = rest.first_chunk::<24>()
        {
            let header = layout.modern_header_le(bytes);
            let len = header.tot_len as usize;
            let (Some(body), Some(checked)) = (rest.get(24..len), bytes.first_chunk::<20>()) else { break };
            let known = header.rmid <= rmgr_max || u16::from(header.rmid) >= custom;
            if header.prev != last || !known || header.is_switch() {
                break;
            }
            if engine.record(checked, body) != header.crc || !layout.modern_shape_holds(body) {
                break;
            }
            let end = pos + len;
            let next = (end + align) & !align;
            // The padding is the top of the eight bytes that end where the next record starts. Shifted in two steps: 64
            // at once is no shift.
            let Some(word) = page.get(next - 8..next).and_then(|b| b.first_chunk()) else { break };
            if u64::from_le_bytes(*word) >> (56 - 8 * (next - end)) >> 8 != 0 {
                break;
            }
            last = Lsn::new(start + pos as u64);
            if stream.fold.wants(&header) {
                let record = Record { lsn: last, end: at_offset(&stream.x, stream.seen + next), header, body, layout };
                stream.fold.record(&record);
            } else {
                stream.fold.pass(&header);
            }
            pos = next;
        }
        stream.last = Some(last);
        pos
    }
}

fn at_offset(x: &ScanExpect<'_>, offset: usize) -> Lsn {
    let layout: &Layout = x.layout;
    let lsn = x.start.plus_within(offset as u64);
    if offset as u64 >= layout.segment.bytes() { layout.address().normal(lsn, layout.segment) } else { lsn }
}
