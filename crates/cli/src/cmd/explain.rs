//! `walproof explain`: a code of walproof, a family of them, or a line of PostgreSQL's log; with an archive, what its
//! bytes say of the place that the line names.

use crate::exit::Exit;
use crate::streams::page;
use anyhow::bail;
use clap::ValueEnum;
use pgwal::format::{FileName, Layout, Lsn, Position, TimelineId};
use pgwal::source;
use pgwal::verify::codes::{Code, CodePattern};
use pgwal::verify::log_line::{self, LogLine, Slot, SlotValue};
use pgwal::verify::probe::probe;
use pgwal::verify::{Options, log_line::LogPosition as Named};
use pgwal_report::explain::{self, Evidence, ExplainAnswer, ExplainedLine};
use pgwal_report::outside::{Lines, OutputForm};
use std::io::Write;
use std::path::PathBuf;

/// Options of `explain`.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 explained, 2 the text is neither a code nor a message that is known. Without WHAT: all codes."
)]
pub struct Args {
    /// A code (WP201, record-crc), a family (WP2xx), or a line of a log, quoted or not
    #[arg(value_name = "WHAT", trailing_var_arg = false)]
    what: Vec<String>,
    /// Look the place of the message up in this archive
    #[arg(short, long, value_name = "ARCHIVE")]
    path: Option<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Format {
    fn form(self) -> OutputForm {
        match self {
            Format::Text => OutputForm::Plain,
            Format::Json => OutputForm::Json,
        }
    }
}

/// Explains.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let text = args.what.join(" ");
    let text = text.trim();
    let answer = if text.is_empty() {
        ExplainAnswer::List(Code::ALL.to_vec())
    } else if let Ok(pattern) = text.parse::<CodePattern>() {
        ExplainAnswer::Codes(Code::ALL.iter().copied().filter(|&code| pattern.matches(code)).collect())
    } else if let Some(message) = log_line::recognise(text) {
        let evidence = args.path.as_ref().map(|path| evidence(path, &message)).transpose()?;
        let next = next(&message, args.path.as_ref());
        ExplainAnswer::Line(Box::new(ExplainedLine { message, next, evidence }))
    } else if text.get(..2).is_some_and(|wp| wp.eq_ignore_ascii_case("wp")) && !text.contains(' ') {
        bail!("\"{text}\" is no code of walproof; walproof explain lists them all");
    } else {
        bail!(
            "\"{text}\" is neither a code nor a message about WAL or recovery that is known; give one line of the server's log in English \
             (lc_messages = C), such as: invalid record length at 0/665ACA8: wanted 24, got 0"
        );
    };
    let mut out = page(args.format.form());
    match args.format {
        Format::Text => explain::text::write(&mut Lines::new(&mut out), &answer)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &explain::json::document(text, &answer))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(Exit::Clean)
}

/// The commands that exist, with the archive filled in.
fn next(message: &LogLine, path: Option<&PathBuf>) -> Vec<String> {
    use clap::Subcommand;
    let exists = |command: &String| command.split(' ').nth(1).is_some_and(super::Command::has_subcommand);
    let filled = |command: String| match path {
        Some(path) => command.replace("ARCHIVE", &quoted(&path.to_string_lossy())),
        None => command,
    };
    message.next().into_iter().filter(exists).map(filled).collect()
}

/// As a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:=@%".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

/// Looks the place of the message up.
fn evidence(path: &PathBuf, message: &LogLine) -> anyhow::Result<Evidence> {
    let source = source::open(std::slice::from_ref(path))?;
    let Some(place) = message.place() else {
        return Ok(Evidence::None("the message names no place in WAL".into()));
    };
    if let Named::File { name, .. } = &place
        && !matches!(FileName::parse(name), Some(FileName::Segment(_) | FileName::Partial(_)))
    {
        let here =
            source.list()?.entries.iter().any(|entry| entry.name.is_some() && entry.name == FileName::parse(name));
        return Ok(Evidence::None(format!(
            "{name} is {} in {}",
            if here { "there" } else { "not there" },
            source.describe()
        )));
    }
    // The file that the message names beside the position tells the timeline.
    let timeline = message.positions().iter().find_map(timeline_of).or_else(|| said_timeline(message));
    let mut options = Options::default();
    options.jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let at = |layout: &Layout| Some((resolve(&place, layout)?, timeline));
    let seen = probe(source.as_ref(), options, &at)?;
    Ok(match seen {
        Some(seen) => Evidence::Seen(Box::new(seen)),
        None => Evidence::None(format!("no WAL in {} has a place {place}", source.describe())),
    })
}

/// The timeline on which the line itself says that its position lies.
fn said_timeline(message: &LogLine) -> Option<TimelineId> {
    // Of two, the one that is not at fault; a single one is that of the place.
    let place = message.fact(Slot::At).or_else(|| message.fact(Slot::From));
    match (place, message.fact(Slot::OtherTimeline).or_else(|| message.fact(Slot::Timeline))) {
        (Some(_), Some(SlotValue::Timeline(timeline))) => Some(*timeline),
        _ => None,
    }
}

fn timeline_of(place: &Named) -> Option<TimelineId> {
    match place {
        Named::File { name, .. } => match FileName::parse(name)? {
            FileName::Segment(name) | FileName::Partial(name) => Some(name.timeline),
            _ => None,
        },
        _ => None,
    }
}

fn resolve(place: &Named, layout: &Layout) -> Option<Lsn> {
    match place {
        Named::Lsn { lsn, .. } => Some(*lsn),
        Named::File { name, offset } => {
            let (FileName::Segment(name) | FileName::Partial(name)) = FileName::parse(name)? else { return None };
            let start = layout.address().segment_start(name.number(layout.address(), layout.segment)?, layout.segment);
            layout.address().advance(start, offset.unwrap_or(0), layout.segment)
        }
        other => Position::parse(&other.to_string()).ok()?.lsn(layout.address(), layout.segment).ok(),
    }
}
