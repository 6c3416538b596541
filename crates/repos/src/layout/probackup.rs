//! What lies in a catalogue of pg_probackup.
//!
//! ```text
//! CATALOGUE/wal/INSTANCE/00000001000000000000000F[.gz]
//!           backups/INSTANCE/pg_probackup.conf
//!           backups/INSTANCE/TP7Z2S/backup.control           keys, start and stop
//!                                  /backup_content.control   a line of JSON for each file
//!                                  /database/…
//! ```

use super::manifest::FileTally;
use super::{Reading, RepoContents, RepoLayout, probackup_contents};
use crate::backup::{BackupDefect, BackupMode, ListedBackup, anything, judge_chains, sort_by_time};
use crate::candidate::Candidate;
use crate::contents::ContentsRead;
use crate::store::{ItemKind, Items, Store, join};
use crate::when;
use pgwal_format::{AddressScheme, Lsn, SegmentName, SegmentSize, TimelineId, Version};
use pgwal_source::SourceError;
use serde_json::Value;
use std::collections::HashMap;

/// A larger list of files is not read.
const LONGEST: u64 = 128 << 20;
/// No more backups are looked at.
const MOST: usize = 10_000;

pub(super) fn here(store: &dyn Store, folder: &str, items: &Items) -> Result<Vec<Candidate>, SourceError> {
    if !items.has_folder("wal") || !items.has_folder("backups") {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for instance in Items::of(store, &join(folder, "backups"))?.folders() {
        let conf = format!("backups/{instance}/pg_probackup.conf");
        let inside = Items::of(store, &join(folder, &format!("backups/{instance}")))?;
        if inside.has_file("pg_probackup.conf") || inside.has_file("pg_probackup3.conf") {
            let name = Some(instance.to_owned());
            let (layout, base) = (RepoLayout::PgProbackup, folder.to_owned());
            found.push(Candidate { layout, base, name, archive_id: None, by: vec![conf] });
        }
    }
    Ok(found)
}

pub(super) fn read(reading: &Reading<'_>, candidate: &Candidate) -> Result<RepoContents, SourceError> {
    let store = reading.store;
    let instance = candidate.name.as_deref().unwrap_or_default();
    let folder = join(&candidate.base, &format!("backups/{instance}"));
    let wal = join(&candidate.base, &format!("wal/{instance}"));
    let mut out = RepoContents { wal: vec![wal], ..RepoContents::default() };
    if reading.without_backups {
        return Ok(out);
    }
    let conf = store.read(&join(&folder, "pg_probackup.conf"), 1 << 20)?.unwrap_or_default();
    let conf = ControlKeys(String::from_utf8_lossy(&conf).into_owned());
    let size =
        conf.number("xlog-seg-size").and_then(|n| u32::try_from(n).ok()).and_then(|n| SegmentSize::new(n.into()));
    let size = size.unwrap_or(SegmentSize::DEFAULT);
    let items = Items::of(store, &folder)?;
    for id in items.folders().take(MOST) {
        let own = join(&folder, id);
        let file = join(&own, "backup.control");
        let mut backup = ListedBackup {
            label: id.to_owned(),
            file: own.clone(),
            mode: BackupMode::Unknown,
            ..ListedBackup::default()
        };
        match store.read(&file, 1 << 20)? {
            None => {
                backup.not_taken = true;
                backup.put_down(BackupDefect::Undescribed { file });
            }
            Some(bytes) => {
                take(&mut backup, &ControlKeys(String::from_utf8_lossy(&bytes).into_owned()), size);
                backup.system_id = conf.number("system-identifier");
                if !backup.is_unfinished() {
                    content(store, &own, &mut backup)?;
                }
            }
        }
        out.backups.push(backup);
    }
    judge_chains(&mut out.backups, anything);
    out.backups.sort_by(|a, b| (a.start, &a.label).cmp(&(b.start, &b.label)));
    sort_by_time(&mut out.backups);
    if let Some(how) = reading.contents {
        probackup_contents::look(reading, &mut out.backups, LONGEST, how)?;
        clear(&mut out.backups);
        judge_chains(&mut out.backups, anything);
    }
    Ok(out)
}

/// Lines of `key = value`, the value in quotes or not.
struct ControlKeys(String);

impl ControlKeys {
    fn text(&self, key: &str) -> Option<&str> {
        let line = self.0.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='));
        line.map(|value| value.trim().trim_matches('\''))
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.text(key)?.parse().ok()
    }
}

fn take(backup: &mut ListedBackup, control: &ControlKeys, size: SegmentSize) {
    let lsn = |key: &str| control.text(key).and_then(|text| text.parse::<Lsn>().ok()).filter(|lsn| lsn.get() > 0);
    backup.mode = match control.text("backup-mode") {
        Some("FULL") => BackupMode::Full,
        Some("PAGE" | "PTRACK" | "DELTA") => BackupMode::Incremental,
        _ => BackupMode::Unknown,
    };
    backup.parent = control.text("parent-backup-id").map(str::to_owned);
    (backup.start, backup.stop) = (lsn("start-lsn"), lsn("stop-lsn"));
    let timeline = control.number("timelineid").and_then(|n| u32::try_from(n).ok()).map(TimelineId);
    let version = control.text("server-version").and_then(|text| text.parse::<Version>().ok());
    backup.version = version;
    // Positions are counted as the version does.
    let scheme = version.and_then(Version::dialect).map_or(AddressScheme::Linear, |dialect| dialect.address);
    let name = |lsn: Lsn, timeline| SegmentName::new(timeline, scheme.segment(lsn, size), scheme, size);
    backup.start_file = backup.start.zip(timeline).map(|(lsn, timeline)| name(lsn, timeline));
    backup.started = control.text("start-time").and_then(when::seconds);
    backup.stopped = control.text("end-time").and_then(when::seconds);
    (backup.size, backup.stored) = (control.number("pgdata-bytes"), control.number("data-bytes"));
    if control.text("stream") == Some("true") {
        backup.wal_inside = Some(join(&backup.file, "database/pg_wal"));
    }
    backup.not_taken = !matches!(control.text("status"), Some("OK" | "DONE"));
    match control.text("status") {
        Some("OK" | "DONE") => {}
        Some(status @ ("RUNNING" | "MERGING")) => {
            backup.put_down(BackupDefect::Unfinished(format!("its status is {status}")));
        }
        Some(status @ ("CORRUPT" | "ORPHAN")) => backup.put_down(revalidated(status)),
        Some(status) => backup.put_down(BackupDefect::Status(status.to_owned())),
        None => {
            let (file, why) = (join(&backup.file, "backup.control"), "does not say a status".to_owned());
            backup.put_down(BackupDefect::Unreadable { file, why });
        }
    }
}

/// What a backup is called that did not pass once, or builds on one that did not: `restore` reads its files again, and
/// takes it where they are whole.
fn revalidated(status: &str) -> BackupDefect {
    BackupDefect::Status(format!("{status}, which pg_probackup restore looks at again, as --data does here"))
}

/// Takes back what a tool says of backups whose files were all read and are right.
fn clear(backups: &mut [ListedBackup]) {
    let stale = ["CORRUPT", "ORPHAN"].map(revalidated);
    let is_whole = |backup: &ListedBackup| {
        let is_right = backup.contents.as_ref().is_some_and(|read| read.damaged.is_none() && read.unread.is_none());
        let of_it = |defect: &BackupDefect| stale.contains(defect) || matches!(defect, BackupDefect::BadParent { .. });
        is_right && !backup.contents.as_ref().is_some_and(ContentsRead::is_nothing) && backup.defects.iter().all(of_it)
    };
    for backup in backups.iter_mut().filter(|backup| is_whole(backup)) {
        backup.defects.clear();
        backup.not_taken = false;
    }
}

/// Holds the files against the list of them. A size of -1: unchanged since the parent, and not here.
fn content(store: &dyn Store, own: &str, backup: &mut ListedBackup) -> Result<(), SourceError> {
    let list = join(own, "backup_content.control");
    let Some(bytes) = store.read(&list, LONGEST + 1)? else {
        backup.put_down(BackupDefect::Undescribed { file: list });
        return Ok(());
    };
    if bytes.len() as u64 > LONGEST {
        backup.not_checked.push("its files: their list is larger than 128 MiB");
        return Ok(());
    }
    backup.backup_label = store.read(&join(own, "database/backup_label"), 64 << 10)?;
    let mut listed: HashMap<String, HashMap<String, u64>> = HashMap::new();
    let mut found = FileTally::default();
    for line in bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let Ok(value) = serde_json::from_slice::<Value>(line) else {
            backup.put_down(BackupDefect::Unreadable { file: list, why: "has lines that make no sense".to_owned() });
            return Ok(());
        };
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let number = |key: &str| text(key).and_then(|text| text.parse::<i64>().ok());
        let (Some(path), Some(size)) = (text("path"), number("size")) else { continue };
        if size <= 0 || number("external_dir_num").unwrap_or(0) != 0 {
            continue;
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let place = join(&join(own, "database"), folder);
        let place = place.trim_end_matches('/').to_owned();
        if !listed.contains_key(&place) {
            let files = store.list(&place)?.into_iter().filter_map(|item| match item.kind {
                ItemKind::File(size) => Some((item.name, size)),
                ItemKind::Folder => None,
            });
            listed.insert(place.clone(), files.collect());
        }
        let expected = u64::try_from(size).unwrap_or(0);
        match listed.get(&place).and_then(|files| files.get(name)) {
            None => found.missing(join(&place, name)),
            Some(size) if *size != expected => found.other_size(join(&place, name), *size, expected),
            Some(_) => {}
        }
    }
    found.put_down(backup);
    Ok(())
}
