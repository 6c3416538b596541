//! Whether the data of a backup of Barman, or of barman-cloud, are there, by names and sizes.

use super::RepoLayout;
use crate::backup::{BackupDefect, ListedBackup};
use crate::store::{Items, Store, each_file, join};
use pgwal_format::recovery::data_directory::has_maps;
use pgwal_source::SourceError;

/// More than `backup.info` has while the backup is made, and less than a page of data.
const LONGEST_BEGUN: u64 = 8191;

/// Whether the data are there, as files or as tars.
pub(super) fn look(
    store: &dyn Store,
    layout: RepoLayout,
    folder: &str,
    backup: &mut ListedBackup,
) -> Result<(), SourceError> {
    let own = Items::of(store, folder)?;
    if layout == RepoLayout::BarmanCloud {
        if !own.files().any(|(name, size)| name.starts_with("data") && name.contains(".tar") && size > 0) {
            backup.put_down(BackupDefect::Missing { file: join(folder, "data.tar"), count: 1 });
        }
        tablespace_tars(folder, &own, backup);
        return Ok(());
    }
    let name = ["data", "pgdata"].into_iter().find(|name| own.has_folder(name)).unwrap_or("data");
    let place = join(folder, name);
    let items = Items::of(store, &place)?;
    less(store, folder, backup)?;
    let tar = items.files().any(|(name, size)| name.starts_with("base.tar") && size > 0);
    if tar {
        tablespace_tars(&place, &items, backup);
        return Ok(());
    }
    let control =
        Items::of(store, &join(&place, "global"))?.files().any(|(name, size)| name == "pg_control" && size > 0);
    if items.0.is_empty() {
        backup.put_down(BackupDefect::NoData { folder: place, none_listed: false });
    } else if !control {
        backup.put_down(BackupDefect::Missing { file: join(&place, "global/pg_control"), count: 1 });
    } else if !Items::of(store, &join(&place, "base"))?.folders().any(|_| true) {
        backup.put_down(BackupDefect::Missing { file: join(&place, "base"), count: 1 });
    } else {
        let missing = needed(store, &place, &items, backup)?;
        let spaces = backup.tablespaces.iter().map(u32::to_string).filter(|oid| name == "data" && !own.has_folder(oid));
        for file in missing.into_iter().chain(spaces.map(|oid| join(folder, &oid))).collect::<Vec<_>>() {
            backup.put_down(BackupDefect::Missing { file, count: 1 });
        }
    }
    Ok(())
}

/// Files by whose names a data directory is one, and the label without which a server starts somewhere else.
fn needed(store: &dyn Store, place: &str, items: &Items, backup: &ListedBackup) -> Result<Vec<String>, SourceError> {
    let global = Items::of(store, &join(place, "global"))?;
    let has_map = backup.version.is_some_and(has_maps);
    // Barman puts the label of backup.info there when the backup is made.
    let all = [
        ("PG_VERSION", items.has_file("PG_VERSION")),
        ("global/pg_filenode.map", !has_map || global.has_file("pg_filenode.map")),
        ("backup_label", backup.backup_label.is_none() || items.has_file("backup_label")),
    ];
    Ok(all.into_iter().filter(|(_, there)| !there).map(|(file, _)| join(place, file)).collect())
}

/// Each tablespace has a tar of its own.
fn tablespace_tars(folder: &str, items: &Items, backup: &mut ListedBackup) {
    let is_of = |name: &str, oid: u32| {
        let behind = name.strip_prefix(&oid.to_string());
        behind.is_some_and(|behind| behind.starts_with(['.', '_']) && behind.contains(".tar"))
    };
    for oid in backup.tablespaces.clone() {
        if !items.files().any(|(name, size)| is_of(name, oid) && size > 0) {
            backup.put_down(BackupDefect::Missing { file: join(folder, &format!("{oid}.tar")), count: 1 });
        }
    }
}

/// Whether all files together are as large as Barman wrote down.
fn less(store: &dyn Store, folder: &str, backup: &mut ListedBackup) -> Result<(), SourceError> {
    let Some(expected) = backup.stored else { return Ok(()) };
    let (mut found, mut info) = (0u64, false);
    let whole = each_file(store, folder, &mut |name, size| match name {
        "backup.info" => info = true,
        _ => found = found.saturating_add(size),
    })?;
    // An older layout has backup.info in the folder, whose size was summed up before it was written to its end.
    let doubt = if info { LONGEST_BEGUN } else { 0 };
    if whole && found > 0 && found.saturating_add(doubt) < expected {
        backup.put_down(BackupDefect::LessData { folder: folder.to_owned(), found, expected });
    }
    Ok(())
}
