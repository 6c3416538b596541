//! A base backup, or as much of one as is at hand: what it says of itself, and what is wrong with it.
//!
//! ```no_run
//! let backup = pgwal_recovery::backup::open("/backups/base".as_ref())?;
//! if let Some(label) = &backup.label {
//!     println!("replay starts at {} on timeline {}", label.start, label.start_file.timeline);
//! }
//! # Ok::<(), pgwal_archive::Error>(())
//! ```
//!
//! [`open`] takes a data directory, a tar of `pg_basebackup` or the folder with it, or one of the small files alone;
//! [`find`] takes the name of a backup history file in an archive. Nothing is unpacked to disk, nothing is written.

mod assemble;
mod chain;
mod closed_files;
mod contents;
mod data_files;
mod data_pages;
mod each_file;
mod find;
mod flaw;
mod folder;
mod folder_place;
mod hba;
mod judge;
mod left_out;
pub mod manifest;
mod mapped_files;
mod on_machine;
mod open;
mod own_files;
mod parts;
mod relations;
mod settings;
mod slots;
mod small;
mod start_files;
mod state_files;
mod structure;
mod tablespace_map;
mod tarball;
mod tools;
mod two_phase;

use pgwal_format::text::backup_history::BackupHistory;
use pgwal_format::text::backup_label::{BackupLabel, IncrementalFrom};
use pgwal_format::text::control::ControlFile;
use pgwal_format::text::history::Ancestor;
use pgwal_format::text::settings::SettingsText;
use pgwal_format::{Lsn, TimelineId, Version};
use pgwal_source::Source;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use assemble::is_servers_own;
pub use assemble::take_wal;
pub use chain::BackupChain;
pub use contents::{FileContents, JudgedBy, look, look_at};
pub use data_files::{DataFiles, of_files};
pub(crate) use data_pages::DataPages;
pub use each_file::each_file;
pub use find::{find, known, labelled, newest_first};
pub use flaw::{BackupFlaw, FlawKind, RootFileFlaw, StartFlaw, StartObstacle, StateFileFlaw, Weight};
pub use folder_place::FolderPlace;
pub use judge::of_archive;
pub use manifest::Manifest;
pub(crate) use on_machine::is_in_use;
pub(crate) use open::of_label;
pub use open::open;
pub use relations::{Fork, RelationFiles};
pub use settings::NotOpened;
pub use slots::SlotThere;
pub use start_files::StartFiles;
pub use tablespace_map::MapFault;
pub use tools::next_step_of_label;

/// A base backup, or as much of one as is at hand.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Backup {
    /// As the user named it.
    pub name: String,
    /// What it is.
    pub kind: BackupKind,
    /// `PG_VERSION`, or the control file's version.
    pub version: Option<Version>,
    /// `backup_label`. Without it a server starts from the control file.
    pub label: Option<BackupLabel>,
    /// `<segment>.<offset>.backup`.
    pub history: Option<BackupHistory>,
    /// `global/pg_control`, where it is whole.
    pub control: Option<ControlFile>,
    /// The bytes of `global/pg_control`, whole or not; at most 8 KiB.
    pub control_bytes: Option<Vec<u8>>,
    /// `backup_manifest` (13 and later).
    pub manifest: Option<Manifest>,
    /// What makes a server recover from the archive.
    pub signal: Option<Signal>,
    /// The signal is a folder of this name: a server takes it for one, and cannot remove it when recovery is over.
    pub signal_folder: Option<&'static str>,
    /// Files of settings found inside, in order of precedence: the last counts most.
    pub settings: Vec<SettingsFile>,
    /// Segments that lie inside, in `pg_wal` or `pg_xlog`.
    pub wal: Option<WalInside>,
    /// Timeline history files that lie there, by timeline. `None`: it cannot be read.
    pub histories: Vec<(TimelineId, Option<Vec<Ancestor>>)>,
    /// Sizes of the relations' files.
    pub relations: RelationFiles,
    /// A server was started with the `backup_label` that lay there, and renamed it.
    pub label_was_used: bool,
    /// A running server left things there that a base backup does not hold (`postmaster.pid`, `.ready` files).
    pub lived_in: bool,
    /// `PG_VERSION` is there.
    pub(crate) has_version_file: bool,
    /// It is a data directory of which most is at hand.
    pub(crate) has_most: bool,
    /// Tablespaces that are folders in `pg_tblspc`, and no links (`allow_in_place_tablespaces`).
    pub in_place: BTreeSet<u32>,
    /// Tablespaces whose place is not on this machine, where a server will be started on the directory as it lies.
    pub nowhere: BTreeSet<u32>,
    /// Where a server links tablespaces to anew when it starts, by their OIDs (`tablespace_map`).
    pub mapped: Vec<(String, PathBuf)>,
    /// Tablespaces that its catalogs list, and that have neither a link, nor a folder, nor a line in `tablespace_map`.
    pub unlinked: BTreeSet<u32>,
    /// Databases that its catalogs list, and that have no folder in any tablespace.
    pub no_folder: BTreeSet<u32>,
    /// Databases that a selective restore left out: their files are there, and hold nothing.
    pub left_out: HashSet<u32>,
    /// Whose a data directory is, by the number of the user; a server runs as that one.
    pub owner: Option<u32>,
    /// Replication slots that lie in it; a base backup has none.
    pub slots: Vec<SlotThere>,
    /// Replication origins of which it keeps how far they came.
    pub origins: Vec<u16>,
    /// Transactions that are prepared in it (`pg_twophase`).
    pub two_phase: Vec<u32>,
    /// What is wrong with the backup itself.
    pub flaws: Vec<BackupFlaw>,
    /// What of it was not looked at, in words.
    pub not_checked: Vec<&'static str>,
    /// What was read of its files, where that was asked for.
    pub contents: Option<FileContents>,
    /// Its files are still those of the manifest: no server was started on them.
    pub(crate) compares_files: bool,
    /// The folder in a tar that is the data directory.
    pub(crate) tar_root: String,
    /// The data directory, where it is one on this machine's disk.
    pub(crate) folder: Option<PathBuf>,
}

/// What was named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BackupKind {
    /// A data directory: a plain backup, or what a tool restored.
    DataDirectory,
    /// A tar of `pg_basebackup`, or the folder with it.
    Tar,
    /// `backup_label` alone.
    Label,
    /// `backup_manifest` alone.
    Manifest,
    /// A backup history file alone.
    History,
    /// A control file alone.
    Control,
}

/// What makes a server recover from the archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// `recovery.signal` (12 and later).
    Recovery,
    /// `standby.signal` (12 and later); counts more than the other.
    Standby,
    /// `recovery.conf` (11 and earlier); a later server does not start with it.
    RecoveryConf,
}

/// A file of settings in a backup, or a piece of one between two files that it includes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettingsFile {
    /// Its name, below the data directory: `postgresql.conf`, `conf.d/10.conf`.
    pub name: String,
    /// The file that a server reads by itself and that includes it: `postgresql.conf`, `postgresql.auto.conf`,
    /// `recovery.conf`; itself, mostly.
    pub main: String,
    /// What it says. Files that it includes and that were read stand beside it, in their order, and are not named.
    pub text: SettingsText,
    /// Files that it includes and that are not there: a server does not start.
    pub not_opened: Vec<NotOpened>,
}

/// WAL that lies inside a backup.
#[derive(Clone)]
pub struct WalInside {
    /// Whence it can be read.
    pub source: Arc<dyn Source>,
    /// Complete segments, by name.
    pub segments: u64,
}

impl fmt::Debug for WalInside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WalInside({}, {} segments)", self.source.describe(), self.segments)
    }
}

impl Backup {
    pub(crate) fn of(name: String, kind: BackupKind) -> Backup {
        Backup {
            name,
            kind,
            version: None,
            label: None,
            history: None,
            control: None,
            control_bytes: None,
            manifest: None,
            signal: None,
            signal_folder: None,
            settings: Vec::new(),
            wal: None,
            histories: Vec::new(),
            relations: RelationFiles::default(),
            label_was_used: false,
            lived_in: false,
            has_version_file: false,
            has_most: false,
            in_place: BTreeSet::new(),
            nowhere: BTreeSet::new(),
            mapped: Vec::new(),
            unlinked: BTreeSet::new(),
            no_folder: BTreeSet::new(),
            left_out: HashSet::new(),
            owner: None,
            slots: Vec::new(),
            origins: Vec::new(),
            two_phase: Vec::new(),
            flaws: Vec::new(),
            not_checked: Vec::new(),
            contents: None,
            compares_files: false,
            tar_root: String::new(),
            folder: None,
        }
    }

    /// Where replay starts: what the label says, else the history file, else the control file's checkpoint.
    pub fn start(&self) -> Option<Lsn> {
        let manifest = || self.manifest.as_ref()?.wal_ranges.first().map(|range| range.start);
        let own = self.label.as_ref().map(|l| l.start).or_else(|| self.history.as_ref().map(|h| h.start));
        own.or_else(|| self.control.as_ref().map(|c| c.redo)).or_else(manifest)
    }

    /// The timeline on which replay starts.
    pub fn timeline(&self) -> Option<TimelineId> {
        let manifest = || self.manifest.as_ref()?.wal_ranges.first().map(|range| range.timeline);
        let own = self.label.as_ref().map(|l| l.start_file).or_else(|| self.history.as_ref().map(|h| h.start_file));
        own.map(|file| file.timeline).or_else(|| self.control.as_ref().map(|c| c.timeline)).or_else(manifest)
    }

    /// Where the backup ended, as far as files say: the history file's STOP, else the end of the manifest's last range.
    /// The control file of a backup from a standby says it too (`minimum recovery ending location`).
    pub fn stop(&self) -> Option<Lsn> {
        let manifest = || self.manifest.as_ref()?.wal_ranges.iter().map(|range| range.end).max();
        self.history.as_ref().map(|h| h.stop).or_else(manifest)
    }

    /// The backup on which this incremental one builds.
    pub fn incremental_from(&self) -> Option<IncrementalFrom> {
        let history = || self.history.as_ref()?.incremental_from;
        self.label.as_ref().and_then(|label| label.incremental_from).or_else(history)
    }

    /// The cluster.
    pub fn system_id(&self) -> Option<u64> {
        self.control.as_ref().map(|c| c.system_id).or_else(|| self.manifest.as_ref()?.system_id)
    }
}
