//! Joins two runs that follow each other. Associative.

use crate::fault::{Damage, Fault, MANY};
use crate::head::Head;
use crate::run::{Run, Tail};
use crate::seam::seam;
use crate::Fold;
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
        if let Some((lsn, header)) = seam.completed {
            let end = right.head_end(layout);
            let record = Record { lsn, end, header, body: &seam.body, layout };
            if self.acc.wants(&header) { self.acc.record(&record) } else { self.acc.pass(&header) }
            self.last = Some(lsn);
            self.end = end;
        }
        if let Some(damage) = seam.damage {
            self.note(damage);
        }
        self.absorb(right);
        if let Some(open) = seam.open {
            self.tail = Tail::Open(open);
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
            Head::Damaged => None,
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

    /// The end of the record that the head completes.
    fn head_end(&self, layout: &Layout) -> pgwal_format::Lsn {
        match &self.head {
            Head::Rest(rest) => rest.end.unwrap_or(self.to),
            _ => self.from.plus_within(layout.long_header() as u64),
        }
    }
}
