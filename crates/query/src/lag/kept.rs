//! What is kept for replication slots.

use super::facts::ServerFacts;
use super::slots::SlotFacts;
use pgwal_format::Lsn;
use pgwal_format::rmgr::xact::Timestamp;

/// A slot, and what is kept for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotLag {
    /// What the server says of it.
    pub facts: SlotFacts,
    /// Bytes of WAL from where it is kept on, up to where the server is.
    pub retained_bytes: Option<u64>,
    /// Microseconds for which nobody has used it, by the server's clock.
    pub inactive_micros: Option<u64>,
}

impl SlotLag {
    /// It is of no use any more.
    pub fn is_lost(&self) -> bool {
        self.facts.status.as_deref() == Some("lost") || self.facts.reason.is_some()
    }

    /// It was given up for WAL that is gone, and not for time or for what a standby had to remove.
    pub fn lacks_wal(&self) -> bool {
        self.is_lost() && self.facts.reason.as_deref().is_none_or(|reason| reason == "wal_removed")
    }

    /// WAL that it needs goes with one of the next checkpoints.
    pub fn is_unreserved(&self) -> bool {
        self.facts.status.as_deref() == Some("unreserved")
    }
}

/// What is kept for each, by where the server is.
pub(super) fn measured(primary: &ServerFacts, position: Lsn) -> Option<Vec<SlotLag>> {
    let of = |facts: &SlotFacts| {
        let ahead = |from: Lsn| primary.dialect.address.distance(position, from, primary.size).max(0);
        let idle = |since: Timestamp| u64::try_from(primary.clock.0.saturating_sub(since.0)).unwrap_or(0);
        SlotLag {
            retained_bytes: facts.restart.map(|from| u64::try_from(ahead(from)).unwrap_or(u64::MAX)),
            inactive_micros: facts.inactive_since.filter(|_| !facts.active).map(idle),
            facts: facts.clone(),
        }
    };
    Some(primary.slots.as_ref()?.iter().map(of).collect())
}
