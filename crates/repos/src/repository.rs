//! A repository that was recognised, with what its files say.

use crate::backup::{self, ListedBackup};
use crate::candidate::Candidate;
use crate::choice::RepoChoice;
use crate::defect::RepoDefect;
use crate::error::RepoError;
use crate::layout::{self, Reading, RepoContents};
use crate::lookup::Lookup;
use crate::place_reading::PlaceReading;
use crate::repo_layout::RepoLayout;
use crate::source::RepoSource;
use crate::store::Store;
use crate::whose_wal;
use pgwal_source::{Keys, Source, with_keys};
use std::path::PathBuf;
use std::sync::Arc;

/// A repository that was recognised, with what its files say: the archive of one cluster.
pub struct Repository {
    /// The place as the user named it.
    pub place: String,
    /// Whose it is.
    pub layout: RepoLayout,
    /// Its stanza, server, instance or site.
    pub name: Option<String>,
    /// Which cluster of a stanza.
    pub archive_id: Option<String>,
    /// Its folder, in the store.
    pub base: String,
    /// What it was recognised by.
    pub by: Vec<String>,
    /// Folders with its WAL, in the store.
    pub wal: Vec<String>,
    /// What of it is not looked at, and why.
    pub left_out: Vec<String>,
    /// The tool encrypts it with a passphrase of its own.
    pub is_encrypted: bool,
    /// Its backups, oldest first.
    pub backups: Vec<ListedBackup>,
    /// What is wrong with the tool's own files.
    pub defects: Vec<RepoDefect>,
    keys_of_wal: Keys,
    keys_of_backups: Keys,
    keys: Keys,
    /// Whatever lies there counts, not only what the tool finds.
    whatever_lies_there: bool,
    store: Arc<dyn Store>,
}

impl Repository {
    /// Reads what lies there.
    ///
    /// # Errors
    /// The place cannot be looked at, or which cluster is meant is open.
    pub fn read(
        store: Arc<dyn Store>,
        candidate: Candidate,
        choice: &RepoChoice,
        how: &PlaceReading,
    ) -> Result<Repository, RepoError> {
        let keys = &how.keys;
        let (contents, without_backups) = (how.contents.as_ref(), how.without_backups);
        let cluster = how.cluster;
        let reading = Reading { store: store.as_ref(), keys, contents, without_backups, cluster };
        let RepoContents { wal, archive_id, backups, defects, by, left_out, keys_of_wal, keys_of_backups } =
            layout::read(&reading, &candidate, choice)?;
        let Candidate { layout, base, name, by: told, .. } = candidate;
        let mut repository = Repository {
            place: store.describe(),
            layout,
            name,
            archive_id,
            base,
            by: told.into_iter().chain(by).collect(),
            wal,
            left_out,
            backups,
            defects,
            is_encrypted: keys_of_wal.is_some(),
            keys_of_wal: keys_of_wal.unwrap_or_else(|| keys.clone()),
            keys_of_backups: keys_of_backups.unwrap_or_else(|| keys.clone()),
            keys: keys.clone(),
            whatever_lies_there: without_backups,
            store,
        };
        if !repository.backups.is_empty() {
            let wal = repository.wal_with(&[])?;
            whose_wal::judge(wal.as_ref(), &mut repository.backups);
        }
        Ok(repository)
    }

    /// Its WAL. What the tool's files say of a backup lies there as a backup history file, which is how a server says
    /// it: under the name that the tool gave to the backup.
    ///
    /// # Errors
    /// The WAL cannot be looked at.
    pub fn source(&self) -> Result<Box<dyn Source>, RepoError> {
        self.wal_with(&self.backups)
    }

    /// Its WAL, with what is told of these backups.
    fn wal_with(&self, backups: &[ListedBackup]) -> Result<Box<dyn Source>, RepoError> {
        let wal = with_keys(self.store.wal(&self.wal)?, self.keys_of_wal.clone());
        // Whoever fetches WAL itself needs no tool for it.
        let lookup = layout::lookup(self.layout).filter(|_| !self.whatever_lies_there);
        Ok(Box::new(RepoSource::new(wal, lookup, backups, &|file| self.path(file))))
    }

    /// The WAL that lies inside of a backup.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn wal_inside(&self, backup: &ListedBackup) -> Result<Option<Box<dyn Source>>, RepoError> {
        match &backup.wal_inside {
            Some(folder) => {
                let wal = self.store.wal(std::slice::from_ref(folder))?;
                let wal = with_keys(wal, backup.keys.clone().unwrap_or_else(|| self.keys.clone()));
                let lookup = Some(Lookup { each: layout::inside_wal::look_up, first_of: &[], not_yet: &[] });
                Ok(Some(Box::new(RepoSource::new(wal, lookup, &[], &|file| self.path(file)))))
            }
            None => Ok(None),
        }
    }

    /// The backup of this name; `latest` is the one that its tool takes for the newest, wherever it starts.
    pub fn backup(&self, name: &str) -> Option<&ListedBackup> {
        match name {
            "latest" => self.backups.get(backup::newest(&self.backups)?),
            name => self.backups.iter().find(|backup| backup.label == name),
        }
    }

    /// The backup that stands among the WAL under this name.
    pub fn listed_as(&self, shown: &str) -> Option<&ListedBackup> {
        self.backups.iter().find(|backup| backup.file == shown)
    }

    pub(crate) fn keys_of_backups(&self) -> &Keys {
        &self.keys_of_backups
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Where a file of it lies on this machine's disk.
    pub fn path(&self, file: &str) -> Option<PathBuf> {
        self.store.path(file)
    }
}
