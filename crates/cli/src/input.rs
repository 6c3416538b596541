//! The options that every command on an archive shares, and opening it.

use crate::config::ConfigOptions;
use crate::from::FromOptions;
use crate::keys::KeyOptions;
use crate::repo::PlaceOptions;
use crate::speed::SpeedOptions;
use anyhow::{Context, ensure};
use pgwal::repos::shell::quoted;
use pgwal::repos::{self, ContentsReading, OpenedPlace, PlaceReading};
use pgwal::source::{Pace, Source};
use pgwal::verify::{Depth, Options, contents};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the WAL is.
#[derive(clap::Args, Clone)]
pub struct InputOptions {
    /// A folder of WAL, a data directory or its pg_wal, a repository of a backup tool, a tar, files, or - for standard
    /// input
    ///
    /// An object store's URL is a place, too: s3://BUCKET/PREFIX, gs://…, az://…. Several places are read as one
    /// archive, each file from the first that has it whole.
    #[arg(value_name = "ARCHIVE", required_unless_present_any = ["path", "stanza", "barman_conf"])]
    pub archive: Vec<PathBuf>,
    /// The same as ARCHIVE
    #[arg(short, long, value_name = "ARCHIVE", conflicts_with = "archive")]
    pub path: Option<PathBuf>,
    #[command(flatten)]
    pub reading: ReadingOptions,
    #[command(flatten)]
    pub config: ConfigOptions,
    /// The cluster that is meant where a place has several and none is chosen.
    #[arg(skip)]
    pub cluster: Option<u64>,
}

/// How the places are read that a command names in its own way.
#[derive(clap::Args, Clone, Default)]
pub struct ReadingOptions {
    #[command(flatten)]
    pub speed: SpeedOptions,
    #[command(flatten)]
    pub from: FromOptions,
    #[command(flatten)]
    pub place: PlaceOptions,
    #[command(flatten)]
    pub keys: KeyOptions,
}

impl ReadingOptions {
    /// These places, read so.
    pub fn of(&self, archive: Vec<PathBuf>) -> InputOptions {
        InputOptions { archive, path: None, reading: self.clone(), config: ConfigOptions::default(), cluster: None }
    }
}

impl InputOptions {
    /// The same, with what is known of the cluster.
    pub fn of_cluster(&self, cluster: Option<u64>) -> InputOptions {
        InputOptions { cluster, ..self.clone() }
    }

    /// Something was named.
    pub fn is_named(&self) -> bool {
        self.path.is_some() || !self.archive.is_empty()
    }

    /// Something was named, or a configuration names it.
    pub fn is_placed(&self) -> bool {
        self.is_named() || self.reading.place.stanza.is_some() || self.config.barman_conf.is_some()
    }

    /// Opens what was named.
    pub fn open(&self) -> anyhow::Result<Box<dyn Source>> {
        self.open_good()
    }

    /// Opens what was named, with the repository that it lies in.
    pub fn open_place(&self) -> anyhow::Result<OpenedPlace> {
        self.open_place_with(None)
    }

    /// The same, with the contents of the repository's backups.
    pub fn open_place_with(&self, contents: Option<ContentsReading>) -> anyhow::Result<OpenedPlace> {
        let meant = self.place(contents)?;
        repos::open(&meant.paths, &meant.choice, meant.how.clone()).map_err(|error| meant.refused(error))
    }

    /// How the contents of backups are read: of one, by its name, or of all.
    pub fn contents(&self, backup: Option<String>) -> ContentsReading {
        ContentsReading { jobs: self.reading.speed.jobs(), backup, plain: contents::plain }
    }

    /// What was named.
    pub fn named(&self) -> Vec<PathBuf> {
        self.path.iter().chain(&self.archive).cloned().collect()
    }

    /// Every place that was named, as a shell takes them.
    pub fn shown(&self) -> String {
        let all = self.each_named().into_iter().flatten();
        all.map(|path| quoted(&path.display().to_string())).collect::<Vec<_>>().join(" ")
    }

    /// How to read it: so many threads, mapped or not, and what others write at this moment is waited for.
    pub fn options(&self) -> Options<'static> {
        self.reading.speed.options()
    }
}

/// Opens a place: the one way to do it.
pub fn open_place(
    paths: &[PathBuf],
    pace: Option<Arc<Pace>>,
    place: &PlaceOptions,
    keys: &KeyOptions,
) -> anyhow::Result<OpenedPlace> {
    Ok(repos::open(paths, &place.choice(), PlaceReading { keys: keys.keys()?, pace, ..PlaceReading::default() })?)
}

/// Opens the WAL of one place.
pub fn open(path: &Path, place: &PlaceOptions, keys: &KeyOptions) -> anyhow::Result<Box<dyn Source>> {
    Ok(open_place(&[path.to_path_buf()], None, place, keys)?.source)
}

/// The bytes of a file that an option names. A pipe would be waited for, and what is too large is not taken into
/// memory.
pub fn plain(path: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let found = std::fs::metadata(path).with_context(|| shown.to_string())?;
    ensure!(found.is_file(), "{shown} is no plain file");
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| shown.to_string())?;
    file.take(limit + 1).read_to_end(&mut bytes).with_context(|| shown.to_string())?;
    ensure!(bytes.len() as u64 <= limit, "{shown} is larger than {limit} bytes: it is not read");
    Ok(bytes)
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
