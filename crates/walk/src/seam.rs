//! The seam between two runs that follow each other: the only things that no run can check alone.
//!
//! * the bytes that a record begun in the left one wants are those that the right one says are left of it;
//! * the checksum of that record;
//! * the link from the first record of the right one to the last of the left one.

use crate::Fold;
use crate::fault::{Damage, Fault};
use crate::head::{Continuation, Head};
use crate::open::Open;
use crate::run::{Run, Tail};
use crate::scan::KEEP;
use pgwal_format::page::PageFault;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::{Generation, Layout, Lsn};

/// What a seam came to.
#[derive(Clone, Debug)]
pub struct Seam<M> {
    /// The record that both hold, complete and right.
    pub completed: Option<(Lsn, RecordHeader)>,
    /// Its body, or the beginning of it.
    pub body: Vec<u8>,
    /// The record goes on behind the right run.
    pub open: Option<Open>,
    /// What is wrong at the seam.
    pub damage: Option<Damage<M>>,
    /// The record that the right run could not read from its first page on starts here.
    pub begun_at: Option<Lsn>,
    /// The right run blames a later page for what its first page says wrongly.
    pub first_page: Option<Fault>,
}

/// The position that an `OVERWRITE_CONTRECORD` names (`xl_overwrite_contrecord`), `None` for other records.
pub fn overwritten(record: &Record<'_>) -> Option<Lsn> {
    let layout = record.layout;
    if layout.dialect.page.overwrite == 0 || record.header.rmid != 0 || record.header.info & 0xF0 != 0xD0 {
        return None;
    }
    record.main_data().first_chunk().map(|b| Lsn::new(layout.endian.u64(*b)))
}

fn keep(layout: &Layout) -> usize {
    if layout.dialect.generation == Generation::Modern { KEEP } else { usize::MAX }
}

/// Compares the end of `left` with the beginning of `right`. `last` of the left run must be a record, or nothing must
/// be known of the records before.
pub fn seam<A: Fold>(layout: &Layout, left: &Run<A>, right: &Run<A>) -> Seam<A::Mark> {
    let mut out = Seam { completed: None, body: Vec::new(), open: None, damage: None, begun_at: None, first_page: None };
    let page_start = right.from.plus_within(layout.long_header() as u64);
    let damage = |lsn: Lsn, at: Lsn, fault: Fault, end: Lsn| Damage {
        lsn,
        begun_before: false,
        at,
        fault,
        end,
        until: right.first.map(|f| f.lsn),
        until_prev: right.first.map(|f| f.prev),
        before: left.acc.mark(),
    };
    let begun = match &left.tail {
        Tail::Open(open) => open.start,
        Tail::Stopped(stop) => stop.lsn,
        _ => page_start,
    };
    out.begun_at = Some(begun);
    if let (Some(before), Some(after)) = (left.last_timeline, right.first_timeline)
        && after < before
    {
        let fault = Fault::Page(PageFault::Timeline { found: after, after: before });
        out.damage = Some(damage(begun, right.from, fault, right.from));
        return out;
    }
    let mut last = left.last;
    match (&left.tail, &right.head) {
        (Tail::Stopped(stop), _) if stop.told => return out,
        (Tail::Stopped(stop), _) => {
            out.damage = Some(Damage {
                lsn: stop.lsn,
                begun_before: stop.begun_before,
                at: stop.at,
                fault: stop.fault,
                end: stop.end,
                until: right.first.map(|f| f.lsn),
                until_prev: right.first.map(|f| f.prev),
                before: left.acc.mark(),
            });
            return out;
        }
        (Tail::Open(open), &Head::Contradicted { rem_len: found }) if u64::from(found) != open.missing() => {
            out.first_page = Some(Fault::ContrecordLength { found, expected: open.missing() });
            return out;
        }
        (_, Head::Damaged | Head::Contradicted { .. }) => return out,
        (Tail::Open(open), Head::Rest(rest)) => {
            let mut open = open.clone();
            if u64::from(rest.rem_len) != open.missing() {
                let fault = Fault::ContrecordLength { found: rest.rem_len, expected: open.missing() };
                out.damage = Some(blame(&open, right, fault, Some(rest.rem_len), &damage, page_start));
                return out;
            }
            if !rest.aborted {
                open.go_on(layout, rest);
                let Some(end) = rest.end else {
                    out.open = Some(open);
                    return out;
                };
                match open.check(layout).and_then(|header| linked(&header, open.start, last).map(|()| header)) {
                    Err(fault) => {
                        out.damage = Some(damage(open.start, open.start, fault, end));
                        return out;
                    }
                    Ok(header) => {
                        out.completed = Some((open.start, header));
                        last = Some(open.start);
                        out.body = open.kept;
                    }
                }
            } else if let Some(found) = overwrite_fault(left, right, open.start) {
                out.damage = Some(found);
                return out;
            }
        }
        (Tail::Open(open), Head::Record) => {
            out.damage = Some(blame(open, right, Fault::NoContrecord, None, &damage, page_start));
            return out;
        }
        (Tail::Open(open), Head::Overwrite) => {
            if let Some(found) = overwrite_fault(left, right, open.start) {
                out.damage = Some(found);
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
        let fault = Fault::PrevLink { found: first.prev, expected: Some(expected) };
        out.damage = Some(Damage { until: None, until_prev: None, ..damage(first.lsn, first.lsn, fault, first.lsn) });
    }
    out
}

/// Where the first record of the right run names the one that is begun, its first page holds, and the record's length
/// is wrong.
fn blame<A: Fold>(
    open: &Open,
    right: &Run<A>,
    fault: Fault,
    rem_len: Option<u32>,
    damage: &dyn Fn(Lsn, Lsn, Fault, Lsn) -> Damage<A::Mark>,
    end: Lsn,
) -> Damage<A::Mark> {
    if right.first.is_some_and(|f| f.linked && f.prev == open.start) {
        let fault = Fault::LengthAgainstPage { page: right.from, rem_len, missing: open.missing() };
        return damage(open.start, open.start, fault, end);
    }
    damage(open.start, right.from, fault, right.from)
}

fn linked(header: &RecordHeader, start: Lsn, last: Option<Lsn>) -> Result<(), Fault> {
    let fits = last.map_or(header.prev < start, |last| header.prev == last);
    if fits { Ok(()) } else { Err(Fault::PrevLink { found: header.prev, expected: last }) }
}

/// The first record of `right` must tell of the aborted record.
fn overwrite_fault<A: Fold>(left: &Run<A>, right: &Run<A>, aborted: Lsn) -> Option<Damage<A::Mark>> {
    let first = right.first?;
    (first.overwrites != Some(aborted)).then_some(Damage {
        lsn: first.lsn,
        begun_before: false,
        at: first.lsn,
        fault: Fault::OverwriteMismatch { found: first.overwrites, expected: aborted },
        end: first.lsn,
        until: None,
        until_prev: None,
        before: left.acc.mark(),
    })
}

impl Open {
    /// Takes in the rest of the record, or a part of it.
    fn go_on(&mut self, layout: &Layout, rest: &Continuation) {
        self.feed(layout, &rest.kept, keep(layout));
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
        if summed == 0 && self.kept.len() + next.kept.len() <= keep(layout) {
            self.kept.extend_from_slice(&next.kept);
            self.crc = next.crc;
        } else {
            let kept = layout.append(0, &next.kept);
            self.crc = layout.combine(self.crc, kept, next.kept.len() as u64);
            self.crc = layout.combine(self.crc, next.crc, next.got - next.kept.len() as u64);
        }
        self.got += next.got;
        self.end = next.end;
        self.aborted = next.aborted;
    }
}
