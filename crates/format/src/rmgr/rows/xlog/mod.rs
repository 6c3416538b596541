//! The rows of "XLOG", 9.5 and later (`src/include/catalog/pg_control.h`, `src/include/access/xlog_internal.h`).

mod checkpoint;

use crate::rmgr::table::{
    Op, OpPart, V9_5, V9_6, V11, V12, V17, V19, bool, cstr, i32, lsn, op, text, time, u32, wal_level,
};

const PARAMETERS: &[OpPart] = &[
    text("max_connections="),
    i32("max_connections", 0),
    text(" max_worker_processes="),
    i32("max_worker_processes", 4),
    text(" max_prepared_xacts="),
    i32("max_prepared_xacts", 8),
    text(" max_locks_per_xact="),
    i32("max_locks_per_xact", 12),
    text(" wal_level="),
    wal_level("wal_level", 16),
    text(" wal_log_hints="),
    bool("wal_log_hints", 20).on_off(),
    text(" track_commit_timestamp="),
    bool("track_commit_timestamp", 21).on_off(),
];
const PARAMETERS_12: &[OpPart] = &[
    text("max_connections="),
    i32("max_connections", 0),
    text(" max_worker_processes="),
    i32("max_worker_processes", 4),
    text(" max_wal_senders="),
    i32("max_wal_senders", 8),
    text(" max_prepared_xacts="),
    i32("max_prepared_xacts", 12),
    text(" max_locks_per_xact="),
    i32("max_locks_per_xact", 16),
    text(" wal_level="),
    wal_level("wal_level", 20),
    text(" wal_log_hints="),
    bool("wal_log_hints", 24).on_off(),
    text(" track_commit_timestamp="),
    bool("track_commit_timestamp", 25).on_off(),
];
const RECOVERY: &[OpPart] = &[
    text("tli "),
    u32("this_timeline_id", 8),
    text("; prev tli "),
    u32("prev_timeline_id", 12),
    text("; time "),
    time("end_time", 0),
];
const RECOVERY_17: &[OpPart] = &[
    text("tli "),
    u32("this_timeline_id", 8),
    text("; prev tli "),
    u32("prev_timeline_id", 12),
    text("; time "),
    time("end_time", 0),
    text("; wal_level "),
    wal_level("wal_level", 16),
];
const OVERWRITTEN: &[OpPart] = &[text("lsn "), lsn("overwritten_lsn", 0), text("; time "), time("overwrite_time", 8)];

/// The operations of 9.5 and later. A page image (FPI) lies in the record's blocks.
pub const OPS: &[Op] = &[
    op(0x00, "CHECKPOINT_SHUTDOWN", V9_5, checkpoint::V9_5),
    op(0x00, "CHECKPOINT_SHUTDOWN", V12, checkpoint::V12),
    op(0x00, "CHECKPOINT_SHUTDOWN", V17, checkpoint::V17),
    op(0x00, "CHECKPOINT_SHUTDOWN", V19, checkpoint::V19),
    op(0x10, "CHECKPOINT_ONLINE", V9_5, checkpoint::V9_5),
    op(0x10, "CHECKPOINT_ONLINE", V12, checkpoint::V12),
    op(0x10, "CHECKPOINT_ONLINE", V17, checkpoint::V17),
    op(0x10, "CHECKPOINT_ONLINE", V19, checkpoint::V19),
    op(0x20, "NOOP", V9_5, &[]),
    op(0x30, "NEXTOID", V9_5, &[u32("next_oid", 0)]),
    op(0x40, "SWITCH", V9_5, &[]),
    op(0x50, "BACKUP_END", V9_5, &[lsn("startpoint", 0)]),
    op(0x60, "PARAMETER_CHANGE", V9_5, PARAMETERS),
    op(0x60, "PARAMETER_CHANGE", V12, PARAMETERS_12),
    op(0x70, "RESTORE_POINT", V9_5, &[cstr("rp_name", 8, 64), time("rp_time", 0).hidden()]),
    op(0x80, "FPW_CHANGE", V9_5, &[bool("full_page_writes", 0)]),
    op(0x90, "END_OF_RECOVERY", V9_5, RECOVERY),
    op(0x90, "END_OF_RECOVERY", V17, RECOVERY_17),
    op(0xA0, "FPI_FOR_HINT", V9_5, &[]),
    op(0xB0, "FPI", V9_5, &[]),
    op(0xC0, "FPI_MULTI", V9_5, &[]).until(V11),
    // Its four bytes mean nothing: a record cannot be empty.
    op(0xC0, "ASSIGN_LSN", V19, &[]),
    op(0xD0, "OVERWRITE_CONTRECORD", V9_6, OVERWRITTEN),
    op(0xE0, "CHECKPOINT_REDO", V17, &[text("wal_level "), wal_level("wal_level", 0)]),
    op(0xF0, "LOGICAL_DECODING_STATUS_CHANGE", V19, &[bool("logical_decoding_enabled", 0)]),
];

#[cfg(test)]
mod tests {
    use crate::rmgr::table::{V9_5, V9_6, V11, V12, V16, V17, V19};
    use crate::rmgr::told::{any_bytes, layout, tell, told};
    use crate::{Align, Endian};

    const XLOG: u8 = 0;

    fn numbers(of: &[u32]) -> Vec<u8> {
        of.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    #[test]
    fn checkpoints_of_every_version_and_alignment() {
        let after = "oldest xid 10 in DB 11; oldest multi 12 in DB 13; oldest/newest commit timestamp xid: 16/17; oldest running xid 18; online";
        let numbered = |xid: &str| format!("{xid}; oid 7; multi 8; offset 9; {after}");
        let rest = [7, 8, 9, 10, 11, 12, 13];
        let end = [14, 15, 16, 17, 18, 0];
        let (pad, none) = (&[0u32][..], &[][..]);
        // Epoch 5 of transaction 6: the epoch first up to 11.
        for (version, align, middle, before_time) in [
            (V9_5, Align::Eight, &[5, 6][..], none),
            (V11, Align::Four, &[5, 6], none),
            (V12, Align::Eight, &[0, 6, 5], pad),
            (V16, Align::Four, &[6, 5], none),
            (V17, Align::Eight, &[1, 6, 5], pad),
            (V17, Align::Four, &[1, 6, 5], none),
        ] {
            let data = numbers(&[&[1, 0, 2, 3, 1], middle, &rest, before_time, &end].concat());
            let (told, result) = tell(&layout(version, align, Endian::Little), XLOG, 0x10, &data, &[]);
            assert_eq!(result, Ok(()));
            let level = if version == V17 { "wal_level replica; " } else { "" };
            let words = numbered(&format!("redo 0/00000001; tli 2; prev tli 3; fpw true; {level}xid 21474836486"));
            assert_eq!(told.text, words, "{version} {align:?}");
            assert!(told.document.contains("oldest_active_xid=18 time="), "{}", told.document);
        }
        for (align, middle) in [(Align::Eight, &[1, 1, 0, 6, 5][..]), (Align::Four, &[1, 1, 6, 5])] {
            let data = numbers(&[&[1, 0, 2, 3, 1], middle, &[7, 8, 9, 0, 10, 11, 12, 13], &end].concat());
            let (told, _) = tell(&layout(V19, align, Endian::Little), XLOG, 0x10, &data, &[]);
            let words = "redo 0/00000001; tli 2; prev tli 3; fpw true; wal_level replica; logical decoding true; xid 21474836486";
            assert_eq!(told.text, numbered(words), "{align:?}");
        }
    }

    #[test]
    fn parameters_by_version() {
        let (old, new) = (numbers(&[1, 2, 3, 4, 2, 0x0001]), numbers(&[1, 2, 9, 3, 4, 1, 0x0100]));
        let old = |version| told(version, XLOG, 0x60, &old, &[]).0;
        let text = "max_connections=1 max_worker_processes=2 max_prepared_xacts=3 max_locks_per_xact=4 wal_level=";
        assert_eq!(old(V9_5), format!("{text}hot_standby wal_log_hints=on track_commit_timestamp=off"));
        assert_eq!(old(V9_6), format!("{text}logical wal_log_hints=on track_commit_timestamp=off"));
        let text = "max_connections=1 max_worker_processes=2 max_wal_senders=9 max_prepared_xacts=3 max_locks_per_xact=4 wal_level=replica";
        assert_eq!(told(V12, XLOG, 0x60, &new, &[]).0, format!("{text} wal_log_hints=off track_commit_timestamp=on"));
    }

    #[test]
    fn records_without_words() {
        for (version, info) in [(V9_5, 0x20), (V9_5, 0xC0), (V11, 0xC0), (V19, 0xC0)] {
            assert_eq!(told(version, XLOG, info, &[0; 4], &[]), (String::new(), String::new()));
        }
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(XLOG);
    }
}
