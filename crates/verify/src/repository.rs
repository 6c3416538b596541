//! What is wrong with a repository beside its WAL: files of the backup tool, and backups that do not restore.
//!
//! The verdict is that of the WAL, unless nothing can be restored with it: the tool gives out none of it, or no backup
//! is left.

use crate::codes::{Code, CodePattern, Severity};
use crate::finding::{Detail, Finding, set_severities};
use crate::outcome::{Outcome, Verdict};
pub use crate::repository_facts::RepositoryFacts;
use pgwal_repos::{BackupDefect, ListedBackup, RepoDefect, Repository};

/// Of which backups is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OfBackups<'a> {
    /// Of all of them.
    All,
    /// Of the one that is to be restored, by its label.
    One(&'a str),
}

/// Adds what is wrong with a repository to what its WAL came to. `severities` are those that a caller wants instead of
/// the usual ones.
pub fn judge(
    outcome: &mut Outcome,
    repository: &Repository,
    which: OfBackups<'_>,
    severities: &[(CodePattern, Severity)],
) {
    outcome.repository = Some(RepositoryFacts::of(repository));
    let mut findings: Vec<Finding> = repository.defects.iter().map(of_information).collect();
    let left = repository.backups.iter().any(ListedBackup::restores);
    let told = |backup: &&ListedBackup| match which {
        OfBackups::All => true,
        OfBackups::One(label) => backup.label == label,
    };
    for backup in repository.backups.iter().filter(told) {
        // Whoever makes the first one has none yet.
        let decides = matches!(which, OfBackups::One(_)) || !left && !backup.is_unfinished();
        let severity = if decides { Severity::Error } else { Severity::Warning };
        findings.extend(of_backup(backup, !left).map(|finding| Finding { severity, ..finding }));
    }
    outcome.lowered += set_severities(&mut findings, severities);
    if findings.iter().any(|f| f.severity == Severity::Error) {
        outcome.verdict = Verdict::Refuted;
    }
    outcome.findings.extend(findings);
    outcome.findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
}

fn of_information(defect: &RepoDefect) -> Finding {
    Finding {
        severity: if defect.fatal { Severity::Error } else { Severity::Warning },
        file: Some(defect.file.clone()),
        detail: Detail::OfBackup { what: defect.kind.to_string() },
        ..Finding::of(Code::RepositoryInfo)
    }
}

fn of_backup(backup: &ListedBackup, none_left: bool) -> Option<Finding> {
    let first = backup.defects.first().map(BackupDefect::to_string)?;
    let detail = Detail::OfListedBackup {
        label: backup.label.clone(),
        why: first,
        more: backup.defects.len() as u64 - 1,
        none_left,
    };
    Some(Finding {
        timeline: backup.timeline(),
        file: Some(backup.file.clone()),
        detail,
        ..Finding::of(Code::BackupNotRestorable)
    })
}
