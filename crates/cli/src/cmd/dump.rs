//! `walproof dump`: the records of an archive, in order, past damage.
//!
//! What is listed is what recovery to a timeline would read: segment by segment the file that a server takes. Where it
//! could not read on, a finding stands in the list, and the list goes on behind it.

use super::reading::Reading;
use super::stats;
use crate::Exit;
use crate::filter::{self, Filter};
use crate::follow::{self, Watch};
use crate::fullpage;
use crate::progress::Bar;
use crate::render::csv::{self, Column};
use crate::render::{dump_json, dump_text, waldump};
use clap::ValueEnum;
use pgwal::source::Source;
use pgwal::verify::Options;
use pgwal::verify::records::{ListError, Listed, Render, Wanted, list};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::OnceLock;

/// The options of `dump`.
#[derive(clap::Args)]
#[command(after_help = "Letters and meaning are those of pg_waldump. STARTSEG may also be a position: X/Y, 24 hex digits+OFFSET.\n\
                        Without STARTSEG and -s the list begins where the archive does. Exit code 1: a record asked for could not be read.")]
pub struct Args {
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    filter: Filter,
    /// Details of blocks, each on a line of its own (with --format waldump)
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
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Columns of --format csv, with commas between; data.NAME is a field that walproof fields lists
    #[arg(long, value_name = "COLUMNS", value_parser = csv::column, value_delimiter = ',', default_value = csv::USUAL)]
    fields: Vec<Column>,
    /// What pg_waldump --stats prints: the same as walproof stats --format waldump
    #[arg(short = 'z', long, value_name = "record", num_args = 0..=1, require_equals = true, default_missing_value = "rmgr", value_parser = ["rmgr", "record"])]
    #[arg(conflicts_with_all = ["follow", "save_fullpage"])]
    stats: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A record a line, for people
    Text,
    /// A JSON document a line
    Jsonl,
    /// Comma-separated values of chosen fields
    Csv,
    /// What pg_waldump of the WAL's own version prints
    Waldump,
}

/// Lists the records.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.filter.lists_managers() {
        return list_managers();
    }
    if let Some(by) = &args.stats {
        return stats::as_pg_waldump(&args.reading, &args.filter, by == "record", args.quiet);
    }
    let (source, mut options): (_, Options<'_>) = args.reading.open()?;
    let source = source.as_ref();
    if args.format == Format::Waldump {
        args.reading.own_files_only(source, &mut options)?;
    }
    args.filter.prepare(source, &options)?;
    let pages = args.save_fullpage.as_deref().map(fullpage::Folder::new).transpose()?;
    let watch = if args.follow { Some(Watch::new(&args.reading.archive()?)?) } else { None };
    let work = Work { pages, watch };
    options.interrupt = work.watch.as_ref().map(Watch::interrupt);
    let bar = Bar::new(args.quiet || args.follow || io::stdout().is_terminal());
    options.progress = Some(&bar);
    let wanted = Wanted { options, limit: args.reading.limit() };
    let filter = &args.filter;
    let listed = match (args.quiet, args.format) {
        (true, _) => {
            write(source, &wanted, &work, &dump_text::Text { filter, quiet: true, vocabulary: OnceLock::new() }, &mut Unheard(io::stderr().lock()))
        }
        (_, Format::Text) => {
            write(source, &wanted, &work, &dump_text::Text { filter, quiet: false, vocabulary: OnceLock::new() }, &mut io::stdout().lock())
        }
        (_, Format::Waldump) => {
            let zone = waldump::Zone::system();
            let render = waldump::Waldump { filter, details: args.bkp_details, zone: &zone, heads: OnceLock::new() };
            write(source, &wanted, &work, &render, &mut io::stdout().lock())
        }
        (_, Format::Jsonl) => {
            let mut out = io::stdout().lock();
            let listed = write(source, &wanted, &work, &dump_json::Json { filter, names: OnceLock::new() }, &mut out)?;
            out.write_all(&dump_json::end(&listed)).and_then(|()| out.flush())?;
            Ok(listed)
        }
        (_, Format::Csv) => {
            let mut out = io::stdout().lock();
            let render = csv::Csv::new(filter, &args.fields);
            out.write_all(&render.header())?;
            let listed = write(source, &wanted, &work, &render, &mut out)?;
            // Where nobody can be told, the exit code counts.
            let _ = io::stderr().write_all(&render.findings());
            Ok(listed)
        }
    };
    bar.finish();
    let listed = listed?;
    if let Some(watch) = &work.watch {
        watch.end();
    }
    exit(args, &listed)
}

/// Prints the names that -r takes.
pub fn list_managers() -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    for name in filter::managers() {
        writeln!(out, "{name}")?;
    }
    Ok(Exit::Clean)
}

/// What is done beside listing.
struct Work {
    pages: Option<fullpage::Folder>,
    watch: Option<Watch>,
}

fn write<R: Render>(source: &dyn Source, wanted: &Wanted<'_>, work: &Work, render: &R, out: &mut dyn Write) -> anyhow::Result<Listed> {
    let sink = &mut |text: &[u8]| out.write_all(text);
    let listed = match &work.pages {
        Some(pages) => fullpage::with(render, pages, sink, |saving, sink| records(source, wanted, work, saving, sink))?,
        None => records(source, wanted, work, render, sink)?,
    };
    out.flush()?;
    Ok(listed)
}

fn records<R: Render>(
    source: &dyn Source,
    wanted: &Wanted<'_>,
    work: &Work,
    render: &R,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<Listed, ListError> {
    match &work.watch {
        Some(watch) => follow::list(source, wanted, render, watch, sink),
        None => list(source, wanted, render, sink),
    }
}

/// Standard error: where nobody can be told of damage, the list goes on, and the exit code counts.
struct Unheard<W>(W);

impl<W: Write> Write for Unheard<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let _ = self.0.write_all(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn exit(args: &Args, listed: &Listed) -> anyhow::Result<Exit> {
    let exit = args.reading.exit(&listed.outcome, listed.segments, listed.complete)?;
    if exit == Exit::Refuted && matches!(args.format, Format::Text | Format::Csv) && !args.quiet {
        crate::complain(dump_text::incomplete(listed.end));
    }
    Ok(exit)
}
