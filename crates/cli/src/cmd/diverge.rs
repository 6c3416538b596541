//! `walproof diverge`: where two lines of WAL part, and what each has behind that.

use crate::exit::Exit;
use crate::from::FromOptions;
use crate::input::{InputOptions, ReadingOptions, plain};
use crate::keys::KeyOptions;
use crate::names::NamesOptions;
use crate::progress::Bar;
use crate::repo::PlaceOptions;
use crate::several::NamedArchive;
use crate::speed::SpeedOptions;
use crate::streams::{page, standard_error};
use crate::zone::ZoneOption;
use anyhow::ensure;
use clap::ValueEnum;
use pgwal::forensics::diverge::{DivergeSide, Divergence, SidesMeeting, diverge};
use pgwal::format::text::control::ControlFile;
use pgwal::format::{Layout, SegmentName, TimelineId};
use pgwal::source::{Source, UnfinishedSource};
use pgwal::verify::{Finding, Which};
use pgwal_report::diverge::{DivergeReport, json, text};
use pgwal_report::dump::text::damage;
use pgwal_report::outside::{Lines, OutputForm};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Options of `diverge`.
#[derive(clap::Args)]
pub struct DivergeArgs {
    /// A line of WAL: a data directory or its pg_wal, an archive, whatever verify takes
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The other one [default: A, with --timelines]
    #[arg(value_name = "B", required_unless_present = "timelines")]
    b: Option<PathBuf>,
    /// Another place of A, read with it as one archive: each file from the first that has it whole; may be given
    /// several times
    #[arg(long, value_name = "PLACE")]
    from_a: Vec<PathBuf>,
    /// Another place of B
    #[arg(long, value_name = "PLACE", requires = "b")]
    from_b: Vec<PathBuf>,
    /// Along which timeline each is read [default: the latest of each]
    #[arg(long, value_name = "N,M", value_parser = two_timelines)]
    timelines: Option<[TimelineId; 2]>,
    #[command(flatten)]
    names: NamesOptions,
    #[command(flatten)]
    speed: SpeedOptions,
    #[command(flatten)]
    place: PlaceOptions,
    #[command(flatten)]
    keys: KeyOptions,
    #[command(flatten)]
    zone: ZoneOption,
    /// How to say it
    #[arg(long, value_enum, default_value_t = DivergeFormat::Text)]
    format: DivergeFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DivergeFormat {
    /// For people
    Text,
    /// A JSON document
    Json,
}

/// A control file has 8 KiB.
const CONTROL: u64 = 1 << 16;

/// Reads one timeline for each side.
fn two_timelines(text: &str) -> Result<[TimelineId; 2], String> {
    let (a, b) = text.split_once(',').ok_or("two timelines, with a comma between: 1,2")?;
    Ok([super::reading::timeline(a)?, super::reading::timeline(b)?])
}

impl DivergeArgs {
    /// A side, with all its places.
    fn side(&self, place: &Path, from: &[PathBuf]) -> InputOptions {
        let (speed, place_options, keys) = (self.speed.clone(), self.place.clone(), self.keys.clone());
        let from = FromOptions { from: from.to_vec() };
        ReadingOptions { speed, from, place: place_options, keys }.of(vec![place.to_path_buf()])
    }
}

/// Says where they part.
pub fn run(args: &DivergeArgs) -> anyhow::Result<Exit> {
    let inputs = [
        args.side(&args.a, &args.from_a),
        match &args.b {
            Some(b) => args.side(b, &args.from_b),
            None => args.side(&args.a, &args.from_a),
        },
    ];
    let paths = inputs.each_ref().map(|input| input.each_named().concat());
    ensure!(
        paths.iter().flatten().filter(|path| path.as_os_str() == "-").count() < 2,
        "standard input can be read once: put the tar into a file, and name that"
    );
    let places = [inputs[0].open_chosen()?, inputs[1].open_chosen()?];
    let repository = places.iter().find_map(NamedArchive::repository);
    let names = args.names.given(repository)?;
    let zone = args.zone.zone();
    let bar = Bar::new(false);
    let sources = places.each_ref().map(|place| UnfinishedSource::new(place.source()));
    let side = |at: usize| {
        let mut options = args.speed.options();
        let asked = args.timelines.map(|both| both[at]);
        options.timeline = asked.or_else(|| own_timeline(&paths[at])).map_or(Which::Latest, Which::Number);
        options.progress = Some(&bar);
        DivergeSide { source: &sources[at], options, control: paths[at].iter().find_map(|path| control(path)) }
    };
    let sides = [side(0), side(1)];
    let tell = |finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>| damage(finding, layout, &zone, out);
    let mut told: Vec<u8> = Vec::new();
    let found = diverge([&sides[0], &sides[1]], &names, &tell, &mut |_, text| told.extend_from_slice(text))?;
    bar.finish();
    // A backup is of one side, or of what both have.
    let [a, b] = found.gathered.each_ref().map(|gathered| args.names.fit(&names, &gathered.outcome));
    a.or(b)?;
    // Where nobody can be told, the exit code counts.
    let _ = standard_error().write_all(&told);
    if let Some((input, _)) = inputs.iter().zip(&found.ranges).find(|(_, range)| range.is_none()) {
        crate::complain(format!("{}: no record is here to be compared", input.shown()));
        // Whoever reads a document gets one.
        if args.format != DivergeFormat::Json {
            return Ok(exit(&found));
        }
    }
    let [a, b] = &sources;
    let unfinished = [taken(a, &found, 0)?, taken(b, &found, 1)?];
    let report = DivergeReport { places: [a.describe(), b.describe()], unfinished, found: &found };
    let form = if args.format == DivergeFormat::Json { OutputForm::Json } else { OutputForm::Plain };
    let mut out = page(form);
    match args.format {
        DivergeFormat::Text => text::write(&mut Lines::new(&mut out), &report, &zone)?,
        DivergeFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &json::document(&report))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(exit(&found))
}

/// Unfinished segments that are the last WAL of a side's way, and of which a record was read: those of its ancestors
/// its own segments take the place of.
fn taken(source: &UnfinishedSource<'_>, found: &Divergence, side: usize) -> anyhow::Result<Vec<String>> {
    let (Some(layout), Some(Some((_, end)))) = (found.gathered[side].outcome.layout, found.ranges.get(side)) else {
        return Ok(Vec::new());
    };
    let (address, size) = (layout.address(), layout.segment);
    let is_read = |name: SegmentName| {
        found.ways[side].last() == Some(&name.timeline)
            && name.number(address, size).is_some_and(|number| address.segment_start(number, size) < *end)
    };
    Ok(source.taken()?.into_iter().filter(|(name, _)| is_read(*name)).map(|(_, shown)| shown).collect())
}

fn exit(found: &Divergence) -> Exit {
    let refuted = found.gathered.iter().any(|gathered| gathered.refuted);
    let complete = found.gathered.iter().all(|gathered| gathered.complete);
    match found.meeting {
        _ if found.meeting.is_apart() => Exit::Refuted,
        _ if refuted => Exit::Refuted,
        SidesMeeting::Foreign | SidesMeeting::Nothing => Exit::CouldNotTell,
        _ if complete => Exit::Clean,
        _ => Exit::CouldNotTell,
    }
}

/// The control file of a data directory, or of that around a `pg_wal`.
/// The timeline of a data directory beside which other places are read: they may hold what others went on to. That of
/// the newest segments in its own `pg_wal`.
fn own_timeline(paths: &[PathBuf]) -> Option<TimelineId> {
    let (own, _) = paths.split_first().filter(|(own, others)| !others.is_empty() && control(own).is_some())?;
    let folders = ["pg_wal", "pg_xlog", "."].map(|name| own.join(name));
    folders.iter().find_map(|folder| {
        let names = std::fs::read_dir(folder).ok()?.flatten();
        names.filter_map(|entry| Some(SegmentName::parse(entry.file_name().to_str()?)?.timeline)).max()
    })
}

fn control(path: &Path) -> Option<ControlFile> {
    let around = path.canonicalize().ok().and_then(|path| path.parent().map(Path::to_path_buf));
    let own = path.join("global/pg_control");
    let beside = around.filter(|_| path.ends_with("pg_wal") || path.ends_with("pg_xlog"));
    [Some(own), beside.map(|around| around.join("global/pg_control"))]
        .into_iter()
        .flatten()
        .find_map(|file| ControlFile::parse(&plain(&file, CONTROL).ok()?).ok())
}
