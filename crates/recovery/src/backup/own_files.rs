//! The files of a backup beside those of its manifest: what is missing, what has another size, and whom that hurts.

use super::Backup;
use super::flaw::{BackupFlaw, FlawKind, Weight};
use super::parts::BackupParts;
use super::relations::{Fork, place};
use std::collections::HashMap;

/// What a file is to a server that starts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It cannot do without, or loses data.
    Needed,
    /// It does not start without, unless its configuration lies elsewhere; what is in it is the administrator's.
    Configuration,
    /// It makes it anew, or never reads it.
    Aside,
    /// People and tools change it between restore and start, or a server does as soon as it is started.
    Changes,
}

/// Names and sizes, only in front of the first start: a server changes them. Several findings at most: what hurts, what
/// is not at hand, and what does not hurt.
pub(super) fn compare(backup: &Backup, parts: &BackupParts) -> Vec<BackupFlaw> {
    let Some(manifest) = backup.manifest.as_ref().filter(|_| parts.whole) else { return Vec::new() };
    let there: HashMap<&str, u64> = parts.sizes.iter().map(|(path, size)| (path.as_str(), *size)).collect();
    let mut counts: [Count; 3] = Default::default();
    for file in &manifest.files {
        let path = file.path.as_str();
        let missing = match there.get(path) {
            Some(size) if *size == file.size => continue,
            there => there.is_none(),
        };
        let tablespace = path.match_indices('/').nth(1).and_then(|(slash, _)| path.get(..=slash));
        let away = tablespace.is_some_and(|below| parts.away.contains(below));
        let nth = match use_of(path) {
            _ if away => 1,
            Use::Needed => 0,
            Use::Configuration if missing => 1,
            Use::Aside => 2,
            Use::Configuration | Use::Changes => continue,
        };
        if let Some(count) = counts.get_mut(nth) {
            count.add(path, missing);
        }
    }
    // A manifest that is not what its checksum says may be wrong itself.
    let worst = if manifest.checksum { Weight::Error } else { Weight::Warning };
    let severities = [worst, Weight::Warning, Weight::Info];
    severities.into_iter().zip(counts).filter_map(|(severity, count)| count.flaw(severity)).collect()
}

#[derive(Default)]
struct Count {
    first: Option<String>,
    missing: u64,
    other_size: u64,
}

impl Count {
    fn add(&mut self, path: &str, missing: bool) {
        self.first.get_or_insert_with(|| path.to_owned());
        if missing {
            self.missing += 1;
        } else {
            self.other_size += 1;
        }
    }

    fn flaw(self, weight: Weight) -> Option<BackupFlaw> {
        let kind = FlawKind::Files { missing: self.missing, other_size: self.other_size };
        Some(kind.weighed(&self.first?, weight))
    }
}

pub(super) fn use_of(path: &str) -> Use {
    let (folder, rest) = path.split_once('/').unwrap_or(("", path));
    let name = path.rsplit('/').next().unwrap_or(path);
    match folder {
        "" => at_the_top(name),
        "global" | "base" | "pg_tblspc" => match place(path) {
            Some((_, Fork::Main | Fork::Init, _)) => Use::Needed,
            _ if matches!(name, "PG_VERSION" | "pg_filenode.map") || name.starts_with("INCREMENTAL.") => Use::Needed,
            // Free space and visibility maps are made anew; the control file is judged by itself.
            _ => Use::Aside,
        },
        "pg_xact" | "pg_clog" | "pg_multixact" | "pg_commit_ts" | "pg_twophase" => Use::Needed,
        "pg_wal" | "pg_xlog" | "log" | "pg_log" | "pg_stat" | "pg_stat_tmp" | "pg_replslot" => Use::Changes,
        _ if is_changed(name) || is_changed(rest) => Use::Changes,
        _ => Use::Aside,
    }
}

fn at_the_top(name: &str) -> Use {
    match name {
        "PG_VERSION" => Use::Needed,
        "postgresql.conf" | "pg_hba.conf" => Use::Configuration,
        _ if is_changed(name) => Use::Changes,
        _ => Use::Aside,
    }
}

/// Configuration, signals, what a server leaves while it runs, and what a restore writes anew.
fn is_changed(name: &str) -> bool {
    let suffix = name.rsplit_once('.').map(|(_, suffix)| suffix);
    matches!(suffix, Some("conf" | "signal" | "log" | "csv" | "json" | "pid" | "opts" | "old" | "done" | "bak"))
        || matches!(name, "backup_label" | "tablespace_map" | "current_logfiles" | "backup_manifest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_needs_and_what_people_change() {
        for path in ["PG_VERSION", "base/5/16384", "base/5/16384.1", "base/5/16384_init", "base/5/PG_VERSION"] {
            assert!(use_of(path) == Use::Needed, "{path}");
        }
        for path in ["global/1262", "global/pg_filenode.map", "pg_xact/0000", "pg_multixact/members/0000"] {
            assert!(use_of(path) == Use::Needed, "{path}");
        }
        assert!(use_of("pg_tblspc/16400/PG_15_202209061/5/16384") == Use::Needed);
        assert!(use_of("postgresql.conf") == Use::Configuration && use_of("pg_hba.conf") == Use::Configuration);
        for path in ["postgresql.auto.conf", "pg_ident.conf", "conf.d/10.conf", "recovery.signal", "tablespace_map"] {
            assert!(use_of(path) == Use::Changes, "{path}");
        }
        for path in ["postmaster.pid", "postmaster.opts", "log/postgresql-Mon", "backup_label.old", "pg_wal/x/y"] {
            assert!(use_of(path) == Use::Changes, "{path}");
        }
        for path in ["base/5/16384_fsm", "base/5/16384_vm", "base/5/pg_internal.init", "server.key", "certs/ca.pem"] {
            assert!(use_of(path) == Use::Aside, "{path}");
        }
    }
}
