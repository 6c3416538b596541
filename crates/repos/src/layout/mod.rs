//! Whose repository it is: a file a tool.
//!
//! Each says what of a folder is its own ([`here`]) and reads what the tool's files say of a cluster ([`read`]).

mod barman;
mod folder;
mod manifest;
mod pgbackrest;
mod pghoard;
mod probackup;
mod stanza;
mod walg;

use crate::backup::ListedBackup;
use crate::error::RepoError;
use crate::place::{Candidate, RepoChoice};
use crate::repository::RepoDefect;
use crate::store::{Items, Store};
use pgwal_source::{Keys, SourceError};
use std::fmt;
use std::str::FromStr;

pub(crate) use stanza::is_archive_id;

/// Whose repository it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RepoLayout {
    /// pgBackRest.
    PgBackRest,
    /// Barman's server.
    Barman,
    /// barman-cloud, and what uses it (CloudNativePG).
    BarmanCloud,
    /// WAL-G, and WAL-E before it.
    WalG,
    /// pg_probackup.
    PgProbackup,
    /// pghoard.
    Pghoard,
    /// A folder of WAL, of pg_receivewal or of any archive_command.
    Folder,
}

impl RepoLayout {
    /// Every layout.
    pub const ALL: [RepoLayout; 7] = [
        RepoLayout::PgBackRest,
        RepoLayout::Barman,
        RepoLayout::BarmanCloud,
        RepoLayout::WalG,
        RepoLayout::PgProbackup,
        RepoLayout::Pghoard,
        RepoLayout::Folder,
    ];

    /// As the option `--layout` has it, and JSON.
    pub const fn option(self) -> &'static str {
        match self {
            RepoLayout::PgBackRest => "pgbackrest",
            RepoLayout::Barman => "barman",
            RepoLayout::BarmanCloud => "barman-cloud",
            RepoLayout::WalG => "wal-g",
            RepoLayout::PgProbackup => "pg_probackup",
            RepoLayout::Pghoard => "pghoard",
            RepoLayout::Folder => "folder",
        }
    }

    /// The option that chooses one of several by its name.
    pub const fn chosen_by(self) -> Option<&'static str> {
        match self {
            RepoLayout::PgBackRest => Some("--stanza"),
            RepoLayout::Folder => None,
            _ => Some("--server"),
        }
    }
}

impl fmt::Display for RepoLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RepoLayout::PgBackRest => "pgBackRest",
            RepoLayout::Barman => "Barman",
            RepoLayout::BarmanCloud => "barman-cloud",
            RepoLayout::WalG => "WAL-G",
            RepoLayout::PgProbackup => "pg_probackup",
            RepoLayout::Pghoard => "pghoard",
            RepoLayout::Folder => "folder of WAL",
        })
    }
}

impl FromStr for RepoLayout {
    type Err = ();
    fn from_str(text: &str) -> Result<RepoLayout, ()> {
        RepoLayout::ALL.into_iter().find(|layout| layout.option() == text).ok_or(())
    }
}

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
}

/// Where a repository is read, and with what it is opened.
pub(crate) struct Reading<'a> {
    pub store: &'a dyn Store,
    pub keys: &'a Keys,
}

/// The repositories whose own folder this is.
pub(crate) fn here(store: &dyn Store, folder: &str, items: &Items) -> Result<Vec<Candidate>, SourceError> {
    let asks: [fn(&dyn Store, &str, &Items) -> Result<Vec<Candidate>, SourceError>; 6] =
        [stanza::here, walg::here, barman::here, probackup::here, pghoard::here, folder::here];
    for ask in asks {
        let found = ask(store, folder, items)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// Reads what a repository's files say.
pub(crate) fn read(
    reading: &Reading<'_>,
    candidate: &Candidate,
    choice: &RepoChoice,
) -> Result<RepoContents, RepoError> {
    let store = reading.store;
    match candidate.layout {
        RepoLayout::PgBackRest => pgbackrest::read(reading, candidate, choice),
        RepoLayout::Barman | RepoLayout::BarmanCloud => Ok(barman::read(store, candidate)?),
        RepoLayout::WalG => Ok(walg::read(store, candidate)?),
        RepoLayout::PgProbackup => Ok(probackup::read(store, candidate)?),
        RepoLayout::Pghoard => Ok(pghoard::read(store, candidate)?),
        RepoLayout::Folder => Ok(RepoContents { wal: vec![candidate.base.clone()], ..RepoContents::default() }),
    }
}
