//! `walproof top`: what WAL consists of, and what it would be with other settings.

use super::guard::age;
use super::history::{HistoryOptions, exit};
use crate::exit::Exit;
use crate::streams::page;
use anyhow::ensure;
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pgwal::catalog::Names;
use pgwal::forensics::{FartherCheckpoints, NoteFinding, TopWish, WhatIf, top};
use pgwal::source::{ImagePacking, Source};
use pgwal::verify::records::{ListRequest, ListSink, NoEvent};
use pgwal_query::sizes::bytes_of;
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::top::{TopReport, TopSection, csv, json, text};
use std::io::Write;

/// Options of `top`.
#[derive(clap::Args)]
#[command(
    after_help = "Bytes are those of records, as pg_waldump --stats counts them. A record with blocks of several relations is divided: image and data of a block belong to its relation, the rest to that of the first block. Exit code 1: a record could not be read."
)]
pub struct TopArgs {
    #[command(flatten)]
    history: HistoryOptions,
    /// What to list, with commas between [default: relation,record,minute,checkpoint]
    #[arg(long, value_name = "WHAT", value_parser = sections(), value_delimiter = ',')]
    by: Vec<TopSection>,
    /// List so many of each, the largest [default: 10 in text, else all]
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// How much WAL there would be with compression=off, pglz, lz4 or zstd; or with checkpoint=2x (every second one of
    /// those there are), 30min or 4GB (those so far apart); one of each
    #[arg(long, value_name = "SETTING", value_parser = what_if)]
    what_if: Vec<AskedSetting>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = TopFormat::Text)]
    format: TopFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TopFormat {
    /// For people
    Text,
    /// A JSON document
    Json,
    /// Comma-separated values
    Csv,
}

/// A setting that WAL was not written with.
#[derive(Clone, Copy)]
enum AskedSetting {
    Compression(ImagePacking),
    Checkpoint(FartherCheckpoints),
}

/// Groups of a list for people.
const TOLD: usize = 10;
/// What is listed where nothing is asked for.
const USUAL: [TopSection; 4] = [TopSection::Relation, TopSection::Record, TopSection::Minute, TopSection::Checkpoint];

fn sections() -> impl TypedValueParser<Value = TopSection> {
    let find = |name: String| TopSection::ALL.into_iter().find(|section| section.name() == name).ok_or("no such list");
    PossibleValuesParser::new(TopSection::ALL.map(TopSection::name)).try_map(find)
}

/// Reads a setting.
fn what_if(text: &str) -> Result<AskedSetting, String> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let compression = || ImagePacking::ALL.into_iter().find(|method| method.name() == value);
    match name {
        "compression" => match compression() {
            Some(method) if method.is_here() => Ok(AskedSetting::Compression(method)),
            Some(_) => Err("this program was built without zstd".to_owned()),
            None => Err("compression is off, pglz, lz4 or zstd".to_owned()),
        },
        "checkpoint" => farther(value).map(AskedSetting::Checkpoint).ok_or_else(|| {
            "checkpoint is a factor from 2x on, a time, as 30min, or a distance in WAL, as 4GB".to_owned()
        }),
        _ => Err("compression=METHOD or checkpoint=DISTANCE".to_owned()),
    }
}

fn farther(text: &str) -> Option<FartherCheckpoints> {
    if let Some(times) = text.strip_suffix('x') {
        return times.parse().ok().filter(|times| *times >= 2).map(FartherCheckpoints::Times);
    }
    // "m" is minutes, as in other options; a size says more.
    match age(text) {
        Ok(apart) if !apart.is_zero() => i64::try_from(apart.as_micros()).ok().map(FartherCheckpoints::Micros),
        _ => bytes_of(text).filter(|bytes| *bytes > 0).map(FartherCheckpoints::Bytes),
    }
}

/// Sums up.
pub fn run(args: &TopArgs) -> anyhow::Result<Exit> {
    let zone = args.history.zone();
    let mut asked = WhatIf::default();
    let compressions = args.what_if.iter().filter(|asked| matches!(asked, AskedSetting::Compression(_))).count();
    ensure!(
        compressions <= 1 && args.what_if.len() - compressions <= 1,
        "--what-if takes one compression and one checkpoint at a time"
    );
    for setting in &args.what_if {
        match setting {
            AskedSetting::Compression(method) => asked.packing = Some(*method),
            AskedSetting::Checkpoint(farther) => asked.cycle = Some(*farther),
        }
    }
    let told = if args.format == TopFormat::Text { TOLD } else { usize::MAX };
    let wish = TopWish { limit: args.limit.map_or(told, |limit| limit as usize), what_if: asked };
    let opened = args.history.open()?;
    let look = |source: &dyn Source,
                wanted: &ListRequest<'_>,
                names: &Names,
                tell: &NoteFinding<'_>,
                sink: &mut ListSink<'_, NoEvent>| top(source, wanted, &wish, names, tell, sink);
    let answer = args.history.ask_of(&opened, &zone, look)?;
    let (exit, tells) = exit(&answer.gathered, answer.range.is_some(), args.format == TopFormat::Json);
    if !tells {
        return Ok(exit);
    }
    let by = if args.by.is_empty() { &USUAL[..] } else { &args.by };
    let report = TopReport {
        place: opened.source().describe(),
        by,
        packing: asked.packing,
        farther: asked.cycle,
        answer: &answer,
    };
    let mut out = page(if args.format == TopFormat::Json { OutputForm::Json } else { OutputForm::Plain });
    match args.format {
        TopFormat::Text => text::write(&mut Lines::new(&mut out), &report, &zone)?,
        TopFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &json::document(&report))?;
            writeln!(out)?;
        }
        TopFormat::Csv => out.write_all(csv::rows(&report).as_bytes())?,
    }
    out.flush()?;
    Ok(exit)
}
