//! The tools whose repositories are known.

use std::fmt;
use std::str::FromStr;

/// Whose repository it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RepoLayout {
    /// pgBackRest.
    PgBackRest,
    /// Barman's server.
    Barman,
    /// barman-cloud, and what uses it (CloudNativePG).
    BarmanCloud,
    /// WAL-G.
    WalG,
    /// WAL-E, before it.
    WalE,
    /// pg_probackup.
    PgProbackup,
    /// pghoard.
    Pghoard,
    /// A folder of WAL, of pg_receivewal or of any archive_command.
    Folder,
}

impl RepoLayout {
    /// Every layout.
    pub const ALL: [RepoLayout; 8] = [
        RepoLayout::PgBackRest,
        RepoLayout::Barman,
        RepoLayout::BarmanCloud,
        RepoLayout::WalG,
        RepoLayout::WalE,
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
            RepoLayout::WalE => "wal-e",
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
            RepoLayout::WalE => "WAL-E",
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
