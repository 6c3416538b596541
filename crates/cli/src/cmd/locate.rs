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

use self::shelf::LocateArchive;
use crate::exit::Exit;
use crate::place::{Basis, Geometry, Operand, Unread};
use crate::repo::PlaceOptions;
use crate::streams::page;
use anyhow::{Context, ensure};
use pgwal::format::position::PositionError;
use pgwal::format::wal_functions::{self, WalFunctionError};
use pgwal::format::{Dialect, Lsn, Position, SegmentName, SegmentSize, TimelineId};
use pgwal_report::locate::{Ground, LocateAnswer, ServerAnswer, text};
use pgwal_report::outside::{Lines, OutputForm};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The options of `locate`.
#[derive(clap::Args)]
#[command(after_help = format!("{}\nWrite -- before positions that begin with a hyphen.", crate::place::SPELLINGS))]
pub struct LocateArgs {
    /// What to locate; in front of it the archive may be named, as with -p
    // Apart from the others, so that it may begin with a hyphen and options may follow it all the same.
    #[arg(value_name = "[ARCHIVE] POSITION", allow_hyphen_values = true, required_unless_present = "positions_from")]
    first: Option<String>,
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
    #[command(flatten)]
    place: PlaceOptions,
    #[command(flatten)]
    keys: crate::keys::KeyOptions,
    /// More positions, a line each, from a file or standard input (-)
    #[arg(long, value_name = "FILE")]
    positions_from: Option<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = LocateFormat::Text)]
    format: LocateFormat,
}

impl LocateArgs {
    /// The archive, and the positions of the command line.
    fn words(&self) -> (Option<&Path>, Vec<&str>) {
        let words: Vec<&str> = self.first.iter().chain(&self.others).map(String::as_str).collect();
        match (&self.path, words.split_first()) {
            (Some(path), _) => (Some(path.as_path()), words),
            (None, Some((first, rest))) if (!rest.is_empty() || self.positions_from.is_some()) && is_archive(first) => {
                (Some(Path::new(*first)), rest.to_vec())
            }
            _ => (None, words),
        }
    }

    /// Hands on the positions of a file, one after the other.
    fn each_line(&self, told: &mut dyn FnMut(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let Some(file) = &self.positions_from else { return Ok(()) };
        let shown = file.display();
        let mut input: Box<dyn BufRead> = match file.as_os_str() {
            name if name == "-" => Box::new(std::io::stdin().lock()),
            _ => {
                ensure!(
                    std::fs::metadata(file).with_context(|| shown.to_string())?.is_file(),
                    "{shown} is no plain file"
                );
                Box::new(BufReader::new(File::open(file).with_context(|| shown.to_string())?))
            }
        };
        loop {
            let mut line = Vec::new();
            let read = input
                .by_ref()
                .take(LONGEST_LINE + 1)
                .read_until(b'\n', &mut line)
                .with_context(|| shown.to_string())?;
            if read == 0 {
                return Ok(());
            }
            ensure!(line.len() as u64 <= LONGEST_LINE, "{shown}: a line is longer than {LONGEST_LINE} bytes");
            let line = String::from_utf8_lossy(&line);
            if !line.trim().is_empty() {
                told(line.trim())?;
            }
        }
    }
}

/// Bytes of a line with a position.
const LONGEST_LINE: u64 = 4096;

/// A word that is no position, and is there: in front of positions it is the archive's name.
fn is_archive(word: &str) -> bool {
    matches!(Operand::read(word), Err(Unread::Text(_))) && Path::new(word).exists()
}

/// How an answer is written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LocateFormat {
    /// For people
    Text,
    /// JSON, a document a line
    Json,
}

impl LocateFormat {
    fn form(self) -> OutputForm {
        match self {
            LocateFormat::Text => OutputForm::Plain,
            LocateFormat::Json => OutputForm::Json,
        }
    }
}

fn timeline(text: &str) -> Result<TimelineId, String> {
    TimelineId::parse(text).ok_or_else(|| "a timeline is a number from 1, decimal or 0x and hexadecimal".to_owned())
}

/// Answers for each position, in order.
pub fn run(args: &LocateArgs) -> anyhow::Result<Exit> {
    let (path, words) = args.words();
    let opened = path.map(|path| crate::input::open(path, &args.place, &args.keys)).transpose()?;
    let archive = opened.map(|source| LocateArchive::open(source, args.timeline)).transpose()?;
    let mut out = page(args.format.form());
    let mut exit = Exit::Clean;
    let mut answered = 0;
    let mut each = |input: &str| -> anyhow::Result<()> {
        crate::place::refuse_option(input)?;
        let answer = answer(input, args, archive.as_ref());
        match args.format {
            LocateFormat::Json => writeln!(out, "{}", serde_json::to_string(&answer)?)?,
            LocateFormat::Text => {
                let mut lines = Lines::new(&mut out);
                if answered > 0 && answer.problem.is_none() {
                    writeln!(lines)?;
                }
                text::write(&mut lines, &answer)?;
            }
        }
        if let Some(problem) = &answer.problem {
            out.flush()?;
            crate::complain(format_args!("\"{input}\": {problem}"));
            exit = Exit::CouldNotTell;
        }
        answered += 1;
        Ok(())
    };
    words.iter().try_for_each(|word| each(word))?;
    args.each_line(&mut each)?;
    out.flush()?;
    Ok(exit)
}

fn answer<'a>(input: &'a str, args: &LocateArgs, archive: Option<&LocateArchive>) -> LocateAnswer<'a> {
    let mut answer = LocateAnswer { schema: "walproof.locate/1", input, ..LocateAnswer::default() };
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
    let taken = archive.zip(lsn).and_then(|(archive, lsn)| archive.files.taken(basis.scheme.segment(lsn, basis.size)));
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
            place(&mut answer, lsn, own, &basis);
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
fn place(answer: &mut LocateAnswer<'_>, lsn: Lsn, timeline: TimelineId, basis: &Basis) {
    answer.lsn = Some(lsn);
    let used = basis.scheme.segments_per_log(basis.size) * basis.size.bytes();
    // n/FF000000 is the end of log id n and the beginning of the next; beyond it there is nothing.
    let end = u64::from(lsn.low()) == used;
    if u64::from(lsn.low()) > used || (end && lsn.high() == u32::MAX) {
        answer.note = Some(format!("9.2 and earlier have no byte there: a log id ends at offset {used:X}"));
        return;
    }
    let start = basis.scheme.normal(lsn, basis.size);
    answer.segment =
        Some(SegmentName::new(timeline, basis.scheme.segment(start, basis.size), basis.scheme, basis.size).to_string());
    answer.offset = Some(basis.scheme.offset(start, basis.size));
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
) -> ServerAnswer {
    let mut server = ServerAnswer { version: dialect.version.to_string(), ..ServerAnswer::default() };
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
            Err(error) => refuse(&mut server, "pg_split_walfile_name", &error),
        }
    } else if operand.is_err()
        && let Err(error) = wal_functions::parse_lsn(dialect, input)
    {
        refuse(&mut server, dialect.functions.file_name_offset, &error);
    }
    server
}

fn split(dialect: &Dialect, name: &str, size: SegmentSize) -> Result<(u64, u32), WalFunctionError> {
    wal_functions::split_file_name(dialect, name, size).map(|(number, timeline)| (number.0, timeline.0))
}

/// An error takes the place of every answer.
fn refuse(server: &mut ServerAnswer, function: &'static str, error: &WalFunctionError) {
    server.walfile_name = None;
    server.walfile_name_offset = None;
    server.error = Some(error.to_string());
    server.function = Some(function);
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
        let mut answer = LocateAnswer::default();
        place(&mut answer, Lsn::from_halves(0, 0xFF00_0000), TimelineId(1), &basis);
        assert_eq!((answer.segment.as_deref(), answer.offset), (Some("000000010000000100000000"), Some(0)));
        for nowhere in [Lsn::from_halves(0, 0xFF00_0001), Lsn::from_halves(u32::MAX, 0xFF00_0000)] {
            let mut answer = LocateAnswer::default();
            place(&mut answer, nowhere, TimelineId(1), &basis);
            assert!(answer.segment.is_none() && answer.note.is_some());
        }
    }
}
