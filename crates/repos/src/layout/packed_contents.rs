//! The contents of backups of which no tool keeps checksums: data directories as they are, which have checksums of
//! their own, and what has to unpack to its end.

use super::{Reading, RepoLayout};
use crate::backup::{BackupMode, ListedBackup, asked};
use crate::contents::{ContentsRead, ContentsReading, PlainPlace};
use crate::pieces::{DataPiece, PieceRead, PieceSum, read, share};
use crate::store::{Items, join};
use pgwal_format::Lsn;
use pgwal_source::SourceError;

/// Looks at the contents of the backups that are asked for.
pub(super) fn look(
    reading: &Reading<'_>,
    layout: RepoLayout,
    backups: &mut [ListedBackup],
    folder: &str,
    how: &ContentsReading,
) -> Result<(), SourceError> {
    for index in asked(backups, how) {
        let Some(backup) = backups.get_mut(index) else { continue };
        if backup.mode == BackupMode::Snapshot || backup.is_unfinished() {
            continue;
        }
        let own = join(folder, &backup.label);
        let mut contents = match plain(reading, (layout, &own), backup.start, how)? {
            Some(contents) => contents,
            None => packed(reading, &files(reading, layout, &own)?, &own, how.jobs),
        };
        let is_told = contents.damaged.is_some() || contents.unread.is_some() || !contents.not_checked.is_empty();
        if contents.is_nothing() && !is_told {
            contents.unread(0, own, "holds no file of data".to_owned());
        }
        backup.take_contents(contents);
    }
    Ok(())
}

/// A data directory, or, on this machine's disk, a tar of all of one.
fn plain(
    reading: &Reading<'_>,
    (layout, own): (RepoLayout, &str),
    start: Option<Lsn>,
    how: &ContentsReading,
) -> Result<Option<ContentsRead>, SourceError> {
    if !matches!(layout, RepoLayout::Barman | RepoLayout::BarmanCloud) {
        return Ok(None);
    }
    let items = Items::of(reading.store, own)?;
    let folder = ["data", "pgdata"].into_iter().find(|name| items.has_folder(name));
    let tar = || items.files().map(|(name, _)| name).find(|name| name.starts_with("data") && name.contains(".tar"));
    let Some(place) = folder.or_else(tar).map(|name| join(own, name)) else { return Ok(None) };
    let read = |place| Ok((how.plain)(place, start, how.jobs));
    match reading.store.path(&place) {
        Some(path) => read(PlainPlace::Disk(&path)),
        None if folder.is_some() && Items::of(reading.store, &place)?.has_file("PG_VERSION") => {
            read(PlainPlace::Store(reading.store, &place))
        }
        None => Ok(None),
    }
}

/// The files of a backup, all of which unpack to their end.
fn files(reading: &Reading<'_>, layout: RepoLayout, own: &str) -> Result<Vec<String>, SourceError> {
    if layout == RepoLayout::Pghoard {
        return Ok(vec![own.to_owned()]);
    }
    let in_folder = matches!(layout, RepoLayout::WalG | RepoLayout::WalE);
    let folder = if in_folder { join(own, "tar_partitions") } else { own.to_owned() };
    let mut out = Vec::new();
    for place in [join(&folder, "data"), folder] {
        let items = Items::of(reading.store, &place)?;
        let tars = items.files().map(|(name, _)| name).filter(|name| name.contains(".tar"));
        out.extend(tars.map(|name| join(&place, name)));
    }
    Ok(out)
}

fn packed(reading: &Reading<'_>, files: &[String], own: &str, jobs: usize) -> ContentsRead {
    let mut all = share(files.len(), jobs, &|at, scratch, out| {
        let Some(file) = files.get(at) else { return };
        let shown = || file.strip_prefix(own).map_or(file.as_str(), |rest| rest.trim_start_matches('/')).to_owned();
        let shown = || if shown().is_empty() { file.clone() } else { shown() };
        let piece = DataPiece { file: file.clone(), part: None, sum: PieceSum::Unpacks };
        match read(reading.store, reading.keys, &piece, scratch) {
            PieceRead::Absent => return,
            PieceRead::Unread(why) => return out.unread(at, shown(), why),
            PieceRead::Right(bytes) => out.bytes += bytes,
            PieceRead::Wrong(bytes, why) => {
                out.bytes += bytes;
                out.damaged(at, shown(), why);
            }
        }
        out.files += 1;
    });
    if !files.is_empty() {
        all.leave("contents beyond that they unpack: no checksum of them is known");
    }
    all
}
