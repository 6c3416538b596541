//! `walproof summarize`: what a part of an archive comes to, for `walproof verify --summaries`.

use crate::exit::Exit;
use crate::keys::KeyOptions;
use crate::output::deliver;
use crate::progress::Bar;
use crate::speed::SpeedOptions;
use anyhow::ensure;
use pgwal::source::name::{self, NamePlace};
use pgwal::source::{share, with_keys};
use pgwal::verify::Options;
use pgwal::verify::index::summarize;
use std::path::PathBuf;

/// Options of `summarize`.
#[derive(clap::Args)]
pub struct SummarizeArgs {
    /// Files and subfolders of an archive, or a folder
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Where to write the summary
    #[arg(short, long, value_name = "PART")]
    output: PathBuf,
    #[command(flatten)]
    speed: SpeedOptions,
    #[command(flatten)]
    keys: KeyOptions,
}

/// Summarises and writes.
pub fn run(args: &SummarizeArgs) -> anyhow::Result<Exit> {
    let (here, gone): (Vec<PathBuf>, Vec<PathBuf>) =
        args.files.iter().cloned().partition(|file| file.symlink_metadata().is_ok());
    for file in &gone {
        // Segments expire between listing and reading; where one was needed, the join tells the gap.
        let is_wal = file
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| matches!(name::place(name), NamePlace::Wal(_)));
        ensure!(is_wal && !here.is_empty(), "{}: no such file", file.display());
        crate::complain(format!("{}: not there any more, left out", file.display()));
    }
    let source = share(&here, args.speed.pace())?;
    let source = with_keys(source, args.keys.keys()?);
    ensure!(!source.list()?.entries.is_empty(), "no WAL there");
    let bar = Bar::new(false);
    let mut options = Options::default();
    options.jobs = args.speed.jobs();
    options.map = args.speed.map();
    options.progress = Some(&bar);
    let part = summarize(source.as_ref(), &options.look())?;
    bar.finish();
    deliver(&part, &args.output)?;
    Ok(Exit::Clean)
}
