//! Does a record lie over a position? No server leaves a timeline inside of a record: a history that says so is not
//! this WAL's.

use super::{Buffers, Reader};
use crate::names::Segment;
use pgwal_format::Lsn;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_walk::{Fold, Tail};

/// Looks for the record over a position.
struct RecordOver {
    at: Lsn,
    found: Option<Lsn>,
}

impl Fold for RecordOver {
    type Mark = ();

    fn mark(&self) {}

    fn after((): &mut (), _: &Self) {}

    fn wants(&self, _: &RecordHeader) -> bool {
        true
    }

    fn pass(&mut self, _: &RecordHeader) {}

    fn record(&mut self, record: &Record<'_>) {
        if record.lsn < self.at && self.at < record.end {
            self.found = Some(record.lsn);
        }
    }

    fn join(&mut self, right: Self) {
        self.found = self.found.or(right.found);
    }
}

impl Reader<'_> {
    /// The record of a segment that starts before a position inside of it and ends behind it. `None` too where the file
    /// is not one that a server reads, and where the record starts in the segment before.
    pub fn record_over(&self, segment: &Segment, at: Lsn) -> Option<Lsn> {
        let mut make = || RecordOver { at, found: None };
        let scanned = self.gather(segment, segment.entry, 0, &mut make, &mut Buffers::default());
        let run = scanned.run.filter(|_| scanned.why.is_none())?;
        let open = match &run.tail {
            Tail::Open(open) if !open.unproven && open.start < at => Some(open.start),
            _ => None,
        };
        run.acc.found.or(open)
    }
}
