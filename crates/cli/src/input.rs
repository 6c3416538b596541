//! The options that every command on an archive shares, and opening it.

use pgwal::source::{self, Source, guard};
use pgwal::verify::Depth;
use std::path::PathBuf;

/// Where the WAL is.
#[derive(clap::Args)]
pub struct Input {
    /// A folder of WAL, a data directory or its pg_wal, a file, several files, or - for standard input
    #[arg(value_name = "ARCHIVE", required_unless_present = "path")]
    pub archive: Vec<PathBuf>,
    /// The same as ARCHIVE
    #[arg(short, long, value_name = "ARCHIVE", conflicts_with = "archive")]
    pub path: Option<PathBuf>,
    /// Threads [default: one a processor]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Read plain files in windows instead of mapping them into memory
    #[arg(long)]
    pub no_mmap: bool,
}

impl Input {
    /// Opens what was named.
    pub fn open(&self) -> anyhow::Result<Box<dyn Source>> {
        let paths: Vec<PathBuf> = self.path.iter().chain(&self.archive).cloned().collect();
        Ok(source::open(&paths)?)
    }

    /// How many threads.
    pub fn jobs(&self) -> usize {
        self.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
    }

    /// The guard that makes mapping safe, where mapping is wanted and the guard is to be had.
    pub fn map(&self) -> Option<guard::Guard> {
        if self.no_mmap { None } else { guard::install().ok() }
    }
}

/// How thoroughly to look, as an option says it.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum At {
    Names,
    Pages,
    Records,
}

impl From<At> for Depth {
    fn from(at: At) -> Depth {
        match at {
            At::Names => Depth::Names,
            At::Pages => Depth::Pages,
            At::Records => Depth::Records,
        }
    }
}
