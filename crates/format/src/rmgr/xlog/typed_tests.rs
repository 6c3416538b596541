//! Typed records, of versions that lay them out in different ways.

use super::*;
use crate::record::{Record, RecordHeader};
use crate::rmgr::database::{DatabaseChange, DatabaseFolder, change};
use crate::rmgr::standby::running_xacts;
use crate::rmgr::storage::{created, truncated};
use crate::rmgr::table::{V8_2, V9_0, V9_1, V9_4, V10, V13, V18};
use crate::rmgr::told::layout;
use crate::rmgr::xact::{Timestamp, XactEnd, XactOutcome, dropped_relations, ended, ended_at};
use crate::rmgr::{self, xact};
use crate::text::control::{FullTransactionId, WalLevel};
use crate::{Align, Endian, Generation, Lsn, TimelineId, Version};

fn numbers(of: &[u32]) -> Vec<u8> {
    of.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// A record of transaction 7 on a usual machine.
fn with<T>(version: Version, rmid: u8, info: u8, main: &[u8], ask: impl FnOnce(&Record<'_>) -> T) -> T {
    let layout = layout(version, Align::Eight, Endian::Little);
    let modern = layout.dialect.generation == Generation::Modern;
    let body = if modern { [&[255, main.len() as u8], main].concat() } else { main.to_vec() };
    let header = RecordHeader {
        tot_len: body.len() as u32 + layout.record_header() as u32,
        xid: 7,
        prev: Lsn::ZERO,
        info,
        rmid,
        crc: 0,
        len: if modern { 0 } else { main.len() as u32 },
    };
    ask(&Record { lsn: Lsn::ZERO, end: Lsn::ZERO, header, body: &body, layout: &layout })
}

#[test]
fn checkpoints() {
    let old = numbers(&[1, 40, 0, 0, 2, 5, 6, 7, 8, 9]);
    let found =
        with(V8_2, rmgr::XLOG, CHECKPOINT_ONLINE, &[&old[..], &0u64.to_le_bytes()].concat(), checkpoint).unwrap();
    assert_eq!((found.shutdown, found.redo, found.timeline), (false, Lsn::from_halves(1, 40), TimelineId(2)));
    assert_eq!(found.next_xid, Some(FullTransactionId { epoch: 5, xid: 6 }));
    assert_eq!((found.previous, found.next_oid, found.oldest_active_xid), (None, Some(7), None));
    assert_eq!(found.time, Some(Timestamp::from_unix_seconds(0)));

    let new = numbers(&[40, 1, 3, 2, 1, 1, 6, 5, 7, 8, 9, 10, 11, 12, 13, 0, 60, 0, 14, 15, 16, 0]);
    let found = with(V18, rmgr::XLOG, CHECKPOINT_SHUTDOWN, &new, checkpoint).unwrap();
    assert_eq!((found.shutdown, found.redo, found.timeline), (true, Lsn::new(1 << 32 | 40), TimelineId(3)));
    assert_eq!((found.previous, found.wal_level), (Some(TimelineId(2)), Some(WalLevel::Replica)));
    assert_eq!(found.next_xid, Some(FullTransactionId { epoch: 5, xid: 6 }));
    assert_eq!((found.oldest_xid, found.oldest_active_xid), (Some(10), Some(16)));
    assert_eq!(found.time, Some(Timestamp::from_unix_seconds(60)));

    assert_eq!(with(V18, rmgr::XLOG, CHECKPOINT_SHUTDOWN, &new[..8], checkpoint), None);
    assert_eq!(with(V18, rmgr::XLOG, NOOP, &new, checkpoint), None);
    assert_eq!(with(V18, rmgr::TRANSACTION, CHECKPOINT_SHUTDOWN, &new, checkpoint), None);
}

#[test]
fn what_recovery_minds() {
    let start = |version| with(version, rmgr::XLOG, BACKUP_END, &numbers(&[1, 2]), backup_end);
    assert_eq!((start(V9_0), start(V10)), (Some(Lsn::from_halves(1, 2)), Some(Lsn::from_halves(2, 1))));
    let found = with(V18, rmgr::XLOG, END_OF_RECOVERY, &numbers(&[9, 0, 3, 2, 2, 0]), end_of_recovery).unwrap();
    assert_eq!((found.timeline, found.previous, found.time), (TimelineId(3), TimelineId(2), Timestamp(9)));
    assert_eq!(found.wal_level, Some(WalLevel::Logical));

    let found = with(V10, rmgr::XLOG, PARAMETER_CHANGE, &numbers(&[1, 2, 3, 4, 1, 0x0100]), parameter_change).unwrap();
    assert_eq!((found.max_connections, found.max_wal_senders, found.max_locks_per_xact), (Some(1), None, Some(4)));
    assert_eq!((found.wal_level, found.wal_log_hints), (Some(WalLevel::Replica), Some(false)));
    assert_eq!((found.number("max_prepared_xacts"), found.number("wal_level")), (Some(3), None));
    let found = with(V13, rmgr::XLOG, PARAMETER_CHANGE, &numbers(&[1, 2, 9]), parameter_change).unwrap();
    assert_eq!((found.max_wal_senders, found.max_prepared_xacts), (Some(9), None));

    let gave_up = |version| with(version, rmgr::XLOG, OVERWRITE_CONTRECORD, &numbers(&[40, 1, 0, 0]), overwritten);
    assert_eq!((gave_up(V9_4), gave_up(V18)), (None, Some(Lsn::new(1 << 32 | 40))));
    let point = [&[0; 8][..], b"here\0"].concat();
    let name = |rmid| with(V18, rmid, RESTORE_POINT, &point, |r| restore_point(r).map(|found| found.name.to_vec()));
    assert_eq!((name(rmgr::XLOG), name(rmgr::HEAP)), (Some(b"here".to_vec()), None));
}

#[test]
fn ends_of_transactions() {
    let end = |xid, outcome| Some(XactEnd { outcome, xid, time: Timestamp(1000) });
    let old = numbers(&[800, 0, 1000, 0, 0, 0, 0]);
    assert_eq!(with(V9_1, rmgr::TRANSACTION, xact::ABORT_PREPARED, &old, ended), end(800, XactOutcome::Abort));
    let new = numbers(&[1000, 0, 0x14, 1, 1663, 5, 16384, 800]);
    let info = xact::COMMIT_PREPARED | xact::HAS_INFO;
    assert_eq!(with(V18, rmgr::TRANSACTION, info, &new, ended), end(800, XactOutcome::Commit));
    assert_eq!(with(V18, rmgr::TRANSACTION, info, &new, ended_at), Some((XactOutcome::Commit, Timestamp(1000))));
    let dropped = with(V18, rmgr::TRANSACTION, info, &new, dropped_relations);
    assert_eq!(dropped.iter().map(|rel| rel.rel).collect::<Vec<_>>(), [16384]);
    assert_eq!(with(V18, rmgr::TRANSACTION, xact::COMMIT, &new[..8], ended), end(7, XactOutcome::Commit));
    let compact = |version| with(version, rmgr::TRANSACTION, 0x60, &numbers(&[1000, 0, 0]), ended);
    assert_eq!((compact(V9_1), compact(V9_4), compact(V18)), (None, end(7, XactOutcome::Commit), None));
    assert_eq!(with(V18, rmgr::XLOG, xact::COMMIT, &new, ended), None);
}

#[test]
fn files_and_running_transactions() {
    let made = with(V9_0, rmgr::STORAGE, rmgr::storage::CREATE, &numbers(&[1663, 5, 9]), created).unwrap();
    assert_eq!((made.rel.rel, made.fork), (9, 0));
    let cut = |version, data: &[u32]| with(version, rmgr::STORAGE, rmgr::storage::TRUNCATE, &numbers(data), truncated);
    let found = cut(V8_2, &[4, 1663, 5, 9]).unwrap();
    assert_eq!((found.rel.rel, found.blocks, found.flags, found.cuts_main()), (9, 4, None, true));
    assert!(!cut(V18, &[4, 1663, 5, 9, 2]).unwrap().cuts_main() && cut(V18, &[4, 1663, 5, 9, 7]).unwrap().cuts_main());

    let at = |tablespace, database| DatabaseFolder { tablespace, database };
    let of = |version, info, data: &[u32]| with(version, rmgr::DATABASE, info, &numbers(data), change).unwrap();
    let copied = DatabaseChange::Copied { from: at(1664, 1), to: at(1663, 16) };
    assert_eq!(of(V9_0, 0x00, &[16, 1663, 1, 1664]), copied);
    assert_eq!(of(V18, 0x00, &[16, 1663, 1, 1664]), copied);
    assert_eq!(of(V18, 0x10, &[16, 1663]), DatabaseChange::Created(at(1663, 16)));
    let dropped = |tablespaces: &[u32]| DatabaseChange::Dropped { database: 16, tablespaces: tablespaces.to_vec() };
    assert_eq!(of(V10, 0x10, &[16, 1663]), dropped(&[1663]));
    assert_eq!(of(V18, 0x20, &[16, 2, 1663, 1700]), dropped(&[1663, 1700]));

    let running = |version, data: &[u32]| {
        with(version, rmgr::STANDBY, rmgr::standby::RUNNING_XACTS, &numbers(data), running_xacts).unwrap()
    };
    let found = running(V9_0, &[1, 1, 900, 801, 899, 801]);
    assert_eq!((found.count, found.subxid_overflow, found.next_xid, found.oldest_running_xid), (1, true, 900, 801));
    let found = running(V18, &[0, 0, 0, 900, 900, 899]);
    assert_eq!((found.count, found.subxid_overflow, found.latest_completed_xid), (0, false, Some(899)));
}
