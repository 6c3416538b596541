//! Which WAL `barman recover` copies, where it is told a target.
//!
//! ```text
//!   --target-lsn     up to the segment in which the position lies
//!   --target-time    up to the first segment whose time in the list is later (releases before 3.13)
//! ```
//! What the server needs may lie behind that: the record that ends recovery goes on in the next segment, or WAL was
//! archived late. (`get_required_xlog_files` in `barman/server.py`.)

use super::super::RestoreReach;
use crate::layout::barman_xlogdb::{self, ListedWal};
use crate::repository::Repository;
use crate::store::Items;
use pgwal_format::{Lsn, SegmentName};

/// Whether the segment that the restore reads last would not be copied.
pub(super) fn falls_short(repository: &Repository, reach: &RestoreReach) -> bool {
    let last = place(&reach.last);
    if let Some(lsn) = reach.lsn {
        return place(&reach.holding(lsn)) < last;
    }
    let Some(time) = reach.unix_seconds else { return false };
    let listed = list(repository).unwrap_or_default();
    let late = |line: &str| {
        let listed = ListedWal::read(line)?;
        Some(place(&SegmentName::parse(listed.name)?) < last && listed.time > time)
    };
    listed.lines().any(|line| late(line) == Some(true))
}

fn list(repository: &Repository) -> Option<String> {
    let wals = repository.wal.first()?;
    let items = Items::of(repository.store(), wals).ok()?;
    barman_xlogdb::text(repository.store(), wals, &items).ok()?
}

/// Where a segment lies, whichever its timeline.
fn place(name: &SegmentName) -> (u32, u32) {
    (name.log, name.seg)
}

impl RestoreReach {
    /// The name of the segment in which a position lies.
    fn holding(&self, lsn: Lsn) -> SegmentName {
        let number = self.layout.address().segment(lsn, self.layout.segment);
        SegmentName::new(self.last.timeline, number, self.layout.address(), self.layout.segment)
    }
}
