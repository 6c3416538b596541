//! What a checkpoint says, in every version.

use super::{CHECKPOINT_ONLINE, CHECKPOINT_SHUTDOWN};
use crate::record::{Record, RecordHeader};
use crate::rmgr::fields::{self, number};
use crate::rmgr::sink::Value;
use crate::rmgr::xact::Timestamp;
use crate::text::control::{FullTransactionId, WalLevel};
use crate::{Lsn, TimelineId};

/// A checkpoint (`CheckPoint`, `src/include/catalog/pg_control.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// Made at shutdown, so that a timeline may begin with it.
    pub shutdown: bool,
    /// Where replay from it begins.
    pub redo: Lsn,
    /// The timeline in force.
    pub timeline: TimelineId,
    /// The one before it (9.3 and later).
    pub previous: Option<TimelineId>,
    /// `full_page_writes` (9.2 and later).
    pub full_page_writes: Option<bool>,
    /// `wal_level` (17 and later).
    pub wal_level: Option<WalLevel>,
    /// The next transaction.
    pub next_xid: Option<FullTransactionId>,
    /// The next object id.
    pub next_oid: Option<u32>,
    /// The oldest transaction that any data may hold (9.0 and later).
    pub oldest_xid: Option<u32>,
    /// The oldest transaction that ran, where a standby needs it (9.0 and later); 0 at a shutdown.
    pub oldest_active_xid: Option<u32>,
    /// When it was begun, in whole seconds.
    pub time: Option<Timestamp>,
}

/// Whether a record is a checkpoint.
#[inline]
pub const fn is_checkpoint(header: &RecordHeader) -> bool {
    header.is(crate::rmgr::XLOG, CHECKPOINT_SHUTDOWN) || header.is(crate::rmgr::XLOG, CHECKPOINT_ONLINE)
}

/// Reads a checkpoint. `None` for other records, and where the data ends before its timeline.
///
/// ```
/// use pgwal_format::record::{Record, RecordHeader};
/// use pgwal_format::rmgr::{self, xlog};
/// use pgwal_format::{Lsn, TimelineId};
///
/// # use pgwal_format::{Align, Endian, Layout, PageSize, SegmentSize, Version};
/// # let layout = Layout {
/// #     dialect: Version::new(15, 0).dialect().unwrap(),
/// #     align: Align::Eight,
/// #     endian: Endian::Little,
/// #     segment: SegmentSize::DEFAULT,
/// #     page: PageSize::DEFAULT,
/// # };
/// # let info = xlog::CHECKPOINT_SHUTDOWN;
/// # let header = RecordHeader { tot_len: 114, xid: 0, prev: Lsn::ZERO, info, rmid: rmgr::XLOG, crc: 0, len: 0 };
/// # let mut body = vec![255, 88, 0x28, 0, 0, 1, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0];
/// # body.resize(90, 0);
/// # let record = Record { lsn: Lsn::ZERO, end: Lsn::ZERO, header, body: &body, layout: &layout };
/// let checkpoint = xlog::checkpoint(&record).unwrap();
/// assert_eq!((checkpoint.shutdown, checkpoint.redo), (true, "0/1000028".parse().unwrap()));
/// assert_eq!((checkpoint.timeline, checkpoint.previous), (TimelineId(3), Some(TimelineId(2))));
/// ```
pub fn checkpoint(record: &Record<'_>) -> Option<Checkpoint> {
    if !is_checkpoint(&record.header) {
        return None;
    }
    let (mut redo, mut timeline, mut epoch, mut xid) = (None, None, 0, None);
    let mut out = Checkpoint {
        shutdown: record.header.operation() == CHECKPOINT_SHUTDOWN,
        redo: Lsn::ZERO,
        timeline: TimelineId(0),
        previous: None,
        full_page_writes: None,
        wal_level: None,
        next_xid: None,
        next_oid: None,
        oldest_xid: None,
        oldest_active_xid: None,
        time: None,
    };
    fields::each(record, &mut |field| match (field.name, field.value) {
        ("redo", Value::Lsn(lsn)) => redo = Some(lsn),
        ("this_timeline_id", value) => timeline = number(value).map(TimelineId),
        ("prev_timeline_id", value) => out.previous = number(value).map(TimelineId),
        ("full_page_writes", Value::Bool(on)) => out.full_page_writes = Some(on),
        ("wal_level", Value::Name(name)) => out.wal_level = WalLevel::named(name),
        // Two numbers up to 9.4.
        ("next_xid_epoch", value) => epoch = number(value).unwrap_or_default(),
        ("next_xid", Value::FullXid(n)) => xid = Some(FullTransactionId { epoch: (n >> 32) as u32, xid: n as u32 }),
        ("next_xid", value) => xid = number(value).map(|xid| FullTransactionId { epoch, xid }),
        ("next_oid", value) => out.next_oid = number(value),
        ("oldest_xid", value) => out.oldest_xid = number(value),
        ("oldest_active_xid", value) => out.oldest_active_xid = number(value),
        ("time", Value::Time(time)) => out.time = Some(time),
        ("time", Value::Seconds(seconds)) => out.time = Some(Timestamp::from_unix_seconds(seconds)),
        _ => {}
    });
    Some(Checkpoint { redo: redo?, timeline: timeline?, next_xid: xid, ..out })
}
