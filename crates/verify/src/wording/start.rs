//! What on this machine keeps a server from starting on a data directory.

use super::given::place;
use pgwal_recovery::PlacedSetting;
use pgwal_recovery::backup::{StartFlaw, StartObstacle};
use pgwal_repos::shell::quoted;

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
        (StartObstacle::NoFile(path) | StartObstacle::NoSocketFolder(path), Some(sets)) => {
            format!("{sets}, and {path} is not on this machine: a server does not start without it")
        }
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
        (_, Some(setting)) => {
            let PlacedSetting { name, .. } = setting;
            format!("put it there before the server is started, or correct {name} in {}", at(setting))
        }
        (_, None) => "put a pg_hba.conf into the data directory, or name one with hba_file".into(),
    }
}

fn at(setting: &PlacedSetting) -> String {
    place(&setting.place).unwrap_or_default()
}
