//! The seam between two runs that follow each other: the only things that no run can check alone.
//!
//! * the bytes that a record begun in the left one wants are those that the right one says are left of it;
//! * the checksum of that record;
//! * the link from the first record of the right one to the last of the left one.

use crate::Fold;
use crate::begin::Begin;
use crate::fault::{Damage, Fault};
use crate::head::{Continuation, Head};
use crate::open::Open;
use crate::run::{Run, Tail};
use pgwal_format::page::PageFault;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::rmgr::xlog::overwritten;
use pgwal_format::{Layout, Lsn, TimelineId};

/// What a seam came to.
#[derive(Clone, Debug)]
pub struct Seam<M> {
    /// The record that both hold, complete and right, but perhaps for its link.
    pub completed: Option<(Lsn, RecordHeader)>,
    /// Its body, or the beginning of it.
    pub body: Vec<u8>,
    /// The record goes on behind the right run.
    pub open: Option<Open>,
    /// What is wrong at the seam.
    pub damage: Option<Damage<M>>,
    /// The link of the right run's first record is wrong, too.
    pub second: Option<Damage<M>>,
    /// The record that the right run could not read from its first page on starts here.
    pub begun_at: Lsn,
    /// The right run blames a later page for what its first page says wrongly.
    pub first_page: Option<Fault>,
    /// A page at a later seam contradicts the record that the left run holds: bytes that it lacks there.
    pub(crate) contradicted_by: Option<u64>,
}

/// Compares the end of `left` with the beginning of `right`. Where `left` is all inside of a record, nothing can be
/// said.
pub fn seam<A: Fold, B: Fold>(layout: &Layout, left: &Run<A>, right: &Run<B>) -> Seam<A::Mark> {
    let page_start = right.from.plus_within(layout.long_header() as u64);
    let begun = match &left.tail {
        Tail::Open(open) => open.start,
        Tail::Stopped(stop) => stop.lsn,
        _ => page_start,
    };
    let mut out = Seam {
        completed: None,
        body: Vec::new(),
        open: None,
        damage: None,
        second: None,
        begun_at: begun,
        first_page: None,
        contradicted_by: None,
    };
    let begins = right.begins.filter(|b| b.lsn > begun);
    let damage = |lsn: Lsn, at: Lsn, fault: Fault, end: Lsn| Damage {
        lsn,
        begun_before: false,
        at,
        fault,
        end,
        until: begins.map(|b| b.lsn),
        until_prev: begins.filter(|_| at == right.from).and_then(|b| prev_in(layout, b, right.from)),
        before: left.acc.mark(),
    };
    if let Tail::Stopped(stop) = &left.tail {
        let known = damage(stop.lsn, stop.at, stop.fault, stop.end);
        out.damage = (!stop.told).then_some(Damage { begun_before: stop.begun_before, ..known });
        return out;
    }
    if let Some(fault) = older_timeline(left.last_timeline, right) {
        out.damage = Some(damage(begun, right.from, fault, right.from));
        return out;
    }
    // A record that is read all the same.
    let wrong = |lsn: Lsn, fault: Fault| Damage { until: None, until_prev: None, ..damage(lsn, lsn, fault, lsn) };
    let mut last = left.last;
    match (&left.tail, &right.head) {
        (Tail::Open(open), &Head::Contradicted { rem_len: found }) if u64::from(found) != open.missing() => {
            out.first_page = Some(Fault::ContrecordLength { found, expected: open.missing() });
            return out;
        }
        (_, Head::Damaged | Head::Contradicted { .. }) => return out,
        (Tail::Open(open), Head::Record) => {
            let mut contradiction = damage(open.start, right.from, Fault::NoContrecord, right.from);
            blame(layout, &mut contradiction, open.missing());
            out.damage = Some(contradiction);
            return out;
        }
        (Tail::Open(open), Head::Rest(rest)) if u64::from(rest.rem_len) != open.missing() => {
            let fault = Fault::ContrecordLength { found: rest.rem_len, expected: open.missing() };
            let mut contradiction = damage(open.start, right.from, fault, right.from);
            blame(layout, &mut contradiction, open.missing());
            out.damage = Some(contradiction);
            return out;
        }
        (Tail::Open(open), Head::Rest(rest)) if !rest.aborted => {
            let missing = open.missing().saturating_sub(rest.got);
            let mut open = open.clone();
            open.go_on(layout, rest);
            let Some(end) = rest.end else {
                out.contradicted_by = rest.at_seam.then_some(missing);
                out.open = right.is_through().then_some(open);
                return out;
            };
            let header = match open.check(layout).and_then(|header| linked_back(header, open.start)) {
                Ok(header) => header,
                Err(fault) => {
                    out.damage = Some(damage(open.start, open.start, fault, end));
                    return out;
                }
            };
            out.completed = Some((open.start, header));
            let record = Record { lsn: open.start, end, header, body: &open.kept, layout };
            let found = open.overwrites.map(|_| overwritten(&record));
            out.damage = match (open.overwrites, found, last) {
                (Some(expected), Some(found), _) if found != Some(expected) => {
                    Some(wrong(open.start, Fault::OverwriteMismatch { found, expected }))
                }
                (_, _, Some(last)) if header.prev != last => {
                    Some(wrong(open.start, Fault::PrevLink { found: header.prev, expected: Some(last) }))
                }
                _ => None,
            };
            last = Some(open.start);
            out.body = open.kept;
        }
        (Tail::Open(open), Head::Rest(_) | Head::Overwrite) => {
            if let Some(first) = right.first.filter(|f| f.linked && f.overwrites != Some(open.start)) {
                let fault = Fault::OverwriteMismatch { found: first.overwrites, expected: open.start };
                out.damage = Some(wrong(first.lsn, fault));
                return out;
            }
        }
        (_, Head::Rest(rest)) => {
            let fault = Fault::UnexpectedContrecord { rem_len: rest.rem_len };
            out.damage = Some(damage(page_start, right.from, fault, right.from));
            return out;
        }
        (_, Head::Record | Head::Overwrite) => {}
    }
    if let (Some(first), Some(expected)) = (right.first.filter(|f| f.linked), last)
        && first.prev != expected
    {
        let found = wrong(first.lsn, Fault::PrevLink { found: first.prev, expected: Some(expected) });
        if out.damage.is_none() { out.damage = Some(found) } else { out.second = Some(found) }
    }
    out
}

/// The first page of `right` is of a timeline older than the last page before it.
pub(crate) fn older_timeline<A: Fold>(before: Option<TimelineId>, right: &Run<A>) -> Option<Fault> {
    let first_page_is_good = right.head != Head::Damaged;
    match (before, right.first_timeline) {
        (Some(after), Some(found)) if found < after && first_page_is_good => {
            Some(Fault::Page(PageFault::Timeline { found, after }))
        }
        _ => None,
    }
}

/// A page at a seam contradicts the record before it. Where the first record that begins on the pages behind names that
/// record, those hold, and the record's length is wrong.
pub(crate) fn blame<M>(layout: &Layout, damage: &mut Damage<M>, missing: u64) {
    let rem_len = match damage.fault {
        Fault::NoContrecord => None,
        Fault::ContrecordLength { found, .. } => Some(found),
        _ => return,
    };
    if damage.until_prev == Some(damage.lsn) {
        damage.fault = Fault::LengthAgainstPage { page: damage.at, rem_len, missing };
        damage.end = damage.at.plus_within(layout.long_header() as u64);
        damage.at = damage.lsn;
    }
}

/// What the first record of the segment that starts at `from` names as the one before it.
pub(crate) fn prev_in(layout: &Layout, begin: Begin, from: Lsn) -> Option<Lsn> {
    let number = |lsn: Lsn| layout.address().segment(lsn, layout.segment);
    begin.prev.filter(|_| number(begin.lsn) == number(from))
}

/// Every record names one before itself.
fn linked_back(header: RecordHeader, start: Lsn) -> Result<RecordHeader, Fault> {
    if header.prev < start { Ok(header) } else { Err(Fault::PrevLink { found: header.prev, expected: None }) }
}

impl Open {
    /// Takes in the rest of the record, or a part of it.
    fn go_on(&mut self, layout: &Layout, rest: &Continuation) {
        // What was kept stays the beginning of the body, without a hole: whole, where both sides kept all of it.
        let whole = self.kept.len() as u64 + self.got.min(layout.record_header() as u64) == self.got;
        self.feed(layout, &rest.kept, if whole { usize::MAX } else { self.kept.len() });
        let summed = rest.got - rest.kept.len() as u64;
        if summed > 0 {
            self.feed_checksum(layout, rest.crc, summed);
        }
    }
}

impl Continuation {
    /// Takes in what follows in the next segment.
    pub(crate) fn absorb(&mut self, layout: &Layout, next: &Continuation) {
        let summed = self.got - self.kept.len() as u64;
        if summed == 0 {
            self.kept.extend_from_slice(&next.kept);
            self.crc = next.crc;
        } else {
            let kept = layout.append(0, &next.kept);
            self.crc = layout.combine(self.crc, kept, next.kept.len() as u64);
            self.crc = layout.combine(self.crc, next.crc, next.got - next.kept.len() as u64);
        }
        self.got += next.got;
        self.end = next.end;
        self.at_seam = next.at_seam;
        self.aborted = next.aborted;
    }
}
