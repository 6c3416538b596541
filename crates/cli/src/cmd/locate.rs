//! `walproof locate`: a position to the name of a segment and the offset in it, and back.
//!
//! Without `--as` what is not a position is a usage error (exit 2). With it the question is what that server would say,
//! so that its error is an answer as good as any (exit 0): `"error"` holds its text without the leading `ERROR:  `, and
//! `"function"` names the function that would say it. A server with `pg_split_walfile_name` (16 and later) is asked
//! about a text without a slash as about a file name, every other text as about an LSN. The spellings that are ours
//! alone (an offset behind a name, a message's, a file) are translated first.
//!
//! With `-p ARCHIVE` its WAL says what has to be known of the cluster, and the timeline is the one whose file recovery
//! would take. `file` is that file; `null` where it is not there, which is an answer, too (exit 0).
//!
//! `segment` and `offset` are always where the byte at the LSN lies; the server's own functions name the segment before
//! at a boundary, up to 16.

mod shelf;

use self::shelf::{Held, Shelf};
use crate::exit::Exit;
use crate::place::{Basis, Geometry, Operand, Unread};
use crate::streams::page;
use pgwal::format::position::PositionError;
use pgwal::format::wal_functions::{self, WalFunctionError};
use pgwal::format::{Dialect, Lsn, Position, SegmentName, SegmentSize, TimelineId};
use pgwal_report::outside::{Form, Lines};
use std::io::Write;
use std::path::PathBuf;

/// The options of `locate`.
#[derive(clap::Args)]
#[command(after_help = format!("{}\nWrite -- before positions that begin with a hyphen.", crate::place::SPELLINGS))]
pub struct Args {
    /// What to locate
    // Apart from the others, so that it may begin with a hyphen and options may follow it all the same.
    #[arg(value_name = "POSITION", allow_hyphen_values = true)]
    first: String,
    /// More of them
    #[arg(value_name = "POSITION")]
    others: Vec<String>,
    /// The timeline of a position that does not tell its own, and of the server asked with --as
    /// [default: the one that recovery takes, or 1]
    #[arg(short, long, value_name = "N", value_parser = timeline)]
    timeline: Option<TimelineId>,
    #[command(flatten)]
    geometry: Geometry,
    /// Also say which file of this archive holds it; segment size, version and timeline are the archive's
    #[arg(short, long, value_name = "ARCHIVE")]
    path: Option<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How an answer is written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// JSON, a document a line
    Json,
}

impl Format {
    fn form(self) -> Form {
        match self {
            Format::Text => Form::Plain,
            Format::Json => Form::Json,
        }
    }
}

fn timeline(text: &str) -> Result<TimelineId, String> {
    TimelineId::parse(text).ok_or_else(|| "a timeline is a number from 1, decimal or 0x and hexadecimal".to_owned())
}

/// Answers for each position, in order.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let archive = args.path.as_deref().map(|path| Shelf::open(path, args.timeline)).transpose()?;
    let mut out = page(args.format.form());
    let mut exit = Exit::Clean;
    for (i, input) in std::iter::once(&args.first).chain(&args.others).enumerate() {
        crate::place::refuse_option(input)?;
        let answer = Answer::of(input, args, archive.as_ref());
        match args.format {
            Format::Json => writeln!(out, "{}", serde_json::to_string(&answer)?)?,
            Format::Text => {
                let mut lines = Lines::new(&mut out);
                if i > 0 && answer.problem.is_none() {
                    writeln!(lines)?;
                }
                text(&answer).iter().try_for_each(|line| writeln!(lines, "{line}"))?;
            }
        }
        if let Some(problem) = &answer.problem {
            out.flush()?;
            crate::complain(format_args!("\"{input}\": {problem}"));
            exit = Exit::CouldNotTell;
        }
    }
    out.flush()?;
    Ok(exit)
}

/// One line of `walproof.locate/1`.
#[derive(Default, serde::Serialize)]
struct Answer<'a> {
    schema: &'static str,
    input: &'a str,
    lsn: Option<Lsn>,
    segment: Option<String>,
    offset: Option<u64>,
    /// Of the checkpoint of a control file.
    #[serde(skip_serializing_if = "Option::is_none")]
    redo: Option<Lsn>,
    #[serde(flatten)]
    ground: Option<Ground>,
    #[serde(flatten)]
    server: Option<Server>,
    #[serde(flatten)]
    held: Option<Held>,
    /// Why there is no segment, where the LSN has one spelling too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Why there is no answer at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// For people only.
    #[serde(skip)]
    assumed: Vec<String>,
}

/// What the answer rests on.
#[derive(serde::Serialize)]
struct Ground {
    timeline: TimelineId,
    segment_size: u64,
    segment_size_assumed: bool,
    /// How positions map to segments: `split` (9.2 and earlier) or `linear`.
    scheme: &'static str,
    scheme_assumed: bool,
    /// Of the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

/// What the server of the version asked for says.
#[derive(Default, serde::Serialize)]
struct Server {
    #[serde(rename = "as")]
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    walfile_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    walfile_name_offset: Option<(String, u32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    split_walfile_name: Option<(u64, u32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<&'static str>,
}

impl<'a> Answer<'a> {
    fn of(input: &'a str, args: &Args, archive: Option<&Shelf>) -> Answer<'a> {
        let mut answer = Answer { schema: "walproof.locate/1", input, ..Answer::default() };
        let operand = Operand::read(input);
        let told: Vec<&Operand<'_>> = operand.as_ref().ok().into_iter().collect();
        let basis = Basis::of(&args.geometry, &told).and_then(|mut basis| {
            archive.map(|archive| basis.settle(archive.files.layout())).transpose()?;
            Ok(basis)
        });
        let basis = match basis {
            Ok(basis) => basis,
            Err(problem) => {
                answer.problem = Some(format!("{problem:#}"));
                return answer;
            }
        };
        answer.redo = told.first().and_then(|operand| operand.redo());
        let told = told.first().and_then(|operand| operand.timeline());
        let lsn = operand.as_ref().ok().and_then(|operand| operand.lsn(&basis).ok());
        let taken =
            archive.zip(lsn).and_then(|(archive, lsn)| archive.files.taken(basis.scheme.segment(lsn, basis.size)));
        let own = told.or(taken).or(args.timeline).unwrap_or(TimelineId::FIRST);
        answer.ground = Some(Ground {
            timeline: own,
            segment_size: basis.size.bytes(),
            segment_size_assumed: basis.size_assumed,
            scheme: basis.scheme_name(),
            scheme_assumed: basis.scheme_assumed,
            version: archive.map(|archive| archive.files.layout().dialect.version.to_string()),
        });
        answer.assumed = basis.assumptions();
        if told.or(taken).or(args.timeline).is_none() {
            answer.assumed.push("timeline 1 (--timeline)".to_owned());
        }
        // The server of an archive is asked only about what is a position.
        let of_archive = archive.map(|archive| archive.files.layout().dialect).filter(|_| operand.is_ok());
        let asked = args.geometry.dialect().filter(|_| is_for_the_server(&operand)).or(of_archive);
        let lsn = match (&operand, asked) {
            (Ok(operand), _) => operand.lsn(&basis).map_err(|error| error.to_string()),
            (Err(_), Some(dialect)) => wal_functions::parse_lsn(dialect, input).map_err(|error| error.to_string()),
            (Err(Unread::Text(error)), None) => Err(error.to_string()),
            (Err(Unread::File(error)), None) => Err(format!("{error:#}")),
        };
        answer.server = asked.map(|dialect| {
            ask(dialect, input, &operand, lsn.as_ref().ok().copied(), args.timeline.unwrap_or(own), basis.size)
        });
        match lsn {
            Ok(lsn) => {
                answer.place(lsn, own, &basis);
                let number = basis.scheme.segment(basis.scheme.normal(lsn, basis.size), basis.size);
                answer.held = archive.filter(|_| answer.segment.is_some()).map(|archive| archive.held(number, own));
            }
            // A name that the server takes and the cluster cannot have is worth a word; so is an error of the server.
            Err(why) if answer.server.as_ref().is_some_and(|server| server.error.is_some()) => drop(why),
            Err(why) if answer.server.as_ref().is_some_and(|server| server.split_walfile_name.is_some()) => {
                answer.note = Some(why)
            }
            Err(why) => answer.problem = Some(why),
        }
        answer
    }

    /// Fills in the segment that holds the byte at `lsn`.
    fn place(&mut self, lsn: Lsn, timeline: TimelineId, basis: &Basis) {
        self.lsn = Some(lsn);
        let used = basis.scheme.segments_per_log(basis.size) * basis.size.bytes();
        // n/FF000000 is the end of log id n and the beginning of the next; beyond it there is nothing.
        let end = u64::from(lsn.low()) == used;
        if u64::from(lsn.low()) > used || (end && lsn.high() == u32::MAX) {
            self.note = Some(format!("9.2 and earlier have no byte there: a log id ends at offset {used:X}"));
            return;
        }
        let start = basis.scheme.normal(lsn, basis.size);
        self.segment = Some(
            SegmentName::new(timeline, basis.scheme.segment(start, basis.size), basis.scheme, basis.size).to_string(),
        );
        self.offset = Some(basis.scheme.offset(start, basis.size));
    }
}

/// Whether a server can be asked about the text: a position, or anything else that it would have to refuse. A time, a
/// transaction or an unreadable file is an argument of ours.
fn is_for_the_server(operand: &Result<Operand<'_>, Unread>) -> bool {
    match operand {
        Ok(_) => true,
        Err(Unread::Text(PositionError::NeedsArchive(_) | PositionError::NoPath)) => false,
        Err(Unread::Text(_)) => true,
        Err(Unread::File(_)) => false,
    }
}

/// Asks all functions of the version about one input.
fn ask(
    dialect: &Dialect,
    input: &str,
    operand: &Result<Operand<'_>, Unread>,
    lsn: Option<Lsn>,
    timeline: TimelineId,
    size: SegmentSize,
) -> Server {
    let mut server = Server { version: dialect.version.to_string(), ..Server::default() };
    let ours = match operand {
        Ok(Operand::InFile { .. } | Operand::Written(Position::LogFile { .. })) => true,
        Ok(Operand::Written(_)) => input.contains(['+', ',']),
        Err(_) => false,
    };
    let as_name = dialect.functions.split && !ours && !input.contains('/');
    if let Some(lsn) = lsn {
        let (name, offset) = wal_functions::file_name_offset(dialect, lsn, timeline, size);
        server.walfile_name = Some(name.to_string());
        server.walfile_name_offset = Some((name.to_string(), offset));
        if dialect.functions.split && !as_name {
            server.split_walfile_name = split(dialect, &name.to_string(), size).ok();
        }
    }
    if as_name {
        match split(dialect, input, size) {
            Ok(pair) => server.split_walfile_name = Some(pair),
            Err(error) => server.refuse("pg_split_walfile_name", &error),
        }
    } else if operand.is_err()
        && let Err(error) = wal_functions::parse_lsn(dialect, input)
    {
        server.refuse(dialect.functions.file_name_offset, &error);
    }
    server
}

fn split(dialect: &Dialect, name: &str, size: SegmentSize) -> Result<(u64, u32), WalFunctionError> {
    wal_functions::split_file_name(dialect, name, size).map(|(number, timeline)| (number.0, timeline.0))
}

impl Server {
    /// An error takes the place of every answer.
    fn refuse(&mut self, function: &'static str, error: &WalFunctionError) {
        self.walfile_name = None;
        self.walfile_name_offset = None;
        self.error = Some(error.to_string());
        self.function = Some(function);
    }
}

/// An answer for people, in lines: a sentence, then what else there is to say.
fn text(answer: &Answer<'_>) -> Vec<String> {
    if answer.problem.is_some() {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut say = |label: &str, words: &str| out.push(format!("  {label:<9} {words}"));
    if let Some(lsn) = answer.lsn {
        say("LSN", &lsn.to_string());
    }
    if let Some(redo) = answer.redo {
        say("redo", &format!("{redo}, where recovery from this checkpoint begins"));
    }
    if let Some(held) = &answer.held {
        say("file", held.file.as_deref().unwrap_or("none: the archive does not have it"));
        for other in held.files.iter().filter(|other| Some(&other.file) != held.file.as_ref()) {
            say(
                "also",
                &format!(
                    "{} (timeline {}{})",
                    other.file,
                    other.timeline,
                    if other.partial { ", unfinished" } else { "" }
                ),
            );
        }
    }
    if let Some(note) = &answer.note {
        say("note", note);
    }
    if let Some(server) = &answer.server {
        let label = format!("as {}", server.version);
        if let Some((name, offset)) = &server.walfile_name_offset {
            say(&label, &format!("name and offset {name}, {offset}"));
        }
        if let Some((number, timeline)) = server.split_walfile_name {
            say(&label, &format!("segment number {number}, timeline {timeline}"));
        }
        if let (Some(error), Some(function)) = (&server.error, server.function) {
            say(&label, &format!("{function} answers ERROR:  {error}"));
        }
    }
    if answer.lsn.is_some() && !answer.assumed.is_empty() {
        say("assumed", &answer.assumed.join(", "));
    }
    let input = answer.input;
    let sentence = match (&answer.segment, answer.offset) {
        (Some(segment), Some(_)) if input == segment => {
            format!("{segment} begins at {}.", answer.lsn.unwrap_or_default())
        }
        (Some(segment), Some(offset)) => format!("{input} is byte {offset} of segment {segment}."),
        _ => match &answer.server {
            Some(Server { version, error: Some(_), .. }) => format!("PostgreSQL {version} refuses \"{input}\"."),
            _ => format!("\"{input}\" lies in no segment."),
        },
    };
    out.insert(0, sentence);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgwal::format::AddressScheme;

    #[test]
    fn the_end_of_a_log_id_is_the_beginning_of_the_next() {
        let basis = Basis {
            scheme: AddressScheme::Split,
            scheme_assumed: false,
            size: SegmentSize::DEFAULT,
            size_assumed: false,
        };
        let mut answer = Answer::default();
        answer.place(Lsn::from_halves(0, 0xFF00_0000), TimelineId(1), &basis);
        assert_eq!((answer.segment.as_deref(), answer.offset), (Some("000000010000000100000000"), Some(0)));
        for nowhere in [Lsn::from_halves(0, 0xFF00_0001), Lsn::from_halves(u32::MAX, 0xFF00_0000)] {
            let mut answer = Answer::default();
            answer.place(nowhere, TimelineId(1), &basis);
            assert!(answer.segment.is_none() && answer.note.is_some());
        }
    }
}
