//! Joins two runs that follow each other. Associative.

use crate::Fold;
use crate::fault::{Damage, Fault, MANY};
use crate::head::Head;
use crate::rest::Rest;
use crate::run::{Run, Stop, Tail};
use crate::seam::seam;
use pgwal_format::Layout;
use pgwal_format::record::Record;

impl<A: Fold> Run<A> {
    /// No record starts here: all of it is the inside of one record.
    pub fn is_through(&self) -> bool {
        matches!(&self.head, Head::Rest(rest) if rest.end.is_none() && !rest.aborted) && self.first.is_none() && self.tail == Tail::Clean
    }

    /// The run of both. `right` must begin where `self` ends.
    pub fn join(mut self, mut right: Run<A>, layout: &Layout) -> Run<A> {
        if self.is_through() {
            return self.through(right, layout);
        }
        let seam = seam(layout, &self, &right);
        if let Some(begun) = seam.begun_at {
            let unknown = matches!(&self.tail, Tail::Stopped(stop) if stop.begun_before);
            right.begun_at(begun, unknown);
        }
        if let Some(fault) = seam.first_page {
            right.blame_first_page(fault);
        }
        if let Some((lsn, header)) = seam.completed {
            let end = right.head_end(layout);
            let record = Record { lsn, end, header, body: &seam.body, layout };
            if self.acc.wants(&header) {
                self.acc.record(&record)
            } else {
                self.acc.pass(&header)
            }
            self.last = Some(lsn);
            self.end = end;
        }
        let mut lost = match &self.tail {
            Tail::Stopped(stop) => Some(Stop { told: true, ..*stop }),
            _ => None,
        };
        if let Some(damage) = seam.damage {
            if let Some(until) = damage.until {
                // What could not be read up to there is the same loss: the right run did not know that a record goes on.
                right.damages.retain(|d| d.lsn >= until);
            }
            let Damage { lsn, begun_before, at, fault, end, .. } = damage;
            lost = lost.or(Some(Stop { lsn, begun_before, at, fault, end, rest: Rest::NOTHING, told: true }));
            self.note(damage);
        }
        if let Some(stop) = lost
            && let Some(first) = right.first
            && let Some(damage) = self.damages.last_mut().filter(|d| d.lsn == stop.lsn && d.until.is_none())
        {
            (damage.until, damage.until_prev) = (Some(first.lsn), Some(first.prev));
        }
        let inside = lost.filter(|_| right.is_through());
        self.absorb(right);
        if let Some(open) = seam.open {
            self.tail = Tail::Open(open);
        } else if let Some(stop) = inside {
            self.tail = Tail::Stopped(stop);
        }
        self
    }

    fn through(mut self, mut right: Run<A>, layout: &Layout) -> Run<A> {
        let Head::Rest(mut head) = self.head.clone() else { return self };
        let missing = u64::from(head.rem_len).saturating_sub(head.got);
        let fault = match &right.head {
            Head::Rest(next) if u64::from(next.rem_len) == missing => {
                head.absorb(layout, next);
                self.head = Head::Rest(head);
                self.tail = Tail::Clean;
                self.absorb(right);
                return self;
            }
            Head::Rest(next) => Some(Fault::ContrecordLength { found: next.rem_len, expected: missing }),
            Head::Record => Some(Fault::NoContrecord),
            Head::Overwrite => {
                head.aborted = true;
                self.head = Head::Rest(head);
                self.absorb(right);
                return self;
            }
            Head::Damaged | Head::Contradicted { .. } => None,
        };
        // The record began before this run and ends in something else than its rest.
        self.head = Head::Damaged;
        if let Some(fault) = fault {
            let first = right.first;
            self.note(Damage {
                lsn: self.from,
                begun_before: true,
                at: right.from,
                fault,
                end: right.from,
                until: first.map(|f| f.lsn),
                until_prev: first.map(|f| f.prev),
                before: self.acc.mark(),
            });
        }
        if let Some(first) = &mut right.first {
            first.linked = false;
        }
        right.begun_at(self.from, true);
        self.absorb(right);
        self
    }

    /// Appends what `right` holds, but for the seam.
    fn absorb(&mut self, right: Run<A>) {
        self.to = right.to;
        self.first = self.first.or(right.first);
        self.last = right.last.or(self.last);
        if right.first.is_some() || matches!(&right.head, Head::Rest(r) if r.end.is_some()) {
            self.end = right.end;
        }
        for mut damage in right.damages {
            A::after(&mut damage.before, &self.acc);
            self.note(damage);
        }
        self.acc.join(right.acc);
        self.tail = right.tail;
        self.more_damages += right.more_damages;
        self.slack.extend(right.slack);
        if self.slack.len() > MANY {
            self.slack.truncate(MANY);
        }
        self.first_timeline = self.first_timeline.or(right.first_timeline);
        self.last_timeline = right.last_timeline.or(self.last_timeline);
    }

    fn note(&mut self, damage: Damage<A::Mark>) {
        if self.damages.len() < MANY { self.damages.push(damage) } else { self.more_damages += 1 }
    }

    /// Says where the record starts that this run could not read from its first page on; `unknown`: it was begun before
    /// that, too. Several places may wait for that, where segments without any record follow each other.
    pub(crate) fn begun_at(&mut self, lsn: pgwal_format::Lsn, unknown: bool) {
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
        if let Some(damage) = self.damages.first_mut().filter(|d| matches!(d.fault, Fault::ContrecordLength { .. } | Fault::NoContrecord)) {
            (damage.at, damage.end, damage.fault) = (from, from, fault);
        } else if let Tail::Stopped(stop) = &mut self.tail
            && matches!(stop.fault, Fault::ContrecordLength { .. } | Fault::NoContrecord)
        {
            (stop.at, stop.end, stop.fault) = (from, from, fault);
        }
    }

    /// The end of the record that the head completes.
    fn head_end(&self, layout: &Layout) -> pgwal_format::Lsn {
        match &self.head {
            Head::Rest(rest) => rest.end.unwrap_or(self.to),
            _ => self.from.plus_within(layout.long_header() as u64),
        }
    }
}
