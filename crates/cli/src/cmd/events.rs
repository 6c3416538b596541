//! `walproof events`: what happened, when, in which transaction: drops, truncations, mass changes, restarts.

mod before;

use super::guard::age;
use super::history::{HistoryFilter, HistoryOptions, exit};
use crate::exit::Exit;
use crate::streams::page;
use anyhow::{anyhow, ensure};
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pgwal::catalog::Names;
use pgwal::catalog::mapping::QUERY;
use pgwal::forensics::{EventWish, EventsAnswer, NoteFinding, UndoNamed, WalEventKind, events};
use pgwal::source::Source;
use pgwal::verify::records::{ListRequest, ListSink, NoEvent};
use pgwal_report::events::{EventsReport, csv, html, json, text};
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::outside_times::AskedTimes;
use pgwal_report::time::Zone;
use pgwal_report::verify::RunClock;
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
    /// Only events of these kinds, with commas between; drop is any DROP, of a database too
    #[arg(long, value_name = "KIND", value_parser = kinds(), value_delimiter = ',')]
    kind: Vec<WalEventKind>,
    /// How many rows of a relation one transaction deletes or updates at least to be an event
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    /// How long nothing may happen that has a time before that is an event
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = age)]
    idle: Duration,
    /// List what initdb did as well, where this WAL begins with it
    #[arg(long)]
    initdb: bool,
    /// Print the query for --names, to be run in each database: psql -XAtq -c "$(walproof events --names-query)"
    #[arg(long, exclusive = true)]
    names_query: bool,
    /// How to get back to just before it: a transaction (749 or xid:749), a position that events tells, first or last
    ///
    /// The position is that of an event or of the end of its transaction. First and last are those of the events that
    /// the filters leave; without a word, the only one that they leave.
    #[arg(long, value_name = "EVENT", num_args = 0..=1, default_missing_value = "", value_parser = before::named)]
    before: Option<UndoNamed>,
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
    let mut zone = args.history.zone();
    let wish = args.wish(&mut zone)?;
    ensure!(
        args.before.is_none() || args.format != EventsFormat::Csv,
        "--before has no rows of values: --format text or json"
    );
    let opened = args.history.open()?;
    let source = opened.source();
    let look = |source: &dyn Source,
                wanted: &ListRequest<'_>,
                names: &Names,
                tell: &NoteFinding<'_>,
                sink: &mut ListSink<'_, NoEvent>| events(source, wanted, &wish, names, tell, sink);
    let given = &args.history.range.names;
    let names = match given.given(opened.repository()) {
        // It is the backup to restore from, whether it gives names or not.
        Err(error) if args.before.is_some() && given.backup().is_some() => {
            crate::complain(format_args!("no names are known by the backup: {error:#}"));
            Names::given(given.listed()?, None)
        }
        names => names?,
    };
    // With a backup, what was read begins where that does.
    let is_wide = names.base().is_some();
    let mut answer = args.history.ask_with(names, &opened, &zone, look)?;
    if !is_wide {
        args.history.name_from_before(&mut answer, &opened)?;
    }
    args.narrow(&mut answer)?;
    let (mut exit, tells) = exit(&answer.gathered, answer.range.is_some(), args.format == EventsFormat::Json);
    if !tells {
        return Ok(exit);
    }
    let way = match args.before.filter(|_| answer.range.is_some()) {
        Some(named) => Some(before::find(args, named, &answer, &opened, &mut zone)?),
        None => None,
    };
    // What is wrong outranks what could not be told.
    exit = way.as_ref().map_or(exit, |way| exit.max(before::exit(way)));
    let asked = AskedTimes { since: wish.since, until: wish.until, at: None };
    let report = EventsReport { place: source.describe(), answer: &answer, asked, before: way.as_ref() };
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

impl EventsArgs {
    /// Leaves what was read for names alone.
    fn narrow(&self, answer: &mut EventsAnswer) -> anyhow::Result<()> {
        if let Some(start) = self.history.start() {
            // With a backup, what was read begins where that does.
            answer.below = answer.below.take().filter(|_| answer.names.base().is_none());
            answer.events.retain(|event| event.lsn >= start || event.end_lsn.is_some_and(|end| end >= start));
            answer.range =
                answer.range.map(|(first, last)| (first.max(start), last)).filter(|(first, last)| first <= last);
        }
        if answer.events.is_empty() && answer.range.is_some() {
            self.filter.check_relation(&answer.names).map_err(|error| match answer.left_out {
                0 => error,
                more => anyhow!(
                    "{error}; {more} details of catalogs were left out, for which there is no room: name its files, as \
                     walproof events without -R tells them"
                ),
            })?;
        }
        self.filter.check_database(&answer.names)
    }

    /// What is asked for, with times without a zone in this one.
    fn wish(&self, zone: &mut Zone) -> anyhow::Result<EventWish> {
        let (since, until) = self.filter.times(zone)?;
        let (relation, named) = self.filter.relation();
        let (database, database_named) = self.filter.database();
        Ok(EventWish {
            rows: self.rows,
            quiet: i64::try_from(self.idle.as_micros()).unwrap_or(i64::MAX),
            kinds: self.kind.clone(),
            since,
            until,
            relation,
            named,
            database,
            database_named,
            sought: self.before.and_then(UndoNamed::sought),
            initdb: self.initdb,
        })
    }
}
