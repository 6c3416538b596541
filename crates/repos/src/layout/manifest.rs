//! A backup of pgBackRest held against its own manifest: names and sizes of the files in the repository.
//!
//! ```text
//! [target:file]
//! pg_data/base/5/112={"checksum":"…","repo-size":53,"size":8192,…}             pg_data/base/5/112[.zst] of 53 bytes
//! pg_data/base/5/113={…,"reference":"20261128-155648F",…}                       in that backup
//! pg_data/base/5/1255={"bni":1,"bno":255474,"repo-size":79093,…}                in bundle/1, from that offset on
//! ```

use super::Reading;
use crate::backup::{BackupDefect, ListedBackup};
use crate::info::ENCRYPTED;
use crate::store::{ItemKind, Store, join, plain};
use pgwal_source::key::{Cleartext, KeyFault};
use pgwal_source::{Keys, SourceError};
use serde_json::Value;
use std::collections::HashMap;

/// A larger manifest is not read: some 900,000 files.
const LONGEST: u64 = 128 << 20;
/// Suffixes of files in a repository: of compression, and of incremental blocks.
const SUFFIXES: [&str; 6] = ["", ".gz", ".zst", ".lz4", ".bz2", ".pgbi"];

/// A manifest, or why there is none.
pub(super) enum ManifestFound<T> {
    /// It, or its copy, which is written first and is the same.
    Read(T),
    /// It is encrypted, and no key for it is here.
    Closed,
    /// It is there and cannot be used.
    Damaged(&'static str),
    /// Neither is there.
    Absent,
}

/// The bytes of a manifest, wiped at their end where they were encrypted.
pub(super) enum ManifestBytes {
    Plain(Vec<u8>),
    Clear(Cleartext),
}

impl std::ops::Deref for ManifestBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            ManifestBytes::Plain(bytes) => bytes,
            ManifestBytes::Clear(bytes) => bytes,
        }
    }
}

/// Section, key and value of what a manifest says before its files.
type ManifestHead = Vec<(String, String, Value)>;

/// What a manifest says before its files.
pub(super) fn head(reading: &Reading<'_>, folder: &str) -> Result<ManifestFound<ManifestHead>, SourceError> {
    Ok(match bytes(reading, folder)? {
        ManifestFound::Read(bytes) => ManifestFound::Read(head_of(&bytes)),
        ManifestFound::Closed => ManifestFound::Closed,
        ManifestFound::Damaged(why) => ManifestFound::Damaged(why),
        ManifestFound::Absent => ManifestFound::Absent,
    })
}

fn head_of(bytes: &[u8]) -> ManifestHead {
    let mut out = Vec::new();
    let mut section = String::new();
    for line in bytes.split(|b| *b == b'\n') {
        let line = String::from_utf8_lossy(line);
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if name == "target:file" {
                break;
            }
            section = name.to_owned();
        } else if let Some((key, value)) = line.split_once('=')
            && let Ok(value) = serde_json::from_str(value)
        {
            out.push((section.clone(), key.to_owned(), value));
        }
    }
    out
}

fn bytes(reading: &Reading<'_>, folder: &str) -> Result<ManifestFound<ManifestBytes>, SourceError> {
    let mut found = ManifestFound::Absent;
    for name in ["backup.manifest", "backup.manifest.copy"] {
        let Some(stored) = reading.store.read(&join(folder, name), LONGEST + 1)? else { continue };
        if !stored.starts_with(ENCRYPTED) {
            if stored.starts_with(b"[") {
                return Ok(ManifestFound::Read(ManifestBytes::Plain(stored)));
            }
            found = ManifestFound::Damaged("is no manifest");
            continue;
        }
        found = match reading.keys.decrypt(&stored) {
            Ok(clear) => return Ok(ManifestFound::Read(ManifestBytes::Clear(clear))),
            Err(KeyFault::CutOff | KeyFault::Damaged) => {
                ManifestFound::Damaged("is encrypted, and its encrypted bytes are damaged or cut off")
            }
            Err(_) => ManifestFound::Closed,
        };
    }
    Ok(found)
}

/// Holds a backup against its manifest, and takes its `backup_label` and WAL. `labels`: the folders that are there.
pub(super) fn compare(
    reading: &Reading<'_>,
    folder: &str,
    labels: &[String],
    backup: &mut ListedBackup,
) -> Result<(), SourceError> {
    let store = reading.store;
    let own = join(folder, &backup.label);
    if !labels.contains(&backup.label) {
        backup.put_down(BackupDefect::Missing { file: own, count: 1 });
        return Ok(());
    }
    let file = join(&own, "backup.manifest");
    let bytes = match bytes(reading, &own)? {
        ManifestFound::Read(bytes) => bytes,
        ManifestFound::Closed => return Ok(()),
        ManifestFound::Damaged(why) => {
            backup.put_down(BackupDefect::Unreadable { file, why: why.to_owned() });
            return Ok(());
        }
        ManifestFound::Absent => {
            backup.put_down(BackupDefect::Undescribed { file });
            return Ok(());
        }
    };
    let pass = head_of(&bytes).into_iter().find(|(section, key, _)| section == "cipher" && key == "cipher-pass");
    backup.keys = pass.and_then(|(_, _, pass)| Some(Keys::sole(pass.as_str()?.as_bytes().to_vec())));
    let keys = backup.keys.as_ref().unwrap_or(reading.keys);
    backup.backup_label = backup_label(store, keys, &join(&own, "pg_data"))?;
    let wal = join(&own, "pg_data/pg_wal");
    let holds_wal = store.list(&wal)?.iter().any(|item| !item.is_folder());
    backup.wal_inside = holds_wal.then_some(wal);
    if bytes.len() as u64 > LONGEST {
        backup.not_checked.push("its files: the manifest is larger than 128 MiB");
        return Ok(());
    }
    let mut found = FileTally::default();
    let mut there = Folders { store, folder, labels, listed: HashMap::new() };
    let mut inside = false;
    for line in bytes.split(|b| *b == b'\n') {
        if line.starts_with(b"[") {
            inside = line == b"[target:file]";
            continue;
        }
        if !inside || line.is_empty() {
            continue;
        }
        let entry = std::str::from_utf8(line).ok().and_then(ManifestRow::parse);
        match entry {
            Some(file) => file.look(&backup.label, &mut there, &mut found)?,
            None => {
                let why = "has lines that make no sense".to_owned();
                backup.put_down(BackupDefect::Unreadable { file: join(&own, "backup.manifest"), why });
                return Ok(());
            }
        }
    }
    found.put_down(backup);
    Ok(())
}

/// Reads the `backup_label` of a backup, wherever it lies.
fn backup_label(store: &dyn Store, keys: &Keys, data: &str) -> Result<Option<Vec<u8>>, SourceError> {
    for suffix in ["", ".zst", ".gz", ".lz4", ".bz2"] {
        if let Some(bytes) = plain(store, keys, &format!("{data}/backup_label{suffix}"), 64 << 10)? {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

/// A line of `[target:file]`.
struct ManifestRow<'a> {
    name: &'a str,
    size: u64,
    stored: u64,
    reference: Option<String>,
    /// Number of the bundle, and where in it.
    bundle: Option<(u64, u64)>,
}

impl<'a> ManifestRow<'a> {
    fn parse(line: &'a str) -> Option<ManifestRow<'a>> {
        let at = line.find("={")?;
        let (name, value) = (line.get(..at)?, line.get(at + 1..)?);
        let value: Value = serde_json::from_str(value).ok()?;
        let number = |key: &str| value.get(key).and_then(Value::as_u64);
        // A size of zero may be left out in later formats.
        let size = number("size").unwrap_or(0);
        Some(ManifestRow {
            name,
            size,
            stored: number("repo-size").unwrap_or(size),
            reference: value.get("reference").and_then(Value::as_str).map(str::to_owned),
            bundle: number("bni").map(|bundle| (bundle, number("bno").unwrap_or(0))),
        })
    }

    /// Looks for it where it must be.
    fn look(&self, own: &str, there: &mut Folders<'_>, found: &mut FileTally) -> Result<(), SourceError> {
        // Empty files need not be stored.
        if self.size == 0 {
            return Ok(());
        }
        let label = self.reference.as_deref().unwrap_or(own);
        if !there.labels.iter().any(|known| known == label) {
            found.no_parent.get_or_insert_with(|| label.to_owned());
            return Ok(());
        }
        let (folder, name) = match (self.bundle, self.name.rfind('/')) {
            (Some((bundle, _)), _) => ("bundle".to_owned(), bundle.to_string()),
            (None, Some(slash)) => (
                self.name.get(..slash).unwrap_or_default().to_owned(),
                self.name.get(slash + 1..).unwrap_or_default().to_owned(),
            ),
            (None, None) => (String::new(), self.name.to_owned()),
        };
        let place = join(&join(there.folder, label), &folder);
        let files = there.files(&place)?;
        let here = SUFFIXES.iter().find_map(|suffix| files.get(&format!("{name}{suffix}")).copied());
        let shown = || join(&place, &name);
        match (here, self.bundle) {
            (None, _) => found.missing(shown()),
            (Some(size), Some((_, offset))) if size < offset.saturating_add(self.stored) => {
                found.other_size(shown(), size, offset.saturating_add(self.stored));
            }
            (Some(size), None) if size != self.stored => found.other_size(shown(), size, self.stored),
            _ => {}
        }
        Ok(())
    }
}

/// Folders of backups, listed as they are needed.
struct Folders<'a> {
    store: &'a dyn Store,
    folder: &'a str,
    labels: &'a [String],
    listed: HashMap<String, HashMap<String, u64>>,
}

impl Folders<'_> {
    fn files(&mut self, folder: &str) -> Result<&HashMap<String, u64>, SourceError> {
        if !self.listed.contains_key(folder) {
            let items = self.store.list(folder)?.into_iter();
            let files = items.filter_map(|item| match item.kind {
                ItemKind::File(size) => Some((item.name, size)),
                ItemKind::Folder => None,
            });
            self.listed.insert(folder.to_owned(), files.collect());
        }
        Ok(self.listed.entry(folder.to_owned()).or_default())
    }
}

/// What is wrong with files, counted.
#[derive(Default)]
pub(super) struct FileTally {
    no_parent: Option<String>,
    missing: Option<(String, u64)>,
    other_size: Option<(String, u64, u64, u64)>,
}

impl FileTally {
    pub(super) fn missing(&mut self, file: String) {
        self.missing.get_or_insert((file, 0)).1 += 1;
    }

    pub(super) fn other_size(&mut self, file: String, found: u64, expected: u64) {
        self.other_size.get_or_insert((file, found, expected, 0)).3 += 1;
    }

    pub(super) fn put_down(self, backup: &mut ListedBackup) {
        let parent = self.no_parent.map(BackupDefect::NoParent);
        let missing = self.missing.map(|(file, count)| BackupDefect::Missing { file, count });
        let other = self.other_size.map(|(file, found, expected, count)| BackupDefect::OtherSize {
            file,
            found,
            expected,
            count,
        });
        parent.into_iter().chain(missing).chain(other).for_each(|defect| backup.put_down(defect));
    }
}
