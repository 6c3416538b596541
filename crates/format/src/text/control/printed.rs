//! What `pg_controldata` prints of a control file: rows of lines, in order, by version (`pg_controldata.c` of each
//! version, and
//! `src/common/controldata_utils.c` from 9.6 on).

use super::members::Field;
use crate::Dialect;
use crate::dialect::Version;
use crate::rmgr::table::*;
use crate::versioned::{self, Versioned};

/// What stands behind a label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Shown {
    /// A member, as its kind is shown.
    Plain(Field),
    /// One of two words: where it is set, and where it is not.
    Either(Field, &'static str, &'static str),
    /// The same words in every file.
    Words(&'static str),
    /// Epoch and number of the next transaction.
    NextXid,
    /// The segment in which the checkpoint's redo lies.
    RedoFile,
}

/// A line, from a version on. It holds until a later row of the same label takes its place, or until its end.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// With its colon. Spaces fill it up to [`WIDTH`].
    pub label: &'static str,
    /// What follows.
    pub shown: Shown,
    since: Version,
    until: Option<Version>,
}

impl Line {
    const fn new(label: &'static str, shown: Shown, since: Version) -> Line {
        Line { label, shown, since, until: None }
    }

    /// The last version that prints it.
    const fn until(self, last: Version) -> Line {
        Line { until: Some(last), ..self }
    }
}

impl Versioned for Line {
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
pub fn lines(dialect: &Dialect) -> impl Iterator<Item = &'static Line> {
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

const fn line(label: &'static str, field: Field, since: Version) -> Line {
    Line::new(label, Shown::Plain(field), since)
}

const fn either(label: &'static str, field: Field, words: [&'static str; 2], since: Version) -> Line {
    Line::new(label, Shown::Either(field, words[0], words[1]), since)
}

const ON_OFF: [&str; 2] = ["on", "off"];
const BY_VALUE: [&str; 2] = ["by value", "by reference"];

const LINES: &[Line] = &[
    line("pg_control version number:", Field::ControlVersion, V8_2),
    line("Catalog version number:", Field::CatalogVersion, V8_2),
    line("Database system identifier:", Field::SystemIdentifier, V8_2),
    line("Database cluster state:", Field::State, V8_2),
    line("pg_control last modified:", Field::Time, V8_2),
    line("Current log file ID:", Field::LogId, V8_2).until(V8_2),
    line("Next log file segment:", Field::LogSeg, V8_2).until(V8_2),
    line("Latest checkpoint location:", Field::Checkpoint, V8_2),
    line("Prior checkpoint location:", Field::PrevCheckpoint, V8_2).until(V10),
    line("Latest checkpoint's REDO location:", Field::Redo, V8_2),
    line("Latest checkpoint's UNDO location:", Field::Undo, V8_2).until(V8_2),
    Line::new("Latest checkpoint's REDO WAL file:", Shown::RedoFile, V9_3),
    line("Latest checkpoint's TimeLineID:", Field::ThisTimeline, V8_2),
    line("Latest checkpoint's PrevTimeLineID:", Field::PrevTimeline, V9_3),
    either("Latest checkpoint's full_page_writes:", Field::FullPageWrites, ON_OFF, V9_2),
    either("Latest checkpoint's logical decoding:", Field::LogicalDecodingEnabled, ON_OFF, V19),
    Line::new("Latest checkpoint's NextXID:", Shown::NextXid, V8_2),
    line("Latest checkpoint's NextOID:", Field::NextOid, V8_2),
    line("Latest checkpoint's NextMultiXactId:", Field::NextMulti, V8_2),
    line("Latest checkpoint's NextMultiOffset:", Field::NextMultiOffset, V8_2),
    line("Latest checkpoint's oldestXID:", Field::OldestXid, V9_0),
    line("Latest checkpoint's oldestXID's DB:", Field::OldestXidDb, V9_0),
    line("Latest checkpoint's oldestActiveXID:", Field::OldestActiveXid, V9_0),
    line("Latest checkpoint's oldestMultiXid:", Field::OldestMulti, V9_3),
    line("Latest checkpoint's oldestMulti's DB:", Field::OldestMultiDb, V9_3),
    line("Latest checkpoint's oldestCommitTsXid:", Field::OldestCommitTsXid, V9_5),
    line("Latest checkpoint's newestCommitTsXid:", Field::NewestCommitTsXid, V9_5),
    line("Time of latest checkpoint:", Field::CheckpointTime, V8_2),
    line("Fake LSN counter for unlogged rels:", Field::UnloggedLsn, V9_3),
    line("Minimum recovery ending location:", Field::MinRecoveryPoint, V8_2),
    line("Min recovery ending loc's timeline:", Field::MinRecoveryPointTli, V9_3),
    line("Backup start location:", Field::BackupStartPoint, V9_0),
    line("Backup end location:", Field::BackupEndPoint, V9_2),
    either("End-of-backup record required:", Field::BackupEndRequired, ["yes", "no"], V9_2),
    line("Current wal_level setting:", Field::WalLevel, V9_0).until(V9_4),
    either("Current wal_log_hints setting:", Field::WalLogHints, ON_OFF, V9_4).until(V9_4),
    line("Current max_connections setting:", Field::MaxConnections, V9_0).until(V9_4),
    line("Current max_worker_processes setting:", Field::MaxWorkerProcesses, V9_4).until(V9_4),
    line("Current max_prepared_xacts setting:", Field::MaxPreparedXacts, V9_0).until(V9_4),
    line("Current max_locks_per_xact setting:", Field::MaxLocksPerXact, V9_0).until(V9_4),
    line("wal_level setting:", Field::WalLevel, V9_5),
    either("wal_log_hints setting:", Field::WalLogHints, ON_OFF, V9_5),
    line("max_connections setting:", Field::MaxConnections, V9_5),
    line("max_worker_processes setting:", Field::MaxWorkerProcesses, V9_5),
    line("max_wal_senders setting:", Field::MaxWalSenders, V12),
    line("max_prepared_xacts setting:", Field::MaxPreparedXacts, V9_5),
    line("max_locks_per_xact setting:", Field::MaxLocksPerXact, V9_5),
    either("track_commit_timestamp setting:", Field::TrackCommitTimestamp, ON_OFF, V9_5),
    line("Maximum data alignment:", Field::MaxAlign, V8_2),
    line("Database block size:", Field::Blcksz, V8_2),
    line("Blocks per segment of large relation:", Field::RelsegSize, V8_2),
    line("Pages per SLRU segment:", Field::SlruPagesPerSegment, V19),
    line("WAL block size:", Field::XlogBlcksz, V8_2),
    line("Bytes per WAL segment:", Field::XlogSegSize, V8_2),
    line("Maximum length of identifiers:", Field::NameDataLen, V8_2),
    line("Maximum columns in an index:", Field::IndexMaxKeys, V8_2),
    line("Maximum size of a TOAST chunk:", Field::ToastMaxChunkSize, V8_3),
    line("Size of a large-object chunk:", Field::Loblksize, V9_4),
    either("Date/time type storage:", Field::EnableIntTimes, ["64-bit integers", "floating-point numbers"], V8_2),
    Line::new("Date/time type storage:", Shown::Words("64-bit integers"), V10),
    line("Maximum length of locale name:", Field::LocaleBuflen, V8_2).until(V8_3),
    line("LC_COLLATE:", Field::LcCollate, V8_2).until(V8_3),
    line("LC_CTYPE:", Field::LcCtype, V8_2).until(V8_3),
    either("Float4 argument passing:", Field::Float4ByVal, BY_VALUE, V8_4).until(V12),
    either("Float8 argument passing:", Field::Float8ByVal, BY_VALUE, V8_4),
    line("Data page checksum version:", Field::DataChecksumVersion, V9_3),
    either("Default char data signedness:", Field::DefaultCharSignedness, ["signed", "unsigned"], V18),
    line("Mock authentication nonce:", Field::MockAuthenticationNonce, V10),
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
            let members: Vec<Field> =
                of(CONTROL, dialect).chain(of(CHECKPOINT, dialect)).map(|member| member.field).collect();
            for line in lines(dialect) {
                if let Shown::Plain(field) | Shown::Either(field, ..) = line.shown {
                    assert!(members.contains(&field), "{}: {}", dialect.version, line.label);
                }
                assert!(line.label.len() <= WIDTH && line.label.ends_with(':'), "{}", line.label);
            }
        }
    }
}
