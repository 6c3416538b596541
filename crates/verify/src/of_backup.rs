//! What is wrong with a base backup, as findings.

use crate::codes::{Code, Severity};
use crate::finding::{Detail, Finding};
use pgwal_format::Version;
use pgwal_format::recovery::data_directory::WithoutFolder;
use pgwal_recovery::backup::{Backup, BackupFlaw, FlawKind, RootFileFlaw, StateFileFlaw, Weight};

/// What is wrong with a backup, as far as its own files tell.
pub fn findings_of(backup: &Backup) -> Vec<Finding> {
    backup.flaws.iter().map(of_flaw).collect()
}

/// What is wrong with a file of a backup.
pub fn of_flaw(flaw: &BackupFlaw) -> Finding {
    let code = code_of(&flaw.kind);
    let severity = match flaw.weight {
        None => code.severity(),
        Some(Weight::Info) => Severity::Info,
        Some(Weight::Warning) => Severity::Warning,
        Some(Weight::Error) => Severity::Error,
    };
    Finding { severity, file: Some(flaw.file.clone()), detail: Detail::Flaw(flaw.kind.clone()), ..Finding::of(code) }
}

fn code_of(kind: &FlawKind) -> Code {
    match kind {
        FlawKind::NoControl | FlawKind::Control(_) | FlawKind::ControlSays(_) => Code::BackupControl,
        FlawKind::ControlVersion(_) => Code::UnknownVersion,
        FlawKind::Marked(_) => Code::ControlMarked,
        FlawKind::Contradicts(_) => Code::BackupContradicts,
        FlawKind::Label(_) | FlawKind::NotStreamed | FlawKind::Map(..) => Code::BackupLabel,
        FlawKind::History(_) => Code::BackupHistory,
        FlawKind::Manifest(_) => Code::BackupManifest,
        FlawKind::Stale(_) => Code::StaleManifest,
        FlawKind::Cluster { .. } => Code::BackupCluster,
        FlawKind::Incremental(_) | FlawKind::IncrementalFiles(_) => Code::BackupIncremental,
        FlawKind::Files { .. } => Code::BackupFiles,
        FlawKind::Content { .. } => Code::BackupContent,
        FlawKind::Pages { .. } => Code::BackupPages,
        FlawKind::Unread { .. } => Code::BackupUnread,
        FlawKind::Folder { .. }
        | FlawKind::RootFile { .. }
        | FlawKind::StateFile(_)
        | FlawKind::TablespaceNowhere { .. }
        | FlawKind::TablespaceEmpty { .. }
        | FlawKind::TablespaceTar(_)
        | FlawKind::Rights { .. }
        | FlawKind::SignalText(_)
        | FlawKind::Start(_) => Code::BackupStructure,
        FlawKind::Tar(_) => Code::BackupTar,
        FlawKind::Closed(codec) => Code::of_closed(*codec, false),
    }
}

/// A server reads WAL of its own version alone. Where a control file is there, that says so.
pub(crate) fn other_version(backup: &Backup, of_wal: Version) -> Option<Finding> {
    let own = backup.version.filter(|own| backup.control.is_none() && *own != of_wal)?;
    let detail = Detail::Flaw(FlawKind::Contradicts(format!("is {own}, and the WAL is of {of_wal}")));
    Some(Finding { file: Some("PG_VERSION".into()), detail, ..Finding::of(Code::BackupContradicts) })
}

/// What a server says of the backup's own files, where it does not get beyond them.
pub(crate) fn unusable(backup: &Backup) -> Option<String> {
    let mut stopping = backup.flaws.iter().filter(|flaw| stops(flaw)).map(of_flaw);
    let finding = stopping.find(|finding| finding.severity == Severity::Error)?;
    Some(finding.server_says(None).unwrap_or_else(|| finding.message(None)))
}

fn stops(flaw: &BackupFlaw) -> bool {
    match &flaw.kind {
        FlawKind::NoControl
        | FlawKind::Control(_)
        | FlawKind::ControlSays(_)
        | FlawKind::Label(_)
        | FlawKind::Map(..)
        | FlawKind::Incremental(_)
        | FlawKind::Rights { .. } => true,
        FlawKind::Contradicts(_) => flaw.file == "PG_VERSION",
        // Without some it starts, and has no data.
        FlawKind::Folder { without, .. } => *without != WithoutFolder::Empty,
        FlawKind::RootFile { what, .. } => *what != RootFileFlaw::NoMap,
        FlawKind::StateFile(what) => matches!(
            what,
            StateFileFlaw::Pages { .. }
                | StateFileFlaw::TwoPhase { forgets: false, .. }
                | StateFileFlaw::Origins { .. }
        ),
        FlawKind::Start(start) => start.says.is_some(),
        _ => false,
    }
}
