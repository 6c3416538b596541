//! A data directory: a plain base backup, or what a tool restored.

use super::assemble::{assemble, take_wal};
use super::flaw::FlawKind;
use super::folder_place::FolderPlace;
use super::left_out::left_out;
use super::parts::{BackupParts, LONGEST_MAP, SMALL};
use super::slots::{origins, slots};
use super::small::{small, special};
use super::two_phase::two_phase;
use super::{Backup, BackupKind, mapped_files, state_files, structure, tablespace_map};
use pgwal_catalog::{DataFile, databases as databases_of, tablespaces as tablespaces_of};
use pgwal_format::SegmentName;
use pgwal_source::{Source, SourceError};
use std::collections::{BTreeSet, HashSet};
use std::fs::{self, DirEntry, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Places of tablespaces that are told where nothing is there; a server has few.
const NOWHERE: usize = 1000;

/// Whether a folder is a data directory, or holds at least the files that make a backup.
pub(super) fn is_one(path: &Path) -> bool {
    ["backup_label", "global/pg_control", "PG_VERSION", "pg_control"].iter().any(|name| path.join(name).is_file())
}

/// Opens a data directory.
pub(super) fn open(path: &Path) -> Result<Backup, SourceError> {
    let mut backup = Backup::of(path.display().to_string(), BackupKind::DataDirectory);
    let mut parts = BackupParts { folder: Some(path.to_path_buf()), ..BackupParts::default() };
    for (name, limit) in SMALL {
        let file = path.join(name);
        if is_signal_folder(&file, name) {
            parts.files.insert(name.to_owned(), Vec::new());
            parts.signal_folders.push(name);
            continue;
        }
        if let Some(bytes) = small(&file, limit)? {
            parts.files.insert(name.to_owned(), bytes);
        } else if name == "backup_manifest" && file.exists() {
            // No server reads it.
            backup.flaws.push(FlawKind::Manifest("is no plain file, and was not read".to_owned()).of(name));
        } else if let Some(kind) = special(&file) {
            return Err(SourceError::NotRegular { path: file, kind });
        }
    }
    walk(path, "", 0, &mut |name, _, size| parts.sizes.push((name, size)));
    tablespaces(path, &mut parts);
    parts.folders = structure::places(path);
    parts.mode = mode(path);
    parts.whole = parts.sizes.iter().any(|(path, _)| path.starts_with("base/"));
    if let Some(wal) = ["pg_wal", "pg_xlog"].into_iter().map(|name| path.join(name)).find(|wal| wal.is_dir()) {
        backup.lived_in = archives(&wal);
        match pgwal_source::open(&[wal]) {
            Ok(source) => take_wal(&mut backup, Arc::<dyn Source>::from(source)),
            Err(SourceError::WrongLevel { .. }) => {}
            Err(_) => backup.not_checked.push("the WAL inside the backup, which cannot be opened"),
        }
    }
    let links = path.join("pg_tblspc");
    let mapped = mapped(&parts).into_iter().map(|(oid, place)| (oid, links.join(place))).collect();
    let mut backup = assemble(backup, parts);
    backup.mapped = mapped;
    backup.folder = Some(path.to_path_buf());
    backup.unlinked = unlinked(path, &backup);
    backup.owner = owner(path);
    backup.slots = slots(path);
    let prepared = two_phase(path);
    let of_state = state_files::by_content(&backup, path, &prepared);
    backup.flaws.extend(of_state);
    if backup.has_most {
        backup.no_folder = no_folder(path, &backup);
        backup.left_out = left_out(path, backup.relations.whole_databases());
    }
    let catalog = mapped_files::empty(&backup, path);
    backup.flaws.extend(catalog);
    backup.two_phase = prepared.into_iter().map(|(xid, _)| xid).collect();
    backup.origins = origins(path);
    Ok(backup)
}

/// A folder in the place of a signal file, which is all that a server asks of one.
pub(super) fn is_signal_folder(path: &Path, name: &str) -> bool {
    name.ends_with(".signal") && path.is_dir()
}

/// A server archives from here: what a backup leaves in the folder is segments that are done, and nothing else.
fn archives(wal: &Path) -> bool {
    let Ok(entries) = fs::read_dir(wal.join("archive_status")) else { return false };
    let of_segment = |name: &str| name.strip_suffix(".done").is_some_and(|name| SegmentName::parse(name).is_some());
    entries.flatten().any(|entry| !of_segment(&entry.file_name().to_string_lossy()))
}

/// Every file of a data directory: its name there, its path, its size.
pub(super) fn files(path: &Path) -> Vec<(String, PathBuf, u64)> {
    let mut parts = BackupParts::default();
    for name in ["backup_label", "tablespace_map"] {
        let bytes = small(&path.join(name), LONGEST_MAP).ok().flatten();
        parts.files.extend(bytes.map(|bytes| (name.to_owned(), bytes)));
    }
    let mapped = mapped(&parts);
    let mut out = Vec::new();
    walk(path, "", 0, &mut |name, file, size| out.push((name, file, size)));
    let oids: HashSet<&str> = mapped.iter().map(|(oid, _)| oid.as_str()).collect();
    out.retain(|(name, ..)| !is_below_one(name, &oids));
    let mut walked = HashSet::new();
    for (oid, place) in &mapped {
        let place = path.join("pg_tblspc").join(place);
        if !fs::canonicalize(&place).is_ok_and(|place| walked.insert(place)) {
            continue;
        }
        walk(&place, &format!("pg_tblspc/{oid}"), 2, &mut |name, file, size| out.push((name, file, size)));
    }
    out
}

/// Where the tablespaces of a backup will lie, by their OIDs.
fn mapped(parts: &BackupParts) -> Vec<(String, String)> {
    match (parts.files.get("backup_label"), parts.files.get("tablespace_map")) {
        (Some(_), Some(map)) => tablespace_map::parse(map),
        _ => Vec::new(),
    }
}

/// Looks where the tablespaces will lie: beside a `backup_label`, a server makes the links anew that `tablespace_map`
/// names.
fn tablespaces(path: &Path, parts: &mut BackupParts) {
    let links = path.join("pg_tblspc");
    let mapped = mapped(parts);
    let oids: HashSet<&str> = mapped.iter().map(|(oid, _)| oid.as_str()).collect();
    parts.sizes.retain(|(file, _)| !is_below_one(file, &oids));
    let mut walked = HashSet::new();
    for (oid, place) in &mapped {
        let below = format!("pg_tblspc/{oid}/");
        let place = links.join(place);
        if place.is_dir() {
            parts.spaces.push((oid.clone(), place.display().to_string(), versions_in(&place)));
            // No two tablespaces lie in one place: what is in it counts once.
            if !fs::canonicalize(&place).is_ok_and(|place| walked.insert(place)) {
                parts.away.insert(below);
                continue;
            }
            walk(&place, &format!("pg_tblspc/{oid}"), 2, &mut |name, _, size| parts.sizes.push((name, size)));
        } else {
            if parts.nowhere.len() < NOWHERE && is_nowhere(&place) {
                parts.nowhere.push((oid.clone(), place.display().to_string(), true));
            }
            parts.away.insert(below);
        }
    }
    let Ok(entries) = fs::read_dir(&links) else { return };
    let (linked, own): (Vec<DirEntry>, Vec<DirEntry>) =
        entries.flatten().partition(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()));
    // Where the map names one, a server puts a link in the place of the folder, if that is empty.
    let is_filled = |entry: &&DirEntry| fs::read_dir(entry.path()).is_ok_and(|mut inside| inside.next().is_some());
    let of_map = |entry: &DirEntry| entry.file_name().to_str().filter(|name| oids.contains(name))?.parse().ok();
    parts.filled = own.iter().filter(is_filled).filter_map(of_map).collect();
    let unmapped = own.iter().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    parts.in_place = unmapped.filter(|oid: &u32| !oids.contains(oid.to_string().as_str())).collect();
    for entry in linked.iter().filter(|entry| entry.path().is_dir()) {
        let oid = entry.file_name().to_string_lossy().into_owned();
        if !oids.contains(oid.as_str()) && oid.bytes().all(|b| b.is_ascii_digit()) {
            let to = fs::read_link(entry.path()).map(|to| to.display().to_string()).unwrap_or_default();
            parts.spaces.push((oid, to, versions_in(&entry.path())));
        }
    }
    for entry in linked.into_iter().filter(|entry| !entry.path().is_dir()) {
        let oid = entry.file_name().to_string_lossy().into_owned();
        if oids.contains(oid.as_str()) {
            continue;
        }
        parts.away.insert(format!("pg_tblspc/{oid}/"));
        if is_nowhere(&entry.path()) && oid.bytes().all(|b| b.is_ascii_digit()) {
            let to = fs::read_link(entry.path()).map(|to| to.display().to_string()).unwrap_or_default();
            parts.nowhere.push((oid, to, false));
        }
    }
}

/// The folders of versions in a tablespace.
fn versions_in(place: &Path) -> Vec<String> {
    let names =
        fs::read_dir(place).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with("PG_")).collect()
}

/// Files of a data directory, for whoever reads its catalogs.
struct DataFolderFiles<'a>(&'a Path);

impl DataFile for DataFolderFiles<'_> {
    fn read(&self, path: &str, most: usize) -> Option<Vec<u8>> {
        let path = self.0.join(path);
        // A pipe is not opened: nobody may ever write into it.
        let file = path.metadata().ok().filter(fs::Metadata::is_file).and_then(|_| File::open(&path).ok())?;
        let mut out = Vec::new();
        file.take(most as u64).read_to_end(&mut out).ok()?;
        Some(out)
    }
}

/// Tablespaces that the catalogs list, and of which nothing stands in `pg_tblspc`.
fn unlinked(path: &Path, backup: &Backup) -> BTreeSet<u32> {
    let Some(control) = &backup.control else { return BTreeSet::new() };
    let page = control.page_size.bytes() as usize;
    let mut out = tablespaces_of(control.dialect.version, control.endian, page, &DataFolderFiles(path));
    out.retain(|oid| {
        let link = path.join("pg_tblspc").join(oid.to_string());
        link.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
            && !backup.mapped.iter().any(|(mapped, _)| *mapped == oid.to_string())
    });
    out
}

/// Databases that the catalogs list, and that have no folder in `base` or in a tablespace.
fn no_folder(path: &Path, backup: &Backup) -> BTreeSet<u32> {
    let Some(control) = &backup.control else { return BTreeSet::new() };
    let page = control.page_size.bytes() as usize;
    let mut out = databases_of(control.dialect.version, control.endian, page, &DataFolderFiles(path));
    let is_there = |oid: &u32| path.join("base").join(oid.to_string()).is_dir();
    out.retain(|oid| !is_there(oid));
    if out.is_empty() {
        return out;
    }
    let links = fs::read_dir(path.join("pg_tblspc")).into_iter().flatten().flatten().map(|entry| entry.path());
    let spaces = links.chain(backup.mapped.iter().map(|(_, place)| place.clone()));
    let below = |space: PathBuf| fs::read_dir(space).into_iter().flatten().flatten().map(|entry| entry.path());
    // Of what lies on another machine it is not known what is in it.
    let (there, away): (Vec<PathBuf>, Vec<PathBuf>) = spaces.partition(|space| space.is_dir());
    if !away.is_empty() {
        out.clear();
    }
    // Up to 8.4 the folders of databases lie in the tablespace itself, later in a folder of the version.
    let versions: Vec<PathBuf> = there.iter().cloned().flat_map(below).chain(there.iter().cloned()).collect();
    out.retain(|oid| !versions.iter().any(|folder| folder.join(oid.to_string()).is_dir()));
    out
}

/// Whether a file lies below the folder of one of these tablespaces.
fn is_below_one(file: &str, oids: &HashSet<&str>) -> bool {
    let oid = file.strip_prefix("pg_tblspc/").and_then(|rest| rest.split_once('/'));
    oid.is_some_and(|(oid, _)| oids.contains(oid))
}

/// Whether there is nothing, as far as this user may look.
fn is_nowhere(path: &Path) -> bool {
    matches!(FolderPlace::of(path), FolderPlace::Nothing | FolderPlace::LinkToNothing)
}

/// The rights of a folder, as bits of its mode.
#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o777)
}

/// The number of the user to whom a folder belongs.
#[cfg(unix)]
fn owner(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata))
}

/// There are none.
#[cfg(not(unix))]
fn owner(_: &Path) -> Option<u32> {
    None
}

/// There are none.
#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}

/// Folders below each other in a data directory; the deepest is a database in a tablespace.
const DEEPEST: usize = 6;

/// Every file with its path and its size. Links are followed where tablespaces are links, and nowhere else.
fn walk(folder: &Path, shown: &str, depth: usize, each: &mut dyn FnMut(String, PathBuf, u64)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = if shown.is_empty() { name.into_owned() } else { format!("{shown}/{name}") };
        let Ok(kind) = entry.file_type() else { continue };
        let is_folder = kind.is_dir() || kind.is_symlink() && shown == "pg_tblspc" && entry.path().is_dir();
        if is_folder {
            if depth < DEEPEST && !matches!(path.as_str(), "pg_wal" | "pg_xlog") {
                walk(&entry.path(), &path, depth + 1, each);
            }
        } else if kind.is_file() || kind.is_symlink() && depth == 0 {
            // Configuration may be a link.
            let metadata = fs::metadata(entry.path()).ok().filter(fs::Metadata::is_file);
            if let Some(metadata) = metadata {
                each(path, entry.path(), metadata.len());
            }
        }
    }
}
