//! What records of "Standby" say (`src/include/storage/standbydefs.h`).

use super::fields::{self, number};
use super::operation::operations;
use super::sink::Value;
use crate::record::Record;
use crate::rmgr;

operations! {
    /// Locks that queries on a standby wait for (9.0 and later).
    LOCK = 0x00;
    /// The transactions that run (9.0 and later).
    RUNNING_XACTS = 0x10;
    /// Invalidation messages (9.6 and later).
    INVALIDATIONS = 0x20;
}

/// The transactions that run, as a standby needs to know them (`xl_running_xacts`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunningXacts {
    /// How many are named, subtransactions apart.
    pub count: u32,
    /// Not all subtransactions are named.
    pub subxid_overflow: bool,
    /// The next transaction.
    pub next_xid: u32,
    /// The oldest that runs.
    pub oldest_running_xid: u32,
    /// The latest that has ended (9.0 and later).
    pub latest_completed_xid: Option<u32>,
}

/// Reads the transactions that run. `None` for other records and for cut data.
pub fn running_xacts(record: &Record<'_>) -> Option<RunningXacts> {
    if !record.header.is(rmgr::STANDBY, RUNNING_XACTS) {
        return None;
    }
    let (mut next_xid, mut oldest, mut latest, mut count, mut overflow) = (None, None, None, 0, false);
    fields::each(record, &mut |field| match (field.name, field.value) {
        ("next_xid", value) => next_xid = number(value),
        ("oldest_running_xid", value) => oldest = number(value),
        ("latest_completed_xid", value) => latest = number(value),
        ("xcnt", Value::Signed(n)) => count = u32::try_from(n).unwrap_or_default(),
        ("subxid_overflow", Value::Bool(set)) => overflow = set,
        _ => {}
    });
    Some(RunningXacts {
        count,
        subxid_overflow: overflow,
        next_xid: next_xid?,
        oldest_running_xid: oldest?,
        latest_completed_xid: latest,
    })
}
