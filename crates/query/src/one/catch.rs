//! Looks for the record that holds a position, and for its neighbours.

use pgwal_format::record::Record;
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_verify::records::{ListPart, NoEvent, Render, Rendered};
use pgwal_verify::{Finding, Severity};
use std::sync::{Mutex, PoisonError};

/// A record that was seen.
#[derive(Clone, Copy)]
pub struct SeenRecord {
    pub lsn: Lsn,
    pub end: Lsn,
    pub prev: Lsn,
    pub timeline: TimelineId,
}

/// What was seen.
#[derive(Default)]
pub struct CaughtRecords {
    /// The record that holds the position.
    pub holds: Option<SeenRecord>,
    /// The last one that ends before it.
    pub before: Option<SeenRecord>,
    /// The first one that starts behind it.
    pub next: Option<SeenRecord>,
    /// Errors that the position lies in.
    pub findings: Vec<Finding>,
}

impl CaughtRecords {
    /// Looking farther would find nothing else.
    pub fn is_settled(&self) -> bool {
        let between = self.before.zip(self.next).is_some_and(|(before, next)| next.prev == before.lsn);
        self.holds.is_some() || !self.findings.is_empty() || between
    }
}

/// A renderer that renders nothing.
pub struct RecordCatch {
    lsn: Lsn,
    caught: Mutex<CaughtRecords>,
}

impl RecordCatch {
    pub fn new(lsn: Lsn) -> RecordCatch {
        RecordCatch { lsn, caught: Mutex::default() }
    }

    pub fn caught(self) -> CaughtRecords {
        self.caught.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Render for RecordCatch {
    type Scratch = ();
    type Event = NoEvent;

    fn whole(&self) -> bool {
        false
    }

    fn record(
        &self,
        record: &Record<'_>,
        timeline: TimelineId,
        (): &mut (),
        _: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        let seen = SeenRecord { lsn: record.lsn, end: record.end, prev: record.header.prev, timeline };
        let mut caught = self.caught.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.lsn > self.lsn {
            if caught.next.is_none_or(|next| seen.lsn < next.lsn) {
                caught.next = Some(seen);
            }
        } else if seen.end > self.lsn {
            caught.holds = Some(seen);
        } else if caught.before.is_none_or(|before| seen.lsn > before.lsn) {
            caught.before = Some(seen);
        }
        None
    }

    fn finding(&self, finding: &Finding, _: Option<&Layout>, _: &mut ListPart<NoEvent>) {
        let until = finding.lost.and_then(|lost| lost.until_lsn);
        let holds = finding
            .lsn
            .is_some_and(|from| from <= self.lsn && until.is_none_or(|until| self.lsn < until || self.lsn == from));
        if holds && finding.severity >= Severity::Warning {
            self.caught.lock().unwrap_or_else(PoisonError::into_inner).findings.push(finding.clone());
        }
    }
}
