//! A version of PostgreSQL is a row of facts about its WAL.
//!
//! Sources: `XLOG_PAGE_MAGIC` and the structures of `src/include/access/xlog_internal.h`, `xlogrecord.h` (`xlog.h` up
//! to 9.4), `rmgrlist.h` and `src/backend/access/transam/xlogreader.c` of each version.

use crate::AddressScheme;
use crate::recovery::settings::{self, SettingRules};
use crate::recovery::{self, RecoveryRules};
use crate::rewind::{self, RewindRules};
use crate::server_progress::{self, ServerProgress};
use crate::streaming::{self, StreamingRules};
use crate::version::Version;
use crate::wal_function_rules::{self, WalFunctions};

/// The three shapes of record headers, and of how records cross pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Generation {
    /// 8.2–9.2: 28-byte header that no page splits; a continuation header after the page header.
    LegacyA,
    /// 9.3, 9.4: backup blocks as before, the header may be split, the remaining length lies in the page header.
    LegacyB,
    /// 9.5 and later: 24-byte header and tagged block references.
    Modern,
}

/// Which checksum protects a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checksum {
    /// PostgreSQL's own, up to 9.4.
    Legacy,
    /// CRC-32C, from 9.5.
    Castagnoli,
}

/// Bits of `xlp_info`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageBits {
    /// Every bit that this version knows (`XLP_ALL_FLAGS`).
    pub all: u16,
    /// `XLP_FIRST_IS_OVERWRITE_CONTRECORD`, or 0 where the version has none.
    pub overwrite: u16,
}

/// How backup blocks hang on a record up to 9.4.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BackupBlocks {
    /// Bits of `xl_info`, the first block first.
    pub bits: &'static [u8],
    /// `sizeof(BkpBlock)`: 20 without, 24 with a fork number.
    pub size: usize,
}

/// Bits of `bimg_info` from 9.5 on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImageBits {
    /// Compressed, by whatever method.
    pub compressed: u8,
    /// To be applied at replay; 0 where every image is.
    pub apply: u8,
    /// pglz, lz4, zstd: a bit each, 0 where the version has none.
    pub methods: [u8; 3],
}

/// What the second field of a `.history` line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HistoryField {
    /// The segment in which the switch lies (9.2 and earlier).
    SegmentName,
    /// The first position not on the parent (9.3 and later).
    Lsn,
}

/// What `pg_xlogfile_name_offset`, `pg_walfile_name_offset` answer at a segment boundary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BoundaryRule {
    /// The segment before, and an offset of the whole segment size (9.2 and earlier).
    PreviousWhole,
    /// The segment before, and offset 0 (9.3 – 16).
    PreviousZero,
    /// The segment that begins there, and offset 0 (17 and later).
    Next,
}

/// What the text says of invalidation messages, from 9.5 on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Invalidations {
    /// "relmap db N" (9.6 and later) instead of "relmap".
    pub relmap_db: bool,
    /// Id -6, a relation's publications, exists (18 and later).
    pub relsync: bool,
    /// Of an id that is not known.
    pub unknown: &'static str,
}

/// How this version's server words what it says about WAL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServerWording {
    /// "log file N, segment N" (9.2 and earlier) instead of a file's name.
    pub log_file: bool,
    /// "in WAL segment …, LSN …" (16 and later) instead of "in log segment …".
    pub wal_segment: bool,
    /// The low half of a position padded to eight digits (19).
    pub padded: bool,
    /// "NaN" and "Infinity" (12 and later, which print floats with code of their own) instead of the C library's "nan"
    /// and "inf".
    pub own_floats: bool,
    /// Ending of "invalid record length at LSN".
    pub length: LengthWording,
    /// "WAL segment size" checks: "incorrect XLOG_SEG_SIZE" (up to 10) instead of "incorrect segment size".
    pub xlog_seg_size: bool,
    /// "invalid contrecord length … (expected …)" (14 and later).
    pub contrecord_expected: bool,
    /// "unexpected directory entry … found in pg_tblspc/", without the last slash from 18 on.
    pub tablespaces: &'static str,
}

/// Ending of "invalid record length at LSN".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LengthWording {
    /// "record with zero length at", up to 9.4.
    ZeroLength,
    /// Nothing (9.5).
    Bare,
    /// "wanted 24, got 0" (9.6 – 15).
    Wanted,
    /// "expected at least 24, got 0" (16 and later).
    ExpectedAtLeast,
}

/// How the dump program counts (`--stats`, 9.5 and later).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statistics {
    /// Records of "Transaction" with and without the flag that more follows are one type (9.6 and later).
    pub folds_flag: bool,
    /// A first line says the range (15 and later).
    pub says_range: bool,
}

/// Whether the dump program says on standard output that it was started between two records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartNote {
    /// It does, and 1 has a plural, too (9.6 and earlier).
    Bytes,
    /// It does (10 – 16).
    Counted,
    /// On standard error (17 and later).
    Aside,
}

/// How a description shows a time: as the server did itself, up to 9.2, and then as the dump program does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeText {
    /// `2026-11-22 03:29:21`.
    Second,
    /// `2026-11-22 03:52:24.95822+00`: a fraction, if there is one, without zeros behind it but at least so many
    /// digits, and the distance from UTC.
    Trimmed(u8),
    /// `2026-11-22 03:46:54.120292 UTC`: always six digits, and the zone's name.
    Micros,
}

/// The facts of one version's WAL.
#[derive(Debug)]
pub struct Dialect {
    /// The version.
    pub version: Version,
    /// `XLOG_PAGE_MAGIC`.
    pub magic: u16,
    /// The shape of records.
    pub generation: Generation,
    /// The checksum of records.
    pub checksum: Checksum,
    /// Positions to segments.
    pub address: AddressScheme,
    /// Bits of `xlp_info`.
    pub page: PageBits,
    /// The highest built-in resource manager.
    pub rmgr_max: u8,
    /// Resource managers 128–255 may be an extension's (15 and later).
    pub custom_rmgrs: bool,
    /// Backup blocks, up to 9.4.
    pub backup_blocks: BackupBlocks,
    /// Page images, from 9.5 on.
    pub image: ImageBits,
    /// Fragment 252, the top-level transaction, exists (14 and later).
    pub top_level_xid: bool,
    /// A new timeline's first segment is a whole copy of the parent's (9.4 and earlier), not one up to the switch.
    pub whole_copy_at_switch: bool,
    /// The second field of history lines.
    pub history: HistoryField,
    /// File-name functions at a boundary.
    pub boundary: BoundaryRule,
    /// What the SQL functions about positions are called, read and compute.
    pub functions: WalFunctions,
    /// By which functions and views a server says how far it is (9.1 and later).
    pub progress: Option<ServerProgress>,
    /// What a server that streams WAL understands (9.3 and later).
    pub streaming: Option<StreamingRules>,
    /// What `pg_rewind` asks for (9.5 and later).
    pub rewind: Option<RewindRules>,
    /// An unreachable recovery target is FATAL (13 and later), not a promotion.
    pub unreached_target_is_fatal: bool,
    /// `recovery_target_lsn` exists (10 and later).
    pub lsn_target: bool,
    /// `pg_xlog` (9.6 and earlier) or `pg_wal`.
    pub wal_directory: &'static str,
    /// Page magics and control files: `PG_CONTROL_VERSION`.
    pub control_version: u32,
    /// `CATALOG_VERSION_NO`.
    pub catalog_version: u32,
    /// Commit records say Unix seconds (8.2) instead of microseconds since 2000.
    pub unix_commit_time: bool,
    /// Commits with subtransactions alone have a shape of their own (9.2 to 9.4).
    pub compact_commits: bool,
    /// A server may have been built with float times (9.6 and earlier).
    pub float_times: bool,
    /// Where the timeline stands in a checkpoint record (`CheckPoint.ThisTimeLineID`).
    pub checkpoint_timeline: usize,
    /// Resource managers 7 and 8 are in use (9.0 and later).
    pub relmap_and_standby: bool,
    /// Data pages have a checksum where there was a timeline before (9.3 and later).
    pub page_checksums: bool,
    /// Words of the server's messages.
    pub wording: ServerWording,
    /// Names of `wal_level`, by number.
    pub wal_levels: &'static [&'static str],
    /// What stands between epoch and transaction in the text of a checkpoint: `/` up to 9.5, `:` later.
    pub epoch_separator: &'static str,
    /// How the dump program counts.
    pub statistics: Statistics,
    /// What the dump program says of a start between records.
    pub start_note: StartNote,
    /// How descriptions show times.
    pub time_text: TimeText,
    /// Words of invalidation messages.
    pub invalidations: Invalidations,
    /// Bytes of an item of dropped statistics (`xl_xact_stats_item`): 12 (15 - 17), 16 (18 and later), 0 where there
    /// are none.
    pub stats_item: usize,
    /// What recovery does.
    pub recovery: RecoveryRules,
    /// What it makes of its settings.
    pub settings: SettingRules,
}

/// A magic has one row.
impl PartialEq for Dialect {
    fn eq(&self, other: &Dialect) -> bool {
        self.magic == other.magic
    }
}

impl Eq for Dialect {}

impl Dialect {
    /// The row of a page magic.
    #[inline]
    pub fn by_magic(magic: u16) -> Option<&'static Dialect> {
        DIALECTS.iter().find(|d| d.magic == magic)
    }

    /// The name of a `wal_level`; `?` where the number has none, as servers print it.
    pub fn wal_level(&self, number: u32) -> &'static str {
        self.wal_levels.get(number as usize).copied().unwrap_or("?")
    }

    /// Whether a server of this version accepts the resource manager.
    #[inline]
    pub fn knows_rmgr(&self, id: u8) -> bool {
        id <= self.rmgr_max || (self.custom_rmgrs && id >= 128)
    }
}

impl SettingRules {
    /// Those of a version; of one that is not known, those of the version before it.
    pub fn of(version: Version) -> &'static SettingRules {
        DIALECTS.iter().rev().find(|d| d.version <= version).map_or(&settings::SETTINGS_8_2, |d| &d.settings)
    }
}

impl StreamingRules {
    /// Those of a version; of one that is not known, those of the version before it. `None`: nobody can receive from
    /// it.
    pub fn of(version: Version) -> Option<StreamingRules> {
        DIALECTS.iter().rev().find(|d| d.version <= version).and_then(|dialect| dialect.streaming)
    }
}

impl Dialect {
    /// The file in which recovery is asked for.
    pub fn recovery_file(&self) -> &'static str {
        if self.settings.recovery_conf.is_some() { "recovery.conf" } else { "postgresql.conf" }
    }
}

/// The page magic of the betas of 19, which is not the format of 19.
pub const MAGIC_19_BETA: u16 = 0xD121;

/// Whether a value has the form of a page magic: `0xD0xx` or `0xD1xx`, released or not.
pub fn looks_like_magic(magic: u16) -> bool {
    matches!(magic >> 8, 0xD0 | 0xD1)
}

const NO_BLOCKS: BackupBlocks = BackupBlocks { bits: &[], size: 0 };
const NO_IMAGES: ImageBits = ImageBits { compressed: 0, apply: 0, methods: [0, 0, 0] };
const IMAGES_9_5: ImageBits = ImageBits { compressed: 0x02, apply: 0, methods: [0x02, 0, 0] };
const IMAGES_10: ImageBits = ImageBits { compressed: 0x02, apply: 0x04, methods: [0x02, 0, 0] };
const IMAGES_15: ImageBits = ImageBits { compressed: 0x1C, apply: 0x02, methods: [0x04, 0x08, 0x10] };

const OLD_WORDS: ServerWording = ServerWording {
    log_file: false,
    wal_segment: false,
    padded: false,
    own_floats: false,
    length: LengthWording::ZeroLength,
    xlog_seg_size: true,
    contrecord_expected: false,
    tablespaces: "pg_tblspc/",
};
const WORDS_9_2: ServerWording = ServerWording { log_file: true, ..OLD_WORDS };
const WORDS_9_5: ServerWording = ServerWording { length: LengthWording::Bare, ..OLD_WORDS };
const WORDS_9_6: ServerWording = ServerWording { length: LengthWording::Wanted, ..OLD_WORDS };
const WORDS_11: ServerWording = ServerWording { xlog_seg_size: false, ..WORDS_9_6 };
const WORDS_12: ServerWording = ServerWording { own_floats: true, ..WORDS_11 };
const WORDS_14: ServerWording = ServerWording { contrecord_expected: true, ..WORDS_12 };
const WORDS_16: ServerWording = ServerWording { wal_segment: true, length: LengthWording::ExpectedAtLeast, ..WORDS_14 };
const WORDS_18: ServerWording = ServerWording { tablespaces: "pg_tblspc", ..WORDS_16 };
const WORDS_19: ServerWording = ServerWording { padded: true, ..WORDS_18 };

const INVALIDATIONS: Invalidations = Invalidations { relmap_db: false, relsync: false, unknown: " unknown id " };
const INVALIDATIONS_9_6: Invalidations =
    Invalidations { relmap_db: true, unknown: " unrecognized id ", ..INVALIDATIONS };
const INVALIDATIONS_18: Invalidations = Invalidations { relsync: true, ..INVALIDATIONS_9_6 };

const PLAIN: PageBits = PageBits { all: 0x0003, overwrite: 0 };
const REMOVABLE: PageBits = PageBits { all: 0x0007, overwrite: 0 };
const OVERWRITE: PageBits = PageBits { all: 0x000F, overwrite: 0x0008 };

/// 8.2; every other row says what differs from an earlier one.
const V8_2: Dialect = Dialect {
    version: Version::new(8, 2),
    magic: 0xD05E,
    generation: Generation::LegacyA,
    checksum: Checksum::Legacy,
    address: AddressScheme::Split,
    page: PLAIN,
    rmgr_max: 15,
    custom_rmgrs: false,
    backup_blocks: BackupBlocks { bits: &[0x08, 0x04, 0x02], size: 20 },
    image: NO_IMAGES,
    top_level_xid: false,
    whole_copy_at_switch: true,
    history: HistoryField::SegmentName,
    boundary: BoundaryRule::PreviousWhole,
    functions: wal_function_rules::FUNCTIONS_8_2,
    progress: None,
    streaming: None,
    rewind: None,
    unreached_target_is_fatal: false,
    lsn_target: false,
    wal_directory: "pg_xlog",
    control_version: 822,
    catalog_version: 200611241,
    unix_commit_time: true,
    compact_commits: false,
    float_times: true,
    checkpoint_timeline: 16,
    relmap_and_standby: false,
    page_checksums: false,
    wording: WORDS_9_2,
    wal_levels: &["minimal", "archive", "hot_standby"],
    epoch_separator: "/",
    statistics: Statistics { folds_flag: false, says_range: false },
    start_note: StartNote::Bytes,
    time_text: TimeText::Second,
    invalidations: INVALIDATIONS,
    stats_item: 0,
    recovery: recovery::RECOVERY_8_2,
    settings: settings::SETTINGS_8_2,
};

const V8_3: Dialect = Dialect {
    version: Version::new(8, 3),
    magic: 0xD062,
    control_version: 833,
    catalog_version: 200711281,
    unix_commit_time: false,
    checkpoint_timeline: 8,
    time_text: TimeText::Trimmed(2),
    ..V8_2
};

const V8_4: Dialect = Dialect {
    version: Version::new(8, 4),
    recovery: recovery::RECOVERY_8_4,
    magic: 0xD063,
    backup_blocks: BackupBlocks { bits: &[0x08, 0x04, 0x02], size: 24 },
    control_version: 843,
    catalog_version: 200904091,
    time_text: TimeText::Trimmed(1),
    settings: settings::SETTINGS_8_4,
    ..V8_3
};

const V9_0: Dialect = Dialect {
    version: Version::new(9, 0),
    recovery: recovery::RECOVERY_9_0,
    magic: 0xD064,
    control_version: 903,
    catalog_version: 201008051,
    relmap_and_standby: true,
    settings: settings::SETTINGS_9_0,
    ..V8_4
};

const V9_1: Dialect = Dialect {
    version: Version::new(9, 1),
    progress: Some(server_progress::PROGRESS_9_1),
    recovery: recovery::RECOVERY_9_1,
    magic: 0xD066,
    catalog_version: 201105231,
    settings: settings::SETTINGS_9_1,
    ..V9_0
};

const V9_2: Dialect = Dialect {
    version: Version::new(9, 2),
    recovery: recovery::RECOVERY_9_2,
    magic: 0xD071,
    page: REMOVABLE,
    rmgr_max: 16,
    backup_blocks: BackupBlocks { bits: &[0x08, 0x04, 0x02, 0x01], size: 24 },
    control_version: 922,
    catalog_version: 201204301,
    functions: wal_function_rules::FUNCTIONS_9_2,
    compact_commits: true,
    ..V9_1
};

const V9_3: Dialect = Dialect {
    version: Version::new(9, 3),
    streaming: Some(streaming::STREAMING_9_3),
    recovery: recovery::RECOVERY_9_3,
    magic: 0xD075,
    generation: Generation::LegacyB,
    address: AddressScheme::Linear,
    history: HistoryField::Lsn,
    boundary: BoundaryRule::PreviousZero,
    control_version: 937,
    catalog_version: 201306121,
    page_checksums: true,
    wording: OLD_WORDS,
    time_text: TimeText::Micros,
    functions: wal_function_rules::FUNCTIONS_9_3,
    ..V9_2
};

const V9_4: Dialect = Dialect {
    version: Version::new(9, 4),
    progress: Some(server_progress::PROGRESS_9_4),
    recovery: recovery::RECOVERY_9_4,
    magic: 0xD07E,
    control_version: 942,
    catalog_version: 201409291,
    functions: wal_function_rules::FUNCTIONS_9_4,
    wal_levels: &["minimal", "archive", "hot_standby", "logical"],
    settings: settings::SETTINGS_9_4,
    ..V9_3
};

const V9_5: Dialect = Dialect {
    version: Version::new(9, 5),
    rewind: Some(rewind::REWIND_9_5),
    recovery: recovery::RECOVERY_9_5,
    magic: 0xD087,
    generation: Generation::Modern,
    checksum: Checksum::Castagnoli,
    rmgr_max: 19,
    backup_blocks: NO_BLOCKS,
    image: IMAGES_9_5,
    whole_copy_at_switch: false,
    catalog_version: 201510051,
    wording: WORDS_9_5,
    settings: settings::SETTINGS_9_5,
    compact_commits: false,
    ..V9_4
};

const V9_6: Dialect = Dialect {
    version: Version::new(9, 6),
    streaming: Some(streaming::STREAMING_9_6),
    progress: Some(server_progress::PROGRESS_9_6),
    magic: 0xD093,
    page: OVERWRITE,
    rmgr_max: 21,
    control_version: 960,
    catalog_version: 201608131,
    wording: WORDS_9_6,
    wal_levels: &["minimal", "replica", "logical"],
    epoch_separator: ":",
    statistics: Statistics { folds_flag: true, says_range: false },
    invalidations: INVALIDATIONS_9_6,
    ..V9_5
};

const V10: Dialect = Dialect {
    version: Version::new(10, 0),
    progress: Some(server_progress::PROGRESS_10),
    recovery: recovery::RECOVERY_10,
    magic: 0xD097,
    lsn_target: true,
    image: IMAGES_10,
    wal_directory: "pg_wal",
    control_version: 1002,
    catalog_version: 201707211,
    functions: wal_function_rules::FUNCTIONS_10,
    float_times: false,
    start_note: StartNote::Counted,
    settings: settings::SETTINGS_10,
    ..V9_6
};

const V11: Dialect = Dialect {
    version: Version::new(11, 0),
    streaming: Some(streaming::STREAMING_11),
    recovery: recovery::RECOVERY_11,
    magic: 0xD098,
    control_version: 1100,
    catalog_version: 201809051,
    wording: WORDS_11,
    settings: settings::SETTINGS_11,
    ..V10
};

const V12: Dialect = Dialect {
    version: Version::new(12, 0),
    progress: Some(server_progress::PROGRESS_12),
    recovery: recovery::RECOVERY_12,
    magic: 0xD101,
    control_version: 1201,
    catalog_version: 201909212,
    wording: WORDS_12,
    settings: settings::SETTINGS_12,
    ..V11
};

const V13: Dialect = Dialect {
    version: Version::new(13, 0),
    rewind: Some(rewind::REWIND_13),
    magic: 0xD106,
    unreached_target_is_fatal: true,
    control_version: 1300,
    catalog_version: 202007201,
    ..V12
};

const V14: Dialect = Dialect {
    version: Version::new(14, 0),
    recovery: recovery::RECOVERY_14,
    settings: settings::SETTINGS_14,
    magic: 0xD10D,
    top_level_xid: true,
    catalog_version: 202107181,
    wording: WORDS_14,
    ..V13
};

const V15: Dialect = Dialect {
    version: Version::new(15, 0),
    streaming: Some(streaming::STREAMING_15),
    recovery: recovery::RECOVERY_15,
    magic: 0xD110,
    custom_rmgrs: true,
    stats_item: 12,
    image: IMAGES_15,
    catalog_version: 202209061,
    statistics: Statistics { folds_flag: true, says_range: true },
    settings: settings::SETTINGS_15,
    ..V14
};

const V16: Dialect = Dialect {
    version: Version::new(16, 0),
    streaming: Some(streaming::STREAMING_16),
    rewind: Some(rewind::REWIND_16),
    magic: 0xD113,
    catalog_version: 202307071,
    wording: WORDS_16,
    functions: wal_function_rules::FUNCTIONS_16,
    settings: settings::SETTINGS_16,
    ..V15
};

const V17: Dialect = Dialect {
    version: Version::new(17, 0),
    recovery: recovery::RECOVERY_17,
    magic: 0xD116,
    boundary: BoundaryRule::Next,
    start_note: StartNote::Aside,
    control_version: 1700,
    catalog_version: 202406281,
    settings: settings::SETTINGS_17,
    ..V16
};

const V18: Dialect = Dialect {
    version: Version::new(18, 0),
    recovery: recovery::RECOVERY_18,
    magic: 0xD118,
    control_version: 1800,
    catalog_version: 202506291,
    wording: WORDS_18,
    invalidations: INVALIDATIONS_18,
    stats_item: 16,
    settings: settings::SETTINGS_18,
    ..V17
};

const V19: Dialect = Dialect {
    version: Version::new(19, 0),
    magic: 0xD122,
    page: PageBits { all: 0x0007, overwrite: 0x0004 },
    control_version: 1905,
    catalog_version: 202610061,
    wording: WORDS_19,
    recovery: recovery::RECOVERY_19,
    settings: settings::SETTINGS_19,
    ..V18
};

/// Every released format, oldest first.
pub static DIALECTS: [Dialect; 20] =
    [V8_2, V8_3, V8_4, V9_0, V9_1, V9_2, V9_3, V9_4, V9_5, V9_6, V10, V11, V12, V13, V14, V15, V16, V17, V18, V19];

pub(crate) const NEWEST: Version = DIALECTS[DIALECTS.len() - 1].version;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magics_and_versions_are_unique_and_in_order() {
        for pair in DIALECTS.windows(2) {
            assert!(pair[0].version < pair[1].version && pair[0].magic < pair[1].magic);
        }
        assert!(Dialect::by_magic(MAGIC_19_BETA).is_none() && looks_like_magic(MAGIC_19_BETA));
    }

    #[test]
    fn every_known_version_has_a_row() {
        assert!(DIALECTS.iter().map(|row| row.version).eq(crate::version::KNOWN.iter().copied()));
    }

    #[test]
    fn versions_are_read_with_their_minor_release() {
        for (text, shown) in [("9.2", "9.2"), ("9.2.24", "9.2"), ("15", "15"), ("15.4", "15"), ("8.2", "8.2")] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), shown);
        }
        for bad in ["", "9", "8.1", "7.4", "99", "15.x", "fifteen"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }
}
