//! `walproof events`: what happened, when, in which transaction: drops, truncations, mass changes, restarts.

use super::guard::age;
use super::history::{HistoryFilter, HistoryOptions, OfPlace, exit};
use crate::exit::Exit;
use crate::streams::page;
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pgwal::catalog::mapping::QUERY;
use pgwal::forensics::{EventWish, WalEventKind, events};
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
    history: HistoryOptions,
    #[command(flatten)]
    filter: HistoryFilter,
    /// Only events of these kinds, with commas between
    #[arg(long, value_name = "KIND", value_parser = kinds(), value_delimiter = ',')]
    kind: Vec<WalEventKind>,
    /// How many rows of a relation one transaction deletes or updates at least to be an event
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    /// How long nothing may happen that has a time before that is an event
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = age)]
    idle: Duration,
    /// Print the query for --names, to be run in each database: psql -XAtq -c "$(walproof events --names-query)"
    #[arg(long, exclusive = true)]
    names_query: bool,
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
    let mut zone = args.history.zone();
    let wish = args.wish(&mut zone)?;
    let OfPlace { place, answer } = args
        .history
        .ask(&zone, |source, wanted, names, tell, sink| events(source, wanted, &wish, names, tell, sink))?;
    let (exit, tells) = exit(&answer.gathered, answer.range.is_some(), args.format == EventsFormat::Json);
    if !tells {
        return Ok(exit);
    }
    let report = EventsReport { place, answer: &answer };
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
    /// What is asked for, with times without a zone in this one.
    fn wish(&self, zone: &mut Zone) -> anyhow::Result<EventWish> {
        let (since, until) = self.filter.times(zone)?;
        let (relation, named) = self.filter.relation();
        Ok(EventWish {
            rows: self.rows,
            quiet: i64::try_from(self.idle.as_micros()).unwrap_or(i64::MAX),
            kinds: self.kind.clone(),
            since,
            until,
            relation,
            named,
            databases: self.filter.database.map(|oid| vec![oid]),
        })
    }
}
