//! What records do to the progress that is kept of each replication origin.

use super::{REPLICATION_ORIGIN, TRANSACTION, xact};
use crate::record::Record;

/// What a record does to the progress that is kept of an origin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OriginChange {
    /// It came farther.
    Advanced(u16),
    /// Nothing is kept of it any more.
    Dropped(u16),
}

/// No origin, and the one of what is not to be replicated: neither is kept.
const NONE: [u16; 2] = [0, u16::MAX];

/// What a record changes (`xact_redo_commit`, `replorigin_redo`); `None` for most.
pub fn change(record: &Record<'_>) -> Option<OriginChange> {
    let number = |at: usize| Some(record.layout.endian.u16(*record.main_data().get(at..)?.first_chunk()?));
    let is_kept = |origin: &u16| !NONE.contains(origin);
    match (record.header.rmid, record.header.operation()) {
        (TRANSACTION, _) if matches!(xact::operation(&record.header), xact::COMMIT | xact::COMMIT_PREPARED) => {
            let origin = record.shape(&mut |_| ()).ok()?.origin;
            origin.filter(is_kept).map(OriginChange::Advanced)
        }
        (REPLICATION_ORIGIN, 0x00) => number(8).filter(is_kept).map(OriginChange::Advanced),
        (REPLICATION_ORIGIN, 0x10) => number(0).map(OriginChange::Dropped),
        _ => None,
    }
}
