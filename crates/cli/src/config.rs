//! The options that say where the configuration of a backup tool is, and which of its repositories is meant.

use pgwal::repos::{PlaceReading, RepoChoice, RepoError};
use std::path::PathBuf;

/// Where a configuration is. With `--stanza` or `--barman-conf` and without ARCHIVE, the place is the one that it
/// names.
#[derive(clap::Args, Clone, Default)]
pub struct ConfigOptions {
    /// Without ARCHIVE: pgBackRest's configuration, for --stanza [default: as pgBackRest finds it, PGBACKREST_CONFIG
    /// and the other variables of its environment included]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["archive", "path"], requires = "stanza", hide_short_help = true)]
    pub pgbackrest_conf: Option<PathBuf>,
    /// Without ARCHIVE: pgBackRest's number of the repository, where its configuration has several
    #[arg(long, value_name = "N", conflicts_with_all = ["archive", "path"], requires = "stanza", hide_short_help = true)]
    pub repo: Option<u32>,
    /// Without ARCHIVE: Barman's configuration, which says where the folder of --server is
    #[arg(long, value_name = "FILE", conflicts_with_all = ["archive", "path", "stanza"], hide_short_help = true)]
    pub barman_conf: Option<PathBuf>,
}

/// A place that is meant, and how it is read.
pub struct MeantPlace {
    /// As a user would name it.
    pub paths: Vec<PathBuf>,
    /// Which of several archives there.
    pub choice: RepoChoice,
    /// How it is read.
    pub how: PlaceReading,
    /// The configuration that names it, where one does.
    pub by: Option<ConfiguredBy>,
}

/// Where a configuration names a place.
pub struct ConfiguredBy {
    /// What of the configuration does.
    pub what: String,
    /// The option that chooses it among others.
    pub option: String,
}

impl MeantPlace {
    /// What keeps it from being opened, with what of a configuration names it.
    pub fn refused(&self, error: RepoError) -> anyhow::Error {
        match &self.by {
            Some(by) => anyhow::Error::from(error).context(by.what.clone()),
            None => error.into(),
        }
    }

    /// For an answer.
    pub fn shown(&self) -> String {
        self.paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ")
    }
}
