//! The files of the data directory that a backup in a repository is of.

use crate::backup::ListedBackup;
use crate::data_fault::DataFault;
use crate::layout::{Reading, manifest_files};
use crate::repo_layout::RepoLayout;
use crate::repository::Repository;
use crate::store::{Items, join};
use pgwal_source::{SourceError, TakeFile, WantsFile};
use std::path::PathBuf;

/// How the files of a backup's data directory are read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DataPlace {
    /// They lie on this machine's disk, in a data directory or in a tar of one.
    Disk(PathBuf),
    /// [`Repository::each_data_file`] hands them on.
    Kept,
    /// Not at all.
    Closed,
}

impl Repository {
    /// How the files of a backup's data directory are read.
    ///
    /// # Errors
    /// The repository cannot be looked at.
    pub fn data_place(&self, backup: &ListedBackup) -> Result<DataPlace, SourceError> {
        match self.layout {
            RepoLayout::PgBackRest => Ok(DataPlace::Kept),
            RepoLayout::Barman => {
                let own = join(&join(&self.base, "base"), &backup.label);
                let items = Items::of(self.store(), &own)?;
                let folder = items.has_folder("data").then_some("data");
                let tar = || items.files().map(|(name, _)| name).find(|name| name.starts_with("data.tar"));
                let path = folder.or_else(tar).and_then(|name| self.path(&join(&own, name)));
                Ok(path.map_or(DataPlace::Closed, DataPlace::Disk))
            }
            _ => Ok(DataPlace::Closed),
        }
    }

    /// Hands on the files that are wanted, by their paths in the data directory.
    ///
    /// # Errors
    /// One cannot be read, or the tool of this repository keeps its files in a way that is not read.
    pub fn each_data_file(
        &self,
        backup: &ListedBackup,
        wants: &WantsFile<'_>,
        take: &mut TakeFile<'_>,
    ) -> Result<(), DataFault> {
        if self.layout != RepoLayout::PgBackRest {
            return Err(DataFault::unread(&backup.label, "files of this tool's backups are not read one by one"));
        }
        let reading = Reading {
            store: self.store(),
            keys: self.keys_of_backups(),
            contents: None,
            without_backups: false,
            cluster: None,
        };
        manifest_files::each(&reading, backup, wants, take)
    }
}
