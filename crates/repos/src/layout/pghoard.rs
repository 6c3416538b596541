//! What lies in a site of pghoard.
//!
//! ```text
//! SITE/xlog/000000010000000000000002, 000000010000000000000002.metadata
//!      timeline/00000002.history
//!      basebackup/2026-11-28_15-52_0, 2026-11-28_15-52_0.metadata
//! ```

use super::{Reading, RepoContents, RepoLayout, packed_contents};
use crate::backup::{BackupDefect, BackupMode, ListedBackup};
use crate::candidate::Candidate;
use crate::store::{Items, Store, join};
use crate::when;
use pgwal_format::{AddressScheme, SegmentName, SegmentSize, Version};
use pgwal_source::SourceError;
use serde_json::Value;

/// No more backups are looked at.
const MOST: usize = 10_000;

pub(super) fn here(store: &dyn Store, folder: &str, items: &Items) -> Result<Vec<Candidate>, SourceError> {
    if !items.has_folder("xlog") {
        return Ok(Vec::new());
    }
    let beside = ["basebackup", "timeline", "basebackup_chunk"].into_iter().find(|name| items.has_folder(name));
    let by = match beside {
        Some(name) => format!("xlog, {name}"),
        None => {
            let xlog = Items::of(store, &join(folder, "xlog"))?;
            if !xlog.files().any(|(name, _)| name.ends_with(".metadata")) {
                return Ok(Vec::new());
            }
            "xlog with .metadata".to_owned()
        }
    };
    let name = folder.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
    Ok(vec![Candidate { layout: RepoLayout::Pghoard, base: folder.to_owned(), name, archive_id: None, by: vec![by] }])
}

pub(super) fn read(reading: &Reading<'_>, candidate: &Candidate) -> Result<RepoContents, SourceError> {
    let store = reading.store;
    let site = &candidate.base;
    let wal = vec![join(site, "xlog"), join(site, "timeline")];
    let mut out = RepoContents { wal, ..RepoContents::default() };
    if reading.without_backups {
        return Ok(out);
    }
    let folder = join(site, "basebackup");
    let items = Items::of(store, &folder)?;
    let described = items.files().filter_map(|(name, _)| name.strip_suffix(".metadata"));
    let data = items.files().map(|(name, _)| name).filter(|name| !name.ends_with(".metadata") && !is_temporary(name));
    let mut labels: Vec<String> = described.chain(data).map(str::to_owned).collect();
    labels.sort();
    labels.dedup();
    labels.truncate(MOST);
    for label in labels {
        let own = join(&folder, &label);
        let file = format!("{own}.metadata");
        let mut backup = ListedBackup { label: label.clone(), file: own.clone(), ..ListedBackup::default() };
        match store.read(&file, 1 << 20)?.map(|bytes| serde_json::from_slice::<Value>(&bytes)) {
            None => {
                (backup.mode, backup.not_taken) = (BackupMode::Unknown, true);
                backup.put_down(BackupDefect::Undescribed { file });
            }
            Some(Ok(value)) if value.is_object() => {
                take(&mut backup, &value);
                let found = items.files().find(|(name, _)| *name == label).map(|(_, size)| size);
                let expected = number(&value, "Content-Length");
                match (found, expected) {
                    (None, _) => backup.put_down(BackupDefect::Missing { file: own, count: 1 }),
                    (Some(found), Some(expected)) if found != expected => {
                        backup.put_down(BackupDefect::OtherSize { file: own, found, expected, count: 1 });
                    }
                    _ => {}
                }
                backup.stored = found;
            }
            Some(_) => backup.put_down(BackupDefect::Unreadable { file, why: "is no JSON of pghoard".to_owned() }),
        }
        out.backups.push(backup);
    }
    if let Some(how) = reading.contents {
        packed_contents::look(reading, candidate.layout, &mut out.backups, &folder, how)?;
    }
    Ok(out)
}

fn is_temporary(name: &str) -> bool {
    name.starts_with('.') || name.contains(".tmp")
}

/// A number, which pghoard writes as a text.
fn number(value: &Value, key: &str) -> Option<u64> {
    let value = value.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn take(backup: &mut ListedBackup, value: &Value) {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    backup.start_file = text("start-wal-segment").and_then(SegmentName::parse);
    // pghoard knows no other size of a segment, and notes the segment alone.
    let (scheme, size) = (AddressScheme::Linear, SegmentSize::DEFAULT);
    let first = backup.start_file.and_then(|file| file.number(scheme, size));
    backup.start = first.map(|number| scheme.segment_start(number, size).plus_within(FIRST_RECORD));
    backup.started = text("start-time").and_then(when::seconds);
    backup.stopped = text("end-time").and_then(when::seconds);
    backup.size = number(value, "original-file-size");
    backup.version = number(value, "pg-version").and_then(|number| u32::try_from(number).ok()).map(Version::of_server);
    backup.not_checked.push("where it ends, which pghoard does not note");
}

/// Behind the long header of a segment's first page.
const FIRST_RECORD: u64 = 40;
