//! `walproof archive-push`: an `archive_command`. What it says goes to the server's log.

use super::check::complain_of;
use crate::exit::Exit;
use anyhow::{Context, ensure};
use clap::ValueEnum;
use pgwal::format::FileName;
use pgwal::ship::check::Strictness;
use pgwal::ship::destination::{Destination, destination};
use pgwal::ship::push::{OnDamage, PushAnswer, PushEnd, PushOptions, push_along};
use pgwal::source::WalPacking;
use std::path::{Path, PathBuf};

/// Options of `archive-push`.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 the server may forget the file, 1 everything else, wrong usage included.")]
pub struct ArchivePushArgs {
    /// The file, as the server names it: %p
    #[arg(value_name = "FILE", required_unless_present = "to")]
    file: Option<PathBuf>,
    /// Where to: a folder, which must be there, or an object store's URL; several: all of them must take it
    #[arg(long, value_name = "DEST", num_args = 1.., required = true)]
    to: Vec<PathBuf>,
    /// Pack it: zstd, lz4 or gzip, with a level as in zstd:9
    #[arg(long, value_name = "METHOD")]
    compress: Option<WalPacking>,
    /// What becomes of a segment that is damaged in pg_wal: refuse it, and archiving waits; or store it with a note
    /// beside it, which is said each time
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Damaged::Refuse)]
    on_damage: Damaged,
    /// Refuse a segment behind the point where, by a history file in DEST, a newer timeline left its own: of an old
    /// primary that writes on. It is stored with a warning otherwise, for that file may be a test restore's
    #[arg(long)]
    strict: bool,
    /// Keep here where segments ended that were archived, instead of reading the one before each time
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Keep here what was proven of each segment, so that `verify --index FILE` need not read it again; with one DEST
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    /// Files that are archived at once: of those that wait behind this one, so many less one are taken along
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Damaged {
    Refuse,
    Store,
}

/// Archives it.
pub fn run(args: &ArchivePushArgs) -> anyhow::Result<Exit> {
    let (file, to) = args.words()?;
    ensure!(args.index.is_none() || to.len() == 1, "an index is of one archive: name one DEST with --index");
    let places: Vec<Box<dyn Destination>> = to.iter().map(|to| destination(to)).collect::<Result<_, _>>()?;
    let places: Vec<&dyn Destination> = places.iter().map(Box::as_ref).collect();
    let on_damage = if args.on_damage == Damaged::Store { OnDamage::Store } else { OnDamage::Refuse };
    let strictness = if args.strict { Strictness::Strict } else { Strictness::Lenient };
    let options = PushOptions {
        on_damage,
        packing: args.compress,
        state: args.state.clone(),
        index: args.index.clone(),
        strictness,
    };
    let answer = push_along(file, &places, &options, usize::from(args.jobs.unwrap_or(1)))?;
    say(&answer);
    Ok(if answer.is_done() { Exit::Clean } else { Exit::Server(1) })
}

impl ArchivePushArgs {
    /// The file and the destinations: the file may stand behind them.
    fn words(&self) -> anyhow::Result<(&Path, &[PathBuf])> {
        if let Some(file) = &self.file {
            return Ok((file, &self.to));
        }
        let is_wal = |file: &PathBuf| file.file_name().and_then(|name| FileName::parse(name.to_str()?)).is_some();
        let (file, to) = self.to.split_last().filter(|(file, _)| is_wal(file)).context("FILE is missing, as %p")?;
        ensure!(!to.is_empty(), "DEST is missing: --to FOLDER");
        Ok((file, to))
    }
}

fn say(answer: &PushAnswer) {
    let file = answer.file;
    let stored = answer.each.iter().any(|(_, end)| end.is_ok());
    let verdict = match answer {
        PushAnswer { recycled: true, .. } => "is not needed by anybody, and not archived",
        _ if stored => "is archived although it is damaged",
        _ => "is not archived",
    };
    complain_of(file, verdict, &answer.inspection);
    for (place, end) in &answer.each {
        match end {
            Ok(PushEnd::Stored | PushEnd::StoredDamaged | PushEnd::There) => {}
            Err(refusal) => crate::complain(format_args!("{file} is not archived in {place}: {}", refusal.message())),
        }
    }
}
