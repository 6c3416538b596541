//! How many transactions may be prepared at one time (`restoreTwoPhaseData`, `PrepareRedoAdd` in `twophase.c`; 10 and
//! later).
//!
//! A server takes those whose state lies in `pg_twophase` when it starts, whatever it is asked to recover, and each one
//! that WAL prepares. One more than `max_prepared_transactions` ends it: with hot standby off nothing compares that
//! setting with the primary's before.

use crate::failure::Failure;
use std::collections::BTreeSet;

/// Those that are prepared, and how many may be.
#[derive(Clone, Debug)]
pub struct PreparedRoom {
    open: BTreeSet<u32>,
    most: i32,
    primary: Option<i32>,
}

impl PreparedRoom {
    /// None is prepared, and so many may be: here, and on the primary.
    pub fn new(most: i32, primary: Option<i32>) -> PreparedRoom {
        PreparedRoom { open: BTreeSet::new(), most, primary }
    }

    /// One more, where there is room.
    pub fn take(&mut self, xid: u32) -> Option<Failure> {
        let is_new = !self.open.contains(&xid);
        if is_new && self.open.len() >= usize::try_from(self.most).unwrap_or_default() {
            let needed = self.primary.unwrap_or_default().max(self.most.saturating_add(1));
            return Some(Failure::PreparedFull { xid, most: self.most, needed });
        }
        self.open.insert(xid);
        None
    }

    /// One ends.
    pub fn ended(&mut self, xid: u32) {
        self.open.remove(&xid);
    }
}
