//! The backups that an archive knows, as a restore is asked for by their names.

use super::{AUTO, LATEST};
use crate::input::plain;
use anyhow::anyhow;
use pgwal::format::Version;
use pgwal::format::recovery::settings::SettingRules;
use pgwal::repos::{DataPlace, ListedBackup, RepoLayout, Repository};
use pgwal::source::{FilePart, Source};
use pgwal::verify::backup::{self, Backup, SettingsFile};
use pgwal::verify::recovery::Given;
use pgwal::verify::repository::take_wal_inside;
use std::ffi::OsStr;
use std::path::Path;

/// Backups that are named.
pub(super) const SHOWN: usize = 10;

/// Whether it names a file or a folder. What the tool calls one of its backups is that backup, wherever one looks from.
pub(super) fn is_path(name: &OsStr, repository: Option<&Repository>) -> bool {
    let listed = |name: &str| repository.is_some_and(|own| own.backups.iter().any(|backup| backup.label == name));
    let word = name.to_str().is_some_and(|name| matches!(name, AUTO | LATEST) || listed(name));
    !word && Path::new(name).exists()
}

/// The backup that the archive knows by this name. Which one is the newest, the tool knows whose repository it is.
pub(super) fn found_by_name(
    archive: &dyn Source,
    repository: Option<&Repository>,
    name: &str,
) -> anyhow::Result<Backup> {
    let newest = repository.filter(|_| name == LATEST).and_then(|repository| repository.backup(LATEST));
    if let Some(newest) = newest {
        return match backup::find(archive, &newest.file)? {
            Some(found) => Ok(found),
            None => Err(without_start(newest)),
        };
    }
    if let Some(found) = backup::find(archive, name)? {
        return Ok(found);
    }
    let listed = repository.and_then(|own| own.backups.iter().find(|backup| backup.label == name));
    Err(listed.map_or_else(|| unknown(archive, repository, name), without_start))
}

/// The configuration that lies in the backup of this name, or in the newest one, as far as its files can be had: in its
/// zone the server reads and writes times.
pub(super) fn configuration(repository: &Repository, name: Option<&OsStr>) -> Vec<SettingsFile> {
    let name = name.and_then(OsStr::to_str).filter(|name| !matches!(*name, AUTO | LATEST));
    let mut restorable = repository.backups.iter().filter(|backup| backup.restores());
    let listed = match name {
        Some(name) => restorable.find(|backup| backup.label == name),
        None => restorable.next_back(),
    };
    let Some(listed) = listed else { return Vec::new() };
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    match repository.data_place(listed) {
        Ok(DataPlace::Kept) => {
            let mut take = |part: FilePart<'_>| match part {
                FilePart::Begin(path) => found.push((path.to_owned(), Vec::new())),
                FilePart::Bytes(bytes) => {
                    if let Some((_, all)) = found.last_mut().filter(|(_, all)| all.len() < CONFIGURATION) {
                        all.extend_from_slice(bytes);
                    }
                }
            };
            // What cannot be read is not known.
            if repository.each_data_file(listed, &|path| SETTINGS.contains(&path), &mut take).is_err() {
                return Vec::new();
            }
        }
        Ok(DataPlace::Disk(folder)) if folder.is_dir() => {
            let read = |name: &str| Some((name.to_owned(), plain(&folder.join(name), CONFIGURATION as u64).ok()?));
            found.extend(SETTINGS.iter().filter_map(|name| read(name)));
        }
        _ => {}
    }
    found.sort_by_key(|(name, _)| SETTINGS.iter().position(|own| own == name));
    found.iter().map(|(name, bytes)| SettingsFile::parse(name, bytes, None)).collect()
}

/// In the order in which a server reads them.
const SETTINGS: [&str; 2] = ["postgresql.conf", "postgresql.auto.conf"];
/// More than they have.
const CONFIGURATION: usize = 1 << 20;

/// The tool lists it, and not where its replay starts.
fn without_start(backup: &ListedBackup) -> anyhow::Error {
    anyhow!(
        "{}: where its replay starts, its tool does not say: that of an offline backup stands in its pg_control; restore \
         it, and name its directory: --pgdata DIR",
        backup.label
    )
}

/// What to name instead of a backup that is not known.
fn unknown(archive: &dyn Source, repository: Option<&Repository>, name: &str) -> anyhow::Error {
    let mut text = format!("{name} is no file, and no backup that the archive knows");
    if let Some(next) = backup::next_step_of_label(name).filter(|_| repository.is_none()) {
        return anyhow!("{text}: {next}");
    }
    match backup::known(archive) {
        Ok(all) if all.is_empty() => text += "; it knows none: no .backup file lies in it",
        Ok(all) => {
            let more = if all.len() > SHOWN { format!(" and {} older", all.len() - SHOWN) } else { String::new() };
            text += &format!("; it knows {}{more}", all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", "));
        }
        Err(_) => {}
    }
    // A label of another cluster of the stanza.
    let elsewhere = repository.map_or(&[][..], |repository| &repository.left_out);
    if let Some(other) = elsewhere.iter().find(|other| other.contains(name)) {
        text += &format!("; it is one of {other}");
    }
    anyhow!(text)
}

/// The backups from which one can be chosen: in the order of the tool that lists them, with the WAL that they carry.
pub(super) fn newest_first(archive: &dyn Source, repository: Option<&Repository>) -> anyhow::Result<Vec<Backup>> {
    let mut all = backup::newest_first(archive)?;
    if let Some(repository) = repository {
        let place = |backup: &Backup| repository.backups.iter().position(|listed| listed.file == backup.name);
        all.sort_by_key(|backup| std::cmp::Reverse(place(backup)));
        for backup in &mut all {
            take_wal_inside(repository, backup)?;
        }
    }
    Ok(all)
}

/// The timeline that pgBackRest writes beside an immediate target for which none is asked for, from 12 on.
pub(super) fn tools_timeline(
    tool: Option<RepoLayout>,
    version: Version,
    given: &Given<'_>,
) -> Option<(String, String)> {
    const TIMELINE: &str = "recovery_target_timeline";
    let asked = || {
        let of_files = given.files.iter().flat_map(|file| &file.text.settings).map(|setting| setting.name.as_str());
        given.options.iter().chain(&given.set).map(|(name, _)| name.as_str()).chain(of_files)
    };
    let immediate = asked().any(|name| name == "recovery_target") && !asked().any(|name| name == TIMELINE);
    let writes = tool == Some(RepoLayout::PgBackRest) && SettingRules::of(version).recovery_conf.is_none();
    (writes && immediate).then(|| (TIMELINE.to_owned(), "current".to_owned()))
}
