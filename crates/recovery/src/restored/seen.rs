//! How a restored cluster was looked at, and what lies around its control file.

use crate::backup::{SettingsFile, is_in_use};
use crate::command::Delivery;
use crate::command::archive_get::ArchiveGet;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// How a cluster was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClusterSeen {
    /// Its server was asked.
    Server,
    /// By its data directory, in which a server works.
    InUse,
    /// By its data directory, in which none works on this machine.
    AtRest,
    /// By what `pg_controldata` printed.
    Printed,
}

impl ClusterSeen {
    /// By its data directory.
    pub(super) fn of(data: &Path) -> ClusterSeen {
        if is_in_use(data) { ClusterSeen::InUse } else { ClusterSeen::AtRest }
    }
}

/// A server was started since the backup came there: it writes down with which options. What was copied with the
/// backup is older than its label.
pub(super) fn was_started(data: &Path) -> bool {
    let written = |name: &str| -> Option<SystemTime> { fs::metadata(data.join(name)).ok()?.modified().ok() };
    written("postmaster.opts").zip(written("backup_label")).is_some_and(|(started, label)| started > label)
}

/// Its `restore_command` takes unfinished segments as well.
pub(super) fn takes_partials(settings: &[SettingsFile]) -> bool {
    let Some(command) = settings.iter().rev().find_map(|file| file.text.get("restore_command")) else { return false };
    let by_name = || Delivery::by_name(command).unwrap_or_default();
    ArchiveGet::of(command).is_some_and(|own| own.partial) || by_name().iter().any(|c| c.suffix.contains(".partial"))
}

/// The target that its settings name, as a line of them.
pub(super) fn aim(settings: &[SettingsFile]) -> Option<String> {
    const AIMS: [&str; 5] = [
        "recovery_target_time",
        "recovery_target_lsn",
        "recovery_target_xid",
        "recovery_target_name",
        "recovery_target",
    ];
    AIMS.iter().find_map(|name| {
        let value = settings.iter().rev().find_map(|file| file.text.get(name)).filter(|value| !value.is_empty())?;
        Some(format!("{name} = '{}'", value.replace('\'', "''")))
    })
}
