//! `walproof stats`: records and bytes of an archive in groups.
//!
//! An archive in which nothing is wrong is read once. Where something is, what can be read is counted, the totals are
//! marked partial, and the exit code is 1.

use super::reading::{OpenedRange, RangeOptions, RangeRead};
use crate::exit::Exit;
use crate::filtering::{Filtering, by, list_managers};
use crate::names::NamesOptions;
use crate::progress::Bar;
use crate::streams::{page, standard_error};
use crate::zone::ZoneOption;
use anyhow::ensure;
use clap::ValueEnum;
use pgwal::catalog::Names;
use pgwal::format::Layout;
use pgwal::source::Source;
use pgwal::verify::records::{ListRequest, Listed, gather};
use pgwal::verify::{Finding, Options};
use pgwal_query::count::{By, Counter, GroupSums, Grouping};
use pgwal_query::filter::Filter;
use pgwal_report::dump::text::damage;
use pgwal_report::dump::waldump::start;
use pgwal_report::outside::OutputForm;
use pgwal_report::stats::{StatsReport, csv, json, text, waldump};
use pgwal_report::time::Zone;
use std::io::Write;

/// The options of `stats`.
#[derive(clap::Args)]
#[command(
    after_help = "Letters and meaning are those of pg_waldump. Exit code 1: a record asked for could not be read, and the totals are partial."
)]
pub struct StatsArgs {
    #[command(flatten)]
    reading: RangeOptions,
    #[command(flatten)]
    filtering: Filtering,
    #[command(flatten)]
    names: NamesOptions,
    /// What to count by; given twice, or two with a comma between them, by both at once: relation,minute
    #[arg(long, value_parser = by(), default_value = "rmgr", value_delimiter = ',')]
    by: Vec<By>,
    /// The N largest groups only; the others as one line
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    top: Option<u32>,
    #[command(flatten)]
    zone: ZoneOption,
    /// Say nothing but what is wrong
    #[arg(short, long)]
    quiet: bool,
    /// How to say it
    #[arg(long, value_enum, default_value_t = StatsFormat::Text)]
    format: StatsFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StatsFormat {
    /// A table
    Text,
    /// A JSON document
    Json,
    /// Comma-separated values
    Csv,
    /// What pg_waldump --stats, --stats=record of the WAL's own version prints
    Waldump,
}

impl StatsFormat {
    fn form(self) -> OutputForm {
        match self {
            StatsFormat::Text | StatsFormat::Csv => OutputForm::Plain,
            StatsFormat::Json => OutputForm::Json,
            StatsFormat::Waldump => OutputForm::AsPgWaldump,
        }
    }
}

const PARTIAL: &str = "these totals are partial: not every record asked for could be read; lines with *** say where";

/// Counts.
pub fn run(args: &StatsArgs) -> anyhow::Result<Exit> {
    if args.filtering.lists_managers() {
        return list_managers();
    }
    let by = match args.by[..] {
        [first] => Grouping::from(first),
        [first, second] if first != second => Grouping { first, second: Some(second) },
        _ => anyhow::bail!("--by takes one thing to count by, or two that differ"),
    };
    let waldump = args.format == StatsFormat::Waldump;
    ensure!(
        !waldump || by.second.is_none() && matches!(by.first, By::Rmgr | By::Record),
        "pg_waldump counts by rmgr or by record; the other formats by everything"
    );
    ensure!(!waldump || args.top.is_none(), "pg_waldump tells all groups; --top is for the other formats");
    let mut zone = args.zone.zone();
    let OpenedRange { source, repository, options } = args.reading.open()?;
    let names = args.names.needed(args.filtering.needs_names(), (source.as_ref(), repository.as_ref()), &options)?;
    let filter = args.filtering.filter(&mut zone, names.as_ref())?;
    let shown = TableStyle { format: args.format, top: args.top, zone, names };
    count(&args.reading, (source.as_ref(), options), &filter, by, args.quiet, &shown)
}

/// `dump --stats`.
pub fn as_pg_waldump(
    reading: &RangeOptions,
    archive: (&dyn Source, Options<'_>),
    filter: &Filter,
    by: By,
    quiet: bool,
    zone: Zone,
) -> anyhow::Result<Exit> {
    let shown = TableStyle { format: StatsFormat::Waldump, top: None, zone, names: None };
    count(reading, archive, filter, by.into(), quiet, &shown)
}

/// The same of records that were listed.
pub fn listed_as_pg_waldump(by: By, sum: &GroupSums, listed: &Listed) -> String {
    let Some(layout) = listed.outcome.layout else { return String::new() };
    if !listed.complete {
        crate::complain(PARTIAL);
    }
    waldump::table(&StatsReport::new(by, layout, sum, !listed.complete, listed.findings))
}

/// How it is said.
struct TableStyle {
    format: StatsFormat,
    top: Option<u32>,
    zone: Zone,
    names: Option<Names>,
}

fn count(
    reading: &RangeOptions,
    (source, mut options): (&dyn Source, Options<'_>),
    filter: &Filter,
    by: Grouping,
    quiet: bool,
    shown: &TableStyle,
) -> anyhow::Result<Exit> {
    let format = shown.format;
    if format == StatsFormat::Waldump {
        reading.own_files_only(source, &mut options)?;
    }
    let note = if format == StatsFormat::Waldump && !quiet { start::note(source, &options)? } else { None };
    filter.prepare(source, &options)?;
    let zone = &shown.zone;
    let tell = |finding: &Finding, layout: Option<&Layout>, out: &mut Vec<u8>| damage(finding, layout, zone, out);
    reading.limited(source, &mut options, &Counter::new(filter, by, &tell))?;
    let asked = options.beside();
    let bar = Bar::new(quiet);
    options.progress = Some(&bar);
    let mut told = Vec::new();
    let (counter, gathered) =
        gather(source, &ListRequest { options, limit: None }, &|| Counter::new(filter, by, &tell), &mut |piece| {
            told.extend_from_slice(piece.as_text());
            Ok(())
        })?;
    bar.finish();
    // Where nobody can be told, the exit code counts.
    let _ = standard_error().write_all(&told);
    let exit = RangeOptions::exit(RangeRead::from(&gathered));
    let Some(layout) = gathered.outcome.layout else { return Ok(exit) };
    let as_pg_waldump = format == StatsFormat::Waldump;
    let read = RangeRead::from(&gathered);
    if reading.complain_of_nothing(&gathered.outcome, read) {
        return Ok(RangeOptions::nothing(read, as_pg_waldump));
    }
    let mut report = StatsReport::new(by, layout, &counter.finish(), !gathered.complete, gathered.findings);
    report.zone = shown.zone.clone();
    report.names.clone_from(&shown.names);
    if let Some(top) = shown.top {
        report.keep(top as usize);
    }
    if report.total.records == 0 && report.findings == 0 && reading.begins_behind_wal(source, &asked)? {
        reading.complain_of_the_end(&asked);
        return Ok(RangeOptions::nothing(read, as_pg_waldump));
    }
    if !quiet && format == StatsFormat::Text && report.names.is_none() && report.by.each().any(|by| by == By::Relation)
    {
        crate::complain(
            "relations are told by the numbers of their files: --names FILE or --backup BACKUP gives names, and \
             walproof top --by relation has those that this WAL tells",
        );
    }
    if !quiet {
        let table = match format {
            StatsFormat::Text => text::table(&report),
            StatsFormat::Json => serde_json::to_string_pretty(&json::document(&report))? + "\n",
            StatsFormat::Csv => csv::rows(&report),
            StatsFormat::Waldump => waldump::table(&report),
        };
        let mut out = page(format.form());
        out.write_all(note.unwrap_or_default().as_bytes())?;
        out.write_all(table.as_bytes()).and_then(|()| out.flush())?;
    }
    if report.partial && matches!(format, StatsFormat::Csv | StatsFormat::Waldump) && !quiet {
        crate::complain(PARTIAL);
    }
    Ok(exit)
}
