//! Which transactions are asked for, and in which order.

use crate::event::EventEnd;
use crate::listed_xact::{XactDuration, rows};
use crate::over::OverXact;
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;

/// What puts one transaction before another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum XactOrder {
    /// Where they ended, the last ones.
    #[default]
    End,
    /// Bytes of WAL.
    Bytes,
    /// Rows inserted, updated and deleted.
    Rows,
    /// How long they took at least.
    Duration,
}

impl XactOrder {
    /// All of them.
    pub const ALL: [XactOrder; 4] = [XactOrder::End, XactOrder::Bytes, XactOrder::Rows, XactOrder::Duration];

    /// As options and documents name it.
    pub const fn name(self) -> &'static str {
        match self {
            XactOrder::End => "end",
            XactOrder::Bytes => "bytes",
            XactOrder::Rows => "rows",
            XactOrder::Duration => "duration",
        }
    }
}

/// When a transaction was open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpenAt {
    /// It had written a record before or at this position, and ended behind it.
    Lsn(Lsn),
    /// It may have begun by this time, and ended later.
    Time(Timestamp),
}

/// What is asked for. Each narrows what the others leave.
#[derive(Clone, Debug, Default)]
pub struct XactWish {
    /// The order.
    pub by: XactOrder,
    /// So many of them, the first by that order; all for which there is room otherwise.
    pub limit: Option<usize>,
    /// Only this one, or the one of which it is a subtransaction.
    pub xid: Option<u32>,
    /// Only those that were open then.
    pub open_at: Option<OpenAt>,
    /// Only those that took at least so many microseconds for certain.
    pub longer_than: Option<i64>,
    /// Only those that wrote at least so many bytes.
    pub min_bytes: u64,
    /// Only those that ended from this time on; one without a time has that of the last one before it.
    pub since: Option<Timestamp>,
    /// Only those that ended up to this time.
    pub until: Option<Timestamp>,
    /// Only those that touched a relation with one of these files.
    pub relations: Option<Vec<RelFileLocator>>,
    /// Only those that touched one of these databases, by their OIDs.
    pub databases: Option<Vec<u32>>,
    /// Only those that had not ended in front of this position.
    pub from: Option<Lsn>,
}

impl XactWish {
    /// Whether a transaction is asked for, but for how long it took.
    pub(crate) fn wants(&self, over: &OverXact<'_>, clock: Option<Timestamp>) -> bool {
        let (xact, ending) = (over.xact, over.ending);
        let time = ending.time.or(clock);
        self.xid.is_none_or(|xid| ending.xid == xid || ending.subxacts.contains(&xid))
            && xact.bytes + ending.bytes >= self.min_bytes
            && self.since.is_none_or(|since| time.is_some_and(|time| time >= since))
            && self.until.is_none_or(|until| time.is_some_and(|time| time <= until))
            && self.open_at.is_none_or(|at| was_open(over, at, clock))
            && self.relations.as_ref().is_none_or(|own| own.iter().any(|rel| xact.relations.contains_key(rel)))
            && self.databases.as_ref().is_none_or(|own| xact.relations.keys().any(|rel| own.contains(&rel.db)))
            && self.from.is_none_or(|from| ending.at() >= from)
    }

    /// What it is put in order by: the larger, the sooner; where that is the same, by the second.
    pub(crate) fn rank(&self, over: &OverXact<'_>, took: XactDuration) -> (u64, u64) {
        let micros = |took: Option<i64>| took.map_or(0, |took| took.unsigned_abs());
        let rank = match self.by {
            XactOrder::End => 0,
            XactOrder::Bytes => over.xact.bytes + over.ending.bytes,
            XactOrder::Rows => {
                let rows = rows(over);
                rows.inserted + rows.updated + rows.deleted
            }
            XactOrder::Duration => return (micros(took.least), micros(took.most)),
        };
        (rank, 0)
    }
}

fn was_open(over: &OverXact<'_>, at: OpenAt, clock: Option<Timestamp>) -> bool {
    let (xact, ending) = (over.xact, over.ending);
    match at {
        OpenAt::Lsn(lsn) => {
            let end = match ending.end {
                EventEnd::Open => None,
                _ => ending.lsn.or(Some(over.at)),
            };
            xact.begin <= lsn && end.is_none_or(|end| end > lsn)
        }
        OpenAt::Time(time) => {
            let end = ending.time.or(if ending.end == EventEnd::Open { None } else { clock });
            xact.after.is_none_or(|after| after <= time) && end.is_none_or(|end| end > time)
        }
    }
}
