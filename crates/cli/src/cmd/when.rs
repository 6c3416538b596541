//! `walproof when`: which times, positions, transactions and restore points an archive reaches; one translated into the
//! others, with the settings that make a server recover to it.

use crate::exit::Exit;
use crate::input::{At, InputOptions, ReadingOptions};
use crate::memory::{Memory, is_url};
use crate::progress::Bar;
use crate::several::NamedArchive;
use crate::streams::page;
use crate::words::{places_first, xid};
use crate::zone::ZoneOption;
use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use pgwal::format::position::{Indirect, PositionError};
use pgwal::format::{Position, SegmentSize, TimelineId};
use pgwal::verify::backup::StartFiles;
use pgwal::verify::ended::RunEnd;
use pgwal::verify::places::choose_copies;
use pgwal::verify::times::{PointNotes, Times};
use pgwal::verify::windows::windows;
use pgwal::verify::{Options, Severity, Which};
use pgwal_report::outside::{Lines, OutputForm};
use pgwal_report::time::Zone;
use pgwal_report::when::{self, WhenAnswer, WhenAsked, restore_command, settings};
use pgwal_report::words::unread;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Options of `when`.
#[derive(clap::Args)]
#[command(after_help = SPELLINGS)]
pub struct WhenArgs {
    /// A folder of WAL, a data directory or its pg_wal, a repository of a backup tool; several places are read as one
    /// archive; then what to translate [default: say what is reachable]
    #[arg(value_name = "ARCHIVE [POSITION]", required_unless_present = "path")]
    words: Vec<PathBuf>,
    /// The archive; the position is the only word then
    #[arg(short, long, value_name = "ARCHIVE")]
    path: Option<PathBuf>,
    /// The timeline to recover to [default: the latest]
    #[arg(short, long, value_name = "N", value_parser = super::reading::timeline)]
    timeline: Option<TimelineId>,
    #[command(flatten)]
    reading: ReadingOptions,
    #[command(flatten)]
    memory: Memory,
    /// How to say it
    #[arg(long, value_enum, default_value_t = WhenFormat::Text)]
    format: WhenFormat,
    #[command(flatten)]
    zone: ZoneOption,
}

const SPELLINGS: &str = "A position: X/Y · 24 hex digits[+OFFSET] · a time, or time:…: 2026-11-22 14:00, 14:00, yesterday 14:00, 2h ago · xid:N · name:RESTORE_POINT\n\
     Times and transactions are those of commits and aborts, as recovery targets are.";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WhenFormat {
    Text,
    Json,
}

impl WhenFormat {
    fn form(self) -> OutputForm {
        match self {
            WhenFormat::Text => OutputForm::Plain,
            WhenFormat::Json => OutputForm::Json,
        }
    }
}

/// Says when.
pub fn run(args: &WhenArgs) -> anyhow::Result<Exit> {
    let (archive, asked) = places_first(args.path.as_ref(), &args.words, &|word| args.is_position(word))?;
    ensure!(asked.len() <= 1, "one position at a time: walproof when ARCHIVE POSITION");
    let input = args.reading.of(archive);
    let opened = input.open_named(None)?;
    if let NamedArchive::Several(places, _) = &opened {
        choose_copies(places, &input.options())?;
    }
    let source = opened.source();
    let index = args.memory.open(&input, At::Records)?;
    let bar = Bar::new(false);
    let options = || {
        let mut options = input.options();
        options.timeline = args.timeline.map_or(Which::Latest, Which::Number);
        options.index = index.as_ref();
        options
    };
    let mut first = options();
    first.progress = Some(&bar);
    let times = match Times::of(source, first)? {
        Ok(times) => match opened.repository() {
            Some(repository) => times.with_wal_of_backups(source, &options(), repository)?,
            None => times,
        },
        Err(outcome) => bail!("{}: {}", source.describe(), unread(&outcome)),
    };
    bar.finish();
    if let Some(index) = &index {
        index.save().with_context(|| format!("the index {} cannot be written", index.path().display()))?;
    }
    let mut zone = args.zone.zone();
    let answer = match asked.first() {
        Some(word) => Some(answer(&word.to_string_lossy(), &times, &opened, &options(), &input, &mut zone)?),
        None => None,
    };
    let listed = opened.repository().map(|repository| repository.backups.as_slice());
    let backups = windows(&times, listed, crate::zone::now().unix_micros() / 1_000_000);
    let mut out = page(args.format.form());
    match args.format {
        WhenFormat::Text => {
            when::text::write(&mut Lines::new(&mut out), &times, &backups, answer.as_ref(), &input.shown(), &zone)?
        }
        WhenFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &when::json::document(&times, &backups, answer.as_ref()))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    let reached = answer.is_none_or(|answer| answer.moment.is_some_and(|m| times.is_reachable(&m)));
    // What lies behind a file that could not be looked at may well be in reach.
    Ok(match RunEnd::of(&times.outcome, Severity::Error) {
        RunEnd::Clean if !reached => Exit::Refuted,
        ended => ended.into(),
    })
}

impl WhenArgs {
    /// Whether a word reads as a position. What is a position but for its details is told to be wrong.
    fn is_position(&self, word: &str) -> bool {
        match Position::parse(word) {
            Ok(_) | Err(PositionError::NeedsArchive(_)) => true,
            Err(_) => self.zone.zone().read(word, crate::zone::now()).is_ok(),
        }
    }
}

fn answer(
    text: &str,
    times: &Times,
    opened: &NamedArchive,
    options: &Options<'_>,
    input: &InputOptions,
    zone: &mut Zone,
) -> anyhow::Result<WhenAnswer> {
    let source = opened.source();
    let asked = read(text, times, zone)?;
    let moment = match &asked {
        WhenAsked::Lsn(lsn) if !times.reaches(*lsn) => None,
        WhenAsked::Lsn(lsn) => Some(times.at_lsn(source, options, *lsn)?),
        WhenAsked::Time(time) => times.at_time(source, options, *time)?,
        WhenAsked::Xid(xid) => times.at_xid(source, options, *xid)?,
        WhenAsked::Name(name) => times.at_name(source, options, name)?,
    };
    let why_not = match &asked {
        WhenAsked::Xid(xid) if moment.is_none() => {
            let elsewhere =
                when::elsewhere::told(&format!("transaction {xid}"), &times.xid_elsewhere(source, options, *xid)?);
            let why = times.why_not(source, options, *xid)?;
            // Another number of this way is the better answer.
            let named = why.as_ref().is_some_and(|(_, other)| other.is_some());
            elsewhere.filter(|_| !named).map(|told| (told, None)).or(why)
        }
        WhenAsked::Name(name) if moment.is_none() => {
            when::elsewhere::told("that restore point", &times.name_elsewhere(name)).map(|told| (told, None))
        }
        _ => None,
    };
    let notes = match (&moment, &asked) {
        (Some(moment), WhenAsked::Time(time)) => times.notes(source, options, moment, Some(*time))?,
        (Some(moment), _) => times.notes(source, options, moment, None)?,
        (None, _) => PointNotes::default(),
    };
    let (restore_command, set_by_system) = fetching(opened, input, times.layout().segment)?;
    let timeline = if let Which::Number(timeline) = options.timeline { Some(timeline) } else { None };
    Ok(WhenAnswer { input: text.to_owned(), asked, moment, notes, why_not, timeline, restore_command, set_by_system })
}

/// The setting that fetches WAL from an archive, and targets in `postgresql.auto.conf` of a data directory.
pub(super) fn fetching(
    opened: &NamedArchive,
    input: &InputOptions,
    segment: SegmentSize,
) -> anyhow::Result<(String, Vec<String>)> {
    let named = input.each_named();
    // A data directory has settings of its own.
    let data = named.iter().flatten().find(|path| path.join("PG_VERSION").is_file());
    let own = data.map(|path| StartFiles::read(path)).transpose()?.unwrap_or_default();
    let restore_command = match (opened, own.restore_command()) {
        (NamedArchive::Several(..), _) => several(&named, input),
        (NamedArchive::One(_), Some(command)) => format!("restore_command = '{}'", settings::quoted(command)),
        (NamedArchive::One(opened), None) => {
            let source = opened.source.as_ref();
            let place = input.named().into_iter().next().unwrap_or_else(|| PathBuf::from(source.describe()));
            let serves = opened.repository.is_none() && (is_url(&place) || place.is_dir() && data.is_none());
            restore_command::setting(source, &place, segment, (serves, &reading_words(input)))
        }
    };
    Ok((restore_command, own.targets_of_system()))
}

/// Which archive there is meant, and where keys are.
fn reading_words(input: &InputOptions) -> Vec<(&'static str, String)> {
    let reading = &input.reading;
    reading.place.words().into_iter().chain(reading.keys.words()).collect()
}

/// The setting for several places: whoever copies files in a shell takes bad ones, too.
fn several(named: &[Vec<PathBuf>], input: &InputOptions) -> String {
    let places: Option<Vec<&Path>> =
        named.iter().map(|paths| if let [one] = &paths[..] { Some(one.as_path()) } else { None }).collect();
    let options = reading_words(input);
    match places {
        Some(places) if places.iter().all(|place| is_url(place) || place.is_dir()) => {
            restore_command::of_places(&places, &options)
        }
        _ => restore_command::NOT_SERVED.to_owned(),
    }
}

fn read(text: &str, times: &Times, zone: &mut Zone) -> anyhow::Result<WhenAsked> {
    let now = crate::zone::now();
    match text.split_once(':') {
        Some(("xid", number)) => {
            return xid(number).map(WhenAsked::Xid).map_err(|what| anyhow::anyhow!("{text}: {what}"));
        }
        Some(("name", name)) => return Ok(WhenAsked::Name(name.to_owned())),
        Some(("time", time)) => {
            return zone.read(time, now).map(WhenAsked::Time).map_err(|what| anyhow::anyhow!("{text}: {what}"));
        }
        _ => {}
    }
    match Position::parse(text) {
        Ok(position) => {
            let layout = times.layout();
            let lsn = position
                .lsn(layout.address(), layout.segment)
                .map_err(|error| anyhow::anyhow!("\"{text}\": {error}"))?;
            let mut lsn = layout.address().normal(lsn, layout.segment);
            // Nothing starts in front of a segment's first page header.
            if let Some((from, _)) =
                times.outcome.replay.filter(|(from, _)| lsn < *from && times.number(lsn) == times.number(*from))
            {
                lsn = from;
            }
            Ok(WhenAsked::Lsn(lsn))
        }
        Err(error) => match zone.read(text, now) {
            Ok(time) => Ok(WhenAsked::Time(time)),
            // A time is what was meant, and what is wrong with it is told.
            Err(what) if matches!(error, PositionError::NeedsArchive(Indirect::Time)) => bail!("\"{text}\": {what}"),
            Err(_) => {
                ensure!(
                    !text.chars().all(|c| c.is_ascii_digit()),
                    "\"{text}\" could be a transaction or a restore point: write xid:{text} or name:{text}"
                );
                bail!(
                    "\"{text}\": {error}; or a time as 2026-11-22 14:00, yesterday 14:00 or 2h ago; xid:N, name:RESTORE_POINT"
                )
            }
        },
    }
}
