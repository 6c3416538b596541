//! What is wrong with a backup, as far as its own files tell.

use super::parts::{Parts, finding, is_whole};
use super::{Backup, BackupKind};
use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};
use std::collections::HashMap;

pub(super) fn judge(backup: &mut Backup, parts: &Parts) {
    let mut found = Vec::new();
    if is_whole(backup.kind) && backup.control_bytes.is_none() {
        found.push(finding(Code::BackupControl, "global/pg_control", Detail::Control(None)));
    }
    let contradiction = |(file, what)| finding(Code::BackupContradicts, file, Detail::OfBackup { what });
    found.extend(contradictions(backup).into_iter().map(contradiction));
    found.extend(of_another_cluster(backup));
    found.extend(incremental(backup));
    found.extend(files(backup, parts));
    backup.findings.extend(found);
    if is_whole(backup.kind) {
        backup.not_checked.push("the content of the data files");
        if !parts.whole {
            backup.not_checked.push("whether all data files are there: not all of them are at hand");
        } else if backup.manifest.is_none() {
            backup.not_checked.push("whether all data files are there: there is no backup_manifest");
        }
    }
}

/// The control file is copied last, so it is never older than the label.
fn contradictions(backup: &Backup) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let (label, control) = (backup.label.as_ref(), backup.control.as_ref());
    if let (Some(label), Some(control)) = (label, control) {
        let file = label.start_file;
        if control.checkpoint < label.checkpoint {
            out.push((
                "backup_label",
                format!(
                    "names the checkpoint at {}, the control file an older one at {}",
                    label.checkpoint, control.checkpoint
                ),
            ));
        }
        if control.timeline < file.timeline {
            out.push((
                "backup_label",
                format!("is of timeline {}, the control file of timeline {}", file.timeline, control.timeline),
            ));
        }
        let dialect = control.dialect;
        let number = dialect.address.segment(label.start, control.segment);
        if file.number(dialect.address, control.segment) != Some(number) {
            out.push((
                "backup_label",
                format!(
                    "says that {} lies in {file}, where segments of {} bytes do not have it",
                    label.start,
                    control.segment.bytes()
                ),
            ));
        }
        if label.checkpoint < label.start {
            out.push((
                "backup_label",
                format!("names a checkpoint at {}, in front of the start at {}", label.checkpoint, label.start),
            ));
        }
    }
    if let (Some(label), Some(manifest)) = (label, &backup.manifest) {
        let covered = manifest
            .wal_ranges
            .iter()
            .any(|r| r.timeline == label.start_file.timeline && r.start <= label.start && label.start <= r.end);
        if !covered {
            out.push((
                "backup_label",
                format!(
                    "starts at {} on timeline {}, which no range of backup_manifest has",
                    label.start, label.start_file.timeline
                ),
            ));
        }
    }
    if let (Some(version), Some(control)) = (backup.version, control)
        && version != control.dialect.version
    {
        out.push(("PG_VERSION", format!("is {version}, and the control file is of {}", control.dialect.version)));
    }
    out
}

fn of_another_cluster(backup: &Backup) -> Option<Finding> {
    let (found, expected) = (backup.manifest.as_ref()?.system_id?, backup.control.as_ref()?.system_id);
    (found != expected).then(|| finding(Code::BackupCluster, "backup_manifest", Detail::Cluster { found, expected }))
}

/// Whether a backup is of the archive's cluster: what is wrong if not. `system_id`: that of the WAL.
pub fn of_archive(backup: &Backup, system_id: u64) -> Option<Finding> {
    let expected = backup.system_id()?;
    (system_id != expected)
        .then(|| finding(Code::BackupCluster, &backup.name, Detail::Cluster { found: system_id, expected }))
}

fn incremental(backup: &Backup) -> Option<Finding> {
    let from = backup.label.as_ref()?.incremental_from?;
    Some(finding(Code::BackupIncremental, "backup_label", Detail::Incremental { from }))
}

/// Files of the manifest that are not there, or of another size. Only in front of the first start: a server changes
/// them.
fn files(backup: &Backup, parts: &Parts) -> Option<Finding> {
    let manifest = backup.manifest.as_ref()?;
    let untouched = backup.kind == BackupKind::Tar || parts.files.contains_key("backup_label");
    if !parts.whole || !untouched {
        return None;
    }
    let there: HashMap<&str, u64> = parts.sizes.iter().map(|(path, size)| (path.as_str(), *size)).collect();
    let (mut missing, mut other_size, mut first) = (0, 0, None);
    for file in &manifest.files {
        if is_left_out(&file.path) {
            continue;
        }
        match there.get(file.path.as_str()) {
            Some(size) if *size == file.size => continue,
            Some(_) => other_size += 1,
            None => missing += 1,
        }
        first.get_or_insert(&file.path);
    }
    let first = first?;
    let detail = Detail::BackupFiles { missing, other_size };
    let mut out = finding(Code::BackupFiles, first, detail);
    out.severity = Severity::Error;
    Some(out)
}

/// What changes without harm, as `pg_verifybackup` has it; and WAL, which is judged by itself.
fn is_left_out(path: &str) -> bool {
    matches!(path, "backup_manifest" | "postgresql.auto.conf" | "recovery.signal" | "standby.signal")
        || path.starts_with("pg_wal/")
}
