//! The repository of a backup tool in which WAL lies.

use pgwal_repos::{RepoLayout, Repository};

/// A repository of a backup tool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RepositoryFacts {
    /// Whose it is.
    pub layout: RepoLayout,
    /// Its stanza, server, instance or site.
    pub name: Option<String>,
    /// Which cluster of a stanza.
    pub archive_id: Option<String>,
    /// Its folder, below the place that was named.
    pub folder: String,
    /// How many backups it has.
    pub backups: u64,
    /// How many of them restore.
    pub restorable: u64,
    /// The tool's own command for the restore that was proven.
    pub restore_command: Option<String>,
    /// The same as an operator of Kubernetes is told of it.
    pub restore_yaml: Option<String>,
    /// Why there is no command for the restore that was proven.
    pub no_command: Option<String>,
    /// What of it is not looked at, and why.
    pub left_out: Vec<String>,
}

impl RepositoryFacts {
    pub(crate) fn of(repository: &Repository) -> RepositoryFacts {
        let restorable = repository.backups.iter().filter(|backup| backup.restores()).count();
        RepositoryFacts {
            layout: repository.layout,
            name: repository.name.clone(),
            archive_id: repository.archive_id.clone(),
            folder: repository.base.clone(),
            backups: repository.backups.len() as u64,
            restorable: restorable as u64,
            restore_command: None,
            restore_yaml: None,
            no_command: None,
            left_out: repository.left_out.clone(),
        }
    }
}
