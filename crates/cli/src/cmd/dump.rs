//! `walproof dump`: the records of an archive, in order, past damage.
//!
//! What is listed is what recovery to a timeline would read: segment by segment the file that a server takes. Where it
//! could not read on, a finding stands in the list, and the list goes on behind it.

use super::reading::Reading;
use super::stats;
use crate::Exit;
use crate::filter::{self, Filter};
use crate::fullpage;
use crate::progress::Bar;
use crate::render::csv::{self, Column};
use crate::render::{dump_json, dump_text, waldump};
use clap::ValueEnum;
use pgwal::source::Source;
use pgwal::verify::records::{Listed, Render, Wanted, list};
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
    let (source, mut options) = args.reading.open()?;
    let source = source.as_ref();
    if args.format == Format::Waldump {
        args.reading.own_files_only(source, &mut options)?;
    }
    args.filter.prepare(source, &options)?;
    let pages = args.save_fullpage.as_deref().map(fullpage::Folder::new).transpose()?;
    let pages = pages.as_ref();
    let bar = Bar::new(args.quiet || io::stdout().is_terminal());
    options.progress = Some(&bar);
    let wanted = Wanted { options, limit: args.reading.limit() };
    let filter = &args.filter;
    let listed = match (args.quiet, args.format) {
        (true, _) => write(source, &wanted, pages, &dump_text::Text { filter, quiet: true }, &mut io::stderr().lock()),
        (_, Format::Text) => write(source, &wanted, pages, &dump_text::Text { filter, quiet: false }, &mut io::stdout().lock()),
        (_, Format::Waldump) => {
            let zone = waldump::Zone::system();
            let render = waldump::Waldump { filter, details: args.bkp_details, zone: &zone, vocabulary: OnceLock::new() };
            write(source, &wanted, pages, &render, &mut io::stdout().lock())
        }
        (_, Format::Jsonl) => {
            let mut out = io::stdout().lock();
            let listed = write(source, &wanted, pages, &dump_json::Json { filter }, &mut out)?;
            out.write_all(&dump_json::end(&listed)).and_then(|()| out.flush())?;
            Ok(listed)
        }
        (_, Format::Csv) => {
            let mut out = io::stdout().lock();
            let render = csv::Csv::new(filter, &args.fields);
            out.write_all(&render.header())?;
            let listed = write(source, &wanted, pages, &render, &mut out)?;
            io::stderr().write_all(&render.findings())?;
            Ok(listed)
        }
    };
    bar.finish();
    exit(args, &listed?)
}

/// Prints the names that -r takes.
pub fn list_managers() -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    for name in filter::managers() {
        writeln!(out, "{name}")?;
    }
    Ok(Exit::Clean)
}

fn write<R: Render>(
    source: &dyn Source,
    wanted: &Wanted<'_>,
    pages: Option<&fullpage::Folder>,
    render: &R,
    out: &mut dyn Write,
) -> anyhow::Result<Listed> {
    let sink = &mut |text: &[u8]| out.write_all(text);
    let listed = match pages {
        Some(pages) => fullpage::list(source, wanted, render, pages, sink)?,
        None => list(source, wanted, render, sink)?,
    };
    out.flush()?;
    Ok(listed)
}

fn exit(args: &Args, listed: &Listed) -> anyhow::Result<Exit> {
    let exit = args.reading.exit(&listed.outcome, listed.segments, listed.complete)?;
    if exit == Exit::Refuted && matches!(args.format, Format::Text | Format::Csv) && !args.quiet {
        eprintln!("walproof: {}", dump_text::incomplete(listed.end));
    }
    Ok(exit)
}
