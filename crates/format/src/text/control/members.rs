//! The members of `ControlFileData` and of the `CheckPoint` in it, by version (`src/include/catalog/pg_control.h`).
//!
//! Rows stand in the order of the structure; a compiler's rules make offsets of them. A member begins at a multiple of
//! its alignment, which is its size on servers aligned to 8 bytes and at most 4 on the others, and a structure takes a
//! multiple of the greatest alignment in it.

use crate::version::*;
use crate::versioned::{self, Versioned};
use crate::{AddressScheme, Align, Dialect};

/// What a member holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MemberKind {
    /// An unsigned number of four bytes.
    U32,
    /// A signed number of four bytes.
    I32,
    /// An unsigned number of eight bytes.
    U64,
    /// A floating-point number of eight bytes.
    F64,
    /// A byte that is 0 or not.
    Bool,
    /// A number of four bytes that is 0 or not.
    WideBool,
    /// A position: eight bytes, two halves of four up to 9.2.
    Lsn,
    /// A timeline, four bytes.
    Timeline,
    /// An epoch and a transaction number, eight bytes as one number.
    FullXid,
    /// `time_t`: Unix seconds, in four or eight bytes.
    TimeT,
    /// `pg_time_t`: Unix seconds in eight bytes.
    Seconds,
    /// `DBState` without "shut down in recovery".
    OldState,
    /// `DBState`.
    State,
    /// `wal_level`, a number of four bytes whose names differ between versions.
    WalLevel,
    /// So many bytes of text, ended by a zero.
    Chars(u8),
    /// So many bytes of no meaning.
    Bytes(u8),
    /// `CheckPoint`.
    Checkpoint,
}

macro_rules! fields {
    ($($name:ident $text:literal,)*) => {
        /// A member, in every version that has it.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs, reason = "PostgreSQL's names")]
        pub enum ControlField { $($name,)* }

        impl ControlField {
            /// PostgreSQL's name, in lower case.
            pub const fn name(self) -> &'static str {
                match self { $(ControlField::$name => $text,)* }
            }
        }

        const COUNT: usize = [$(ControlField::$name),*].len();
    };
}

fields! {
    SystemIdentifier "system_identifier", ControlVersion "pg_control_version", CatalogVersion "catalog_version_no", State "state", Time "time",
    LogId "log_id", LogSeg "log_seg", Checkpoint "checkpoint", PrevCheckpoint "prev_checkpoint", CheckpointCopy "checkpoint_copy",
    UnloggedLsn "unlogged_lsn", MinRecoveryPoint "min_recovery_point", MinRecoveryPointTli "min_recovery_point_tli",
    BackupStartPoint "backup_start_point", BackupEndPoint "backup_end_point", BackupEndRequired "backup_end_required",
    WalLevel "wal_level", WalLogHints "wal_log_hints", MaxConnections "max_connections", MaxWorkerProcesses "max_worker_processes",
    MaxWalSenders "max_wal_senders", MaxPreparedXacts "max_prepared_xacts", MaxLocksPerXact "max_locks_per_xact",
    TrackCommitTimestamp "track_commit_timestamp", MaxAlign "max_align", FloatFormat "float_format", Blcksz "blcksz",
    RelsegSize "relseg_size", SlruPagesPerSegment "slru_pages_per_segment", XlogBlcksz "xlog_blcksz", XlogSegSize "xlog_seg_size",
    NameDataLen "name_data_len", IndexMaxKeys "index_max_keys", ToastMaxChunkSize "toast_max_chunk_size", Loblksize "loblksize",
    EnableIntTimes "enable_int_times", LocaleBuflen "locale_buflen", LcCollate "lc_collate", LcCtype "lc_ctype",
    Float4ByVal "float4_by_val", Float8ByVal "float8_by_val", DataChecksumVersionInit "data_checksum_version_init",
    DataChecksumVersion "data_checksum_version", DefaultCharSignedness "default_char_signedness",
    MockAuthenticationNonce "mock_authentication_nonce", Crc "crc",
    // Of the checkpoint.
    Redo "redo", Undo "undo", ThisTimeline "this_timeline_id", PrevTimeline "prev_timeline_id", FullPageWrites "full_page_writes",
    CheckpointWalLevel "wal_level", LogicalDecodingEnabled "logical_decoding_enabled", NextXidEpoch "next_xid_epoch", NextXid "next_xid",
    NextOid "next_oid", NextMulti "next_multi", NextMultiOffset "next_multi_offset", OldestXid "oldest_xid", OldestXidDb "oldest_xid_db",
    OldestMulti "oldest_multi", OldestMultiDb "oldest_multi_db", CheckpointTime "time", OldestCommitTsXid "oldest_commit_ts_xid",
    NewestCommitTsXid "newest_commit_ts_xid", OldestActiveXid "oldest_active_xid",
}

/// A row: a member, from a version on. It holds until a later row of the same member takes its place, or until its end.
#[derive(Clone, Copy, Debug)]
pub struct ControlMember {
    /// Which.
    pub field: ControlField,
    /// What it holds.
    pub kind: MemberKind,
    since: Version,
    until: Option<Version>,
}

const fn row(field: ControlField, kind: MemberKind, since: Version) -> ControlMember {
    ControlMember { field, kind, since, until: None }
}

impl ControlMember {
    /// The last version that has it.
    const fn until(self, last: Version) -> ControlMember {
        ControlMember { until: Some(last), ..self }
    }
}

impl Versioned for ControlMember {
    type Subject = ControlField;

    fn subject(&self) -> ControlField {
        self.field
    }

    fn since(&self) -> Version {
        self.since
    }

    fn until(&self) -> Option<Version> {
        self.until
    }
}

/// `ControlFileData`.
pub const CONTROL: &[ControlMember] = &[
    row(ControlField::SystemIdentifier, MemberKind::U64, V8_2),
    row(ControlField::ControlVersion, MemberKind::U32, V8_2),
    row(ControlField::CatalogVersion, MemberKind::U32, V8_2),
    row(ControlField::State, MemberKind::OldState, V8_2),
    row(ControlField::State, MemberKind::State, V9_0),
    row(ControlField::Time, MemberKind::TimeT, V8_2),
    row(ControlField::Time, MemberKind::Seconds, V8_4),
    row(ControlField::LogId, MemberKind::U32, V8_2).until(V8_2),
    row(ControlField::LogSeg, MemberKind::U32, V8_2).until(V8_2),
    row(ControlField::Checkpoint, MemberKind::Lsn, V8_2),
    row(ControlField::PrevCheckpoint, MemberKind::Lsn, V8_2).until(V10),
    row(ControlField::CheckpointCopy, MemberKind::Checkpoint, V8_2),
    row(ControlField::UnloggedLsn, MemberKind::Lsn, V9_3),
    row(ControlField::MinRecoveryPoint, MemberKind::Lsn, V8_2),
    row(ControlField::MinRecoveryPointTli, MemberKind::Timeline, V9_3),
    row(ControlField::BackupStartPoint, MemberKind::Lsn, V9_0),
    row(ControlField::BackupEndPoint, MemberKind::Lsn, V9_2),
    row(ControlField::BackupEndRequired, MemberKind::Bool, V9_2),
    row(ControlField::WalLevel, MemberKind::WalLevel, V9_0),
    row(ControlField::WalLogHints, MemberKind::Bool, V9_4),
    row(ControlField::MaxConnections, MemberKind::I32, V9_0),
    row(ControlField::MaxWorkerProcesses, MemberKind::I32, V9_4),
    row(ControlField::MaxWalSenders, MemberKind::I32, V12),
    row(ControlField::MaxPreparedXacts, MemberKind::I32, V9_0),
    row(ControlField::MaxLocksPerXact, MemberKind::I32, V9_0),
    row(ControlField::TrackCommitTimestamp, MemberKind::Bool, V9_5),
    row(ControlField::MaxAlign, MemberKind::U32, V8_2),
    row(ControlField::FloatFormat, MemberKind::F64, V8_2),
    row(ControlField::Blcksz, MemberKind::U32, V8_2),
    row(ControlField::RelsegSize, MemberKind::U32, V8_2),
    row(ControlField::SlruPagesPerSegment, MemberKind::U32, V19),
    row(ControlField::XlogBlcksz, MemberKind::U32, V8_2),
    row(ControlField::XlogSegSize, MemberKind::U32, V8_2),
    row(ControlField::NameDataLen, MemberKind::U32, V8_2),
    row(ControlField::IndexMaxKeys, MemberKind::U32, V8_2),
    row(ControlField::ToastMaxChunkSize, MemberKind::U32, V8_3),
    row(ControlField::Loblksize, MemberKind::U32, V9_4),
    row(ControlField::EnableIntTimes, MemberKind::WideBool, V8_2),
    row(ControlField::EnableIntTimes, MemberKind::Bool, V8_4).until(V9_6),
    row(ControlField::LocaleBuflen, MemberKind::U32, V8_2).until(V8_3),
    row(ControlField::LcCollate, MemberKind::Chars(128), V8_2).until(V8_3),
    row(ControlField::LcCtype, MemberKind::Chars(128), V8_2).until(V8_3),
    row(ControlField::Float4ByVal, MemberKind::Bool, V8_4).until(V12),
    row(ControlField::Float8ByVal, MemberKind::Bool, V8_4),
    row(ControlField::DataChecksumVersionInit, MemberKind::U32, V19),
    row(ControlField::DataChecksumVersion, MemberKind::U32, V9_3),
    row(ControlField::DefaultCharSignedness, MemberKind::Bool, V18),
    row(ControlField::MockAuthenticationNonce, MemberKind::Bytes(32), V10),
    row(ControlField::Crc, MemberKind::U32, V8_2),
];

/// `CheckPoint`.
pub const CHECKPOINT: &[ControlMember] = &[
    row(ControlField::Redo, MemberKind::Lsn, V8_2),
    row(ControlField::Undo, MemberKind::Lsn, V8_2).until(V8_2),
    row(ControlField::ThisTimeline, MemberKind::Timeline, V8_2),
    row(ControlField::PrevTimeline, MemberKind::Timeline, V9_3),
    row(ControlField::FullPageWrites, MemberKind::Bool, V9_2),
    row(ControlField::CheckpointWalLevel, MemberKind::WalLevel, V17),
    row(ControlField::LogicalDecodingEnabled, MemberKind::Bool, V19),
    row(ControlField::NextXidEpoch, MemberKind::U32, V8_2).until(V11),
    row(ControlField::NextXid, MemberKind::U32, V8_2),
    row(ControlField::NextXid, MemberKind::FullXid, V12),
    row(ControlField::NextOid, MemberKind::U32, V8_2),
    row(ControlField::NextMulti, MemberKind::U32, V8_2),
    row(ControlField::NextMultiOffset, MemberKind::U32, V8_2),
    row(ControlField::NextMultiOffset, MemberKind::U64, V19),
    row(ControlField::OldestXid, MemberKind::U32, V9_0),
    row(ControlField::OldestXidDb, MemberKind::U32, V9_0),
    row(ControlField::OldestMulti, MemberKind::U32, V9_3),
    row(ControlField::OldestMultiDb, MemberKind::U32, V9_3),
    row(ControlField::CheckpointTime, MemberKind::TimeT, V8_2),
    row(ControlField::CheckpointTime, MemberKind::Seconds, V8_4),
    row(ControlField::OldestCommitTsXid, MemberKind::U32, V9_5),
    row(ControlField::NewestCommitTsXid, MemberKind::U32, V9_5),
    row(ControlField::OldestActiveXid, MemberKind::U32, V9_0),
];

/// The rows of a version.
pub fn of(rows: &'static [ControlMember], dialect: &Dialect) -> impl Iterator<Item = &'static ControlMember> {
    versioned::of(rows, dialect.version)
}

/// What the compiler of a server decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Abi {
    /// The alignment of numbers of eight bytes.
    pub align: Align,
    /// Bytes of `time_t`: 8.2 and 8.3 have such times in the file. Not those of the alignment on some servers of 32
    /// bits.
    pub time_t: u8,
}

impl Abi {
    /// All that there are, the usual ones first.
    pub const ALL: [Abi; 4] = [
        Abi::usual(Align::Eight),
        Abi::usual(Align::Four),
        Abi { align: Align::Eight, time_t: 4 },
        Abi { align: Align::Four, time_t: 8 },
    ];

    /// That of servers on x86 and of all with 64 bits.
    pub const fn usual(align: Align) -> Abi {
        Abi { align, time_t: if let Align::Four = align { 4 } else { 8 } }
    }
}

/// Where every member stands in the file of a version and a server.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    members: [Option<(u16, MemberKind)>; COUNT],
    size: usize,
}

impl Places {
    /// Lays the structure out.
    pub fn new(dialect: &Dialect, abi: Abi) -> Places {
        let mut places = Places { members: [None; COUNT], size: 0 };
        places.size = places.lay(CONTROL, 0, dialect, abi).0;
        places
    }

    /// The size of the structure, in bytes: so much a server reads.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Where a member begins, and what it holds; `None` where the version has it not.
    pub fn at(&self, field: ControlField) -> Option<(usize, MemberKind)> {
        let (at, kind) = self.members.get(field as usize).copied().flatten()?;
        Some((usize::from(at), kind))
    }

    /// Lays the members of a structure from `start` on, and returns its size and alignment.
    fn lay(&mut self, rows: &'static [ControlMember], start: usize, dialect: &Dialect, abi: Abi) -> (usize, usize) {
        let (mut end, mut widest) = (start, 1);
        for row in of(rows, dialect) {
            let (size, own) = match row.kind {
                // Its members are laid twice: its alignment has to be known before its place is.
                MemberKind::Checkpoint => self.lay(CHECKPOINT, 0, dialect, abi),
                kind => measure(kind, dialect, abi),
            };
            end = end.next_multiple_of(own);
            if row.kind == MemberKind::Checkpoint {
                self.lay(CHECKPOINT, end, dialect, abi);
            }
            if let Some(place) = self.members.get_mut(row.field as usize) {
                *place = Some((end as u16, row.kind));
            }
            (end, widest) = (end + size, widest.max(own));
        }
        ((end - start).next_multiple_of(widest), widest)
    }
}

/// Size and alignment of a member.
fn measure(kind: MemberKind, dialect: &Dialect, abi: Abi) -> (usize, usize) {
    let greatest = match abi.align {
        Align::Four => 4,
        Align::Eight => 8,
    };
    match kind {
        MemberKind::Bool => (1, 1),
        MemberKind::Chars(length) | MemberKind::Bytes(length) => (usize::from(length), 1),
        MemberKind::TimeT => (usize::from(abi.time_t), greatest.min(usize::from(abi.time_t))),
        MemberKind::Lsn if dialect.address == AddressScheme::Split => (8, 4),
        MemberKind::U64 | MemberKind::F64 | MemberKind::Lsn | MemberKind::FullXid | MemberKind::Seconds => {
            (8, greatest)
        }
        MemberKind::U32
        | MemberKind::I32
        | MemberKind::WideBool
        | MemberKind::Timeline
        | MemberKind::OldState
        | MemberKind::State
        | MemberKind::WalLevel => (4, 4),
        MemberKind::Checkpoint => (0, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::DIALECTS;

    #[test]
    fn rows_follow_each_other() {
        versioned::check(CONTROL, |row| row.field.name().to_owned());
        versioned::check(CHECKPOINT, |row| row.field.name().to_owned());
    }

    /// `offsetof` of `checkPoint`, `checkPointCopy`, `xlog_seg_size` and `crc` as a C compiler gives them, aligned to 8
    /// and to 4 bytes, from a version on.
    #[test]
    fn members_stand_where_a_compiler_puts_them() {
        let compiled: [(Version, [[usize; 2]; 4]); 14] = [
            (V19, [[32, 28], [40, 36], [240, 224], [308, 292]]),
            (V18, [[32, 28], [40, 36], [228, 212], [292, 276]]),
            (V17, [[32, 28], [40, 36], [228, 212], [288, 272]]),
            (V12, [[32, 28], [40, 36], [228, 208], [288, 268]]),
            (V11, [[32, 28], [40, 36], [220, 204], [280, 264]]),
            (V10, [[32, 28], [48, 44], [228, 212], [288, 272]]),
            (V9_5, [[32, 28], [48, 44], [228, 212], [256, 240]]),
            (V9_4, [[32, 28], [48, 44], [212, 200], [240, 228]]),
            (V9_3, [[32, 28], [48, 44], [204, 192], [228, 216]]),
            (V9_2, [[32, 28], [48, 44], [180, 168], [200, 188]]),
            (V9_0, [[32, 28], [48, 44], [164, 152], [184, 172]]),
            (V8_4, [[32, 28], [48, 44], [124, 116], [144, 136]]),
            (V8_3, [[32, 24], [48, 40], [124, 108], [404, 388]]),
            (V8_2, [[40, 32], [56, 48], [140, 124], [416, 400]]),
        ];
        for dialect in &DIALECTS {
            let (_, offsets) = compiled.iter().find(|(since, _)| *since <= dialect.version).unwrap();
            for (align, column) in [(Align::Eight, 0), (Align::Four, 1)] {
                let places = Places::new(dialect, Abi::usual(align));
                let at = [
                    ControlField::Checkpoint,
                    ControlField::CheckpointCopy,
                    ControlField::XlogSegSize,
                    ControlField::Crc,
                ]
                .map(|f| places.at(f).unwrap().0);
                assert_eq!(at, offsets.map(|pair| pair[column]), "{} {align:?}", dialect.version);
            }
        }
    }
}
