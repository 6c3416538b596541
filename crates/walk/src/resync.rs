//! Finds the next record behind a place that cannot be read.
//!
//! A record proves itself by its checksum, by a header that its version allows, and by naming as the record before it
//! one between the last good record and itself. Candidates are the start that a page header implies, then every aligned
//! position of the page. The work is bounded: however the bytes are made, no more than a few times the segment is
//! summed.

use crate::leftover::Page;
use crate::scanner::{Loss, NextRecord, Scanner};
use crate::slack::first_non_zero;
use crate::split::Split;
use crate::{Fault, Fold};
use pgwal_format::page::PageFault;
use pgwal_format::{Lsn, TimelineId};

/// What a server can hold in memory, and so read (`MaxAllocSize`).
const LONGEST: u64 = (1 << 30) - 1;

struct Search {
    /// The least position that a record's link may name.
    lower: Lsn,
    /// Pages of timelines older than this one are leftovers.
    timeline: TimelineId,
    effort: u64,
    fallback: Option<NextRecord>,
    /// The page at hand is an older segment's, as recycled files hold them: what leaves it has nothing to speak for it.
    recycled: bool,
    /// The page whose word on how much of a record is still to come is what was found wrong.
    doubted: Option<usize>,
}

impl<F: Fold> Scanner<'_, F> {
    pub(crate) fn resync(&mut self, loss: &Loss) -> Option<NextRecord> {
        // A page at fault may hold whole records, from its first one on; a record at fault is not looked at again.
        let step = self.x.layout.align_bytes() as usize;
        let too_high = matches!(loss.fault, Fault::Page(PageFault::Timeline { after, .. }) if self.x.timeline.is_some_and(|own| after > own));
        let from = match loss.page {
            Some(page) if loss.before => page,
            Some(page) if loss.record >= page && !too_high => loss.record,
            _ => loss.record + step,
        };
        let mut search = Search {
            lower: self.last.unwrap_or(Lsn::ZERO),
            timeline: self.timeline,
            effort: self.effort,
            fallback: None,
            recycled: false,
            doubted: loss
                .page
                .filter(|_| matches!(loss.fault, Fault::ContrecordLength { .. } | Fault::UnexpectedContrecord { .. })),
        };
        let mut found = self.search(from, self.bytes.len(), &mut search).or(search.fallback);
        if let Some(first) = found {
            // WAL goes on there for sure, so pages of an older timeline before it are damaged rather than left over.
            search.timeline = TimelineId(0);
            search.fallback = None;
            let mut earliest = self.search(from, first.offset, &mut search).unwrap_or(first);
            // A record that a proven one names proves itself by its checksum alone, also on a page whose header is bad.
            while let Some(offset) = self.offset_of(earliest.prev).filter(|&offset| offset >= from)
                && let Some(earlier) = self.prove(offset, Lsn::ZERO, &mut search)
            {
                earliest = earlier;
            }
            found = Some(earliest);
        }
        self.effort = search.effort;
        found
    }

    fn offset_of(&self, lsn: Lsn) -> Option<usize> {
        let offset = usize::try_from(lsn.get().checked_sub(self.x.start.get())?).ok()?;
        (offset < self.size).then_some(offset)
    }

    fn search(&self, from: usize, to: usize, search: &mut Search) -> Option<NextRecord> {
        let layout = self.x.layout;
        let step = layout.align_bytes() as usize;
        let mut page = from - from % self.page;
        while page < to {
            let end = (page + self.page).min(self.bytes.len());
            let bytes = self.bytes.get(page..end).unwrap_or(&[]);
            if first_non_zero(bytes).is_none() {
                page += self.page;
                continue;
            }
            let header = layout.page_header(bytes);
            let good = layout.check_page(&header, self.lsn(page), page == 0, self.x.system_id).is_ok();
            if good && header.timeline < search.timeline && header.timeline.0 > 0 {
                page += self.page;
                continue;
            }
            search.recycled = matches!(self.look(page), Page::Recycled);
            let lower = if good { search.lower } else { search.lower.max(self.x.start) };
            let mut first = layout.align_up(header.data.min(self.page) as u64) as usize + page;
            if !good {
                first = page + layout.short_header();
            }
            let implied = page + layout.align_up(header.data as u64 + u64::from(header.rem_len)) as usize;
            if good
                && implied >= from
                && implied > page
                && implied < end.min(to)
                && let Some(found) = self.prove(implied, lower, search)
            {
                return Some(found);
            }
            // What a good page marks as the rest of a record holds no other record, unless that record is the damage.
            let skip = if good && header.continues() && page > from && search.doubted != Some(page) {
                implied.min(end)
            } else {
                first
            };
            let mut pos = skip.max(from).max(first);
            while pos < end.min(to) {
                if let Some(found) = self.prove(pos, lower, search) {
                    return Some(found);
                }
                pos += step;
            }
            page += self.page;
        }
        None
    }

    /// Whether a record stands at `pos`.
    fn prove(&self, pos: usize, lower: Lsn, search: &mut Search) -> Option<NextRecord> {
        let layout = self.x.layout;
        let page_end = (pos - pos % self.page + self.page).min(self.bytes.len());
        let rest = self.bytes.get(pos..page_end).filter(|rest| rest.len() >= layout.start_room())?;
        let tot_len = u64::from(layout.total_length(rest));
        let fits = |prev: Lsn| prev >= lower && prev < self.lsn(pos);
        if !(layout.record_header() as u64..=LONGEST).contains(&tot_len) {
            return None;
        }
        if let Some(header) = layout.record_header_at(rest)
            && (!fits(header.prev) || layout.check_header(&header).is_err())
        {
            return None;
        }
        if tot_len > rest.len() as u64 && page_end < self.bytes.len() {
            // What merely looks like a length is told here, before it counts as effort.
            let next = layout.page_header(self.bytes.get(page_end..).unwrap_or(&[]));
            if !next.continues() || u64::from(next.rem_len) != tot_len - rest.len() as u64 {
                return None;
            }
        }
        search.effort = search.effort.checked_sub(tot_len.min(self.size as u64))?;
        if let Some(whole) = rest.get(..tot_len as usize) {
            let header = layout.record_header_at(rest)?;
            let (head, body) = whole.split_at_checked(layout.record_header())?;
            return (layout.checksum(head, body) == header.crc).then_some(NextRecord {
                offset: pos,
                prev: header.prev,
                open: false,
            });
        }
        let mut kept = Vec::new();
        match self.split_after(pos, &mut kept, None, search.timeline) {
            Split::Whole { header, .. } if fits(header.prev) => {
                Some(NextRecord { offset: pos, prev: header.prev, open: false })
            }
            Split::Open { open, .. } => {
                let prev = open.header(layout)?.prev;
                if fits(prev) && !search.recycled && search.fallback.is_none() {
                    search.fallback = Some(NextRecord { offset: pos, prev, open: true });
                }
                None
            }
            _ => None,
        }
    }
}
