//! `walproof compare`: where two copies of an archive differ, and which is right.

mod mend;

use crate::exit::Exit;
use crate::input::open_place;
use crate::keys::KeyOptions;
use crate::progress::Bar;
use crate::repo::PlaceOptions;
use crate::speed::SpeedOptions;
use crate::streams::page;
use anyhow::{Context, bail};
use clap::ValueEnum;
use mend::MendedCopy;
use pgwal::format::SegmentName;
use pgwal::source::Entry;
use pgwal::verify::Options;
use pgwal::verify::compare::compare;
use pgwal_report::compare::{CompareAnswer, json, text};
use pgwal_report::outside::{Lines, OutputForm};
use std::io::Write;
use std::path::PathBuf;

/// Options of `compare`.
#[derive(clap::Args)]
pub struct CompareArgs {
    /// A copy: whatever verify takes as ARCHIVE, a single file as well
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The other copy
    #[arg(value_name = "B")]
    b: PathBuf,
    /// Write a mended copy into this folder, outside of both: of each file the good copy. Nothing there is overwritten;
    /// if the copy is whole, the exit code is 0
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    #[command(flatten)]
    speed: SpeedOptions,
    #[command(flatten)]
    place: PlaceOptions,
    #[command(flatten)]
    keys: KeyOptions,
    /// How to say it
    #[arg(long, value_enum, default_value_t = CompareFormat::Text)]
    format: CompareFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CompareFormat {
    Text,
    Json,
}

impl CompareFormat {
    fn form(self) -> OutputForm {
        match self {
            CompareFormat::Text => OutputForm::Plain,
            CompareFormat::Json => OutputForm::Json,
        }
    }
}

/// Compares, and writes what was asked for.
pub fn run(args: &CompareArgs) -> anyhow::Result<Exit> {
    let pace = args.speed.pace();
    let open = |path: &PathBuf| open_place(std::slice::from_ref(path), pace.clone(), &args.place, &args.keys);
    let (a, b) = (open(&args.a)?, open(&args.b)?);
    let sources = [a.source.as_ref(), b.source.as_ref()];
    let mut copy = args.write.as_deref().map(|folder| MendedCopy::new(folder, [&args.a, &args.b])).transpose()?;
    let bar = Bar::new(false);
    let mut options = Options::default();
    options.jobs = args.speed.jobs();
    options.map = args.speed.map();
    options.progress = Some(&bar);
    let mut chosen: Vec<(SegmentName, usize, Entry)> = Vec::new();
    let keep = copy.is_some();
    let found = compare(sources, &options, &mut |name, side, entry| {
        if keep {
            chosen.push((name, side, entry.clone()));
        }
        Ok(())
    })?;
    bar.finish();
    let named = [&args.a, &args.b].map(|path| path.display().to_string());
    let found = found.with_context(|| format!("{}, {}: no file there says whose WAL it is", named[0], named[1]))?;
    let written = match &mut copy {
        Some(_) if found.foreign => {
            bail!("--write makes one copy of two of the same archive, and these are two archives")
        }
        Some(copy) => Some(copy.write(sources, &found, &chosen, &options)?),
        None => None,
    };
    let answer = CompareAnswer { named, found: &found, written };
    let mut out = page(args.format.form());
    match args.format {
        CompareFormat::Text => text::write(&mut Lines::new(&mut out), &answer)?,
        CompareFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &json::document(&answer))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(if answer.is_well() { Exit::Clean } else { Exit::Refuted })
}
