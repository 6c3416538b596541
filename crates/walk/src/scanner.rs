//! A scan of a segment: how far it is, what it came to so far, and what each of its parts needs.

use crate::Fold;
use crate::begin::{Begin, Link};
use crate::expect::{KEEP, ScanExpect};
use crate::fault::{Damage, Fault, MANY};
use crate::open::Open;
use crate::slack::Slack;
use pgwal_format::page::{PageFault, PageHeader};
use pgwal_format::record::RecordHeader;
use pgwal_format::{Generation, Lsn, TimelineId};

/// Bytes of checksums that all searches of a segment may compute, as a multiple of it.
pub(crate) const EFFORT: u64 = 4;

/// What to do next.
pub(crate) enum ScanStep {
    /// A record (or page) begins at this offset.
    At(usize),
    /// No record starts in this segment.
    Through,
    /// The bytes end before the segment does; `Some` with a record begun.
    Cut,
    /// The end of the segment inside a record.
    Open(Open),
    /// The last record ends with the segment.
    Clean,
    /// A switch ends here.
    Switched(usize),
    /// A record cannot be read.
    Lost(Loss),
}

impl ScanStep {
    pub(crate) fn lost_before(page: usize, fault: Fault) -> ScanStep {
        ScanStep::Lost(Loss { record: 0, before: true, page: Some(page), end: page, missing: 0, fault })
    }
}

/// A record that cannot be read.
#[derive(Clone, Copy)]
pub(crate) struct Loss {
    /// Offset of the record; of the first page where it was begun before.
    pub record: usize,
    /// It was begun before the segment.
    pub before: bool,
    /// Offset of the page at fault.
    pub page: Option<usize>,
    /// Offset of the end of the bytes at fault.
    pub end: usize,
    /// Bytes of the record that were still to come.
    pub missing: u64,
    pub fault: Fault,
}

/// The next record.
#[derive(Clone, Copy)]
pub(crate) struct NextRecord {
    pub offset: usize,
    pub prev: Lsn,
    /// It goes on behind the segment, so that only its looks speak for it as yet.
    pub open: bool,
}

pub(crate) struct Scanner<'a, F: Fold> {
    pub(crate) x: ScanExpect<'a>,
    pub(crate) bytes: &'a [u8],
    pub(crate) page: usize,
    pub(crate) size: usize,
    pub(crate) last: Option<Lsn>,
    pub(crate) timeline: TimelineId,
    pub(crate) begins: Option<Begin>,
    pub(crate) first: Option<Link>,
    pub(crate) first_timeline: Option<TimelineId>,
    pub(crate) fold: F,
    pub(crate) scratch: Vec<u8>,
    pub(crate) damages: Vec<Damage<F::Mark>>,
    pub(crate) more_damages: u64,
    pub(crate) slack: Vec<Slack>,
    pub(crate) end: usize,
    pub(crate) lost_before_first: bool,
    pub(crate) aborted: Option<Lsn>,
    pub(crate) overwritten_page: bool,
    /// Try whether a record is right when what pages say of its rest is ignored.
    pub(crate) trust_record: bool,
    /// Bytes of checksums that may still be computed to find records behind damage.
    pub(crate) effort: u64,
}

impl<'a, F: Fold> Scanner<'a, F> {
    pub(crate) fn new(bytes: &'a [u8], mut x: ScanExpect<'a>, fold: F) -> Self {
        let size = x.layout.segment.bytes() as usize;
        x.keep = if x.layout.dialect.generation == Generation::Modern { x.keep.max(KEEP) } else { usize::MAX };
        Scanner {
            x,
            bytes: bytes.get(..size).unwrap_or(bytes),
            page: x.layout.page.bytes() as usize,
            size,
            last: None,
            timeline: TimelineId(0),
            begins: None,
            first: None,
            first_timeline: None,
            fold,
            scratch: Vec::new(),
            damages: Vec::new(),
            more_damages: 0,
            slack: Vec::new(),
            end: 0,
            lost_before_first: false,
            aborted: None,
            overwritten_page: false,
            trust_record: false,
            effort: EFFORT * size as u64,
        }
    }

    /// Checks the header of a page, its timeline included, and remembers the timeline.
    pub(crate) fn enter(&mut self, page: usize) -> Result<PageHeader, PageFault> {
        let header = self.peek(page, self.timeline)?;
        self.timeline = header.timeline;
        self.first_timeline.get_or_insert(header.timeline);
        if !header.continues() && header.rem_len != 0 {
            self.rem_len_of_nothing(page);
        }
        self.slack_of_header(page);
        Ok(header)
    }

    /// Checks the header of a page whose predecessor is of timeline `after`.
    #[inline]
    pub(crate) fn peek(&self, page: usize, after: TimelineId) -> Result<PageHeader, PageFault> {
        let layout = self.x.layout;
        let header = layout.page_header(self.bytes.get(page..).unwrap_or(&[]));
        layout.check_page(&header, self.lsn(page), page == 0, self.x.system_id)?;
        if self.overwrites(&header) && header.continues() {
            // One says that the rest of a record is here, the other that it never will be. No server writes both.
            return Err(PageFault::Info { found: header.info });
        }
        // A timeline that is too high is noticed at the next page, as by a server; see `blame`. One that is none of
        // the history is noticed at once (`tliInHistory`).
        if header.timeline < after || header.timeline.0 == 0 {
            return Err(PageFault::Timeline { found: header.timeline, after });
        }
        let own = self.x.timeline.filter(|own| header.timeline > *own && !self.x.history.is_empty());
        if let Some(own) = own.filter(|_| !self.x.history.contains(&header.timeline)) {
            return Err(PageFault::Timeline { found: header.timeline, after: own });
        }
        Ok(header)
    }

    /// The page begins with a record in the place of the rest of an aborted one.
    pub(crate) fn overwrites(&self, header: &PageHeader) -> bool {
        header.info & self.x.layout.dialect.page.overwrite != 0
    }

    #[inline(always)]
    pub(crate) fn check_prev(&self, pos: usize, header: &RecordHeader, last: Option<Lsn>) -> Result<(), Fault> {
        let fits = match last {
            Some(last) => header.prev == last,
            None => header.prev < self.lsn(pos),
        };
        if fits { Ok(()) } else { Err(Fault::PrevLink { found: header.prev, expected: last }) }
    }

    /// The data of a page.
    pub(crate) fn data(&self, page: usize, start: usize) -> &'a [u8] {
        let end = (page + self.page).min(self.bytes.len());
        self.bytes.get(page + start..end).unwrap_or(&[])
    }

    #[inline(always)]
    pub(crate) fn lsn(&self, offset: usize) -> Lsn {
        if offset >= self.size {
            let layout = self.x.layout;
            return layout.address().normal(self.x.start.plus_within(offset as u64), layout.segment);
        }
        self.x.start.plus_within(offset as u64)
    }

    pub(crate) fn damage(&mut self, loss: &Loss, found: Option<NextRecord>) {
        let no_record_yet = self.first.is_none();
        self.lost_before_first |= no_record_yet;
        self.begins = self.begins.or(found.map(|f| Begin { lsn: self.lsn(f.offset), prev: None }));
        self.overwritten_page = false;
        self.aborted = None;
        self.last = None;
        if self.damages.len() >= MANY {
            self.more_damages += 1;
            return;
        }
        self.damages.push(Damage {
            lsn: self.lsn(loss.record),
            begun_before: loss.before,
            at: self.lsn(loss.page.unwrap_or(loss.record)),
            fault: loss.fault,
            end: self.lsn(loss.end),
            until: found.map(|f| self.lsn(f.offset)),
            until_prev: found.map(|f| f.prev),
            before: self.fold.mark(),
        });
    }
}
