//! What recovery does differently from version to version (`src/backend/access/transam/xlog.c`; `xlogrecovery.c` from
//! 15 on).
//!
//! A column of the version's row: [`RecoveryRules`]. What it makes of [`settings`] is another.

pub mod data_directory;
pub mod parameters;
pub mod settings;

/// What recovery does in a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecoveryRules {
    /// The ends of prepared transactions count for targets (9.0 and later).
    pub prepared_ends: bool,
    /// What a restore point is to a target.
    pub restore_points: RestorePoints,
    /// Behind an inclusive target one more record is read before recovery ends (9.0 and earlier).
    pub reads_past_target: bool,
    /// How the end of a base backup is known.
    pub backup_end: BackupEnd,
    /// A checkpoint at shutdown while the end of a backup is still to come is PANIC (9.1 and later).
    pub notices_canceled_backup: bool,
    /// The timeline of the start is that of the label or of `pg_control` (15 and later), not that in the checkpoint
    /// record.
    pub label_timeline: bool,
    /// The timeline of a start is compared with the history before anything is read (9.2 and earlier).
    pub history_first: bool,
    /// Records that open a timeline name the one before, which is compared (9.3 and later).
    pub compares_previous_timeline: bool,
    /// WAL written with `wal_level = minimal`.
    pub minimal: Minimal,
    /// Settings that must not be lower than on the primary, where hot standby is on; as their records name them.
    pub parameters: &'static [Parameter],
    /// A parameter that is too low pauses a server that accepts connections (14 and later), and is FATAL otherwise.
    pub insufficient_pauses: bool,
    /// Timelines that begin in a later segment are passed over when a segment is looked for (9.5 and later).
    pub passes_over_later_timelines: bool,
    /// A missing checkpoint record is named by its position (17 and later).
    pub names_missing_checkpoint: bool,
    /// How `wal_level=minimal` stands in the message (17 and later: in quotes).
    pub quoted_minimal: bool,
    /// WAL is read ahead of replay unless `recovery_prefetch` is off (15 and later): `maintenance_io_concurrency`
    /// unless set.
    pub reads_ahead: Option<u64>,
    /// Messages speak of consistency (8.4 and later), not of the time when the backup ended.
    pub says_consistent: bool,
    /// A `backup_label` whose START TIMELINE is not that of its file's name is refused (11 and later).
    pub compares_label_timelines: bool,
    /// There are incremental backups, and a server refuses to start on one (17 and later).
    pub incremental_backups: bool,
    /// How `tablespace_map` is read (9.5 and later).
    pub tablespace_map: TablespaceMap,
    /// The server that the settings came from: `master` (13 and earlier) or `primary`.
    pub primary: &'static str,
    /// The message of a timeline that does not descend from this server's.
    pub not_a_child: NotAChild,
    /// Without a `backup_label`, and where `pg_control` does not say up to where, a server replays its own `pg_wal`
    /// before it asks the archive for WAL (9.2 and later).
    pub own_wal_first: bool,
    /// PANIC where a tablespace is a folder in `pg_tblspc` when the data become consistent (10 and later: since the
    /// minor releases of August 2022, before which there can be none).
    pub refuses_in_place_tablespaces: bool,
    /// The last record is read once more before a promotion, and it is PANIC where it is not there (9.2 and later,
    /// where it matters).
    pub rereads_last_record: bool,
    /// A server that turns to the archive for the record at which replay starts does not know its timeline yet, and
    /// refuses the minimum recovery point that it has just made (14).
    pub turns_without_timeline: bool,
    /// The state of a prepared transaction is read again from the WAL that was restored, until a restartpoint has
    /// written it to a file (10 and later).
    pub reads_prepared: bool,
    /// The message of a `restore_command` that stops the server names its exit in words (9.4 and later).
    pub names_exits: bool,
    /// A logical replication slot needs `wal_level = logical` (18 and earlier), not only `replica`.
    pub logical_slots_need_logical: bool,
    /// More replication slots than `max_replication_slots` are PANIC (11 and earlier), not FATAL.
    pub too_many_slots_panic: bool,
}

/// What a restore point is to a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RestorePoints {
    /// There are none (9.0 and earlier).
    None,
    /// Recovery stops before it, and its time counts for a target time (9.1 to 9.3).
    Before,
    /// Recovery stops behind it; its time does not count (9.4 and later).
    After,
}

/// How the end of a base backup is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BackupEnd {
    /// From the backup history file in the archive; without one, nothing is waited for (8.4 and earlier).
    HistoryFile,
    /// From `BACKUP_END` (9.0 and later).
    Record,
}

/// What WAL written with `wal_level = minimal` is to recovery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Minimal {
    /// Nothing says so (8.4 and earlier).
    Unknown,
    /// A warning; an error where hot standby is on (9.0 to 13).
    Warning,
    /// FATAL (14 and later).
    Fatal,
}

/// The message of a timeline that does not descend from this server's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotAChild {
    /// `… is not a child of database system timeline N` (9.2 and earlier).
    OfTimeline,
    /// `… is not a child of this server's history`.
    OfHistory,
}

/// How a server reads `tablespace_map` (`read_tablespace_map`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TablespaceMap {
    /// There is none (9.4 and earlier).
    Unknown,
    /// A word and the rest of the line: an empty line is refused, a last line that is not ended is passed over (9.5 to
    /// 13).
    Scanned,
    /// What stands in front of the first space, and behind it: both must be there, and the last line must end (14 to
    /// 16).
    Split,
    /// The same, and in front of the space stands a number (17 and later).
    Numbered,
}

/// A setting that a standby needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameter {
    /// In `postgresql.conf`.
    pub setting: &'static str,
    /// In records and in `pg_control`.
    pub field: &'static str,
}

const fn parameter(setting: &'static str, field: &'static str) -> Parameter {
    Parameter { setting, field }
}

const CONNECTIONS: Parameter = parameter("max_connections", "max_connections");
const WORKERS: Parameter = parameter("max_worker_processes", "max_worker_processes");
const SENDERS: Parameter = parameter("max_wal_senders", "max_wal_senders");
const PREPARED: Parameter = parameter("max_prepared_transactions", "max_prepared_xacts");
const LOCKS: Parameter = parameter("max_locks_per_transaction", "max_locks_per_xact");

pub(crate) const RECOVERY_8_2: RecoveryRules = RecoveryRules {
    prepared_ends: false,
    restore_points: RestorePoints::None,
    reads_past_target: true,
    backup_end: BackupEnd::HistoryFile,
    notices_canceled_backup: false,
    label_timeline: false,
    history_first: true,
    compares_previous_timeline: false,
    minimal: Minimal::Unknown,
    parameters: &[],
    insufficient_pauses: false,
    passes_over_later_timelines: false,
    names_missing_checkpoint: false,
    quoted_minimal: false,
    reads_ahead: None,
    says_consistent: false,
    compares_label_timelines: false,
    incremental_backups: false,
    tablespace_map: TablespaceMap::Unknown,
    primary: "master",
    not_a_child: NotAChild::OfTimeline,
    own_wal_first: false,
    rereads_last_record: false,
    names_exits: false,
    logical_slots_need_logical: true,
    too_many_slots_panic: true,
    turns_without_timeline: false,
    refuses_in_place_tablespaces: false,
    reads_prepared: false,
};
pub(crate) const RECOVERY_8_4: RecoveryRules = RecoveryRules { says_consistent: true, ..RECOVERY_8_2 };
pub(crate) const RECOVERY_9_0: RecoveryRules = RecoveryRules {
    prepared_ends: true,
    backup_end: BackupEnd::Record,
    minimal: Minimal::Warning,
    parameters: &[CONNECTIONS, PREPARED, LOCKS],
    ..RECOVERY_8_4
};
pub(crate) const RECOVERY_9_1: RecoveryRules = RecoveryRules {
    restore_points: RestorePoints::Before,
    reads_past_target: false,
    notices_canceled_backup: true,
    ..RECOVERY_9_0
};
pub(crate) const RECOVERY_9_2: RecoveryRules =
    RecoveryRules { own_wal_first: true, rereads_last_record: true, ..RECOVERY_9_1 };
pub(crate) const RECOVERY_9_3: RecoveryRules = RecoveryRules {
    history_first: false,
    compares_previous_timeline: true,
    not_a_child: NotAChild::OfHistory,
    ..RECOVERY_9_2
};
pub(crate) const RECOVERY_9_4: RecoveryRules = RecoveryRules {
    names_exits: true,
    restore_points: RestorePoints::After,
    parameters: &[CONNECTIONS, WORKERS, PREPARED, LOCKS],
    ..RECOVERY_9_3
};
pub(crate) const RECOVERY_9_5: RecoveryRules =
    RecoveryRules { passes_over_later_timelines: true, tablespace_map: TablespaceMap::Scanned, ..RECOVERY_9_4 };
pub(crate) const RECOVERY_10: RecoveryRules =
    RecoveryRules { reads_prepared: true, refuses_in_place_tablespaces: true, ..RECOVERY_9_5 };
pub(crate) const RECOVERY_11: RecoveryRules = RecoveryRules { compares_label_timelines: true, ..RECOVERY_10 };
pub(crate) const RECOVERY_12: RecoveryRules = RecoveryRules {
    parameters: &[CONNECTIONS, WORKERS, SENDERS, PREPARED, LOCKS],
    too_many_slots_panic: false,
    ..RECOVERY_11
};
pub(crate) const RECOVERY_14: RecoveryRules = RecoveryRules {
    minimal: Minimal::Fatal,
    insufficient_pauses: true,
    primary: "primary",
    tablespace_map: TablespaceMap::Split,
    turns_without_timeline: true,
    ..RECOVERY_12
};
pub(crate) const RECOVERY_15: RecoveryRules =
    RecoveryRules { label_timeline: true, reads_ahead: Some(10), turns_without_timeline: false, ..RECOVERY_14 };
pub(crate) const RECOVERY_17: RecoveryRules = RecoveryRules {
    names_missing_checkpoint: true,
    quoted_minimal: true,
    incremental_backups: true,
    tablespace_map: TablespaceMap::Numbered,
    ..RECOVERY_15
};
pub(crate) const RECOVERY_18: RecoveryRules = RecoveryRules { reads_ahead: Some(16), ..RECOVERY_17 };
pub(crate) const RECOVERY_19: RecoveryRules = RecoveryRules { logical_slots_need_logical: false, ..RECOVERY_18 };
