//! `walproof events`: what happened, when, in which transaction: drops, truncations, mass changes, restarts.

use super::guard::age;
use super::reading::{RangeOptions, RangeRead};
use crate::exit::Exit;
use crate::input::InputOptions;
use crate::names::NamesOptions;
use crate::progress::Bar;
use crate::streams::{page, standard_error};
use crate::zone::{ZoneOption, now};
use anyhow::{anyhow, bail};
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pgwal::Finding;
use pgwal::catalog::mapping::QUERY;
use pgwal::forensics::{EventWish, EventsAnswer, WalEventKind, events};
use pgwal::format::record::RelFileLocator;
use pgwal::format::rmgr::xact::Timestamp;
use pgwal::format::{Layout, Lsn, TimelineId};
use pgwal::verify::Which;
use pgwal::verify::records::ListRequest;
use pgwal_query::filter;
use pgwal_report::dump::text::damage;
use pgwal_report::events::{EventsReport, csv, json, text};
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::time::Zone;
use std::io::Write;
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
    /// Only events of this database: its OID or its name
    #[arg(long, value_name = "DATABASE")]
    database: Option<String>,
    /// How many rows of a relation one transaction deletes or updates at least to be an event
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    /// How long nothing may happen that has a time before that is an event
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = age)]
    idle: Duration,
    #[command(flatten)]
    names: NamesOptions,
    /// Print the query for --names, to be run in each database: psql -XAtq -c "$(walproof events --names-query)"
    #[arg(long, exclusive = true)]
    names_query: bool,
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
}

impl EventsFormat {
    fn form(self) -> OutputForm {
        match self {
            EventsFormat::Text | EventsFormat::Csv => OutputForm::Plain,
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
    let mut zone = args.zone.zone();
    let wish = args.wish(&mut zone)?;
    let (source, repository) = args.input.open_good_place()?;
    let names = args.names.given(repository.as_ref())?;
    let bar = Bar::new(false);
    let mut options = args.input.options();
    options.timeline = args.timeline.map_or(Which::Latest, Which::Number);
    // From where a backup starts on, its names are followed.
    let from = names.base().map_or(args.start, |base| args.start.map(|start| start.min(base.start)));
    (options.start, options.end) = (from, args.end);
    options.progress = Some(&bar);
    let mut told = Vec::new();
    let wanted = ListRequest { options, limit: None };
    let tell = |finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>| damage(finding, layout, &zone, out);
    let mut answer = events(source.as_ref(), &wanted, &wish, &names, &tell, &mut |piece| {
        told.extend_from_slice(piece.as_text());
        Ok(())
    })?;
    bar.finish();
    args.names.fit(&names, &answer.gathered.outcome)?;
    args.narrow(&mut answer)?;
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
    let report = EventsReport { place: source.describe(), answer: &answer };
    let mut out = page(args.format.form());
    match args.format {
        EventsFormat::Text => text::write(&mut Lines::new(&mut out), &report, &zone)?,
        EventsFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &json::document(&report))?;
            writeln!(out)?;
        }
        EventsFormat::Csv => out.write_all(csv::rows(&report).as_bytes())?,
    }
    out.flush()?;
    Ok(exit)
}

impl EventsArgs {
    /// Leaves what was read for names alone.
    fn narrow(&self, answer: &mut EventsAnswer) -> anyhow::Result<()> {
        if let Some(start) = self.start {
            answer.events.retain(|event| event.lsn >= start || event.end_lsn.is_some_and(|end| end >= start));
            answer.range =
                answer.range.map(|(first, last)| (first.max(start), last)).filter(|(first, last)| first <= last);
        }
        let named = self.database.as_ref().filter(|text| text.parse::<u32>().is_err());
        if let Some(name) = named.filter(|name| answer.names.databases_named(name.as_bytes()).is_empty()) {
            bail!(
                "no database is called {name}, as far as names are known: from WAL itself, from --names, from --backup"
            );
        }
        Ok(())
    }

    /// What is asked for, with times without a zone in this one.
    fn wish(&self, zone: &mut Zone) -> anyhow::Result<EventWish> {
        let mut read = |option: &str, text: Option<&String>| -> anyhow::Result<Option<Timestamp>> {
            let time = text.map(|text| zone.read(text, now())).transpose();
            time.map_err(|what| anyhow!("{option} \"{}\": {what}", text.map_or("", String::as_str)))
        };
        let (since, until) = (read("--since", self.since.as_ref())?, read("--until", self.until.as_ref())?);
        let relation: Option<RelFileLocator> = self.relation.as_deref().and_then(|text| filter::relation(text).ok());
        let database = self.database.as_ref().and_then(|text| text.parse().ok());
        Ok(EventWish {
            rows: self.rows,
            quiet: i64::try_from(self.idle.as_micros()).unwrap_or(i64::MAX),
            kinds: self.kind.clone(),
            since,
            until,
            relation,
            named: self.relation.clone().filter(|_| relation.is_none()),
            database,
            database_named: self.database.clone().filter(|_| database.is_none()),
        })
    }
}
