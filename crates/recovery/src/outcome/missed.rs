//! Why a target is not met, where more WAL would not help, or what it waits for.

use crate::events::xid_trace::{XidTrace, follows};
use pgwal_format::Lsn;

/// Why a target is not met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UnmetTarget {
    /// The transaction is a subtransaction, and ends with another one.
    Subtransaction {
        /// Of this one.
        of: u32,
        /// Where that ended, and whether it committed.
        ended: Option<(Lsn, bool)>,
    },
    /// It ended before replay starts.
    Before {
        /// Where, and whether it committed, where that is here.
        ended: Option<(Lsn, bool)>,
    },
    /// It was open when the server crashed, or its number was never used: it has no end.
    NoEnd {
        /// Its last record.
        last: Option<Lsn>,
        /// It does not run any more there.
        gone: Lsn,
    },
    /// It was prepared and is neither committed nor rolled back.
    Prepared {
        /// Its name.
        gid: String,
        /// The record.
        lsn: Lsn,
    },
    /// It still runs at the end.
    Open {
        /// Its last record.
        last: Lsn,
    },
    /// Its number was not given yet.
    NotYet {
        /// The last one that was.
        last: u32,
    },
    /// The restore point lies before the start of replay.
    PointBefore(Lsn),
    /// The time is later than now.
    InFuture,
    /// The position lies before the start of replay: the directory is already beyond it.
    Passed,
    /// There is no restore point of that name: those that there are, in order.
    NoPoint(Vec<String>),
}

impl UnmetTarget {
    /// WAL that is not here may bring it.
    pub const fn may_come(&self) -> bool {
        matches!(
            self,
            UnmetTarget::Prepared { .. }
                | UnmetTarget::InFuture
                | UnmetTarget::Open { .. }
                | UnmetTarget::NotYet { .. }
                | UnmetTarget::NoPoint(_)
        )
    }

    /// What a trace of a transaction comes to; `None` where it ended, or nothing is known of it.
    pub fn of(xid: u32, trace: &XidTrace) -> Option<UnmetTarget> {
        if let Some(end) = trace.end {
            let ended = Some((end.lsn, end.commit));
            return (end.xid != xid).then_some(UnmetTarget::Subtransaction { of: end.xid, ended });
        }
        if let Some(prepared) = &trace.prepared {
            return Some(if prepared.xid == xid {
                UnmetTarget::Prepared { gid: prepared.gid.clone(), lsn: prepared.lsn }
            } else {
                UnmetTarget::Subtransaction { of: prepared.xid, ended: None }
            });
        }
        if let Some(of) = trace.top {
            return Some(UnmetTarget::Subtransaction { of, ended: None });
        }
        let last = trace.records.map(|(_, last)| last);
        match (last, trace.quiet) {
            (Some(last), Some((_, gone))) if gone > last => Some(UnmetTarget::NoEnd { last: Some(last), gone }),
            (Some(last), _) => Some(UnmetTarget::Open { last }),
            // What WAL tells of running transactions first, it tells of those from before.
            (None, Some((gone, _))) if trace.first_told == Some(gone) => Some(UnmetTarget::Before { ended: None }),
            (None, Some((gone, _))) => Some(UnmetTarget::NoEnd { last: None, gone }),
            (None, None) => {
                let last = trace.highest.filter(|known| follows(xid, *known))?;
                Some(UnmetTarget::NotYet { last })
            }
        }
    }
}
