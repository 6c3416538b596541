//! How a server starts on a data directory, and what on this machine keeps it from that.

use super::given::place;
use pgwal_format::Lsn;
use pgwal_recovery::PlacedSetting;
use pgwal_recovery::backup::{StartFlaw, StartObstacle};
use pgwal_recovery::outcome::AsksArchive;
use pgwal_recovery::pages::StalePages;
use pgwal_recovery::unlabelled::{BackupUnderWay, BackupWitness, Unlabelled};
use pgwal_repos::shell::quoted;

/// Replay ends in front of the minimum recovery point, and no server looks.
pub(super) fn short_of_minimum(point: Lsn, end: &str) -> String {
    format!(
        "replay ends at {end}, and the data files were written by WAL up to {point} (minimum recovery ending location in pg_control), which is not in pg_wal: the data are not consistent, and the server starts without a word"
    )
}

/// The WAL of a backup is other WAL.
pub(super) fn overwritten(file: &str, start: Lsn, stop: Lsn) -> String {
    format!(
        "WAL from {start} to {stop} is here, and no record in it ends the backup of {file}: it is of another cluster, or of another history of this one, which archived over the files that the backup needs"
    )
}

/// Data files are older than the start of replay.
pub(super) fn stale_pages(stale: &StalePages, start: &str) -> String {
    let StalePages { file, block, found, lsn, count, of, healed } = stale;
    let is = found.map_or("was never written there".to_owned(), |found| format!("is as of {found}"));
    let then = if *healed { "and replay writes each of them whole" } else { "which lack what was written meanwhile" };
    format!(
        "block {block} in {file} {is}, and a record at {lsn}, in front of the start of replay at {start}, changed it: so are {count} of {of} such blocks, {then}"
    )
}

/// What to do about that.
pub(super) fn of_stale_pages(label: bool, healed: bool) -> &'static str {
    if healed {
        "take a new backup: nothing that was looked at is lost, but this copy was not taken in one moment, or not of one backup"
    } else if label {
        "restore the backup anew, or another one; this backup_label is not of these files, or some of them were not copied"
    } else {
        "do not start a server on it: if it was copied from a running server, put back the backup_label of that backup; without one take a new backup (pg_basebackup)"
    }
}

/// What it is.
pub(super) fn message(flaw: &StartFlaw) -> String {
    let StartFlaw { obstacle, setting, data, says } = flaw;
    let sets = setting.as_ref().map(|s| format!("{} sets {} = '{}'", at(s), s.name, s.value));
    match (obstacle, sets) {
        (StartObstacle::ServerRuns(pid), _) => format!(
            "a server runs in this directory: postmaster.pid names process {pid}, which works there, and no other one starts"
        ),
        (StartObstacle::ProcessAlive(pid), _) => format!(
            "postmaster.pid names process {pid}, which runs on this machine as the user of this directory: a server takes it for one that works here, and does not start"
        ),
        (StartObstacle::NoProcess, _) => "postmaster.pid names no process: a server does not start beside it".into(),
        (StartObstacle::NoConfiguration, _) => {
            "postgresql.conf is missing: a server does not start without it, unless config_file names another".into()
        }
        (StartObstacle::OtherDirectory(_), sets) => {
            let sets = sets.unwrap_or_default();
            let there = if says.is_some() { ", which is not on this machine" } else { "" };
            format!("{sets}{there}: a server that is started with -D {} works there, not here", quoted(data))
        }
        (StartObstacle::NoFile(path), None) => format!("{path} is missing: a server does not start without it"),
        (StartObstacle::Closed { file, more }, _) => {
            let more = if *more > 0 { format!(", and {more} more files") } else { String::new() };
            format!("the owner of the data directory, as whom a server runs, may not open {file}{more}")
        }
        (StartObstacle::NoEntries(path), _) => format!("{path} has no entry: a server does not start with it"),
        (StartObstacle::BrokenEntry { path, line }, _) => {
            format!("line {line} of {path} is no entry that a server reads: it does not start with it")
        }
        (StartObstacle::NoFile(path) | StartObstacle::NoSocketFolder(path), Some(sets)) => {
            format!("{sets}, and {path} is not on this machine: a server does not start without it")
        }
        (StartObstacle::NoLogFolder(above), sets) => format!(
            "{}, and {above} is not on this machine: a server makes the last folder alone, and does not start without its log",
            sets.unwrap_or_default()
        ),
        (StartObstacle::NoAddress, sets) => {
            format!("{}, which is no address of this machine: a server does not start", sets.unwrap_or_default())
        }
        (StartObstacle::OthersPlace { server, mapped: true }, _) => format!(
            "tablespace_map names a place where the server that runs in {server} has a tablespace: a server that is started here writes into its files"
        ),
        (StartObstacle::OthersPlace { server, mapped: false }, _) => format!(
            "this is a link into what the server that runs in {server} works with: a server that is started here renames and overwrites its files"
        ),
        (StartObstacle::AwaitsStandbys, sets) => format!(
            "{}: a server that is restored opens, and each of its commits waits until a standby of that name follows it",
            sets.unwrap_or_default()
        ),
        (StartObstacle::NoSocketFolder(path), None) => format!("{path} is not on this machine"),
    }
}

/// What to do about it.
pub(super) fn advice(flaw: &StartFlaw) -> String {
    let StartFlaw { obstacle, setting, data, .. } = flaw;
    match (obstacle, setting) {
        (StartObstacle::ServerRuns(_), _) => {
            format!("stop that server before another is started on the directory: pg_ctl stop -D {}", quoted(data))
        }
        (StartObstacle::ProcessAlive(_) | StartObstacle::NoProcess, _) => format!(
            "where the file was copied with the directory, and no server works in it, take it away: rm {}",
            quoted(&format!("{data}/postmaster.pid"))
        ),
        (StartObstacle::NoConfiguration, _) => {
            "copy postgresql.conf into the data directory, or start the server with -c config_file=FILE (here: --set config_file=FILE)".into()
        }
        (StartObstacle::OtherDirectory(_), Some(setting)) => {
            format!("take data_directory out of {}, or name {data} there", at(setting))
        }
        (StartObstacle::NoLogFolder(above), Some(setting)) => {
            format!("make {above} before the server is started, or correct log_directory in {}", at(setting))
        }
        (StartObstacle::NoAddress, Some(setting)) => {
            format!("name an address of this machine in {} (listen_addresses = 'localhost'), or give it that one", at(setting))
        }
        (StartObstacle::OthersPlace { mapped: true, .. }, _) => {
            "name a place of its own in tablespace_map for that tablespace, and put the backup's files of it there, before a server is started on the copy".into()
        }
        (StartObstacle::OthersPlace { mapped: false, .. }, _) => {
            "put a folder of its own in the place of the link, with what it needs of the files, before a server is started on the copy".into()
        }
        (StartObstacle::Closed { .. }, _) => format!(
            "give the files to the owner of the directory before the server is started: chown -R --reference={0} {0}",
            quoted(data)
        ),
        (StartObstacle::BrokenEntry { path, line }, _) => {
            format!("correct line {line} of {path} (pg_hba_file_rules on a running server tells what is wrong)")
        }
        (StartObstacle::AwaitsStandbys, Some(setting)) => {
            format!("set synchronous_standby_names = '' in {} until standbys follow the server", at(setting))
        }
        (_, Some(setting)) => {
            let PlacedSetting { name, .. } = setting;
            format!("put it there before the server is started, or correct {name} in {}", at(setting))
        }
        (_, None) => "put a pg_hba.conf into the data directory, or name one with hba_file".into(),
    }
}

/// A start without `backup_label`.
pub(super) fn unlabelled(unlabelled: &Unlabelled, redo: Lsn, own_wal: Option<Lsn>, asks: AsksArchive) -> String {
    let none = "there is no backup_label";
    let Some(BackupUnderWay { start, stop, told_by }) = &unlabelled.during else {
        if asks == AsksArchive::Never {
            return format!("{none}: the server replays its own pg_wal from {redo} on, as after a crash");
        }
        let first = format!("{none}: the server first replays all of its own pg_wal");
        return match own_wal {
            Some(to) => format!("{first}, to {to}, and takes its data for consistent there"),
            None => format!("{first}, and asks the archive for WAL only behind that"),
        };
    };
    let by = match told_by {
        BackupWitness::Manifest => "backup_manifest",
        BackupWitness::History(file) => file.as_str(),
        BackupWitness::Record => "the record BACKUP_END",
    };
    let inside = format!("inside the backup from {start} to {stop} ({by})");
    if unlabelled.lived_in {
        format!("{none}, and replay starts at {redo}, {inside}: if this is a copy, what was written before is lost")
    } else if *start == redo {
        format!("{none}, and replay ends {inside}: the data are not consistent")
    } else {
        format!("{none}, and replay would start at {redo}, {inside}: what was written before is lost")
    }
}

fn at(setting: &PlacedSetting) -> String {
    place(&setting.place).unwrap_or_default()
}
