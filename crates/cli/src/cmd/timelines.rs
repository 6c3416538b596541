//! `walproof timelines`: which timelines an archive holds, how they descend from each other, and what each has.

use crate::exit::Exit;
use crate::input::{At, InputOptions};
use crate::progress::Bar;
use crate::streams::page;
use crate::zone::ZoneOption;
use clap::ValueEnum;
use pgwal::verify::ended::RunEnd;
use pgwal::verify::{Severity, Which, verify};
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::timelines;
use std::io::Write;

/// Options of `timelines`.
#[derive(clap::Args)]
pub struct TimelinesArgs {
    #[command(flatten)]
    input: InputOptions,
    /// How thoroughly to look: positions of ends, and numbers of records, need records
    #[arg(long, value_enum, default_value_t = At::Records)]
    depth: At,
    #[command(flatten)]
    zone: ZoneOption,
    /// How to say it
    #[arg(long, value_enum, default_value_t = TimelinesFormat::Text)]
    format: TimelinesFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TimelinesFormat {
    Text,
    Json,
}

impl TimelinesFormat {
    fn form(self) -> OutputForm {
        match self {
            TimelinesFormat::Text => OutputForm::Plain,
            TimelinesFormat::Json => OutputForm::Json,
        }
    }
}

/// Shows the tree.
pub fn run(args: &TimelinesArgs) -> anyhow::Result<Exit> {
    let source = args.input.open()?;
    let bar = Bar::new(false);
    let mut options = args.input.options();
    options.depth = args.depth.into();
    options.timeline = Which::Latest;
    options.progress = Some(&bar);
    let outcome = verify(source.as_ref(), &options)?;
    bar.finish();
    let mut out = page(args.format.form());
    match args.format {
        TimelinesFormat::Text => {
            timelines::text::write(&mut Lines::new(&mut out), &outcome, &source.describe(), &args.zone.zone())?
        }
        TimelinesFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &timelines::json::document(&outcome))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(RunEnd::of(&outcome, Severity::Error).into())
}
