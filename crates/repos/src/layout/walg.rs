//! What lies under a prefix of WAL-G, and of WAL-E before it.
//!
//! ```text
//! PREFIX/wal_005/00000001000000000000000D.lz4
//!        basebackups_005/base_00000001000000000000000D_backup_stop_sentinel.json      written last
//!        basebackups_005/base_…/tar_partitions/part_001.tar.lz4, files_metadata.json
//!        basebackups_005/base_…16_D_…0D_backup_stop_sentinel.json                     a delta backup
//! ```

use super::manifest::FileTally;
use super::wale::{self, SENTINEL};
use super::{Reading, RepoContents, RepoLayout, packed_contents};
use crate::backup::{BackupDefect, BackupMode, ListedBackup, anything, judge_chains, sort_by_time};
use crate::candidate::Candidate;
use crate::store::{Items, Store, each_file, join};
use crate::when;
use pgwal_format::{Lsn, SegmentName, Version};
use pgwal_source::SourceError;
use serde_json::Value;

/// A larger sentinel or list of files is not read.
const LONGEST: u64 = 64 << 20;
/// No more backups are looked at.
const MOST: usize = 10_000;

pub(super) fn here(store: &dyn Store, folder: &str, items: &Items) -> Result<Vec<Candidate>, SourceError> {
    let Some(by) = ["wal_005", "basebackups_005"].into_iter().find(|name| items.has_folder(name)) else {
        return Ok(Vec::new());
    };
    let name = folder.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
    let mut by = vec![by.to_owned()];
    let layout = if wale::is_its_own(store, folder)? { RepoLayout::WalE } else { RepoLayout::WalG };
    if layout == RepoLayout::WalE {
        by.push("nothing but what WAL-E writes".to_owned());
    }
    Ok(vec![Candidate { layout, base: folder.to_owned(), name, archive_id: None, by }])
}

pub(super) fn read(reading: &Reading<'_>, candidate: &Candidate) -> Result<RepoContents, SourceError> {
    let store = reading.store;
    let mut out = RepoContents { wal: vec![join(&candidate.base, "wal_005")], ..RepoContents::default() };
    if reading.without_backups {
        return Ok(out);
    }
    let folder = join(&candidate.base, "basebackups_005");
    let items = Items::of(store, &folder)?;
    let told = items.files().filter_map(|(name, _)| name.strip_suffix(SENTINEL));
    let begun = items.folders().filter(|name| name.starts_with("base_"));
    let mut labels: Vec<String> = told.chain(begun).map(str::to_owned).collect();
    labels.sort();
    labels.dedup();
    labels.truncate(MOST);
    for label in labels {
        let file = join(&folder, &format!("{label}{SENTINEL}"));
        let own = join(&folder, &label);
        let sentinel = store.read(&file, LONGEST)?;
        let mut backup =
            ListedBackup { label, file: own.clone(), mode: BackupMode::Unknown, ..ListedBackup::default() };
        match sentinel.as_deref().map(serde_json::from_slice::<Value>) {
            // Folders that a backup left which was deleted.
            None if is_empty(store, &own)? => continue,
            None => {
                backup.not_taken = true;
                backup.put_down(BackupDefect::Undescribed { file });
            }
            Some(Ok(value)) if value.is_object() => {
                take(&mut backup, &value);
                if backup.start.is_none() {
                    wale::take(reading, &candidate.base, &mut backup, &value)?;
                }
                if backup.start.is_none() {
                    let why = "does not say where the backup starts".to_owned();
                    backup.put_down(BackupDefect::Unreadable { file, why });
                }
                partitions(store, &own, &mut backup)?;
            }
            Some(_) => backup.put_down(BackupDefect::Unreadable { file, why: "is no JSON of a sentinel".to_owned() }),
        }
        out.backups.push(backup);
    }
    // Their names say where they start: after a restore to an earlier point a newer one starts before an older one.
    sort_by_time(&mut out.backups);
    judge_chains(&mut out.backups, anything);
    if let Some(how) = reading.contents {
        packed_contents::look(reading, candidate.layout, &mut out.backups, &folder, how)?;
        judge_chains(&mut out.backups, anything);
    }
    Ok(out)
}

/// Whether no file lies below a folder.
fn is_empty(store: &dyn Store, folder: &str) -> Result<bool, SourceError> {
    let mut files = 0;
    each_file(store, folder, &mut |_, _| files += 1)?;
    Ok(files == 0)
}

/// What the sentinel says. Identifiers and positions are whole numbers of 64 bits.
fn take(backup: &mut ListedBackup, value: &Value) {
    let number = |key: &str| value.get(key).and_then(Value::as_u64);
    let text = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let lsn = |key: &str| number(key).filter(|lsn| *lsn > 0).map(Lsn::new);
    backup.parent = text("DeltaFrom").map(str::to_owned);
    backup.mode = if backup.parent.is_some() { BackupMode::Incremental } else { BackupMode::Full };
    (backup.start, backup.stop) = (lsn("LSN"), lsn("FinishLSN"));
    let first = backup.label.strip_prefix("base_").and_then(|rest| rest.get(..24));
    backup.start_file = first.and_then(SegmentName::parse);
    backup.started = text("StartTime").and_then(when::seconds);
    backup.stopped = text("FinishTime").and_then(when::seconds);
    (backup.size, backup.stored) = (number("UncompressedSize"), number("CompressedSize"));
    backup.system_id = number("SystemIdentifier");
    backup.version = number("PgVersion").and_then(|number| u32::try_from(number).ok()).map(Version::of_server);
}

/// Whether the tars are there that hold its files.
fn partitions(store: &dyn Store, own: &str, backup: &mut ListedBackup) -> Result<(), SourceError> {
    let list = store.read(&join(own, "files_metadata.json"), LONGEST)?;
    let list = list.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let sets = list.as_ref().and_then(|value| value.get("TarFileSets")).and_then(Value::as_object);
    let folder = join(own, "tar_partitions");
    let there = Items::of(store, &folder)?;
    let has = |name: &str| there.files().any(|(file, size)| file == name && size > 0);
    let mut found = FileTally::default();
    let named = sets.iter().flat_map(|sets| sets.keys());
    for name in named.filter(|name| !has(name)) {
        found.missing(join(&folder, name));
    }
    if found.is_empty() && !there.files().any(|(_, size)| size > 0) {
        backup.put_down(BackupDefect::NoData { folder, none_listed: sets.is_some() });
    }
    found.put_down(backup);
    Ok(())
}
