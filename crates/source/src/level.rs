//! Which folder is meant: the one with the WAL, one above it, or a data directory.
//!
//! ```text
//! data directory    PG_VERSION, global/pg_control, pg_wal or (to 9.6) pg_xlog
//! pgBackRest        REPO/archive/STANZA/15-1/0000000100000000/…
//! Barman            HOME/SERVER/wals/0000000100000000/…
//! WAL-G             PREFIX/wal_005/…
//! pg_probackup      BACKUPS/wal/INSTANCE/…
//! ```

use crate::name::{self, NamePlace};
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

/// How deep below the folder that was named WAL is looked for: pgBackRest's archive id lies three below its repository.
const DEPTH: usize = 4;
/// Names that are looked at before the search is given up.
const BUDGET: usize = 50_000;

pub(crate) fn is_data_directory(folder: &Path) -> bool {
    folder.join("PG_VERSION").is_file() && folder.join("global/pg_control").is_file()
}

/// Where a data directory has its WAL, newest first.
pub(crate) const WAL_FOLDERS: [&str; 2] = ["pg_wal", "pg_xlog"];

/// `pg_wal` or `pg_xlog` in a data directory.
pub(crate) fn wal_of_data_directory(folder: &Path) -> Option<&'static str> {
    WAL_FOLDERS.into_iter().find(|name| folder.join(name).is_dir())
}

/// A folder that a server writes to, by its name or by what lies in it.
pub(crate) fn is_live(folder: &Path) -> bool {
    let real = fs::canonicalize(folder);
    let name = real.as_deref().unwrap_or(folder).file_name().and_then(|name| name.to_str());
    matches!(name, Some("pg_wal" | "pg_xlog")) || folder.join("archive_status").is_dir()
}

/// Whether files of WAL lie in the folder, or subfolders of 256 segments. Stops at the first.
pub(crate) fn holds_wal(folder: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        if is_wal(&entry?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The folders nearest below `folder` that hold WAL, and data directories; ordered by name.
pub(crate) fn folders_with_wal(folder: &Path) -> Vec<PathBuf> {
    let mut level = vec![folder.to_path_buf()];
    let mut budget = BUDGET;
    for _ in 0..DEPTH {
        let below: Vec<PathBuf> = level.iter().flat_map(|folder| subfolders(folder, &mut budget)).collect();
        let mut found: Vec<PathBuf> = below.iter().filter(|folder| leads_to_wal(folder)).cloned().collect();
        if !found.is_empty() {
            without_side_folders(&mut found);
            found.sort();
            return found;
        }
        level = below;
    }
    Vec::new()
}

fn leads_to_wal(folder: &Path) -> bool {
    if is_data_directory(folder) { wal_of_data_directory(folder).is_some() } else { holds_wal(folder).unwrap_or(false) }
}

fn is_wal(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let Some(name) = name.to_str() else { return false };
    matches!(name::place(name), NamePlace::Wal(_)) || name::is_log_folder(name) && entry.path().is_dir()
}

fn subfolders(folder: &Path, budget: &mut usize) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        if *budget == 0 {
            break;
        }
        *budget -= 1;
        // Links are followed only here, one level at a time, so a circle of them ends with the depth.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir() || kind.is_symlink() && entry.path().is_dir());
        if is_folder
            && !is_of_the_system(&entry.path())
            && !entry.file_name().to_str().is_some_and(name::is_known_subfolder)
        {
            found.push(entry.path());
        }
    }
    found
}

/// What the kernel shows of itself and of processes, other names of files that are elsewhere.
fn is_of_the_system(folder: &Path) -> bool {
    ["/proc", "/sys", "/dev", "/run"].iter().any(|name| folder == Path::new(name))
}

/// Barman keeps arriving and rejected WAL beside `wals`: nobody means those.
fn without_side_folders(found: &mut Vec<PathBuf>) {
    let named = |path: &PathBuf, names: &[&str]| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| names.contains(&name))
    };
    if found.iter().any(|path| named(path, &["wals"])) {
        found.retain(|path| !named(path, &["incoming", "streaming", "errors"]));
    }
}
