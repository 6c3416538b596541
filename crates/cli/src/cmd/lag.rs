//! `walproof lag`: how far apart two positions are; with `--primary`, how far standbys are behind a server (`live`).
//!
//! `bytes` is A − B as `pg_wal_lsn_diff(A, B)` computes it: positive where B is behind A. `segments` counts whole ones,
//! with the same sign. What 9.2 refuses, and any text that the version of `--as` would refuse, is its `"error"` (exit
//! 0, as in `locate`). 8.2 to 9.1 have no such function; `--as` then means their arithmetic.
//!
//! With `-p ARCHIVE` the segments between are read as well. `records` and `commits` are those that start at the lower
//! position or behind it and before the higher one, negative where A is behind B, as `bytes` is. `seconds` is the time
//! from the last commit that ends at or before B to the last one that ends at or before A; `null` where the archive
//! does not tell. `complete` is false where the archive does not have every record between the two; exit code 1 where
//! that is for damage or a gap, not where it merely begins later or ends earlier.

mod live;
mod tail;

use self::live::{LagFormat, LiveOptions};
use crate::exit::Exit;
use crate::place::{Basis, Geometry, Operand, Unread};
use crate::repo::PlaceOptions;
use crate::speed::on_all_processors;
use crate::zone::ZoneOption;
use anyhow::ensure;
use pgwal::format::wal_function_rules::LsnDiff;
use pgwal::format::wal_functions::{self, WalFunctionError};
use pgwal::format::{Dialect, Position, TimelineId};
use pgwal_query::between::Compared;
use pgwal_report::lag::{LagAnswer, LagSide, text};
use pgwal_report::outside::{Lines, OutputForm};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The options of `lag`.
#[derive(clap::Args)]
#[command(after_help = crate::place::SPELLINGS)]
pub struct LagArgs {
    /// The position that should be reached; in front of it the archive may be named, as with -p
    #[arg(value_name = "[ARCHIVE] A", allow_hyphen_values = true, required_unless_present = "primary")]
    #[arg(conflicts_with = "primary")]
    a: Option<String>,
    /// The position that may be behind
    #[arg(value_name = "B", allow_hyphen_values = true, required_unless_present = "primary")]
    b: Option<String>,
    #[arg(hide = true, allow_hyphen_values = true, conflicts_with = "path")]
    after_archive: Option<String>,
    #[command(flatten)]
    live: LiveOptions,
    #[command(flatten)]
    geometry: Geometry,
    /// Also count records, commits and seconds between the two in this archive; of a server, its pg_wal or where it
    /// archives to
    #[arg(short, long, value_name = "ARCHIVE")]
    path: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceOptions,
    /// The timeline on which both lie [default: the latest of the archive]
    #[arg(short, long, value_name = "N", value_parser = super::reading::timeline)]
    timeline: Option<TimelineId>,
    #[command(flatten)]
    keys: crate::keys::KeyOptions,
    /// How to say it
    #[arg(long, value_enum, default_value_t = LagFormat::Text)]
    format: LagFormat,
    #[command(flatten)]
    zone: ZoneOption,
}

impl LagArgs {
    /// The archive, and both positions.
    fn words(&self) -> (Option<&Path>, [&str; 2]) {
        let [a, b] = [&self.a, &self.b].map(|word| word.as_deref().unwrap_or_default());
        match &self.after_archive {
            Some(last) => (Some(Path::new(a)), [b, last]),
            None => (self.path.as_deref(), [a, b]),
        }
    }
}

/// Measures the distance and says it.
pub fn run(args: &LagArgs) -> anyhow::Result<Exit> {
    if args.live.is_asked() {
        return live::run(args);
    }
    ensure!(args.format.is_of_positions(), "--format nagios and prometheus are about a server: name it with --primary");
    let (path, [a, b]) = args.words();
    for input in [a, b] {
        crate::place::refuse_option(input)?;
    }
    ensure!(path.is_some() || args.timeline.is_none(), "--timeline is that of an archive: name one, with -p or first");
    let dialect = args.geometry.dialect();
    let operands = [side(a, dialect)?, side(b, dialect)?];
    let told: Vec<&Operand<'_>> = operands.iter().filter_map(|operand| operand.as_ref().ok()).collect();
    let mut basis = Basis::of(&args.geometry, &told)?;
    let archive = match path {
        Some(path) => {
            let source = crate::input::open(path, &args.place, &args.keys)?;
            Some(Compared::of(source, &on_all_processors())?)
        }
        None => None,
    };
    if let Some(archive) = &archive {
        basis.settle(&archive.layout)?;
    }
    let mut lsns = [None; 2];
    let mut error = None;
    for ((operand, lsn), input) in operands.iter().zip(&mut lsns).zip([a, b]) {
        match operand {
            Ok(operand) => *lsn = Some(operand.lsn(&basis).map_err(|error| anyhow::anyhow!("\"{input}\": {error}"))?),
            Err(refusal) => error = error.or_else(|| Some(refusal.to_string())),
        }
    }
    let inputs = [a, b];
    let [a, b] = lsns;
    let mut distance = None;
    if let (Some(a), Some(b)) = (a, b) {
        match dialect.filter(|d| d.functions.diff != LsnDiff::Absent) {
            Some(dialect) => match wal_functions::lsn_diff(dialect, a, b, basis.size) {
                Ok(bytes) => distance = Some(bytes),
                Err(refusal) => error = Some(refusal.to_string()),
            },
            None => distance = Some(basis.scheme.distance(a, b, basis.size)),
        }
    }
    let between = match (&archive, a, b) {
        (Some(archive), Some(a), Some(b)) => Some(archive.between(a.min(b), a.max(b), args.timeline)?),
        _ => None,
    };
    let exit = if between.is_some_and(|between| between.damaged) { Exit::Refuted } else { Exit::Clean };
    let sign = distance.map_or(1, i128::signum);
    let lag = LagAnswer {
        schema: "walproof.lag/1",
        bytes: distance,
        segments: distance.map(|bytes| bytes / i128::from(basis.size.bytes())),
        records: between.map(|b| sign * i128::from(b.records)),
        commits: between.map(|b| sign * i128::from(b.commits)),
        seconds: between.and_then(|b| b.seconds).map(|seconds| sign as f64 * seconds),
        complete: between.map(|b| b.complete),
        a: LagSide { input: inputs[0], lsn: a },
        b: LagSide { input: inputs[1], lsn: b },
        segment_size: basis.size.bytes(),
        segment_size_assumed: basis.size_assumed,
        scheme: basis.scheme_name(),
        scheme_assumed: basis.scheme_assumed,
        version: dialect.map(|d| d.version.to_string()),
        error,
    };
    let mut said = Vec::new();
    let form = match args.format {
        LagFormat::Json => {
            serde_json::to_writer(&mut said, &lag)?;
            writeln!(said)?;
            OutputForm::Json
        }
        _ => {
            text::write(&mut Lines::new(&mut said), &lag, &basis.assumptions())?;
            OutputForm::Plain
        }
    };
    Ok(crate::say(form, &said, exit))
}

/// Reads one side: in any spelling, or else as the server of the version reads it; the inner error is that server's.
fn side<'a>(
    input: &'a str,
    dialect: Option<&'static Dialect>,
) -> anyhow::Result<Result<Operand<'a>, WalFunctionError>> {
    use pgwal::format::position::PositionError::{NeedsArchive, NoPath};
    match (Operand::read(input), dialect) {
        (Ok(operand), _) => Ok(Ok(operand)),
        (Err(Unread::Text(error)), Some(dialect)) if !matches!(error, NeedsArchive(_) | NoPath) => {
            Ok(wal_functions::parse_lsn(dialect, input).map(|lsn| Operand::Written(Position::Lsn(lsn))))
        }
        (Err(unread), _) => Err(anyhow::Error::from(unread).context(format!("\"{input}\""))),
    }
}
