//! What `pg_controldata` prints of a control file: rows of lines, in order, by version (`pg_controldata.c` of each
//! version, and `src/common/controldata_utils.c` from 9.6 on).

use super::members::ControlField;
use crate::Dialect;
use crate::version::*;
use crate::versioned::{self, Versioned};

/// What stands behind a label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PrintedValue {
    /// A member, as its kind is shown.
    Plain(ControlField),
    /// One of two words: where it is set, and where it is not.
    Either(ControlField, &'static str, &'static str),
    /// The same words in every file.
    Words(&'static str),
    /// Epoch and number of the next transaction.
    NextXid,
    /// The segment in which the checkpoint's redo lies.
    RedoFile,
}

/// A line, from a version on. It holds until a later row of the same label takes its place, or until its end.
#[derive(Clone, Copy, Debug)]
pub struct ControlLine {
    /// With its colon. Spaces fill it up to [`WIDTH`].
    pub label: &'static str,
    /// What follows.
    pub shown: PrintedValue,
    since: Version,
    until: Option<Version>,
}

impl ControlLine {
    const fn new(label: &'static str, shown: PrintedValue, since: Version) -> ControlLine {
        ControlLine { label, shown, since, until: None }
    }

    /// The last version that prints it.
    const fn until(self, last: Version) -> ControlLine {
        ControlLine { until: Some(last), ..self }
    }
}

impl Versioned for ControlLine {
    type Subject = &'static str;

    fn subject(&self) -> &'static str {
        self.label
    }

    fn since(&self) -> Version {
        self.since
    }

    fn until(&self) -> Option<Version> {
        self.until
    }
}

/// Where values begin; a label that is longer is followed by its value all the same.
pub const WIDTH: usize = 38;

/// The lines of a version, in order.
pub fn lines(dialect: &Dialect) -> impl Iterator<Item = &'static ControlLine> {
    versioned::of(LINES, dialect.version)
}

/// What a version says of a file that is not right, before it prints the lines all the same.
#[derive(Clone, Copy, Debug)]
pub struct Warnings {
    /// It says it on standard error (17 and later), as messages, not as the first lines of its output.
    pub on_stderr: bool,
    /// The checksum is wrong.
    pub crc: &'static [&'static str],
    /// The size of segments is impossible, up to the number and behind it; empty where it does not look.
    pub segment_size: [&'static [&'static str]; 2],
    /// Of a `wal_level` that has no name.
    pub wal_level: &'static str,
}

/// Of a state that has no name.
pub const UNKNOWN_STATE: &str = "unrecognized status code";
/// Of a time that no calendar has, and of a segment that no size names.
pub const NOT_TOLD: &str = "???";

/// The warnings of a version.
pub fn warnings(dialect: &Dialect) -> Warnings {
    let rows = [(V17, WARNINGS_17), (V11, WARNINGS_11)];
    rows.into_iter().find(|&(since, _)| since <= dialect.version).map_or(OLDEST_WARNINGS, |(_, warnings)| warnings)
}

const OLDEST_WARNINGS: Warnings = Warnings {
    on_stderr: false,
    crc: &[
        "WARNING: Calculated CRC checksum does not match value stored in file.",
        "Either the file is corrupt, or it has a different layout than this program",
        "is expecting.  The results below are untrustworthy.",
    ],
    segment_size: [&[], &[]],
    wal_level: "unrecognized wal_level",
};
const WARNINGS_11: Warnings = Warnings {
    segment_size: [
        &["WARNING: invalid WAL segment size", "The WAL segment size stored in the file, "],
        &[
            ", is not a power of two",
            "between 1 MB and 1 GB.  The file is corrupt and the results below are",
            "untrustworthy.",
        ],
    ],
    ..OLDEST_WARNINGS
};
const WARNINGS_17: Warnings = Warnings {
    on_stderr: true,
    crc: &[
        "warning: calculated CRC checksum does not match value stored in control file",
        "detail: Either the control file is corrupt, or it has a different layout than this program is expecting.  The results below are untrustworthy.",
    ],
    segment_size: [
        &["warning: invalid WAL segment size in control file ("],
        &[
            ")",
            "detail: The WAL segment size must be a power of two between 1 MB and 1 GB.",
            "detail: The file is corrupt and the results below are untrustworthy.",
        ],
    ],
    wal_level: "unrecognized \"wal_level\"",
};

const fn line(label: &'static str, field: ControlField, since: Version) -> ControlLine {
    ControlLine::new(label, PrintedValue::Plain(field), since)
}

const fn either(label: &'static str, field: ControlField, words: [&'static str; 2], since: Version) -> ControlLine {
    ControlLine::new(label, PrintedValue::Either(field, words[0], words[1]), since)
}

const ON_OFF: [&str; 2] = ["on", "off"];
const BY_VALUE: [&str; 2] = ["by value", "by reference"];

const LINES: &[ControlLine] = &[
    line("pg_control version number:", ControlField::ControlVersion, V8_2),
    line("Catalog version number:", ControlField::CatalogVersion, V8_2),
    line("Database system identifier:", ControlField::SystemIdentifier, V8_2),
    line("Database cluster state:", ControlField::State, V8_2),
    line("pg_control last modified:", ControlField::Time, V8_2),
    line("Current log file ID:", ControlField::LogId, V8_2).until(V8_2),
    line("Next log file segment:", ControlField::LogSeg, V8_2).until(V8_2),
    line("Latest checkpoint location:", ControlField::Checkpoint, V8_2),
    line("Prior checkpoint location:", ControlField::PrevCheckpoint, V8_2).until(V10),
    line("Latest checkpoint's REDO location:", ControlField::Redo, V8_2),
    line("Latest checkpoint's UNDO location:", ControlField::Undo, V8_2).until(V8_2),
    ControlLine::new("Latest checkpoint's REDO WAL file:", PrintedValue::RedoFile, V9_3),
    line("Latest checkpoint's TimeLineID:", ControlField::ThisTimeline, V8_2),
    line("Latest checkpoint's PrevTimeLineID:", ControlField::PrevTimeline, V9_3),
    either("Latest checkpoint's full_page_writes:", ControlField::FullPageWrites, ON_OFF, V9_2),
    either("Latest checkpoint's logical decoding:", ControlField::LogicalDecodingEnabled, ON_OFF, V19),
    ControlLine::new("Latest checkpoint's NextXID:", PrintedValue::NextXid, V8_2),
    line("Latest checkpoint's NextOID:", ControlField::NextOid, V8_2),
    line("Latest checkpoint's NextMultiXactId:", ControlField::NextMulti, V8_2),
    line("Latest checkpoint's NextMultiOffset:", ControlField::NextMultiOffset, V8_2),
    line("Latest checkpoint's oldestXID:", ControlField::OldestXid, V9_0),
    line("Latest checkpoint's oldestXID's DB:", ControlField::OldestXidDb, V9_0),
    line("Latest checkpoint's oldestActiveXID:", ControlField::OldestActiveXid, V9_0),
    line("Latest checkpoint's oldestMultiXid:", ControlField::OldestMulti, V9_3),
    line("Latest checkpoint's oldestMulti's DB:", ControlField::OldestMultiDb, V9_3),
    line("Latest checkpoint's oldestCommitTsXid:", ControlField::OldestCommitTsXid, V9_5),
    line("Latest checkpoint's newestCommitTsXid:", ControlField::NewestCommitTsXid, V9_5),
    line("Time of latest checkpoint:", ControlField::CheckpointTime, V8_2),
    line("Fake LSN counter for unlogged rels:", ControlField::UnloggedLsn, V9_3),
    line("Minimum recovery ending location:", ControlField::MinRecoveryPoint, V8_2),
    line("Min recovery ending loc's timeline:", ControlField::MinRecoveryPointTli, V9_3),
    line("Backup start location:", ControlField::BackupStartPoint, V9_0),
    line("Backup end location:", ControlField::BackupEndPoint, V9_2),
    either("End-of-backup record required:", ControlField::BackupEndRequired, ["yes", "no"], V9_2),
    line("Current wal_level setting:", ControlField::WalLevel, V9_0).until(V9_4),
    either("Current wal_log_hints setting:", ControlField::WalLogHints, ON_OFF, V9_4).until(V9_4),
    line("Current max_connections setting:", ControlField::MaxConnections, V9_0).until(V9_4),
    line("Current max_worker_processes setting:", ControlField::MaxWorkerProcesses, V9_4).until(V9_4),
    line("Current max_prepared_xacts setting:", ControlField::MaxPreparedXacts, V9_0).until(V9_4),
    line("Current max_locks_per_xact setting:", ControlField::MaxLocksPerXact, V9_0).until(V9_4),
    line("wal_level setting:", ControlField::WalLevel, V9_5),
    either("wal_log_hints setting:", ControlField::WalLogHints, ON_OFF, V9_5),
    line("max_connections setting:", ControlField::MaxConnections, V9_5),
    line("max_worker_processes setting:", ControlField::MaxWorkerProcesses, V9_5),
    line("max_wal_senders setting:", ControlField::MaxWalSenders, V12),
    line("max_prepared_xacts setting:", ControlField::MaxPreparedXacts, V9_5),
    line("max_locks_per_xact setting:", ControlField::MaxLocksPerXact, V9_5),
    either("track_commit_timestamp setting:", ControlField::TrackCommitTimestamp, ON_OFF, V9_5),
    line("Maximum data alignment:", ControlField::MaxAlign, V8_2),
    line("Database block size:", ControlField::Blcksz, V8_2),
    line("Blocks per segment of large relation:", ControlField::RelsegSize, V8_2),
    line("Pages per SLRU segment:", ControlField::SlruPagesPerSegment, V19),
    line("WAL block size:", ControlField::XlogBlcksz, V8_2),
    line("Bytes per WAL segment:", ControlField::XlogSegSize, V8_2),
    line("Maximum length of identifiers:", ControlField::NameDataLen, V8_2),
    line("Maximum columns in an index:", ControlField::IndexMaxKeys, V8_2),
    line("Maximum size of a TOAST chunk:", ControlField::ToastMaxChunkSize, V8_3),
    line("Size of a large-object chunk:", ControlField::Loblksize, V9_4),
    either(
        "Date/time type storage:",
        ControlField::EnableIntTimes,
        ["64-bit integers", "floating-point numbers"],
        V8_2,
    ),
    ControlLine::new("Date/time type storage:", PrintedValue::Words("64-bit integers"), V10),
    line("Maximum length of locale name:", ControlField::LocaleBuflen, V8_2).until(V8_3),
    line("LC_COLLATE:", ControlField::LcCollate, V8_2).until(V8_3),
    line("LC_CTYPE:", ControlField::LcCtype, V8_2).until(V8_3),
    either("Float4 argument passing:", ControlField::Float4ByVal, BY_VALUE, V8_4).until(V12),
    either("Float8 argument passing:", ControlField::Float8ByVal, BY_VALUE, V8_4),
    line("Data page checksum version:", ControlField::DataChecksumVersion, V9_3),
    either("Default char data signedness:", ControlField::DefaultCharSignedness, ["signed", "unsigned"], V18),
    line("Mock authentication nonce:", ControlField::MockAuthenticationNonce, V10),
];

#[cfg(test)]
mod tests {
    use super::super::members::{CHECKPOINT, CONTROL, of};
    use super::*;
    use crate::dialect::DIALECTS;

    #[test]
    fn lines_follow_each_other() {
        versioned::check(LINES, |line| line.label.to_owned());
    }

    #[test]
    fn a_line_shows_what_its_version_has() {
        for dialect in &DIALECTS {
            let members: Vec<ControlField> =
                of(CONTROL, dialect).chain(of(CHECKPOINT, dialect)).map(|member| member.field).collect();
            for line in lines(dialect) {
                if let PrintedValue::Plain(field) | PrintedValue::Either(field, ..) = line.shown {
                    assert!(members.contains(&field), "{}: {}", dialect.version, line.label);
                }
                assert!(line.label.len() <= WIDTH && line.label.ends_with(':'), "{}", line.label);
            }
        }
    }
}
