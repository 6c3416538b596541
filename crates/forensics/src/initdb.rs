//! The WAL of initdb: what a cluster begins as, before a server runs.
//!
//! ```text
//! the first record of all ── bootstrap ── CHECKPOINT_SHUTDOWN ── a session without a server ── CHECKPOINT_SHUTDOWN
//!   CHECKPOINT_SHUTDOWN: no record before it,                    (template databases, views of the catalogs)   ▲
//!   the first transaction is to come (`BootStrapXLOG` in xlog.c)                             initdb ends here ─┘
//! ```
//! Up to 9.5 there are several such sessions, of which the first one counts here.

use crate::classified::FIRST_NORMAL;
use crate::transaction::FIRST_XID;
use pgwal_format::Lsn;
use pgwal_format::rmgr::xlog::Checkpoint;

/// The first OID of what initdb makes itself (`FirstGenbkiObjectId`, before 12 `FirstBootstrapObjectId`).
const FIRST_OF_INITDB: u32 = 10_000;
/// Checkpoints of it at which something stops.
const CHECKPOINTS: u32 = 3;

/// What is known of it.
#[derive(Default)]
pub struct InitdbWal {
    seen: u32,
    until: Option<Lsn>,
}

/// Events of initdb that are not listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InitdbEvents {
    /// How many.
    pub events: u64,
    /// Its last record.
    pub until: Lsn,
}

impl InitdbWal {
    /// A checkpoint; `prev`: the record before it, as it names that.
    pub fn checkpoint(&mut self, lsn: Lsn, prev: Lsn, checkpoint: &Checkpoint) {
        if !checkpoint.shutdown || self.until.is_some() {
            return;
        }
        let is_young = checkpoint.next_oid.is_some_and(|oid| (FIRST_OF_INITDB..FIRST_NORMAL).contains(&oid));
        let is_first =
            prev == Lsn::ZERO && checkpoint.next_xid.is_some_and(|next| (next.epoch, next.xid) == (0, FIRST_XID));
        if !is_young || self.seen == 0 && !is_first {
            return;
        }
        self.seen += 1;
        if self.seen == CHECKPOINTS {
            self.until = Some(lsn);
        }
    }

    /// WAL is missing.
    pub fn hole(&mut self) {
        self.seen = 0;
    }

    /// Its last record, where all of it was read.
    pub fn until(&self) -> Option<Lsn> {
        self.until
    }
}
