//! Files of a data directory that the user as whom a server runs may not open, as a copy leaves them that root made.
//! What servers of 17 did was seen by starting them.

use super::Backup;
use super::flaw::{StartFlaw, StartObstacle};
use crate::machine::readable::{may_read, may_write};
use pgwal_format::{FileName, SegmentName};
use std::fs;
use std::path::Path;

/// Files that are read when a server starts, and what it says where it cannot, if it ends then.
const READ: [(&str, Option<&str>); 6] = [
    ("PG_VERSION", None),
    ("postgresql.conf", None),
    ("postgresql.auto.conf", None),
    ("recovery.conf", None),
    ("tablespace_map", Some("could not read file \"tablespace_map\": Permission denied")),
    ("backup_label", Some("could not read file \"backup_label\": Permission denied")),
];

/// The first of them, with the file.
pub(super) fn closed(backup: &Backup, data: &Path) -> Option<(String, StartFlaw)> {
    let user = backup.owner.filter(|user| *user != 0)?;
    let flaw = |file: &str, says: Option<String>, more: u64| {
        let obstacle = StartObstacle::Closed { file: file.to_owned(), more };
        (file.to_owned(), StartFlaw { obstacle, setting: None, data: backup.name.clone(), says })
    };
    let denied = |file: &str| Some(format!("could not open file \"{file}\": Permission denied"));
    let is_shut = |file: &str| data.join(file).exists() && !may_read(&data.join(file), user);
    if let Some((file, says)) = READ.into_iter().find(|(file, _)| is_shut(file)) {
        return Some(flaw(file, says.map(str::to_owned), 0));
    }
    let hba = data.join("pg_hba.conf");
    if !backup.settings.iter().any(|file| file.text.get("hba_file").is_some()) && hba.exists() && !may_read(&hba, user)
    {
        return Some(flaw("pg_hba.conf", Some(format!("could not load {}", hba.display())), 0));
    }
    // What it renames it opens for writing first, to flush it.
    let renamed = ["tablespace_map", "backup_label"];
    if let Some(file) = renamed.into_iter().find(|file| data.join(file).exists() && !may_write(&data.join(file), user))
    {
        return Some(flaw(file, denied(file), 0));
    }
    let control = "global/pg_control";
    if is_shut(control) || data.join(control).exists() && !may_write(&data.join(control), user) {
        return Some(flaw(control, denied(control), 0));
    }
    let wal = ["pg_wal", "pg_xlog"].into_iter().find(|name| data.join(name).is_dir());
    if let Some(wal) = wal.filter(|name| !may_write(&data.join(name), user)) {
        return Some(flaw(wal, Some(format!("could not write into {wal}: Permission denied")), 0));
    }
    // Of WAL all is read, and only what is its own is written. A server ends for want of it, and starts without
    // a table.
    let in_wal = wal.into_iter().flat_map(|wal| fs::read_dir(data.join(wal)).into_iter().flatten().flatten());
    let in_wal = in_wal.filter(|entry| entry.file_name().to_str().and_then(FileName::parse).is_some());
    let mut shut: Vec<String> = in_wal
        .filter(|entry| !may_read(&entry.path(), user))
        .filter_map(|entry| Some(format!("{}/{}", wal?, entry.file_name().to_str()?)))
        .collect();
    if let Some(wal) = wal.filter(|_| shut.is_empty()) {
        shut.extend(goes_on_nowhere(backup, &data.join(wal), user).map(|name| format!("{wal}/{name}")));
    }
    shut.sort_unstable();
    let ends = !shut.is_empty();
    for folder in ["base", "global", "pg_xact", "pg_clog", "pg_multixact", "pg_tblspc"] {
        each_below(&data.join(folder), folder, 0, &mut |path, name| {
            if !may_read(path, user) || !may_write(path, user) {
                shut.push(name);
            }
        });
    }
    let first = shut.first()?;
    Some(flaw(first, denied(first).filter(|_| ends), shut.len() as u64 - 1))
}

/// After a crash a server writes on in the segment in which it finds the end of WAL: the one that was written last,
/// where it may write into none.
fn goes_on_nowhere(backup: &Backup, wal: &Path, user: u32) -> Option<String> {
    let control = backup.control.as_ref().filter(|_| backup.signal.is_none() && backup.label.is_none())?;
    let address = control.dialect.address;
    let begin = address.segment(control.redo, control.segment);
    let names =
        fs::read_dir(wal).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let is_replayed = |name: &String| {
        let own = SegmentName::parse(name).filter(|own| own.timeline == control.timeline);
        own.and_then(|own| own.number(address, control.segment)).is_some_and(|number| number >= begin)
    };
    let all: Vec<String> = names.filter(is_replayed).collect();
    let written = |name: &String| (wal.join(name).metadata().and_then(|own| own.modified()).ok(), name.clone());
    let may_write_any = all.iter().any(|name| may_write(&wal.join(name), user));
    all.into_iter().max_by_key(written).filter(|_| !may_write_any)
}

/// Folders below each other in a data directory, those of a tablespace included.
const DEEPEST: usize = 3;

fn each_below(folder: &Path, shown: &str, depth: usize, each: &mut dyn FnMut(&Path, String)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), format!("{shown}/{}", entry.file_name().to_string_lossy()));
        if path.is_file() {
            each(&path, name);
        } else if depth < DEEPEST && path.is_dir() {
            each_below(&path, &name, depth + 1, each);
        }
    }
}
