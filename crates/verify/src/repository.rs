//! What is wrong with a repository beside its WAL: files of the backup tool, and backups that do not restore.
//!
//! The verdict is that of the WAL, unless nothing can be restored with it: the tool gives out none of it, or no backup
//! is left.

use crate::codes::{Code, Severity};
use crate::contents::BackupContents;
use crate::finding::{Detail, Finding};
pub use crate::repository_facts::RepositoryFacts;
use pgwal_recovery::backup::{self, Backup};
use pgwal_repos::{BackupDefect, ListedBackup, RepoDefect, RepoError, Repository};
use std::sync::Arc;

/// Of which backups is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OfBackups<'a> {
    /// Of all of them.
    All,
    /// Of the one that is to be restored, by its label.
    One(&'a str),
}

/// A repository in which an archive lies, to be judged with it.
#[derive(Clone, Copy)]
pub struct JudgedRepository<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// Of which of its backups is told.
    pub which: OfBackups<'a>,
}

impl JudgedRepository<'_> {
    /// What was seen of it.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let JudgedRepository { repository, which } = *self;
        let mut findings: Vec<Finding> = repository.defects.iter().map(of_information).collect();
        let left = repository.backups.iter().any(ListedBackup::restores);
        // Where nothing was backed up, nothing was lost.
        let lost = !left && !repository.backups.iter().any(ListedBackup::is_empty_by_its_list);
        for backup in repository.backups.iter().filter(|backup| which.tells(backup)) {
            // Whoever makes the first one has none yet.
            let decides = matches!(which, OfBackups::One(_)) || lost && !backup.is_unfinished();
            let severity = if decides { Severity::Error } else { Severity::Warning };
            findings.extend(of_backup(backup, !left).map(|finding| Finding { severity, ..finding }));
            findings.extend(of_contents(backup));
        }
        // Contents were asked for, and none could be had.
        let read = self.contents();
        if !read.is_empty() && read.iter().all(|contents| contents.read.is_nothing()) {
            let unread = findings.iter_mut().filter(|finding| finding.code == Code::BackupUnread);
            unread.for_each(|finding| finding.severity = Severity::Error);
        }
        findings
    }

    /// What was read of its backups.
    pub(crate) fn contents(&self) -> Vec<BackupContents> {
        let told = self.repository.backups.iter().filter(|backup| self.which.tells(backup));
        let read = |backup: &ListedBackup| {
            Some(BackupContents { backup: backup.label.clone(), read: backup.contents.clone()? })
        };
        told.filter_map(read).collect()
    }
}

impl OfBackups<'_> {
    fn tells(self, backup: &ListedBackup) -> bool {
        match self {
            OfBackups::All => true,
            OfBackups::One(label) => backup.label == label,
        }
    }
}

/// Gives a backup of a repository the WAL that lies inside of it.
///
/// # Errors
/// It cannot be looked at.
pub fn take_wal_inside(repository: &Repository, backup: &mut Backup) -> Result<(), RepoError> {
    if let Some(listed) = repository.listed_as(&backup.name)
        && let Some(wal) = repository.wal_inside(listed)?
    {
        backup::take_wal(backup, Arc::from(wal));
    }
    Ok(())
}

fn of_contents(backup: &ListedBackup) -> Vec<Finding> {
    let Some(read) = &backup.contents else { return Vec::new() };
    let finding = |code: Code, what: String| Finding {
        timeline: backup.timeline(),
        file: Some(backup.file.clone()),
        detail: Detail::OfRepository { what },
        ..Finding::of(code)
    };
    let suspect = read.suspect.as_ref().map(|fault| finding(Code::BackupPages, format!("may be damaged: {fault}")));
    let unread = read.unread.as_ref().map(|fault| finding(Code::BackupUnread, format!("was not read whole: {fault}")));
    suspect.into_iter().chain(unread).collect()
}

fn of_information(defect: &RepoDefect) -> Finding {
    Finding {
        severity: if defect.fatal { Severity::Error } else { Severity::Warning },
        file: Some(defect.file.clone()),
        detail: Detail::OfRepository { what: defect.kind.to_string() },
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
