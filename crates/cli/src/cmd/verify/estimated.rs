//! `walproof verify --estimate`: what a run would read, without reading it.

use super::{VerifyArgs, VerifyFormat};
use crate::exit::Exit;
use crate::streams::page;
use anyhow::bail;
use pgwal::verify::estimate;
use pgwal_report::estimate as told;
use pgwal_report::outside::{Lines, OutputForm};
use std::io::Write;

/// Says it of each place.
pub fn run(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let form = match args.format {
        VerifyFormat::Text => OutputForm::Plain,
        VerifyFormat::Json => OutputForm::Json,
        _ => bail!("--estimate is told as text or as JSON"),
    };
    let opened = args.input.open_named(None)?;
    let index = args.memory.open(&args.input, args.depth)?;
    let (source, mut out) = (opened.source(), page(form));
    let (found, place) = (estimate::estimate(source, index.as_ref())?, source.describe());
    match args.format {
        VerifyFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &told::json(&place, &found))?;
            writeln!(out)?;
        }
        _ => told::write(&mut Lines::new(&mut out), &place, &found)?,
    }
    out.flush()?;
    Ok(Exit::Clean)
}
