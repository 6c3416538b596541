//! `walproof dump`: the records of an archive, in order, past damage.
//!
//! What is listed is what recovery to a timeline would read: segment by segment the file that a server takes. Where it
//! could not read on, a finding stands in the list, and the list goes on behind it.

use super::reading::{OpenedRange, RangeOptions, RangeRead};
use super::stats;
use crate::exit::Exit;
use crate::filtering::{Filtering, list_managers};
use crate::follow::{self, Watch};
use crate::fullpage;
use crate::names::NamesOptions;
use crate::progress::Bar;
use crate::streams::{is_read_on_terminal, standard_error, stream};
use crate::zone::ZoneOption;
use anyhow::ensure;
use clap::ValueEnum;
use pgwal::catalog::Names;
use pgwal::source::Source;
use pgwal::verify::Options;
use pgwal::verify::records::{ListError, ListPart, ListRequest, Listed, Render, list};
use pgwal_query::count::By;
use pgwal_query::filter::Filter;
use pgwal_report::dump::aside;
use pgwal_report::dump::csv::{self, Column};
use pgwal_report::dump::waldump::{self, start};
use pgwal_report::dump::{json, text as plain};
use pgwal_report::outside::OutputForm;
use pgwal_report::stats::listing::{CountListing, Counted};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::OnceLock;

/// The options of `dump`.
#[derive(clap::Args)]
#[command(
    after_help = "Letters and meaning are those of pg_waldump. STARTSEG may also be a position: X/Y, 24 hex digits+OFFSET.\n\
                        Without STARTSEG and -s the list begins where the archive does. Exit code 1: a record asked for could not be read."
)]
pub struct DumpArgs {
    #[command(flatten)]
    reading: RangeOptions,
    #[command(flatten)]
    filtering: Filtering,
    #[command(flatten)]
    names: NamesOptions,
    /// Details of blocks, each on a line of its own: with --format waldump only
    #[arg(short, long)]
    bkp_details: bool,
    /// Go on with what is written from now on, until a signal, the end of the range, or the reader of the list ends it
    #[arg(short, long)]
    follow: bool,
    /// Save the page images of the records listed in this folder, which must be empty or not yet there
    #[arg(long, value_name = "DIR")]
    save_fullpage: Option<PathBuf>,
    /// No records; findings go to standard error
    #[arg(short, long)]
    quiet: bool,
    /// How to say it [default: text]
    #[arg(long, value_enum)]
    format: Option<DumpFormat>,
    #[command(flatten)]
    zone: ZoneOption,
    #[arg(long, value_name = "COLUMNS", value_parser = csv::column, value_delimiter = ',', help = csv::help())]
    fields: Option<Vec<Column>>,
    /// What pg_waldump --stats prints, instead of records: the same as walproof stats --format waldump
    #[arg(short = 'z', long, value_name = "record", num_args = 0..=1, require_equals = true, default_missing_value = "rmgr", value_parser = ["rmgr", "record"])]
    stats: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DumpFormat {
    /// A record a line, for people
    Text,
    /// A JSON document a line
    Jsonl,
    /// Comma-separated values of chosen fields
    Csv,
    /// What pg_waldump of the WAL's own version prints
    Waldump,
}

impl DumpFormat {
    fn form(self) -> OutputForm {
        match self {
            DumpFormat::Text | DumpFormat::Csv => OutputForm::Plain,
            DumpFormat::Jsonl => OutputForm::Json,
            DumpFormat::Waldump => OutputForm::AsPgWaldump,
        }
    }
}

/// Lists the records.
pub fn run(args: &DumpArgs) -> anyhow::Result<Exit> {
    if args.filtering.lists_managers() {
        return list_managers();
    }
    args.fit_together()?;
    let mut zone = args.zone.zone();
    let OpenedRange { source, repository, options } = args.reading.open()?;
    let names = args.names.needed(args.filtering.needs_names(), (source.as_ref(), repository.as_ref()), &options)?;
    let filter = args.filtering.filter(&mut zone, names.as_ref())?;
    let format = args.format.unwrap_or(if args.by().is_some() { DumpFormat::Waldump } else { DumpFormat::Text });
    if let (Some(by), None, false) = (args.by(), &args.save_fullpage, args.follow) {
        return stats::as_pg_waldump(&args.reading, (source.as_ref(), options), &filter, by, args.quiet, zone);
    }
    let (source, mut options): (_, Options<'_>) = (source.as_ref(), options);
    if format == DumpFormat::Waldump {
        args.reading.own_files_only(source, &mut options)?;
    }
    filter.prepare(source, &options)?;
    let pages = args.save_fullpage.as_deref().map(fullpage::ImageFolder::new).transpose()?;
    let watch = if args.follow { Some(Watch::new(&args.reading.archive()?)?.output()?) } else { None };
    let work = Work { filter, names, pages, watch };
    options.interrupt = work.watch.as_ref().map(Watch::interrupt);
    if format == DumpFormat::Waldump && !args.quiet {
        let note = start::note(source, &options)?.unwrap_or_default();
        stream(OutputForm::AsPgWaldump).write_all(note.as_bytes())?;
    }
    let bar = Bar::new(args.quiet || args.follow || is_read_on_terminal());
    options.progress = Some(&bar);
    let wanted = ListRequest { options, limit: args.reading.limit() };
    let listed = args.list(source, &wanted, &work, format);
    bar.finish();
    let listed = listed?;
    if let Some(watch) = &work.watch {
        watch.end();
    }
    let read = RangeRead::from(&listed);
    if args.reading.complain_of_nothing(&listed.outcome, read) {
        return Ok(RangeOptions::nothing(read, format == DumpFormat::Waldump));
    }
    let exit = args.exit(source, &wanted, &work, &listed)?;
    if exit != Exit::Clean && read.complete {
        args.reading.complain_of_the_end(&wanted.options);
        return Ok(RangeOptions::nothing(read, format == DumpFormat::Waldump));
    }
    if exit != Exit::Clean && listed.segments > 0 && matches!(format, DumpFormat::Text | DumpFormat::Csv) && !args.quiet
    {
        crate::complain(plain::incomplete(listed.end));
    }
    Ok(exit)
}

impl DumpArgs {
    /// What would have no meaning together is not taken in silence.
    fn fit_together(&self) -> anyhow::Result<()> {
        let format = self.format.unwrap_or(DumpFormat::Text);
        let is_table = self.stats.is_some();
        ensure!(
            !is_table || matches!(self.format, None | Some(DumpFormat::Waldump)),
            "-z prints the table of pg_waldump and no other format; walproof stats --format has more"
        );
        ensure!(
            !self.bkp_details || is_table || format == DumpFormat::Waldump,
            "-b is how --format waldump shows blocks: add that; text, jsonl and csv (--fields blocks) always name them"
        );
        ensure!(
            self.fields.is_none() || (format == DumpFormat::Csv && !is_table),
            "--fields chooses the columns of --format csv: add that"
        );
        Ok(())
    }

    /// How a list ends. One that begins behind the last record has nothing of what was asked for.
    fn exit(
        &self,
        source: &dyn Source,
        wanted: &ListRequest<'_>,
        work: &Work,
        listed: &Listed,
    ) -> anyhow::Result<Exit> {
        let exit = RangeOptions::exit(RangeRead::from(listed));
        let found_nothing = listed.records == 0 && listed.findings == 0 && work.watch.is_none();
        let behind = exit == Exit::Clean && found_nothing && self.reading.begins_behind_wal(source, &wanted.options)?;
        Ok(if behind { Exit::CouldNotTell } else { exit })
    }

    fn by(&self) -> Option<By> {
        self.stats.as_deref().map(|by| if by == "record" { By::Record } else { By::Rmgr })
    }

    fn list(
        &self,
        source: &dyn Source,
        wanted: &ListRequest<'_>,
        work: &Work,
        format: DumpFormat,
    ) -> anyhow::Result<Listed> {
        let (filter, names, mut out) = (&work.filter, work.names.as_ref(), stream(format.form()));
        let zone = self.zone.zone();
        match (self.by(), self.quiet, format) {
            (Some(by), quiet, _) => {
                let (render, mut counted) = (CountListing::new(filter, &zone), Counted::default());
                let listed = write(source, wanted, work, &render, &mut |piece| {
                    counted.take(piece, &mut standard_error());
                    Ok(())
                })?;
                let sum = render.finish(counted);
                if !quiet && listed.segments > 0 {
                    let table = stats::listed_as_pg_waldump(by, &sum, &listed);
                    out.write_all(table.as_bytes()).and_then(|()| out.flush())?;
                }
                Ok(listed)
            }
            (_, true, _) => {
                let render = plain::TextList { filter, names, quiet: true, heads: OnceLock::new(), zone: &zone };
                write(source, wanted, work, &render, &mut |piece| {
                    // Where nobody can be told of damage, the list goes on, and the exit code counts.
                    let _ = standard_error().write_all(piece.as_text());
                    Ok(())
                })
            }
            (_, _, DumpFormat::Text) => {
                let render = plain::TextList { filter, names, quiet: false, heads: OnceLock::new(), zone: &zone };
                let listed = text(source, wanted, work, &render, &mut out)?;
                let found_nothing = listed.records == 0 && listed.findings == 0 && work.watch.is_none();
                if let Some(hint) = self.filtering.none_fits().filter(|_| found_nothing) {
                    crate::complain(hint);
                }
                Ok(listed)
            }
            (_, _, DumpFormat::Waldump) => {
                let local = waldump::LocalZone::of(&zone);
                let (details, heads) = (self.bkp_details, OnceLock::new());
                let render = waldump::Waldump { filter, details, zone: &local, told_in: &zone, heads };
                text(source, wanted, work, &render, &mut out)
            }
            (_, _, DumpFormat::Jsonl) => {
                let render = json::JsonList { filter, relation_names: names, names: OnceLock::new() };
                let listed = text(source, wanted, work, &render, &mut out)?;
                let complete = self.exit(source, wanted, work, &listed)? == Exit::Clean;
                out.write_all(&json::end(&listed, complete)).and_then(|()| out.flush())?;
                Ok(listed)
            }
            (_, _, DumpFormat::Csv) => {
                let columns = self.fields.clone().unwrap_or_else(csv::usual);
                let render = csv::CsvList::new(filter, &columns, &zone);
                out.write_all(&render.header())?;
                let listed = write(source, wanted, work, &render, &mut |piece| {
                    aside::write(piece, &mut out, &mut standard_error())
                })?;
                out.flush()?;
                Ok(listed)
            }
        }
    }
}

/// What a list is made with.
struct Work {
    filter: Filter,
    names: Option<Names>,
    pages: Option<fullpage::ImageFolder>,
    watch: Option<Watch>,
}

fn write<R: Render>(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    work: &Work,
    render: &R,
    sink: &mut dyn FnMut(&ListPart<R::Event>) -> io::Result<()>,
) -> anyhow::Result<Listed> {
    Ok(match &work.pages {
        Some(pages) => fullpage::with(render, pages, sink, |saving, sink| records(source, wanted, work, saving, sink))?,
        None => records(source, wanted, work, render, sink)?,
    })
}

/// The same of nothing but text.
fn text<R: Render>(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    work: &Work,
    render: &R,
    out: &mut dyn Write,
) -> anyhow::Result<Listed> {
    let listed = write(source, wanted, work, render, &mut |piece| out.write_all(piece.as_text()))?;
    out.flush()?;
    Ok(listed)
}

fn records<R: Render>(
    source: &dyn Source,
    wanted: &ListRequest<'_>,
    work: &Work,
    render: &R,
    sink: &mut dyn FnMut(&ListPart<R::Event>) -> io::Result<()>,
) -> Result<Listed, ListError> {
    match &work.watch {
        Some(watch) => follow::list(source, wanted, render, watch, sink),
        None => list(source, wanted, render, sink),
    }
}
