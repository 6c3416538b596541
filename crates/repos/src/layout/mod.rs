//! Whose repository it is: a file a tool.
//!
//! Each says what of a folder is its own (`here`) and reads what the tool's files say of a cluster (`read`).

mod barman;
mod barman_data;
mod barman_wal;
pub(crate) mod barman_xlogdb;
mod folder;
pub(crate) mod inside_wal;
mod manifest;
mod manifest_contents;
pub(crate) mod manifest_files;
mod packed_contents;
mod pgbackrest;
mod pgbackrest_wal;
mod pghoard;
mod pghoard_wal;
mod probackup;
mod probackup_contents;
mod probackup_wal;
mod stanza;
pub(crate) mod wale;
mod walg;
mod walg_wal;

use crate::backup::ListedBackup;
use crate::candidate::Candidate;
use crate::choice::RepoChoice;
use crate::contents::ContentsReading;
use crate::defect::RepoDefect;
use crate::error::RepoError;
use crate::lookup::Lookup;
use crate::repo_layout::RepoLayout;
use crate::store::{Items, Store};
use pgwal_source::{Keys, SourceError};

pub(crate) use pgbackrest::archive_ids;
pub(crate) use stanza::is_archive_id;

/// What the files of a repository say of one cluster.
#[derive(Default)]
pub(crate) struct RepoContents {
    /// Folders with its WAL: the first with subfolders.
    pub wal: Vec<String>,
    /// Which cluster of a stanza it is.
    pub archive_id: Option<String>,
    /// Its backups, oldest first.
    pub backups: Vec<ListedBackup>,
    /// What is wrong with the tool's own files.
    pub defects: Vec<RepoDefect>,
    /// What was recognised by, beyond the candidate.
    pub by: Vec<String>,
    /// What of it is not looked at, and why.
    pub left_out: Vec<String>,
    /// What opens its WAL, where the repository itself says so.
    pub keys_of_wal: Option<Keys>,
    /// What opens what describes its backups, where the repository itself says so.
    pub keys_of_backups: Option<Keys>,
}

/// Where a repository is read, and with what it is opened.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub store: &'a dyn Store,
    pub keys: &'a Keys,
    /// Whether contents of backups are read, too.
    pub contents: Option<&'a ContentsReading>,
    /// Only the WAL is asked for: [`RepoContents::backups`] stays empty, and nothing is read of them.
    pub without_backups: bool,
    /// The cluster that is meant where no other is chosen.
    pub cluster: Option<u64>,
}

/// What of a folder is a tool's own.
type AskHere = fn(&dyn Store, &str, &Items) -> Result<Vec<Candidate>, SourceError>;

/// The repositories whose own folder this is.
pub(crate) fn here(store: &dyn Store, folder: &str, items: &Items) -> Result<Vec<Candidate>, SourceError> {
    let asks: [AskHere; 6] = [stanza::here, walg::here, barman::here, probackup::here, pghoard::here, folder::here];
    for ask in asks {
        let found = ask(store, folder, items)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// Which files of WAL the tool finds, and how it opens them; `None`: nobody does but by their names.
pub(crate) fn lookup(layout: RepoLayout) -> Option<Lookup> {
    Some(match layout {
        RepoLayout::PgBackRest => Lookup { each: pgbackrest_wal::look_up, first_of: &[], not_yet: &[] },
        RepoLayout::Barman => Lookup { each: barman_wal::look_up, first_of: &[], not_yet: &barman_wal::NOT_YET },
        RepoLayout::BarmanCloud => {
            Lookup { each: barman_wal::look_up_in_cloud, first_of: barman_wal::FIRST_OF_CLOUD, not_yet: &[] }
        }
        RepoLayout::WalG | RepoLayout::WalE => {
            Lookup { each: walg_wal::look_up, first_of: walg_wal::FIRST_OF, not_yet: &[] }
        }
        RepoLayout::PgProbackup => {
            Lookup { each: probackup_wal::look_up, first_of: probackup_wal::FIRST_OF, not_yet: &[] }
        }
        RepoLayout::Pghoard => Lookup { each: pghoard_wal::look_up, first_of: &[], not_yet: &[] },
        RepoLayout::Folder => return None,
    })
}

/// Reads what a repository's files say.
pub(crate) fn read(
    reading: &Reading<'_>,
    candidate: &Candidate,
    choice: &RepoChoice,
) -> Result<RepoContents, RepoError> {
    match candidate.layout {
        RepoLayout::PgBackRest => pgbackrest::read(reading, candidate, choice),
        RepoLayout::Barman | RepoLayout::BarmanCloud => Ok(barman::read(reading, candidate)?),
        RepoLayout::WalG | RepoLayout::WalE => Ok(walg::read(reading, candidate)?),
        RepoLayout::PgProbackup => Ok(probackup::read(reading, candidate)?),
        RepoLayout::Pghoard => Ok(pghoard::read(reading, candidate)?),
        RepoLayout::Folder => Ok(RepoContents { wal: vec![candidate.base.clone()], ..RepoContents::default() }),
    }
}
