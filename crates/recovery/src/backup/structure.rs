//! The folders of a data directory, and `PG_VERSION`: what is not there, and what a server does without.
//!
//! What is at hand may be a sample of a backup, a few files out of it: what is not in that says nothing. A directory
//! that has most of the folders has all that there were.

use super::flaw::{BackupFlaw, FlawKind, RootFileFlaw, Weight};
use super::folder_place::FolderPlace;
use super::manifest::Manifest;
use super::on_machine;
use super::parts::{BackupParts, is_whole};
use super::{Backup, BackupKind};
use pgwal_format::recovery::data_directory::{DataFolder, WithoutFolder, has_maps, refused_rights};
use std::collections::BTreeSet;
use std::path::Path;

/// As many folders are in no sample.
const MOST_OF_THEM: usize = 6;

/// What stands at the places of a data directory's folders.
pub(super) fn places(data: &Path) -> Vec<(&'static DataFolder, FolderPlace)> {
    DataFolder::ALL.iter().map(|folder| (folder, FolderPlace::of(&data.join(folder.name)))).collect()
}

/// Those of a tar, by the paths of its members. One that holds files only does not say which folders there are.
pub(super) fn in_tar(folders: &[String], files: &[(String, u64)]) -> Vec<(&'static DataFolder, FolderPlace)> {
    let there = |name: &str| {
        folders.iter().any(|folder| folder.trim_end_matches('/') == name)
            || files.iter().any(|(file, _)| file.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))
    };
    let place = |name| if there(name) { FolderPlace::There } else { FolderPlace::Nothing };
    DataFolder::ALL.iter().map(|folder| (folder, place(folder.name))).collect()
}

/// What is not there.
pub(super) fn lacking(backup: &Backup, parts: &BackupParts) -> Vec<BackupFlaw> {
    if !is_whole(backup.kind) {
        return Vec::new();
    }
    let is_of = |folder: &DataFolder| backup.version.is_none_or(|version| folder.is_of(version));
    let has_most = has_most(backup, parts);
    let mut out: Vec<BackupFlaw> =
        version_file(backup, parts, has_most || parts.whole && holds_data(parts)).into_iter().collect();
    for (oid, to, mapped) in &parts.nowhere {
        let kind = FlawKind::TablespaceNowhere { to: to.clone(), mapped: *mapped };
        out.push(kind.weighed(&format!("pg_tblspc/{oid}"), Weight::Warning));
    }
    // Up to 8.4 the files lie in the place itself.
    let prefix =
        backup.version.filter(|version| has_most && has_maps(*version)).map(|version| format!("PG_{version}_"));
    for (oid, to, versions) in &parts.spaces {
        let is_empty = prefix.as_ref().is_some_and(|prefix| !versions.iter().any(|name| name.starts_with(prefix)));
        if is_empty {
            out.push(
                FlawKind::TablespaceEmpty { to: to.clone() }.weighed(&format!("pg_tblspc/{oid}"), Weight::Warning),
            );
        }
    }
    // pg_basebackup writes the control file last: without one, the rest was never there.
    let Some(version) = backup.version.filter(|_| backup.control_bytes.is_some()) else { return out };
    let refused = refused_rights(version);
    if let Some(mode) = parts.mode.filter(|mode| has_most && mode & refused != 0) {
        let group = refused & 0o040 == 0;
        out.push(FlawKind::Rights { mode, group }.weighed(&backup.name, Weight::Info));
    }
    // With a manifest every file is compared.
    if has_most && backup.manifest.is_none() && backup.version.is_some_and(has_maps) {
        out.extend(missing_map(backup, parts));
    }
    for (folder, place) in parts.folders.iter().filter(|(folder, _)| is_of(folder)) {
        let parent = folder.name.split_once('/').map(|(parent, _)| parent);
        let is_below_missing =
            parts.folders.iter().any(|(other, place)| Some(other.name) == parent && *place != FolderPlace::There);
        let place = match place {
            FolderPlace::There if has_most && needs_file(folder) && !holds_file(parts, folder) => FolderPlace::NoFile,
            FolderPlace::Nothing | FolderPlace::NoFolder if !has_most => continue,
            FolderPlace::There | FolderPlace::Unknown => continue,
            place => *place,
        };
        // Without global there is no control file: that is told by itself.
        if !is_below_missing && folder.name != "global" {
            // With an empty pg_xact a server of 12 and later starts, and the state of old transactions is lost.
            let without = match (place, folder.name) {
                (FolderPlace::NoFile, "pg_xact" | "pg_clog") => WithoutFolder::Empty,
                _ => folder.without,
            };
            out.push(FlawKind::Folder { folder, place, without }.of(folder.name));
        }
    }
    out
}

/// Whether this is a directory of which most is at hand.
pub(super) fn has_most(backup: &Backup, parts: &BackupParts) -> bool {
    let is_of = |folder: &DataFolder| backup.version.is_none_or(|version| folder.is_of(version));
    let there = parts
        .folders
        .iter()
        .filter(|(folder, place)| !folder.name.contains('/') && *place == FolderPlace::There && is_of(folder));
    there.count() >= MOST_OF_THEM || has_every_file(backup, parts)
}

/// Of a copy through a place that has no empty folders, those are left that hold files.
fn has_every_file(backup: &Backup, parts: &BackupParts) -> bool {
    let is_of = |folder: &DataFolder| backup.version.is_some_and(|version| folder.is_of(version));
    let mut with_files =
        parts.folders.iter().map(|(folder, _)| folder).filter(|folder| is_of(folder) && needs_file(folder));
    backup.kind == BackupKind::DataDirectory
        && holds_data(parts)
        && parts.files.contains_key("PG_VERSION")
        && (backup.manifest.is_some() || parts.sizes.iter().any(|(path, _)| path == "postgresql.conf"))
        && with_files.all(|folder| holds_file(parts, folder))
}

/// The first file that is not there of those without which no connection finds the catalogs of the cluster, or of a
/// database. The folder of a database may be one that was made, or removed, while the backup was taken.
fn missing_map(backup: &Backup, parts: &BackupParts) -> Option<BackupFlaw> {
    let there: BTreeSet<&str> = parts.sizes.iter().map(|(path, _)| path.as_str()).collect();
    let flaw = |file: &str, weight: Weight| {
        FlawKind::RootFile { what: RootFileFlaw::NoMap, data: backup.name.clone() }.weighed(file, weight)
    };
    let of_all = "global/pg_filenode.map";
    if !there.contains(of_all) {
        return Some(flaw(of_all, Weight::Error));
    }
    let databases: BTreeSet<&str> = there
        .iter()
        .filter_map(|path| path.strip_prefix("base/")?.split_once('/'))
        .filter(|(folder, _)| folder.bytes().all(|b| b.is_ascii_digit()))
        .map(|(folder, _)| folder)
        .collect();
    let files = databases
        .iter()
        .flat_map(|folder| ["pg_filenode.map", "PG_VERSION"].map(|file| format!("base/{folder}/{file}")));
    let missing = files.into_iter().find(|file| !there.contains(file.as_str()))?;
    Some(flaw(&missing, Weight::Warning))
}

/// Every cluster has at least one file there.
fn needs_file(folder: &DataFolder) -> bool {
    matches!(folder.name, "pg_xact" | "pg_clog" | "pg_multixact/offsets")
}

/// Data files are at hand, and not only what says where replay starts.
fn holds_data(parts: &BackupParts) -> bool {
    parts.sizes.iter().any(|(path, _)| path.starts_with("base/"))
}

fn holds_file(parts: &BackupParts, folder: &DataFolder) -> bool {
    parts.sizes.iter().any(|(path, _)| path.strip_prefix(folder.name).is_some_and(|rest| rest.starts_with('/')))
}

/// `must`: a server will be started on these very files.
fn version_file(backup: &Backup, parts: &BackupParts, must: bool) -> Option<BackupFlaw> {
    let what = match parts.files.get("PG_VERSION") {
        Some(bytes)
            if std::str::from_utf8(bytes)
                .is_ok_and(|text| text.trim_start().starts_with(|c: char| c.is_ascii_digit())) =>
        {
            return None;
        }
        Some(_) => RootFileFlaw::VersionNoNumber,
        None if must => RootFileFlaw::NoVersion,
        None => return None,
    };
    Some(FlawKind::RootFile { what, data: backup.name.clone() }.of("PG_VERSION"))
}

fn oid_of(link: &str) -> Option<u32> {
    link.strip_prefix("pg_tblspc/")?.parse().ok()
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

impl Backup {
    /// A server will be started on the directory as it lies: what a sample may lack counts. `set`: names of settings
    /// that are given otherwise than in the files that lie there.
    pub fn starts_as_it_lies(&mut self, set: &[&str]) {
        let told = self.flaws.iter().any(|flaw| flaw.file == "PG_VERSION");
        if is_whole(self.kind) && !self.has_version_file && !told {
            let kind = FlawKind::RootFile { what: RootFileFlaw::NoVersion, data: self.name.clone() };
            self.flaws.push(kind.of("PG_VERSION"));
        }
        for flaw in &mut self.flaws {
            match flaw.kind {
                FlawKind::TablespaceNowhere { .. } => {
                    // A server starts without it, and dies at the first record that changes something there.
                    self.nowhere.extend(oid_of(&flaw.file));
                    let holds =
                        |manifest: &Manifest| manifest.files.iter().any(|file| is_below(&file.path, &flaw.file));
                    if self.manifest.as_ref().is_some_and(holds) {
                        flaw.weight = Some(Weight::Error);
                    }
                }
                FlawKind::TablespaceEmpty { .. } => flaw.weight = Some(Weight::Error),
                // A copy may be looked at with other rights than it will have.
                FlawKind::Rights { .. } => flaw.weight = Some(Weight::Warning),
                _ => {}
            }
        }
        let obstacles = on_machine::obstacles(self, set);
        self.flaws.extend(obstacles);
    }
}
