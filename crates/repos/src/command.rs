//! The tool's own command that restores a backup to a target.
//!
//! ```text
//! pgBackRest, Barman, pg_probackup    one command, with the target among its words
//! WAL-G, pghoard, barman-cloud        one that brings the files, and the settings of the recovery behind it
//! ```

mod barman;
mod by_hand;
mod kubernetes;
mod pgbackrest;
mod place;
mod probackup;
mod targets;

pub use kubernetes::recovery_yaml;

use crate::backup::ListedBackup;
use crate::layout::wale;
use crate::repo_layout::RepoLayout;
use crate::repository::Repository;
use crate::shell::quoted;
use by_hand::recovery;
use pgwal_format::{Layout, Lsn, SegmentName, TimelineId};
use place::Location;
use std::path::{Path, PathBuf};

/// What decides the command, beside the repository and its backup.
#[derive(Clone, Copy, Default)]
pub struct ToolCall<'a> {
    /// The recovery's settings, by PostgreSQL's names, as a server takes them.
    pub settings: &'a [(String, String)],
    /// The server reads them from `recovery.conf` (11 and earlier).
    pub recovery_conf: bool,
    /// The tool's own configuration, where the place was found by it.
    pub configuration: Option<&'a ToolConfiguration>,
    /// A file whose first line is the passphrase.
    pub passphrase_file: Option<&'a Path>,
    /// The URL at which the object store answers, where one was given.
    pub endpoint: Option<&'a str>,
    /// The object store's region, where one was given.
    pub region: Option<&'a str>,
    /// The timeline to which it goes, where that is known.
    pub timeline: Option<TimelineId>,
    /// How far the server has to read, where that is known.
    pub reach: Option<RestoreReach>,
}

/// How far a server reads that restores to a target.
#[derive(Clone, Copy, Debug)]
pub struct RestoreReach {
    /// How its WAL is laid out.
    pub layout: Layout,
    /// The last segment that it needs.
    pub last: SegmentName,
    /// The target, where it is a position.
    pub lsn: Option<Lsn>,
    /// The target in seconds since 1970, where it is a time.
    pub unix_seconds: Option<f64>,
}

/// The configuration of a tool in which a repository is named.
#[derive(Clone, Debug, Default)]
pub struct ToolConfiguration {
    /// The file; `None`: the one that the tool finds by itself.
    pub file: Option<PathBuf>,
    /// pgBackRest's number of the repository, where it has to be said.
    pub number: Option<u32>,
    /// Barman's name for the server: that of its section, wherever its folder lies.
    pub server: Option<String>,
}

/// The complete command, for a shell, to restore a backup into the folder `DIR`: one line, or several of which each
/// ends with `&&`. `None` where the tool has none that reads this place.
pub fn restore(repository: &Repository, backup: &ListedBackup, call: &ToolCall<'_>) -> Option<String> {
    let at = Location::of(repository)?;
    let (name, label) = (repository.name.as_deref(), backup.label.as_str());
    match repository.layout {
        RepoLayout::PgBackRest => pgbackrest::command(&at, name?, label, repository.is_encrypted, call),
        RepoLayout::Barman => barman::recover(repository, at.folder()?, name, label, call),
        RepoLayout::BarmanCloud => barman::cloud(repository, &at, backup, call),
        RepoLayout::WalG if wale::start_in(label).is_some() => wal_e(&at, label, call),
        RepoLayout::WalE => wal_e(&at, label, call),
        RepoLayout::WalG => wal_g(&at, label, call),
        RepoLayout::PgProbackup => Some(probackup::command(at.folder()?, name?, backup, call)),
        RepoLayout::Pghoard => pghoard(name?, label, call),
        RepoLayout::Folder => None,
    }
}

/// Why [`restore`] has no command for a backup; `None` where it has one. `backup`: where the tool lists it.
pub fn why_none(repository: &Repository, backup: Option<&ListedBackup>, call: &ToolCall<'_>) -> Option<String> {
    let tool = repository.layout;
    let Some(backup) = backup else {
        return Some(format!(
            "{tool} lists no such backup here: put its files into place as they were made, and set restore_command to \
             what fetches WAL from here"
        ));
    };
    if restore(repository, backup, call).is_some() {
        return None;
    }
    Some(match Location::of(repository) {
        None => format!("{tool} restores from no tar: unpack it, and ask again"),
        Some(_) => format!("what {tool} needs to find this place stands in its own configuration"),
    })
}

/// Of a backup of WAL-E, what WAL-E has.
fn wal_e(at: &Location, label: &str, call: &ToolCall<'_>) -> Option<String> {
    let before = match at {
        Location::Folder(base) => format!("WALE_FILE_PREFIX={}", quoted(&format!("file://localhost{base}"))),
        Location::Bucket(url) => {
            let variable = match url.split_once("://")?.0 {
                "s3" => "WALE_S3_PREFIX",
                "gs" => "WALE_GS_PREFIX",
                _ => return None,
            };
            format!("{variable}={}", quoted(url))
        }
    };
    let fetch = format!("{before} wal-e backup-fetch DIR {}", quoted(label));
    Some(recovery(&fetch, (&format!("{before} wal-e wal-fetch"), ""), call))
}

fn wal_g(at: &Location, label: &str, call: &ToolCall<'_>) -> Option<String> {
    let mut variables = match at {
        Location::Folder(base) => vec![format!("WALG_FILE_PREFIX={}", quoted(base))],
        Location::Bucket(url) => {
            let (scheme, rest) = url.split_once("://")?;
            let (variable, scheme) = match scheme {
                "s3" => ("WALG_S3_PREFIX", "s3"),
                "gs" => ("WALG_GS_PREFIX", "gs"),
                "az" => ("WALG_AZ_PREFIX", "azure"),
                _ => return None,
            };
            vec![format!("{variable}={}", quoted(&format!("{scheme}://{rest}")))]
        }
    };
    if let (Location::Bucket(_), Some(endpoint)) = (at, call.endpoint) {
        variables.extend([format!("AWS_ENDPOINT={}", quoted(endpoint)), "AWS_S3_FORCE_PATH_STYLE=true".to_owned()]);
    }
    let before = variables.join(" ");
    let fetch = format!("{before} wal-g backup-fetch DIR {}", quoted(label));
    Some(recovery(&fetch, (&format!("{before} wal-g wal-fetch"), ""), call))
}

/// Its configuration alone says where its sites are. It looks for a backup of its own where it is told a time: that is
/// left to the server, as every other target is.
fn pghoard(site: &str, label: &str, call: &ToolCall<'_>) -> Option<String> {
    let backup = quoted(&format!("{site}/basebackup/{label}"));
    let site = quoted(site);
    let get = format!(
        "pghoard_restore get-basebackup --config CONF --site {site} --basebackup {backup} --target-dir DIR --restore-to-primary"
    );
    // It writes the command that fetches WAL itself, and of 12 and later no signal to recover to a primary.
    let get = if call.recovery_conf { get } else { by_hand::signalled(&get) };
    Some(by_hand::with_settings(&get, Vec::new(), call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pghoard_is_told_the_backup_and_the_server_the_target() {
        let settings = [("recovery_target_time".to_owned(), "2026-11-22 14:00:00+00".to_owned())];
        let call = ToolCall { settings: &settings, ..ToolCall::default() };
        assert_eq!(
            pghoard("main", "2026-11-22_03-17_0", &call).unwrap(),
            "pghoard_restore get-basebackup --config CONF --site main --basebackup main/basebackup/2026-11-22_03-17_0 \
             --target-dir DIR --restore-to-primary &&\ntouch DIR/recovery.signal &&\nprintf '%s\\n' \"recovery_target_time = '2026-11-22 \
             14:00:00+00'\" >> DIR/postgresql.auto.conf"
        );
    }

    #[test]
    fn wal_g_is_told_where_its_bucket_is() {
        let at = Location::Bucket("s3://b/p".to_owned());
        let call = ToolCall { endpoint: Some("http://h:9000"), recovery_conf: true, ..ToolCall::default() };
        let told = wal_g(&at, "base_1", &call).unwrap();
        let before = "WALG_S3_PREFIX=s3://b/p AWS_ENDPOINT=http://h:9000 AWS_S3_FORCE_PATH_STYLE=true wal-g";
        assert_eq!(
            told,
            format!(
                "{before} backup-fetch DIR base_1 &&\nprintf '%s\\n' \"restore_command = '{before} wal-fetch %f %p'\" >> \
                 DIR/recovery.conf"
            )
        );
        let azure = wal_g(&Location::Bucket("az://c/p".to_owned()), "base_1", &ToolCall::default()).unwrap();
        assert!(azure.starts_with("WALG_AZ_PREFIX=azure://c/p wal-g "), "{azure}");
    }
}
