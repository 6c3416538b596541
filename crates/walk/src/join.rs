//! Joins two runs that follow each other. Associative.
//!
//! ```text
//! left:  … record record | a loss, or a record that goes on        right:  what was lost before | begins: record record …
//!                        └────────────────── one hole, or one record ───────────────────────────┘
//! ```
//! A hole goes from the first record that cannot be read to the next one that begins, over however many segments, and
//! is one [`Damage`]: what else cannot be read inside it belongs to it.

use crate::Fold;
use crate::begin::{Begin, Link};
use crate::fault::{Damage, Fault, MANY};
use crate::head::Head;
use crate::rest::Rest;
use crate::run::{Run, Stop, Tail};
use crate::seam::{self, seam};
use pgwal_format::record::Record;
use pgwal_format::rmgr::xlog::overwritten;
use pgwal_format::{Layout, Lsn};

impl<A: Fold> Run<A> {
    /// No record starts here: all of it is the inside of one record.
    pub fn is_through(&self) -> bool {
        matches!(&self.head, Head::Rest(rest) if rest.end.is_none() && !rest.aborted)
            && self.begins.is_none()
            && self.tail == Tail::Clean
    }

    /// The run of both. `right` must begin where `self` ends.
    pub fn join(mut self, mut right: Run<A>, layout: &Layout) -> Run<A> {
        if self.is_through() {
            return self.through(right, layout);
        }
        let seam = seam(layout, &self, &right);
        right.begun_at(seam.begun_at, matches!(&self.tail, Tail::Stopped(stop) if stop.begun_before));
        if let Some(fault) = seam.first_page {
            right.blame_first_page(fault);
        }
        if let Some(missing) = seam.contradicted_by
            && let Some(damage) = right.damages.first_mut()
        {
            seam::blame(layout, damage, missing);
        }
        self.pass_on_aborted(&mut right, seam.damage.as_ref());
        let whole = self.damages.is_empty();
        let hole = match (&self.tail, &seam.damage) {
            (Tail::Stopped(stop), _) => Some(Stop { told: true, ..*stop }),
            (_, Some(damage)) if damage.loses() => Some(told(damage)),
            _ => None,
        };
        if let Some((lsn, header)) = seam.completed {
            let end = right.head_end(layout);
            let record = Record { lsn, end, header, body: &seam.body, layout };
            if self.first.is_none() {
                self.first = Some(Link { lsn, prev: header.prev, linked: whole, overwrites: overwritten(&record) });
            }
            if self.acc.wants(&header) {
                self.acc.record(&record)
            } else {
                self.acc.pass(&header)
            }
            self.last = Some(lsn);
            self.end = end;
        }
        for damage in seam.damage.into_iter().chain(seam.second) {
            self.note(damage);
        }
        self.append(right, hole, whole);
        if let Some(open) = seam.open {
            self.tail = Tail::Open(open);
        }
        self
    }

    /// Joins where no record starts in the left run.
    fn through(mut self, mut right: Run<A>, layout: &Layout) -> Run<A> {
        let Head::Rest(head) = &mut self.head else { return self };
        let missing = u64::from(head.rem_len).saturating_sub(head.got);
        right.begun_at(self.from, true);
        let older = seam::older_timeline(self.last_timeline, &right);
        let fault = match &right.head {
            _ if older.is_some() => older,
            Head::Rest(next) if u64::from(next.rem_len) == missing => {
                head.absorb(layout, next);
                None
            }
            Head::Rest(next) => Some(Fault::ContrecordLength { found: next.rem_len, expected: missing }),
            Head::Record => Some(Fault::NoContrecord),
            Head::Overwrite => {
                head.aborted = true;
                None
            }
            &Head::Contradicted { rem_len: found } => {
                if u64::from(found) != missing {
                    right.blame_first_page(Fault::ContrecordLength { found, expected: missing });
                }
                None
            }
            Head::Damaged => None,
        };
        if let Some(fault) = fault {
            head.at_seam = !matches!(fault, Fault::Page(_));
        }
        let hole = fault.map(|fault| {
            let begin = right.begins;
            let damage = Damage {
                lsn: self.from,
                begun_before: true,
                at: right.from,
                fault,
                end: right.from,
                until: begin.map(|b| b.lsn),
                until_prev: begin.and_then(|b| seam::prev_in(layout, b, right.from)),
                before: self.acc.mark(),
            };
            let hole = told(&damage);
            self.note(damage);
            hole
        });
        self.append(right, hole, true);
        self
    }

    /// Appends `right`. `hole`: WAL was lost at the seam, and the damage is noted. `whole`: nothing was lost before
    /// that.
    pub(crate) fn append(&mut self, mut right: Run<A>, hole: Option<Stop>, whole: bool) {
        let before = if hole.is_some() { None } else { self.last };
        self.last = match (&right.first, right.damages.is_empty()) {
            (Some(_), _) => right.last,
            (None, true) => before,
            (None, false) => None,
        };
        let unbroken = whole && hole.is_none();
        self.first = self.first.or(right.first.map(|first| Link { linked: first.linked && unbroken, ..first }));
        if right.first.is_some() {
            self.end = right.end;
        }
        self.tail = right.tail;
        if let Some(stop) = hole {
            match right.begins {
                None => {
                    right.damages.clear();
                    self.tail = Tail::Stopped(stop);
                }
                Some(begin) => {
                    right.damages.retain(|d| d.lsn >= begin.lsn);
                    if let Some(damage) =
                        self.damages.last_mut().filter(|d| d.lsn == stop.lsn && d.loses() && d.until.is_none())
                    {
                        damage.until = Some(begin.lsn);
                    }
                }
            }
        }
        for mut damage in right.damages {
            A::after(&mut damage.before, &self.acc);
            self.note(damage);
        }
        self.to = right.to;
        self.begins =
            self.begins.or(right.begins.map(|begin| Begin { prev: begin.prev.filter(|_| unbroken), ..begin }));
        self.acc.join(right.acc);
        self.more_damages += right.more_damages;
        self.slack.extend(right.slack);
        self.slack.truncate(MANY);
        self.last_timeline = right.last_timeline;
    }

    fn note(&mut self, damage: Damage<A::Mark>) {
        if self.damages.len() < MANY { self.damages.push(damage) } else { self.more_damages += 1 }
    }

    /// The record behind an aborted one may itself go on behind `right`: it takes with it what it must tell of.
    fn pass_on_aborted(&self, right: &mut Run<A>, damage: Option<&Damage<A::Mark>>) {
        let aborted = matches!(&right.head, Head::Rest(rest) if rest.aborted) || right.head == Head::Overwrite;
        if let (Tail::Open(left), Tail::Open(open)) = (&self.tail, &mut right.tail)
            && aborted
            && damage.is_none()
            && right.first.is_none()
            && right.damages.is_empty()
        {
            open.overwrites = Some(left.start);
        }
    }

    /// Says where the record starts that this run could not read from its first page on; `unknown`: it was begun before
    /// that, too.
    fn begun_at(&mut self, lsn: Lsn, unknown: bool) {
        for damage in self.damages.iter_mut().filter(|d| d.begun_before) {
            (damage.lsn, damage.begun_before) = (lsn, unknown);
        }
        if let Tail::Stopped(stop) = &mut self.tail
            && stop.begun_before
        {
            (stop.lsn, stop.begun_before) = (lsn, unknown);
        }
    }

    /// Of two pages that contradict each other, the record's own length says that the first one is wrong.
    fn blame_first_page(&mut self, fault: Fault) {
        let from = self.from;
        if let Some(damage) = self.damages.first_mut().filter(|d| matches!(d.fault, Fault::ContrecordLength { .. })) {
            (damage.at, damage.end, damage.fault) = (from, from, fault);
        }
        if let Tail::Stopped(stop) = &mut self.tail
            && self.begins.is_none()
            && matches!(stop.fault, Fault::ContrecordLength { .. })
        {
            (stop.at, stop.end, stop.fault) = (from, from, fault);
        }
    }

    /// The end of the record that the head completes.
    pub(crate) fn head_end(&self, layout: &Layout) -> Lsn {
        match &self.head {
            Head::Rest(rest) => rest.end.unwrap_or(self.to),
            _ => self.from.plus_within(layout.long_header() as u64),
        }
    }
}

/// The end of a run in which no record begins behind a loss.
fn told<M>(damage: &Damage<M>) -> Stop {
    let &Damage { lsn, begun_before, at, fault, end, .. } = damage;
    Stop { lsn, begun_before, at, fault, end, rest: Rest::NOTHING, told: true }
}
