//! What lies in a server's folder of Barman, and in that of barman-cloud.
//!
//! ```text
//! SERVER/wals/0000000100000000/…   wals/00000002.history   wals/xlog.db (barman_xlogdb.rs)
//!        base/ID/backup.info, or meta/ID-backup.info (newer)
//!        base/ID/data/…            as files, or data/base.tar[.gz] and OID.tar; barman-cloud: base/ID/data.tar[.gz]
//!        incoming/ streaming/ errors/ identity.json        Barman only
//! ```

use super::barman_wal::NOT_YET;
use super::{Reading, RepoContents, RepoLayout, barman_data, barman_xlogdb, packed_contents};
use crate::backup::{BackupDefect, BackupMode, ListedBackup, judge_chains};
use crate::candidate::Candidate;
use crate::store::{Items, Store, join};
use crate::when;
use pgwal_format::{SegmentName, Version};
use pgwal_source::SourceError;

/// More than any `backup.info` has.
const LONGEST: u64 = 4 << 20;
/// No more backups of a server are looked at.
const MOST: usize = 10_000;

pub(super) fn here(_: &dyn Store, folder: &str, items: &Items) -> Result<Vec<Candidate>, SourceError> {
    if !items.has_folder("wals") {
        return Ok(Vec::new());
    }
    let folders = ["incoming", "streaming", "errors", "meta"].into_iter().find(|name| items.has_folder(name));
    let own = folders.or_else(|| items.has_file("identity.json").then_some("identity.json"));
    let Some(by) = own.or_else(|| items.has_folder("base").then_some("base")) else {
        // A folder `wals` alone: what archives with barman-cloud before its first backup.
        return Ok(vec![candidate(RepoLayout::BarmanCloud, folder, "wals")]);
    };
    let layout = if own.is_some() { RepoLayout::Barman } else { RepoLayout::BarmanCloud };
    Ok(vec![candidate(layout, folder, &format!("wals, {by}"))])
}

fn candidate(layout: RepoLayout, folder: &str, by: &str) -> Candidate {
    let name = folder.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
    Candidate { layout, base: folder.to_owned(), name, archive_id: None, by: vec![by.to_owned()] }
}

pub(super) fn read(reading: &Reading<'_>, candidate: &Candidate) -> Result<RepoContents, SourceError> {
    let store = reading.store;
    let server = &candidate.base;
    let mut out = RepoContents { wal: vec![join(server, "wals")], ..RepoContents::default() };
    let items = Items::of(store, server)?;
    if candidate.layout == RepoLayout::Barman {
        out.wal.extend(NOT_YET.into_iter().filter(|name| items.has_folder(name)).map(|name| join(server, name)));
    }
    if reading.without_backups {
        return Ok(out);
    }
    for aside in ["incoming", "streaming", "errors"].into_iter().filter(|name| items.has_folder(name)) {
        out.left_out.extend(not_taken(server, aside, &Items::of(store, &join(server, aside))?));
    }
    let base = join(server, "base");
    let kept = Items::of(store, &base)?;
    let meta = Items::of(store, &join(server, "meta"))?;
    let of_meta = meta.files().filter_map(|(name, _)| name.strip_suffix("-backup.info"));
    let mut ids: Vec<String> = kept.folders().chain(of_meta).filter(|id| is_id(id)).map(str::to_owned).collect();
    ids.sort();
    ids.dedup();
    ids.truncate(MOST);
    for id in ids {
        let places = [join(server, &format!("meta/{id}-backup.info")), join(&base, &format!("{id}/backup.info"))];
        let mut info = None;
        for place in places {
            if let Some(bytes) = store.read(&place, LONGEST)? {
                info = Some((place, bytes));
                break;
            }
        }
        let mut backup = match info {
            Some((file, bytes)) => backup(&id, file, &String::from_utf8_lossy(&bytes)),
            None => undescribed(&id, join(&base, &id)),
        };
        if backup.mode != BackupMode::Snapshot && !backup.is_unfinished() {
            barman_data::look(store, candidate.layout, &join(&base, &id), &mut backup)?;
        }
        out.backups.push(backup);
    }
    if candidate.layout == RepoLayout::Barman {
        let first = out.backups.iter().filter_map(|backup| backup.start_file).min_by_key(|file| (file.log, file.seg));
        out.defects.extend(barman_xlogdb::look(store, &join(server, "wals"), first)?);
    }
    judge_chains(&mut out.backups, needs);
    if let Some(how) = reading.contents {
        packed_contents::look(reading, candidate.layout, &mut out.backups, &base, how)?;
        judge_chains(&mut out.backups, needs);
    }
    Ok(out)
}

/// What lies in a folder from which Barman has not taken it into its archive: the newest of all WAL, mostly.
/// `recover` takes it there before it copies, but a `.partial` (3.4 to 3.20); `get-wal` looks into `incoming` and
/// `streaming`, for a `.partial` only with `--partial`.
fn not_taken(server: &str, aside: &str, items: &Items) -> Vec<String> {
    let mut names: Vec<&str> = items.files().map(|(name, _)| name).collect();
    names.sort_unstable();
    let (partial, whole): (Vec<&str>, Vec<&str>) =
        names.into_iter().partition(|name| aside == "streaming" && name.ends_with(".partial"));
    let folder = join(server, aside);
    let told = |names: &[&str], what: &str| {
        let which = match names {
            [] => return None,
            [one] => format!("{folder}/{one}"),
            [first, .., last] => format!("{} files in {folder}/, {first} to {last}", names.len()),
        };
        Some(format!("{which}: {what}"))
    };
    let take = match aside {
        "errors" => "which Barman has not taken into wals/",
        _ => {
            "which Barman has not taken into wals/, and which count: recover does that before it copies, as barman archive-wal does"
        }
    };
    let received = "which is still received, and may hold the newest commits: barman get-wal --partial hands it out, \
                    recover does not copy it";
    [told(&whole, take), told(&partial, received)].into_iter().flatten().collect()
}

/// Of a parent Barman needs the data: it does not ask whether its WAL is there and what became of its status.
fn needs(defect: &BackupDefect) -> bool {
    !matches!(defect, BackupDefect::Status(_))
}

/// `20261128T155614`
fn is_id(name: &str) -> bool {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    name.split_once('T').is_some_and(|(day, time)| digits(day, 8) && digits(time, 6))
}

fn undescribed(id: &str, file: String) -> ListedBackup {
    let defects = vec![BackupDefect::Undescribed { file: join(&file, "backup.info") }];
    ListedBackup {
        label: id.to_owned(),
        file,
        mode: BackupMode::Unknown,
        not_taken: true,
        defects,
        ..ListedBackup::default()
    }
}

/// What `backup.info` says: lines of keys and values as Python prints them.
fn backup(id: &str, file: String, text: &str) -> ListedBackup {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.map(str::trim).filter(|value| !matches!(*value, "None" | ""))
    };
    let number = |key: &str| value(key).and_then(|value| value.parse().ok());
    let lsn = |key: &str| value(key).and_then(|value| value.parse().ok());
    let segment = |key: &str| value(key).and_then(SegmentName::parse);
    let parent = value("parent_backup_id").map(str::to_owned);
    let mode = match (value("snapshots_info"), &parent) {
        (Some(_), _) => BackupMode::Snapshot,
        (None, Some(_)) => BackupMode::Incremental,
        (None, None) => BackupMode::Full,
    };
    let mut backup = ListedBackup {
        label: id.to_owned(),
        mode,
        parent,
        start: lsn("begin_xlog"),
        start_file: segment("begin_wal"),
        stop: lsn("end_xlog"),
        stop_file: segment("end_wal"),
        started: value("begin_time").and_then(when::seconds),
        stopped: value("end_time").and_then(when::seconds),
        size: number("cluster_size").or_else(|| number("size")),
        // What Barman summed up when the backup was done, and encrypted: every file in its folder.
        stored: number("size"),
        system_id: number("systemid"),
        tablespaces: value("tablespaces").map(oids).unwrap_or_default(),
        version: value("version").and_then(|number| number.parse().ok()).map(Version::of_server),
        backup_label: value("backup_label").and_then(unquoted).map(String::into_bytes),
        file,
        ..ListedBackup::default()
    };
    backup.not_taken = !matches!(value("status"), Some("DONE" | "WAITING_FOR_WALS"));
    match value("status") {
        // WAITING_FOR_WALS: all data are there, and of WAL only the archive can say.
        Some("DONE" | "WAITING_FOR_WALS") => {}
        Some(status @ ("EMPTY" | "STARTED" | "SYNCING")) => {
            backup.put_down(BackupDefect::Unfinished(format!("its status is {status}")));
        }
        Some(status) => backup.put_down(BackupDefect::Status(status.to_owned())),
        None => {
            let why = "does not say that the backup is done".to_owned();
            backup.put_down(BackupDefect::Unreadable { file: backup.file.clone(), why });
        }
    }
    if mode == BackupMode::Snapshot {
        backup.not_checked.push("the snapshots of its volumes");
    }
    backup
}

/// A text as Python prints it: in quotes, with `\n` for the end of a line.
fn unquoted(value: &str) -> Option<String> {
    let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut out = String::new();
    let mut escaped = false;
    for c in inner.chars() {
        match (escaped, c) {
            (false, '\\') => escaped = true,
            (true, 'n') => {
                out.push('\n');
                escaped = false;
            }
            (_, c) => {
                out.push(c);
                escaped = false;
            }
        }
    }
    Some(out)
}

/// The OIDs of tablespaces, as Python prints a list of names, OIDs and places: `[('fast', 16384, '/srv/fast')]`.
fn oids(list: &str) -> Vec<u32> {
    let oid = |text: &str| text.split_once(", '").and_then(|(oid, _)| oid.parse().ok());
    list.split("', ").skip(1).filter_map(oid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "backup_label='START WAL LOCATION: 0/F00028 (file 00000001000000000000000F)\\nCHECKPOINT \
        LOCATION: 0/F00060\\n'\nbegin_time=2026-11-28 15:56:14.095517+00:00\nbegin_wal=00000001000000000000000F\n\
        begin_xlog=0/F00028\nend_wal=00000001000000000000000F\nend_xlog=0/F00100\nparent_backup_id=None\n\
        snapshots_info=None\nsize=6854507\nstatus=DONE\nsystemid=7713251743506605178\n";

    #[test]
    fn backup_info_is_read() {
        let backup = backup("20261128T155614", "f".into(), INFO);
        assert!(backup.restores(), "{:?}", backup.defects);
        assert_eq!((backup.mode, backup.size), (BackupMode::Full, Some(6_854_507)));
        assert_eq!(backup.label_read().map(|label| label.checkpoint.to_string()).as_deref(), Some("0/00F00060"));
        assert_eq!(
            backup.history_name().map(|name| name.to_string()).as_deref(),
            Some("00000001000000000000000F.00000028.backup")
        );
    }

    #[test]
    fn tablespaces_are_known_by_their_numbers() {
        assert_eq!(oids("[('fast', 16384, '/srv/fast'), ('my disk', 16390, '/srv/my disk')]"), [16384, 16390]);
        assert!(oids("[]").is_empty());
    }

    #[test]
    fn what_is_not_done_does_not_restore() {
        for text in [INFO.replace("DONE", "FAILED"), INFO.replace("status=DONE", ""), String::new()] {
            assert!(!backup("x", "f".into(), &text).restores());
        }
    }
}
