//! What is wrong with a backup, as far as its own files tell. Only that is an error for which a server of its version
//! stops or comes out otherwise; what no server looks at is not.

use super::chain::BackupChain;
use super::flaw::{BackupFlaw, FlawKind, Weight};
use super::own_files;
use super::parts::{BackupParts, is_whole, whole_map};
use super::tablespace_map::{self, MapFault};
use super::{Backup, BackupKind};
use super::{state_files, structure};
use pgwal_format::Layout;
use pgwal_format::recovery::TablespaceMap;
use pgwal_format::text::backup_label::BackupLabel;
use pgwal_format::text::control::ControlFile;

/// What is not looked at where nobody asks for it.
pub(super) const CONTENT: &str = "the content of the data files";

pub(super) fn judge(backup: &mut Backup, parts: &BackupParts) {
    let mut found = Vec::new();
    if is_whole(backup.kind) && backup.control_bytes.is_none() {
        found.push(FlawKind::NoControl.of("global/pg_control"));
    }
    if let Some(control) = &backup.control {
        found.extend(no_checkpoint(control));
        found.extend(of_label_and_control(backup.label.as_ref(), control));
        found.extend(of_version(backup, control));
    }
    found.extend(incremental(backup).or_else(|| incremental_files(parts)));
    found.extend(not_streamed(backup));
    found.extend(map(backup, parts));
    found.extend(structure::lacking(backup, parts));
    backup.has_most = structure::has_most(backup, parts);
    let had_manifest = backup.manifest.is_some();
    if let Some(other) = of_another_backup(backup) {
        // What it says is of other files and of other WAL.
        backup.manifest = None;
        found.push(other);
    }
    let compares = backup.kind == BackupKind::Tar || parts.files.contains_key("backup_label") || is_unstarted(backup);
    backup.compares_files = compares;
    if compares {
        found.extend(own_files::compare(backup, parts));
    }
    backup.compares_files = compares;
    found.extend(state_files::by_size(backup, parts));
    backup.flaws.extend(found);
    if is_whole(backup.kind) {
        backup.not_checked.push(CONTENT);
        if !parts.whole {
            backup.not_checked.push("whether all data files are there: not all of them are at hand");
        } else if backup.manifest.is_none() && had_manifest {
            backup.not_checked.push("whether all data files are there: the backup_manifest is not of this backup");
        } else if backup.manifest.is_some() && !compares {
            backup.not_checked.push("whether all data files are there: a server was started on them since the backup");
        } else if backup.manifest.is_none() {
            backup.not_checked.push("whether all data files are there: there is no backup_manifest");
        }
    }
}

/// Without `backup_label`, no server was started on the files yet: it would have renamed the label, and its first
/// checkpoint would lie behind the WAL that the manifest names.
fn is_unstarted(backup: &Backup) -> bool {
    let Some((control, manifest)) = backup.control.as_ref().zip(backup.manifest.as_ref()) else { return false };
    let within = |r: &super::manifest::WalRange| {
        r.timeline == control.timeline && r.start <= control.redo && control.redo < r.end
    };
    !backup.label_was_used && manifest.wal_ranges.iter().any(within)
}

fn contradicts(file: &str, weight: Weight, what: String) -> BackupFlaw {
    FlawKind::Contradicts(what).weighed(file, weight)
}

/// A checkpoint in a page's header: every server refuses that before it looks for a label (`XRecOffIsValid`).
fn no_checkpoint(control: &ControlFile) -> Option<BackupFlaw> {
    let within = control.checkpoint.get() % control.wal_page_size.bytes();
    (within < layout(control).short_header() as u64).then(|| {
        let what = format!("names a checkpoint at {}, where no record can start", control.checkpoint);
        FlawKind::ControlSays(what).of("global/pg_control")
    })
}

/// The control file is copied last, so it is never older than the label. A server compares nothing of this: it takes
/// the checkpoint, the start and the timeline from the label, of which it reads two positions and eight digits.
fn of_label_and_control(label: Option<&BackupLabel>, control: &ControlFile) -> Vec<BackupFlaw> {
    let offset = control.checkpoint.get();
    let aligned = layout(control).align_up(offset) == offset;
    let Some(label) = label else { return if aligned { Vec::new() } else { vec![marked(control)] } };
    let mut out = Vec::new();
    let (file, dialect) = (label.start_file, control.dialect);
    // The position may be a mark that a tool left; the copy of the checkpoint beside it is the server's own.
    let older = control.checkpoint < label.checkpoint && control.redo < label.start;
    if older {
        let what = format!(
            "names the checkpoint at {}, the control file an older one at {}",
            label.checkpoint, control.checkpoint
        );
        out.push(contradicts("backup_label", Weight::Error, what));
    } else if control.checkpoint < label.checkpoint || !aligned {
        out.push(marked(control));
    }
    if control.timeline < file.timeline {
        let what = format!("is of timeline {}, the control file of timeline {}", file.timeline, control.timeline);
        out.push(contradicts("backup_label", if older { Weight::Error } else { Weight::Warning }, what));
    }
    let number = dialect.address.segment(label.start, control.segment);
    if file.number(dialect.address, control.segment) != Some(number) {
        let bytes = control.segment.bytes();
        let what = format!("says that {} lies in {file}, where segments of {bytes} bytes do not have it", label.start);
        out.push(contradicts("backup_label", Weight::Warning, what));
    }
    if label.checkpoint < label.start {
        let what = format!("names a checkpoint at {}, in front of the start at {}", label.checkpoint, label.start);
        out.push(contradicts("backup_label", Weight::Warning, what));
    }
    out
}

fn layout(control: &ControlFile) -> Layout {
    let (dialect, align, endian) = (control.dialect, control.align, control.endian);
    Layout { dialect, align, endian, segment: control.segment, page: control.wal_page_size }
}

/// A position that a tool wrote on purpose.
fn marked(control: &ControlFile) -> BackupFlaw {
    let what = format!(
        "names a checkpoint at {}, which is none: so that no server starts without backup_label",
        control.checkpoint
    );
    FlawKind::Marked(what).of("global/pg_control")
}

/// A server compares both with its own version.
fn of_version(backup: &Backup, control: &ControlFile) -> Option<BackupFlaw> {
    let version = backup.version.filter(|version| *version != control.dialect.version)?;
    let what = format!("is {version}, and the control file is of {}", control.dialect.version);
    Some(contradicts("PG_VERSION", Weight::Error, what))
}

/// No server reads the manifest: one of another backup, or of another cluster, decides nothing.
fn of_another_backup(backup: &Backup) -> Option<BackupFlaw> {
    let manifest = backup.manifest.as_ref()?;
    if let (Some(found), Some(expected)) = (manifest.system_id, backup.control.as_ref().map(|c| c.system_id))
        && found != expected
    {
        return Some(FlawKind::Cluster { found, expected }.weighed("backup_manifest", Weight::Warning));
    }
    let label = backup.label.as_ref()?;
    let ranges = &manifest.wal_ranges;
    let timeline = label.start_file.timeline;
    let covers =
        |r: &super::manifest::WalRange| r.timeline == timeline && r.start <= label.start && label.start <= r.end;
    if ranges.iter().any(covers) {
        return None;
    }
    let end = ranges.iter().map(|range| range.end).max();
    match end.filter(|end| *end <= label.start) {
        Some(end) => {
            let what = format!(
                "ends at {end}, before this backup starts at {}: it is of an older one, and decides nothing",
                label.start
            );
            Some(FlawKind::Stale(what).of("backup_manifest"))
        }
        None => {
            let what =
                format!("has no range of WAL with {} on timeline {timeline}, where this backup starts", label.start);
            Some(contradicts("backup_manifest", Weight::Warning, what))
        }
    }
}

/// Whether a backup is of the archive's cluster: what is wrong if not. `system_id`: that of the WAL.
pub fn of_archive(backup: &Backup, system_id: u64) -> Option<BackupFlaw> {
    let expected = backup.system_id()?;
    (system_id != expected).then(|| FlawKind::Cluster { found: system_id, expected }.of(&backup.name))
}

/// A server looks for the line in `backup_label` alone: without it, it starts on files that hold some blocks, under
/// names that it does not know.
fn incremental_files(parts: &BackupParts) -> Option<BackupFlaw> {
    let is_one = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let of_data = folder == "global" || folder.starts_with("base/") || folder.starts_with("pg_tblspc/");
        let number = name.strip_prefix("INCREMENTAL.").filter(|_| of_data);
        number.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let mut files = parts.sizes.iter().map(|(path, _)| path).filter(|path| is_one(path));
    let first = files.next()?;
    Some(FlawKind::IncrementalFiles(1 + files.count() as u64).of(first))
}

/// Beside a `backup_label`, a server makes the links of tablespaces anew.
fn map(backup: &Backup, parts: &BackupParts) -> Option<BackupFlaw> {
    let rules = backup.version.and_then(|version| version.dialect())?.recovery.tablespace_map;
    let read = backup.label.is_some() && rules != TablespaceMap::Unknown;
    let bytes = whole_map(parts).filter(|_| read)?;
    // `remove_tablespace_symlink` takes an empty folder away, and nothing else.
    let filled = || {
        let oid = *parts.filled.first()?;
        Some((tablespace_map::line_of(bytes, oid)?, MapFault::OverFolder(oid)))
    };
    let (line, fault) = tablespace_map::fault(bytes, rules).or_else(filled)?;
    // A server starts, and the tablespace is not linked.
    let passed_over = rules == TablespaceMap::Scanned && fault == MapFault::NotEnded;
    let weight = if passed_over { Weight::Warning } else { Weight::Error };
    Some(FlawKind::Map(line, fault).weighed("tablespace_map", weight))
}

/// From 15 on a server waits for the end of a backup only where its label says that it was streamed; there is no other
/// way to take one.
fn not_streamed(backup: &Backup) -> Option<BackupFlaw> {
    let rules = backup.version.and_then(|version| version.dialect()).map(|dialect| &dialect.recovery)?;
    let label = backup.label.as_ref().filter(|label| !label.is_streamed() && rules.label_timeline)?;
    (!label.is_from_standby()).then(|| FlawKind::NotStreamed.weighed("backup_label", Weight::Warning))
}

/// Servers before 17 do not know the line. Of one that is known by its history file alone, a restore begins with what
/// `pg_combinebackup` made of it and those before it.
fn incremental(backup: &Backup) -> Option<BackupFlaw> {
    let from = backup.incremental_from()?;
    if backup.kind == BackupKind::History {
        return Some(FlawKind::Incremental(BackupChain::of(from)).weighed(&backup.name, Weight::Warning));
    }
    let rules = backup.version.and_then(|version| version.dialect()).map(|dialect| &dialect.recovery);
    rules
        .is_none_or(|rules| rules.incremental_backups)
        .then(|| FlawKind::Incremental(BackupChain::of(from)).of("backup_label"))
}
