//! `walproof timelines`: which timelines an archive holds, how they descend from each other, and what each has.

use crate::Exit;
use crate::input::{At, Input};
use crate::progress::Bar;
use crate::render::{timelines_json, timelines_text};
use clap::ValueEnum;
use pgwal::verify::{Options, Outcome, Severity, Which, verify};
use std::io::{self, Write};

/// Options of `timelines`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    input: Input,
    /// How thoroughly to look: positions of ends, and numbers of records, need records
    #[arg(long, value_enum, default_value_t = At::Records)]
    depth: At,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Shows the tree.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let source = args.input.open()?;
    let bar = Bar::new(false);
    let mut options = Options::default();
    options.depth = args.depth.into();
    options.timeline = Which::Latest;
    options.jobs = args.input.jobs();
    options.map = args.input.map();
    options.progress = Some(&bar);
    let outcome = verify(source.as_ref(), &options)?;
    bar.finish();
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    match args.format {
        Format::Text => timelines_text::write(&mut out, &outcome)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &timelines_json::document(&outcome))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(exit(&outcome))
}

/// Only what is wrong with timelines counts here.
fn exit(outcome: &Outcome) -> Exit {
    if outcome.layout.is_none() {
        return Exit::CouldNotTell;
    }
    let refuted = timelines_json::findings(outcome).any(|f| f.severity == Severity::Error);
    if refuted { Exit::Refuted } else { Exit::Clean }
}
