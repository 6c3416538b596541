//! Records that recovery minds: the end of a backup, of a recovery, settings, a record that was given up.

use super::{BACKUP_END, END_OF_RECOVERY, OVERWRITE_CONTRECORD, PARAMETER_CHANGE};
use crate::record::Record;
use crate::rmgr::fields::{self, number};
use crate::rmgr::sink::Value;
use crate::rmgr::xact::Timestamp;
use crate::rmgr::{self};
use crate::text::control::{ServerParameters, WalLevel};
use crate::{Lsn, TimelineId};

/// The end of a recovery, with which a timeline begins (`xl_end_of_recovery`; 9.3 and later).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndOfRecovery {
    /// The timeline that begins.
    pub timeline: TimelineId,
    /// The one before it.
    pub previous: TimelineId,
    /// When recovery ended.
    pub time: Timestamp,
    /// `wal_level` (17 and later).
    pub wal_level: Option<WalLevel>,
}

/// Reads `END_OF_RECOVERY`. `None` for other records and for cut data.
pub fn end_of_recovery(record: &Record<'_>) -> Option<EndOfRecovery> {
    if !record.header.is(rmgr::XLOG, END_OF_RECOVERY) {
        return None;
    }
    let (mut timeline, mut previous, mut time, mut wal_level) = (None, None, None, None);
    fields::each(record, &mut |field| match (field.name, field.value) {
        ("this_timeline_id", value) => timeline = number(value).map(TimelineId),
        ("prev_timeline_id", value) => previous = number(value).map(TimelineId),
        ("end_time", Value::Time(at)) => time = Some(at),
        ("wal_level", Value::Name(name)) => wal_level = WalLevel::named(name),
        _ => {}
    });
    Some(EndOfRecovery { timeline: timeline?, previous: previous?, time: time?, wal_level })
}

/// Where the base backup started that ends with this record (`BACKUP_END`; 9.0 and later). `None` for other records and
/// for cut data.
pub fn backup_end(record: &Record<'_>) -> Option<Lsn> {
    if !record.header.is(rmgr::XLOG, BACKUP_END) {
        return None;
    }
    let mut start = None;
    fields::each(record, &mut |field| {
        if let ("startpoint", Value::Lsn(lsn)) = (field.name, field.value) {
            start = Some(lsn);
        }
    });
    start
}

/// The settings in force from a record on (`PARAMETER_CHANGE`; 9.0 and later). `None` for other records; of cut data
/// what is there.
pub fn parameter_change(record: &Record<'_>) -> Option<ServerParameters> {
    if !record.header.is(rmgr::XLOG, PARAMETER_CHANGE) {
        return None;
    }
    let mut out = ServerParameters::default();
    fields::each(record, &mut |field| {
        let integer = || number(field.value).map(u32::cast_signed);
        match (field.name, field.value) {
            ("max_connections", _) => out.max_connections = integer(),
            ("max_worker_processes", _) => out.max_worker_processes = integer(),
            ("max_wal_senders", _) => out.max_wal_senders = integer(),
            ("max_prepared_xacts", _) => out.max_prepared_xacts = integer(),
            ("max_locks_per_xact", _) => out.max_locks_per_xact = integer(),
            ("wal_level", Value::Name(name)) => out.wal_level = WalLevel::named(name),
            ("wal_log_hints", Value::Bool(on)) => out.wal_log_hints = Some(on),
            ("track_commit_timestamp", Value::Bool(on)) => out.track_commit_timestamp = Some(on),
            _ => {}
        }
    });
    Some(out)
}

/// Where the record starts whose rest a crash lost, and which this one gives up (`xl_overwrite_contrecord`; 9.6 and
/// later). `None` for other records and for cut data.
#[inline]
pub fn overwritten(record: &Record<'_>) -> Option<Lsn> {
    let layout = record.layout;
    if layout.dialect.page.overwrite == 0 || !record.header.is(rmgr::XLOG, OVERWRITE_CONTRECORD) {
        return None;
    }
    record.main_data().first_chunk().map(|b| Lsn::new(layout.endian.u64(*b)))
}
