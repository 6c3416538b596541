//! A start without `backup_label`: is this the data directory of a server that crashed, or a copy of one that ran?
//!
//! ```text
//! backup      S ─────────────────────────────────────── E          a .backup file, a backup_manifest, BACKUP_END
//! pg_control              R, the last checkpoint's redo             copied while the backup ran
//! replayed                R ────────────────────────────── …        data files copied before R lack S to R
//! ```
//! Nothing else tells the two apart: a server starts on either without a word.

use pgwal_format::Lsn;

/// A start without `backup_label` from the control file of a server that was not shut down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unlabelled {
    /// A backup that was being taken at the checkpoint from which it starts.
    pub during: Option<BackupUnderWay>,
    /// A running server left things there that a base backup does not hold: it may well be its own directory, which
    /// holds whatever was written before the checkpoint.
    pub lived_in: bool,
}

impl Unlabelled {
    /// The data lack what was written between the start of the backup and the checkpoint.
    pub fn lacks_wal(&self) -> bool {
        self.during.is_some() && !self.lived_in
    }

    /// Whether they do cannot be told.
    pub fn is_doubtful(&self) -> bool {
        self.during.is_some() && self.lived_in
    }
}

/// A backup that was being taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupUnderWay {
    /// Where its WAL starts.
    pub start: Lsn,
    /// Where it ended.
    pub stop: Lsn,
    /// Who says so.
    pub told_by: BackupWitness,
}

/// What tells of a backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BackupWitness {
    /// The `backup_manifest` that lies in it.
    Manifest,
    /// A backup history file.
    History(String),
    /// The record `BACKUP_END` that was replayed.
    Record,
}
