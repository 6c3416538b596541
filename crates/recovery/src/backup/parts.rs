//! The small files of a backup, wherever they came from.

use super::folder_place::FolderPlace;
use super::{BackupKind, manifest};
use pgwal_format::recovery::data_directory::DataFolder;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

/// Files that are read, and how much of each.
pub(super) const SMALL: [(&str, u64); 11] = [
    ("PG_VERSION", 64),
    ("backup_label", 64 << 10),
    ("global/pg_control", 8192),
    ("backup_manifest", manifest::LONGEST + 1),
    ("tablespace_map", LONGEST_MAP),
    ("recovery.signal", 64 << 10),
    ("standby.signal", 64 << 10),
    ("recovery.conf", 4 << 20),
    ("postgresql.conf", 4 << 20),
    ("postgresql.auto.conf", 4 << 20),
    ("pg_control", 8192),
];

/// A server reads all of `tablespace_map`, line by line. One of this size names some million tablespaces.
pub(super) const LONGEST_MAP: u64 = 64 << 20;

/// What was gathered of a backup.
#[derive(Default)]
pub(super) struct BackupParts {
    /// The small files, by their path in the data directory.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Signals that are folders.
    pub signal_folders: Vec<&'static str>,
    /// Every file there, with its size; paths as in the manifest.
    pub sizes: Vec<(String, u64)>,
    /// What stands at the places of the folders, as far as that is known.
    pub folders: Vec<(&'static DataFolder, FolderPlace)>,
    /// The data directory, where it is one.
    pub folder: Option<PathBuf>,
    /// The sizes are those of a whole data directory.
    pub whole: bool,
    /// Tablespaces whose place is not here: `pg_tblspc/16400/`.
    pub away: HashSet<String>,
    /// Tablespaces whose place is not on this machine, and where that is: the OID, the place, whether `tablespace_map`
    /// names it.
    pub nowhere: Vec<(String, String, bool)>,
    /// Tablespaces whose place is a folder, and what in it has the name of a version's folder (`PG_15_202209061`): the
    /// OID, the place, the names.
    pub spaces: Vec<(String, String, Vec<String>)>,
    /// Tablespaces of `tablespace_map` in the place of whose links stand folders that are not empty.
    pub filled: BTreeSet<u32>,
    /// The rights of the data directory, as bits of its mode, where that is known.
    pub mode: Option<u32>,
    /// Tablespaces that are folders in `pg_tblspc`, and no links.
    pub in_place: BTreeSet<u32>,
}

impl BackupParts {
    /// One file alone.
    pub(super) fn one(path: &str, bytes: Vec<u8>) -> BackupParts {
        BackupParts { files: BTreeMap::from([(path.to_owned(), bytes)]), ..BackupParts::default() }
    }
}

/// `tablespace_map`, where all of it was read.
pub(super) fn whole_map(parts: &BackupParts) -> Option<&[u8]> {
    let map = parts.files.get("tablespace_map")?;
    ((map.len() as u64) < LONGEST_MAP).then_some(map)
}

/// Whether a kind should have all that a server needs to start.
pub(super) fn is_whole(kind: BackupKind) -> bool {
    matches!(kind, BackupKind::DataDirectory | BackupKind::Tar)
}
