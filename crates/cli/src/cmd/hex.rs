//! `walproof hex`: one record as bytes, each with the field that it belongs to.

use crate::cmd::reading::timeline;
use crate::exit::Exit;
use crate::from::FromOptions;
use crate::input::ReadingOptions;
use crate::place::{Basis, Geometry, Operand};
use crate::repo::PlaceOptions;
use crate::speed::SpeedOptions;
use crate::streams::page;
use crate::words::places_and_last;
use crate::zone::ZoneOption;
use clap::ValueEnum;
use pgwal::format::TimelineId;
use pgwal::verify::verify;
use pgwal_query::one::{self, NoRecord};
use pgwal_report::hex;
use pgwal_report::outside::{Lines, OutputForm};
use std::io::Write;
use std::path::PathBuf;

/// The options of `hex`.
#[derive(clap::Args)]
#[command(
    after_help = "A position inside a record names that record. Exit code 1: the record is damaged or not whole, or no record is there."
)]
pub struct HexArgs {
    /// A folder of WAL, a data directory or its pg_wal, or a file; several places are read as one archive; then the
    /// position: X/Y, 24 hex digits+OFFSET, …
    #[arg(value_name = "ARCHIVE LSN", required = true)]
    words: Vec<PathBuf>,
    /// The archive; LSN is the only word then
    #[arg(short, long, value_name = "ARCHIVE")]
    path: Option<PathBuf>,
    /// The timeline to recover to [default: the latest]
    #[arg(short, long, value_name = "N", value_parser = timeline)]
    timeline: Option<TimelineId>,
    #[command(flatten)]
    from: FromOptions,
    #[command(flatten)]
    place: PlaceOptions,
    #[command(flatten)]
    keys: crate::keys::KeyOptions,
    #[command(flatten)]
    zone: ZoneOption,
    /// How to say it
    #[arg(long, value_enum, default_value_t = HexFormat::Text)]
    format: HexFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum HexFormat {
    /// For people, in colour on a terminal
    Text,
    /// A JSON document
    Json,
}

impl HexFormat {
    fn form(self) -> OutputForm {
        match self {
            HexFormat::Text => OutputForm::Styled,
            HexFormat::Json => OutputForm::Json,
        }
    }
}

/// Shows the record.
pub fn run(args: &HexArgs) -> anyhow::Result<Exit> {
    let Some((archive, word)) = places_and_last(args.path.as_ref(), &args.words) else {
        anyhow::bail!("an archive and one position are needed: walproof hex ARCHIVE LSN");
    };
    let word = word.to_string_lossy();
    let reading = ReadingOptions {
        speed: SpeedOptions::unmapped(),
        from: args.from.clone(),
        place: args.place.clone(),
        keys: args.keys.clone(),
    };
    let input = reading.of(archive);
    let source = input.open()?;
    let options = input.options();
    let Some(layout) = verify(source.as_ref(), &options.any_names())?.layout else {
        crate::complain(format_args!("{}: no file there says how to read it", source.describe()));
        return Ok(Exit::CouldNotTell);
    };
    let operand = Operand::read(&word).map_err(anyhow::Error::from)?;
    let mut basis = Basis::of(&Geometry { segment_size: None, version: None }, &[&operand])?;
    basis.settle(&layout)?;
    let lsn = operand.lsn(&basis)?;
    let timeline = args.timeline.or(operand.timeline());
    let one = match one::find(source.as_ref(), lsn, timeline, &options) {
        Ok(one) => one,
        Err(NoRecord::Unreadable) => return Ok(Exit::CouldNotTell),
        Err(NoRecord::Nowhere(why)) => {
            crate::complain(why);
            return Ok(Exit::Refuted);
        }
        Err(NoRecord::Verify(error)) => return Err(error.into()),
        Err(NoRecord::List(error)) => return Err(error.into()),
    };
    let mut out = page(args.format.form());
    match args.format {
        HexFormat::Text => hex::text::write(&mut Lines::new(&mut out), &one, &args.zone.zone())?,
        HexFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &hex::json::document(&one, lsn))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(match one.is_right() {
        true => Exit::Clean,
        false if !one.findings.is_empty() && one.findings.iter().all(|f| f.code.is_could_not_look()) => {
            Exit::CouldNotTell
        }
        false => Exit::Refuted,
    })
}
