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
use crate::info::{self, ENCRYPTED};
use crate::store::{ItemKind, Store, join, plain};
use pgwal_source::key::{Cleartext, KeyFault};
use pgwal_source::{Keys, SourceError};
use serde_json::Value;
use std::collections::HashMap;

/// A larger manifest is not read: some 900,000 files.
const LONGEST: u64 = 128 << 20;
/// Suffixes of files in a repository: of compression, and of incremental blocks.
pub(super) const SUFFIXES: [&str; 6] = ["", ".gz", ".zst", ".lz4", ".bz2", ".pgbi"];

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
pub(super) type ManifestHead = Vec<(String, String, Value)>;

/// What a manifest says before its files.
pub(super) fn head(reading: &Reading<'_>, folder: &str) -> Result<ManifestFound<ManifestHead>, SourceError> {
    Ok(match bytes(reading, folder)? {
        ManifestFound::Read(bytes) => ManifestFound::Read(head_of(&bytes)),
        ManifestFound::Closed => ManifestFound::Closed,
        ManifestFound::Damaged(why) => ManifestFound::Damaged(why),
        ManifestFound::Absent => ManifestFound::Absent,
    })
}

pub(super) fn head_of(bytes: &[u8]) -> ManifestHead {
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

/// The bytes of a manifest that is what its own checksum says, else of its copy.
pub(super) fn bytes(reading: &Reading<'_>, folder: &str) -> Result<ManifestFound<ManifestBytes>, SourceError> {
    let mut found = ManifestFound::Absent;
    for name in ["backup.manifest", "backup.manifest.copy"] {
        let Some(stored) = reading.store.read(&join(folder, name), LONGEST + 1)? else { continue };
        let whole = stored.len() as u64 <= LONGEST;
        let clear = if stored.starts_with(ENCRYPTED) {
            reading.keys.decrypt(&stored).map(ManifestBytes::Clear)
        } else {
            Ok(ManifestBytes::Plain(stored))
        };
        found = match clear {
            Ok(bytes) if !bytes.starts_with(b"[") => ManifestFound::Damaged("is no manifest"),
            // Of one that is too long, the end was not read.
            Ok(bytes) if whole && !info::is_what_it_says(&bytes) => {
                ManifestFound::Damaged("is not what its own checksum says")
            }
            Ok(bytes) => return Ok(ManifestFound::Read(bytes)),
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
    for (_, line) in rows(&bytes) {
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

/// The lines of `[target:file]`, each with where it begins.
pub(super) fn rows(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let (mut at, mut inside) = (0, false);
    bytes.split(|b| *b == b'\n').filter_map(move |line| {
        let start = at;
        at += line.len() + 1;
        if line.starts_with(b"[") {
            inside = line == b"[target:file]";
            return None;
        }
        (inside && !line.is_empty()).then_some((start, line))
    })
}

/// A line of `[target:file]`.
pub(super) struct ManifestRow<'a> {
    pub name: &'a str,
    pub size: u64,
    pub stored: u64,
    pub reference: Option<String>,
    /// Number of the bundle, and where in it.
    pub bundle: Option<(u64, u64)>,
    /// It holds blocks, and a map of them.
    pub is_blocks: bool,
    /// SHA-1 of its plain bytes.
    pub checksum: Option<[u8; 20]>,
    /// SHA-1 of its stored bytes, where they are others.
    pub stored_checksum: Option<[u8; 20]>,
}

/// A SHA-1 in hexadecimal digits.
fn sha1(text: &str) -> Option<[u8; 20]> {
    let mut sum = [0; 20];
    let digits =
        text.as_bytes().chunks_exact(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    if text.len() != 40 {
        return None;
    }
    for (byte, digits) in sum.iter_mut().zip(digits) {
        *byte = digits?;
    }
    Some(sum)
}

impl<'a> ManifestRow<'a> {
    pub(super) fn parse(line: &'a str) -> Option<ManifestRow<'a>> {
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
            is_blocks: value.get("bi").is_some(),
            checksum: value.get("checksum").and_then(Value::as_str).and_then(sha1),
            stored_checksum: value.get("rck").and_then(Value::as_str).and_then(sha1),
        })
    }

    /// Folder and name of the file that holds it, without the suffix of compression. `label`: the backup's.
    pub(super) fn place(&self, folder: &str, label: &str) -> (String, String) {
        let (inside, name) = match (self.bundle, self.name.rsplit_once('/')) {
            (Some((bundle, _)), _) => ("bundle", bundle.to_string()),
            (None, Some((folder, name))) => (folder, name.to_owned()),
            (None, None) => ("", self.name.to_owned()),
        };
        (join(&join(folder, label), inside).trim_end_matches('/').to_owned(), name)
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
        let (place, name) = self.place(there.folder, label);
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

    /// Nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.no_parent.is_none() && self.missing.is_none() && self.other_size.is_none()
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
