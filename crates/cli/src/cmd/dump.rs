//! `walproof dump`: the records of an archive, in order, past damage.
//!
//! What is listed is what recovery to a timeline would read: segment by segment the file that a server takes. Where it
//! could not read on, a finding stands in the list, and the list goes on behind it.

use crate::Exit;
use crate::filter::{self, Filter};
use crate::follow::{self, Watch};
use crate::fullpage;
use crate::input::Input;
use crate::progress::Bar;
use crate::render::{dump_json, dump_text, waldump};
use anyhow::{bail, ensure};
use clap::ValueEnum;
use pgwal::format::{FileName, Layout, Lsn, Position, SegmentName, TimelineId};
use pgwal::source::Source;
use pgwal::verify::records::{ListError, Listed, Render, Wanted, list};
use pgwal::verify::{Depth, Options, Which, verify};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

/// The options of `dump`.
#[derive(clap::Args)]
#[command(after_help = "Letters and meaning are those of pg_waldump. STARTSEG may also be a position: X/Y, 24 hex digits+OFFSET.\n\
                        Without STARTSEG and -s the list begins where the archive does. Exit code 1: a record asked for could not be read.")]
pub struct Args {
    /// A folder of WAL, a data directory or its pg_wal, a file, several files, or -; then the first and the last segment
    #[arg(value_name = "ARCHIVE [STARTSEG [ENDSEG]]", required_unless_present_any = ["path", "rmgr"])]
    words: Vec<PathBuf>,
    /// The archive; all other words are segments then
    #[arg(short, long, value_name = "ARCHIVE")]
    path: Option<PathBuf>,
    /// Only records that start here or behind
    #[arg(short, long, value_name = "LSN")]
    start: Option<Lsn>,
    /// Only records that end before or at this position
    #[arg(short, long, value_name = "LSN")]
    end: Option<Lsn>,
    /// The timeline to recover to [default: the latest, or that of STARTSEG]
    #[arg(short, long, value_name = "N", value_parser = timeline)]
    timeline: Option<TimelineId>,
    /// Stop after so many records
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<u64>,
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
    /// Threads [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Read plain files in windows instead of mapping them into memory
    #[arg(long)]
    no_mmap: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A record a line, for people
    Text,
    /// A JSON document a line
    Jsonl,
    /// What pg_waldump of the WAL's own version prints
    Waldump,
}

/// Reads a timeline as PostgreSQL 16 does.
pub fn timeline(text: &str) -> Result<TimelineId, String> {
    TimelineId::parse(text).ok_or_else(|| "a timeline is a number from 1, decimal or 0x and hexadecimal".to_owned())
}

/// Lists the records.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.filter.lists_managers() {
        let mut out = io::stdout().lock();
        for name in filter::managers() {
            writeln!(out, "{name}")?;
        }
        return Ok(Exit::Clean);
    }
    let (archive, segments) = args.words()?;
    let input = Input { archive, path: None, jobs: args.jobs, no_mmap: args.no_mmap };
    let source = input.open()?;
    let mut options = Options::default();
    options.jobs = input.jobs();
    options.map = input.map();
    options.timeline = args.timeline.map_or(Which::Latest, Which::Number);
    (options.start, options.end) = (args.start, args.end);
    if !segments.is_empty() {
        args.narrow(source.as_ref(), &segments, &mut options)?;
    }
    let pages = args.save_fullpage.as_deref().map(fullpage::Folder::new).transpose()?;
    let watch = if args.follow { Some(Watch::new(&input.archive)?) } else { None };
    let work = Work { pages, watch };
    options.interrupt = work.watch.as_ref().map(Watch::interrupt);
    let bar = Bar::new(args.quiet || args.follow || io::stdout().is_terminal());
    options.progress = Some(&bar);
    let wanted = Wanted { options, limit: args.limit.filter(|&n| n > 0) };
    let listed = match (args.quiet, args.format) {
        (true, _) => write(source.as_ref(), &wanted, &work, &dump_text::Text { filter: &args.filter, quiet: true }, &mut io::stderr().lock()),
        (_, Format::Text) => {
            write(source.as_ref(), &wanted, &work, &dump_text::Text { filter: &args.filter, quiet: false }, &mut io::stdout().lock())
        }
        (_, Format::Waldump) => {
            let zone = waldump::Zone::system();
            let render = waldump::Waldump { filter: &args.filter, details: args.bkp_details, zone: &zone };
            write(source.as_ref(), &wanted, &work, &render, &mut io::stdout().lock())
        }
        (_, Format::Jsonl) => {
            let mut out = io::stdout().lock();
            let listed = write(source.as_ref(), &wanted, &work, &dump_json::Json { filter: &args.filter }, &mut out)?;
            out.write_all(&dump_json::end(&listed)).and_then(|()| out.flush())?;
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

fn exit(args: &Args, listed: &Listed) -> anyhow::Result<Exit> {
    if listed.outcome.layout.is_none() {
        return Ok(Exit::CouldNotTell);
    }
    if listed.segments == 0 {
        let here: Vec<String> = listed.outcome.timelines.iter().map(|t| t.timeline.to_string()).collect();
        match args.timeline {
            Some(asked) => bail!("nothing to read: no segment of timeline {asked} in the range asked for (timelines here: {})", here.join(", ")),
            None => bail!("nothing to read: no segment of the range asked for is here"),
        }
    }
    if listed.complete {
        return Ok(Exit::Clean);
    }
    if args.format == Format::Text && !args.quiet {
        eprintln!("walproof: {}", dump_text::incomplete(listed.end));
    }
    Ok(Exit::Refuted)
}

impl Args {
    /// The archive and the segments.
    fn words(&self) -> anyhow::Result<(Vec<PathBuf>, Vec<String>)> {
        let (archive, rest): (Vec<PathBuf>, &[PathBuf]) = match (&self.path, self.words.split_first()) {
            (Some(path), _) => (vec![path.clone()], &self.words),
            (None, Some((first, rest))) if first.is_file() && !rest.is_empty() => {
                ensure!(
                    rest.iter().all(|file| file.is_file()),
                    "{} is a file: write -p FOLDER STARTSEG ENDSEG for a range, or name only files",
                    first.display()
                );
                return Ok((self.words.clone(), Vec::new()));
            }
            (None, Some((first, rest))) => (vec![first.clone()], rest),
            (None, None) => bail!("no archive was named"),
        };
        ensure!(rest.len() <= 2, "after the archive come at most two words, STARTSEG and ENDSEG; \"{}\" is one too many", rest[2].display());
        Ok((archive, rest.iter().map(|word| word.to_string_lossy().into_owned()).collect()))
    }

    /// What STARTSEG and ENDSEG say, by the rules of `pg_waldump`.
    fn narrow(&self, source: &dyn Source, segments: &[String], options: &mut Options<'_>) -> anyhow::Result<()> {
        let mut names = Options::default();
        names.depth = Depth::Names;
        let Some(layout) = verify(source, &names)?.layout else { return Ok(()) };
        let (address, size) = (layout.address(), layout.segment);
        let first = Place::read(&segments[0], &layout)?;
        let number = address.segment(first.lsn, size);
        if let Some(timeline) = first.timeline {
            options.timeline = Which::Number(timeline);
        }
        match options.start {
            Some(start) => ensure!(address.segment(start, size) == number, "the start {start} is not in {}", segments[0]),
            None => options.start = Some(first.lsn),
        }
        let mut last = number;
        if let Some(word) = segments.get(1) {
            last = address.segment(Place::read(word, &layout)?.lsn, size);
            ensure!(last >= number, "{word} lies before {}", segments[0]);
        }
        let end = address.segment_start(last.next(), size);
        match options.end {
            Some(asked) => ensure!(
                address.segment(asked, size) == last || address.normal(asked, size) == end,
                "the end {asked} is not in {}",
                segments.last().map_or("", String::as_str)
            ),
            None => options.end = Some(end),
        }
        Ok(())
    }
}

/// A segment or a position.
struct Place {
    lsn: Lsn,
    timeline: Option<TimelineId>,
}

impl Place {
    fn read(word: &str, layout: &Layout) -> anyhow::Result<Place> {
        let file = word.rsplit('/').next().unwrap_or(word);
        if let Some(FileName::Segment(name)) = FileName::parse(file) {
            let number = name.number(layout.address(), layout.segment);
            let Some(number) = number else { bail!("no segment of this cluster has the name {name}") };
            return Ok(Place {
                lsn: layout.address().segment_start(number, layout.segment),
                timeline: Some(SegmentName::parse(file).map_or(name.timeline, |n| n.timeline)),
            });
        }
        let position = Position::parse(word).map_err(|error| anyhow::anyhow!("\"{word}\" is neither a segment nor a position: {error}"))?;
        let lsn = position.lsn(layout.address(), layout.segment).map_err(|error| anyhow::anyhow!("\"{word}\": {error}"))?;
        Ok(Place { lsn, timeline: position.timeline() })
    }
}
