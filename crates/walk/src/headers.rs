//! Page headers alone: what can be said of a segment without reading a record.

use crate::Fold;
use crate::begin::Begin;
use crate::expect::ScanExpect;
use crate::fault::{Damage, Fault, MANY};
use crate::run::Run;
use crate::slack::first_non_zero;
use pgwal_format::page::PageFault;
use pgwal_format::{Dialect, TimelineId};

/// Checks the page headers of a segment, and that each remaining length follows from the one before. Empty and older
/// pages are damage only where a good page follows: without records, nothing tells where WAL ends.
pub fn headers<A: Fold + Default>(bytes: &[u8], expect: ScanExpect<'_>) -> Run<A> {
    let layout = expect.layout;
    let page = layout.page.bytes() as usize;
    let mut run: Run<A> = Run::blank(expect.start, layout);
    // No record is looked for, so none is missed.
    run.begins = Some(Begin { lsn: expect.start, prev: None });
    let mut waiting: Vec<Damage<A::Mark>> = Vec::new();
    let mut timeline = TimelineId(0);
    let mut expected: Option<u64> = None;
    for (index, chunk) in bytes.chunks(page).enumerate() {
        let at = expect.start.plus_within((index * page) as u64);
        let header = layout.page_header(chunk);
        let mut fault = layout.check_page(&header, at, index == 0, expect.system_id).err().map(Fault::Page);
        if fault.is_none() && (header.timeline < timeline || expect.timeline.is_some_and(|t| header.timeline > t)) {
            fault = Some(Fault::Page(PageFault::Timeline { found: header.timeline, after: timeline }));
        }
        if fault.is_none() && header.continues() {
            let rem = u64::from(header.rem_len);
            fault =
                expected.filter(|&e| e != rem).map(|e| Fault::ContrecordLength { found: header.rem_len, expected: e });
        } else if fault.is_none() && expected.is_some() && header.info & layout.dialect.page.overwrite == 0 {
            fault = Some(Fault::NoContrecord);
        }
        let room = (chunk.len().saturating_sub(header.data)) as u64;
        expected = (fault.is_none() && header.continues() && u64::from(header.rem_len) > room)
            .then(|| u64::from(header.rem_len) - room);
        match fault {
            None => {
                timeline = header.timeline;
                run.first_timeline.get_or_insert(timeline);
                run.damages.append(&mut waiting);
                run.damages.sort_by_key(|d| d.at);
            }
            Some(fault) if waiting.len() < MANY => {
                let stale = Dialect::by_magic(header.magic).is_some() && header.address < at;
                let before = run.acc.mark();
                let damage =
                    Damage { lsn: at, begun_before: false, at, fault, end: at, until: None, until_prev: None, before };
                // Nothing but zeros or older pages up to the end may as well be the end of WAL.
                if stale || first_non_zero(chunk).is_none() { waiting.push(damage) } else { run.damages.push(damage) }
            }
            Some(_) => run.more_damages += 1,
        }
    }
    run.last_timeline = run.first_timeline.map(|_| timeline);
    run
}
