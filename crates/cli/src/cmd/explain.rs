//! `walproof explain`: a code of walproof, a family of them, or lines of PostgreSQL's log; with an archive, what its
//! bytes say of the place that the worst of the lines names.

mod pasted;
mod utf16;

use crate::exit::Exit;
use crate::keys::KeyOptions;
use crate::repo::PlaceOptions;
use crate::speed::on_all_processors;
use crate::streams::page;
use anyhow::bail;
use clap::ValueEnum;
use pgwal::format::{FileName, Layout, Lsn, Position, TimelineId};
use pgwal::verify::codes::{Code, CodePattern};
use pgwal::verify::log_line::LogPosition as Named;
use pgwal::verify::log_line::{LogLine, LogReading, Slot, SlotValue};
use pgwal::verify::probe::probe;
use pgwal_report::explain::{self, Evidence, ExplainAnswer, ExplainedLine, ExplainedPlaces};
use pgwal_report::outside::{Lines, OutputForm};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Options of `explain`.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 explained (of a message that is not known, the places in WAL that it names), 2 the text is \
                  neither a code nor says anything of WAL. Without WHAT: all codes."
)]
pub struct ExplainArgs {
    /// A code (WP201, record-crc), a family (WP2xx), lines of a log in any language of the server, quoted or not, the
    /// file of a log, or - for a log on standard input; of several lines the worst is explained
    #[arg(value_name = "WHAT", trailing_var_arg = false)]
    what: Vec<String>,
    /// Look the place of the message up in this archive
    #[arg(short, long, value_name = "ARCHIVE")]
    path: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyOptions,
    /// How to say it
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    format: ExplainFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    Text,
    Json,
}

impl ExplainFormat {
    fn form(self) -> OutputForm {
        match self {
            ExplainFormat::Text => OutputForm::Plain,
            ExplainFormat::Json => OutputForm::Json,
        }
    }
}

/// Explains.
pub fn run(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let given = pasted::given(&args.what)?;
    let (text, shown) = (given.text.trim(), given.shown());
    let answer = if text.is_empty() {
        ExplainAnswer::List(Code::ALL.to_vec())
    } else if let Ok(pattern) = text.parse::<CodePattern>() {
        ExplainAnswer::Codes(Code::ALL.iter().copied().filter(|&code| pattern.matches(code)).collect())
    } else if let Some(code) = own_code(text).filter(|_| given.reading.worst.is_none()) {
        ExplainAnswer::Codes(vec![code])
    } else if let Some(answer) = of_lines(given.reading, args.path.as_ref(), &args.keys)? {
        answer
    } else if text.get(..2).is_some_and(|wp| wp.eq_ignore_ascii_case("wp")) && !text.contains(' ') {
        bail!("\"{text}\" is no code of walproof; walproof explain lists them all");
    } else {
        bail!(
            "{shown} a message about WAL or recovery that is known, and names no place in WAL; give one \
             line of the server's log or several, such as: invalid record length at 0/665ACA8: wanted 24, got 0"
        );
    };
    let mut out = page(args.format.form());
    match args.format {
        ExplainFormat::Text => explain::text::write(&mut Lines::new(&mut out), &answer)?,
        ExplainFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &explain::json::document(text, &answer))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(Exit::Clean)
}

/// The last finding that lines of walproof itself name: `… is wrong (WP201)`.
fn own_code(text: &str) -> Option<Code> {
    let codes = text.rmatch_indices("(WP").filter_map(|(at, _)| {
        let name = text.get(at + 1..)?.split_once(')')?.0;
        Code::ALL.iter().copied().find(|code| code.to_string() == name)
    });
    codes.into_iter().next()
}

/// What lines of a log say: the worst message that is known, or the places that unknown ones name.
fn of_lines(reading: LogReading, path: Option<&PathBuf>, keys: &KeyOptions) -> anyhow::Result<Option<ExplainAnswer>> {
    let LogReading { worst, number, lines, others, places, .. } = reading;
    if let Some(message) = worst {
        // What the message itself does not say, a line beside it may.
        let own = message.positions();
        let named = if own.is_empty() { &places } else { &own };
        let evidence = path.map(|path| evidence(path, keys, (named, said_timeline(&message)))).transpose()?;
        let next = next(message.next(), path);
        let line = ExplainedLine { message, number, lines, others, places, next, evidence };
        return Ok(Some(ExplainAnswer::Line(Box::new(line))));
    }
    let Some(first) = places.first() else { return Ok(None) };
    let commands = ["locate {} -p ARCHIVE", "hex ARCHIVE {}", "verify ARCHIVE"];
    let commands = commands.map(|command| format!("walproof {}", command.replace("{}", &first.as_argument())));
    let next = next(commands.to_vec(), path);
    let evidence = path.map(|path| evidence(path, keys, (&places, None))).transpose()?;
    Ok(Some(ExplainAnswer::Places(Box::new(ExplainedPlaces { places, lines, next, evidence }))))
}

/// The commands that exist, with the archive filled in.
fn next(commands: Vec<String>, path: Option<&PathBuf>) -> Vec<String> {
    use clap::Subcommand;
    let exists = |command: &String| command.split(' ').nth(1).is_some_and(super::Command::has_subcommand);
    let filled = |command: String| match path {
        Some(path) => command.replace("ARCHIVE", &quoted(&path.to_string_lossy())),
        None => command,
    };
    commands.into_iter().filter(exists).map(filled).collect()
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

/// Looks the first place up; the others may tell its timeline.
fn evidence(
    path: &Path,
    keys: &KeyOptions,
    (places, timeline): (&[Named], Option<TimelineId>),
) -> anyhow::Result<Evidence> {
    let source = crate::input::open(path, &PlaceOptions::default(), keys)?;
    let Some(place) = places.first() else {
        return Ok(Evidence::None("the message names no place in WAL".into()));
    };
    if let Named::File { name, .. } = place
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
    let timeline = places.iter().find_map(timeline_of).or(timeline);
    let at = |layout: &Layout| Some((resolve(place, layout)?, timeline));
    let seen = probe(source.as_ref(), on_all_processors(), &at)?;
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
