//! What did the user name?

use super::assemble::assemble;
use super::parts::BackupParts;
use super::{Backup, BackupKind, folder, manifest, tarball, tools};
use pgwal_archive::Error;
use pgwal_format::FileName;
use pgwal_format::text::control::{ControlError, ControlFile};
use pgwal_source::{SourceError, tar};
use std::fs;
use std::path::{Path, PathBuf};

/// Opens a base backup: a data directory, a folder with `base.tar`, a tar; or one of its files alone: `backup_label`,
/// `backup_manifest`, a backup history file, a control file, packed or not.
///
/// # Errors
/// It cannot be looked at, or is nothing of a backup. That a backup is damaged is in its findings.
pub fn open(path: &Path) -> Result<Backup, Error> {
    let metadata = fs::metadata(path).map_err(|error| SourceError::io(path, &error))?;
    if !metadata.is_dir() {
        return if tar::is_tar(path)? { Ok(tarball::open(path, path)?) } else { file(path) };
    }
    if folder::is_one(path) {
        return Ok(folder::open(path)?);
    }
    match tarball::base_in(path) {
        Some(base) => Ok(tarball::open(&base, path)?),
        None => {
            let (path, use_instead) = (path.to_path_buf(), below(path));
            Err(match tools::next_step_of_folder(&path).filter(|_| use_instead.is_empty()) {
                Some(next) => Error::ToolBackup { path, next },
                None => Error::NotBackup { path, use_instead },
            })
        }
    }
}

/// Folders in it that are backups.
fn below(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let folders = entries.flatten().map(|entry| entry.path()).take(10_000);
    let mut found: Vec<PathBuf> =
        folders.filter(|path| path.is_dir() && (folder::is_one(path) || tarball::base_in(path).is_some())).collect();
    found.sort();
    found.truncate(10);
    found
}

fn file(path: &Path) -> Result<Backup, Error> {
    let not_one = || Error::NotBackup { path: path.to_path_buf(), use_instead: Vec::new() };
    let source = pgwal_source::open(&[path.to_path_buf()])?;
    let entry = source.list()?.entries.into_iter().next().ok_or_else(not_one)?;
    let (head, _) = source.small(&entry, 64 << 10)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let (kind, own) = kind(&head, name, entry.name).ok_or_else(not_one)?;
    let bytes = if kind == BackupKind::Manifest { source.small(&entry, manifest::LONGEST + 1)?.0 } else { head };
    Ok(assemble(Backup::of(path.display().to_string(), kind), BackupParts::one(own, bytes)))
}

/// A `backup_label` that lies elsewhere, at the place `name`; `None` where it is none.
pub(crate) fn of_label(name: &str, bytes: Vec<u8>) -> Option<Backup> {
    let (kind, own) = kind(&bytes, "backup_label", None).filter(|_| !bytes.is_empty())?;
    Some(assemble(Backup::of(format!("backup_label.old of {name}"), kind), BackupParts::one(own, bytes)))
}

/// What a single file is: by its content, and where that is damaged by its name.
fn kind(head: &[u8], name: &str, wal: Option<FileName>) -> Option<(BackupKind, &'static str)> {
    let holds = |text: &[u8]| head.windows(text.len()).any(|window| window == text);
    let control = (BackupKind::Control, "global/pg_control");
    let (label, history) = ((BackupKind::Label, "backup_label"), (BackupKind::History, "history"));
    let manifest = (BackupKind::Manifest, "backup_manifest");
    if head.starts_with(b"START WAL LOCATION") {
        return Some(if holds(b"STOP WAL LOCATION") || matches!(wal, Some(FileName::BackupHistory(..))) {
            history
        } else {
            label
        });
    }
    if head.trim_ascii_start().starts_with(b"{") && holds(b"PostgreSQL-Backup-Manifest-Version") {
        return Some(manifest);
    }
    if !matches!(ControlFile::parse(head), Err(ControlError::NotControl)) {
        return Some(control);
    }
    match (name, wal) {
        ("backup_label" | "backup_label.old", _) => Some(label),
        ("backup_manifest", _) => Some(manifest),
        ("pg_control", _) => Some(control),
        (_, Some(FileName::BackupHistory(..))) => Some(history),
        _ => None,
    }
}
