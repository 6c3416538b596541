//! `walproof events`: what happened, when, in which transaction: drops, truncations, mass changes, restarts.

mod before;

use super::guard::age;
use super::reading::{RangeOptions, RangeRead};
use crate::exit::Exit;
use crate::input::InputOptions;
use crate::progress::Bar;
use crate::several::NamedArchive;
use crate::streams::{page, standard_error};
use crate::zone::{ZoneOption, now};
use anyhow::{Context, anyhow, ensure};
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pgwal::Finding;
use pgwal::catalog::Names;
use pgwal::catalog::mapping::{self, QUERY};
use pgwal::forensics::{EventWish, UndoNamed, WalEventKind, events};
use pgwal::format::record::RelFileLocator;
use pgwal::format::rmgr::xact::Timestamp;
use pgwal::format::{Layout, Lsn, TimelineId};
use pgwal::verify::Which;
use pgwal::verify::places::choose_copies;
use pgwal::verify::records::ListRequest;
use pgwal_query::filter;
use pgwal_report::dump::text::damage;
use pgwal_report::events::{EventsReport, csv, html, json, text};
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::time::Zone;
use pgwal_report::verify::RunClock;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

/// Options of `events`.
#[derive(clap::Args)]
#[command(after_help = "What was rolled back is listed, too. Exit code 1: a record of the range could not be read.")]
pub struct EventsArgs {
    #[command(flatten)]
    input: InputOptions,
    /// Read only records that start here or behind
    #[arg(short, long, value_name = "LSN")]
    start: Option<Lsn>,
    /// Read only records that end before or at this position
    #[arg(short, long, value_name = "LSN")]
    end: Option<Lsn>,
    /// The timeline to recover to [default: the latest]
    #[arg(short, long, value_name = "N", value_parser = super::reading::timeline)]
    timeline: Option<TimelineId>,
    /// Only events from this time on: 2026-11-22 14:00, 14:00, yesterday 14:00, 2h ago. One without a time has that of
    /// the last record before it that has one
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only events up to this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only events of these kinds, with commas between
    #[arg(long, value_name = "KIND", value_parser = kinds(), value_delimiter = ',')]
    kind: Vec<WalEventKind>,
    /// Only events of this relation: a name, with its schema and database in front or not, or tablespace OID/database
    /// OID/file number
    #[arg(short = 'R', long, value_name = "RELATION")]
    relation: Option<String>,
    /// Only events of this database, by its OID
    #[arg(long, value_name = "OID")]
    database: Option<u32>,
    /// How many rows of a relation one transaction deletes or updates at least to be an event
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    /// How long nothing may happen that has a time before that is an event
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = age)]
    idle: Duration,
    /// Names of relations, as a server writes them that is asked the query of --names-query; WAL that says otherwise
    /// goes before
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
    /// Print the query for --names, to be run in each database: psql -XAtq -c "$(walproof events --names-query)"
    #[arg(long, exclusive = true)]
    names_query: bool,
    /// How to get back to just before it: a transaction (749 or xid:749), the position of an event or of the end of its
    /// transaction, first or last of those that the filters leave; alone, the only one that they leave
    #[arg(long, value_name = "EVENT", num_args = 0..=1, default_missing_value = "", value_parser = before::named)]
    before: Option<UndoNamed>,
    /// The base backup from which to get back there, as verify takes it [default: the newest that ends before it]
    #[arg(long, value_name = "BACKUP", requires = "before")]
    backup: Option<OsString>,
    #[command(flatten)]
    zone: ZoneOption,
    /// How to say it
    #[arg(long, value_enum, default_value_t = EventsFormat::Text)]
    format: EventsFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EventsFormat {
    /// For people
    Text,
    /// A JSON document
    Json,
    /// Comma-separated values: a row an event and relation
    Csv,
    /// A page for a browser, with nothing from elsewhere: events over time, and a table
    Html,
}

impl EventsFormat {
    fn form(self) -> OutputForm {
        match self {
            EventsFormat::Text | EventsFormat::Csv | EventsFormat::Html => OutputForm::Plain,
            EventsFormat::Json => OutputForm::Json,
        }
    }
}

fn kinds() -> impl TypedValueParser<Value = WalEventKind> {
    let find = |name: String| WalEventKind::ALL.iter().find(|kind| kind.name() == name).copied().ok_or("no such kind");
    PossibleValuesParser::new(WalEventKind::ALL.iter().map(|kind| kind.name())).try_map(find)
}

/// Says what happened.
pub fn run(args: &EventsArgs) -> anyhow::Result<Exit> {
    if args.names_query {
        return Ok(crate::say(OutputForm::Plain, &format!("{QUERY}\n"), Exit::Clean));
    }
    let run = RunClock::begin();
    let names = args.names()?;
    let mut zone = args.zone.zone();
    let wish = args.wish(&mut zone)?;
    ensure!(
        args.before.is_none() || args.format != EventsFormat::Csv,
        "--before has no rows of values: --format text or json"
    );
    let opened = args.input.open_named(None)?;
    if let NamedArchive::Several(places, _) = &opened {
        choose_copies(places, &args.input.options())?;
    }
    let source = opened.source();
    let bar = Bar::new(false);
    let mut options = args.input.options();
    options.timeline = args.timeline.map_or(Which::Latest, Which::Number);
    (options.start, options.end) = (args.start, args.end);
    options.progress = Some(&bar);
    let mut told = Vec::new();
    let wanted = ListRequest { options, limit: None };
    let tell = |finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>| damage(finding, layout, &zone, out);
    let answer = events(source, &wanted, &wish, &names, &tell, &mut |piece| {
        told.extend_from_slice(piece.as_text());
        Ok(())
    })?;
    bar.finish();
    // Where nobody can be told, the exit code counts.
    let _ = standard_error().write_all(&told);
    let read = RangeRead::from(&answer.gathered);
    let mut exit = RangeOptions::exit(read);
    if answer.range.is_none() {
        crate::complain("nothing to read: no record of the range asked for is here");
        exit = RangeOptions::nothing(read, false);
        // Whoever reads a document gets one.
        if args.format != EventsFormat::Json {
            return Ok(exit);
        }
    }
    let way = match args.before.filter(|_| answer.range.is_some()) {
        Some(named) => Some(before::find(args, named, &answer, &opened, &mut zone)?),
        None => None,
    };
    // What is wrong outranks what could not be told.
    exit = way.as_ref().map_or(exit, |way| exit.max(before::exit(way)));
    let report = EventsReport { place: source.describe(), answer: &answer, before: way.as_ref() };
    let mut out = page(args.format.form());
    match args.format {
        EventsFormat::Text => text::write(&mut Lines::new(&mut out), &report, &zone)?,
        EventsFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &json::document(&report))?;
            writeln!(out)?;
        }
        EventsFormat::Html => {
            out.write_all(html::page(&report, &zone, (run.began, run.took())).as_bytes())?;
        }
        EventsFormat::Csv => out.write_all(csv::rows(&report).as_bytes())?,
    }
    out.flush()?;
    Ok(exit)
}

/// The largest file of names that is read.
const LONGEST: u64 = 256 << 20;

impl EventsArgs {
    /// Names that are given.
    fn names(&self) -> anyhow::Result<Names> {
        let Some(path) = &self.names else { return Ok(Names::default()) };
        let shown = path.display();
        let mut text = Vec::new();
        let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
        file.take(LONGEST + 1).read_to_end(&mut text).with_context(|| format!("cannot read {shown}"))?;
        ensure!(text.len() as u64 <= LONGEST, "{shown} has more than {} MiB", LONGEST >> 20);
        mapping::read(&text).with_context(|| format!("{shown}: no list of names"))
    }

    /// What is asked for, with times without a zone in this one.
    fn wish(&self, zone: &mut Zone) -> anyhow::Result<EventWish> {
        let mut read = |option: &str, text: Option<&String>| -> anyhow::Result<Option<Timestamp>> {
            let time = text.map(|text| zone.read(text, now())).transpose();
            time.map_err(|what| anyhow!("{option} \"{}\": {what}", text.map_or("", String::as_str)))
        };
        let (since, until) = (read("--since", self.since.as_ref())?, read("--until", self.until.as_ref())?);
        let relation: Option<RelFileLocator> = self.relation.as_deref().and_then(|text| filter::relation(text).ok());
        Ok(EventWish {
            rows: self.rows,
            quiet: i64::try_from(self.idle.as_micros()).unwrap_or(i64::MAX),
            kinds: self.kind.clone(),
            since,
            until,
            relation,
            named: self.relation.clone().filter(|_| relation.is_none()),
            database: self.database,
            sought: self.before.and_then(UndoNamed::sought),
        })
    }
}
