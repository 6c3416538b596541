//! `walproof lag`: how far apart two positions are.
//!
//! `bytes` is A − B as `pg_wal_lsn_diff(A, B)` computes it: positive where B is behind A. `segments` counts whole ones,
//! with the same sign. What 9.2 refuses, and any text that the version of `--as` would refuse, is its `"error"` (exit 0,
//! as in `locate`). 8.2 to 9.1 have no such function; `--as` then means their arithmetic.

use super::locate::Format;
use crate::Exit;
use crate::figures::{bytes, grouped, plural};
use crate::place::{Basis, Geometry, Operand, Unread};
use pgwal::format::wal_functions::{self, LsnDiff, WalFunctionError};
use pgwal::format::{Dialect, Lsn, Position};
use std::io::Write;

/// The options of `lag`.
#[derive(clap::Args)]
#[command(
    after_help = "A position: X/Y · 24 hex digits · 24 hex digits+OFFSET · 24hex.8hex[.backup] · 'log file N, segment N, offset N' · file:PATH"
)]
pub struct Args {
    /// The position that should be reached
    #[arg(allow_hyphen_values = true)]
    a: String,
    /// The position that may be behind
    #[arg(allow_hyphen_values = true)]
    b: String,
    #[command(flatten)]
    geometry: Geometry,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A document of `walproof.lag/1`.
#[derive(serde::Serialize)]
struct Lag<'a> {
    schema: &'static str,
    bytes: Option<i128>,
    segments: Option<i128>,
    /// These three need an archive.
    records: Option<u64>,
    commits: Option<u64>,
    seconds: Option<f64>,
    a: Side<'a>,
    b: Side<'a>,
    segment_size: u64,
    segment_size_assumed: bool,
    scheme: &'static str,
    scheme_assumed: bool,
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// One of the two positions.
#[derive(serde::Serialize)]
struct Side<'a> {
    input: &'a str,
    lsn: Option<Lsn>,
}

/// Measures the distance and says it.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    for input in [&args.a, &args.b] {
        crate::place::refuse_option(input)?;
    }
    let dialect = args.geometry.dialect();
    let operands = [side(&args.a, dialect)?, side(&args.b, dialect)?];
    let told: Vec<&Operand<'_>> = operands.iter().filter_map(|operand| operand.as_ref().ok()).collect();
    let basis = Basis::of(&args.geometry, &told)?;
    let mut lsns = [None; 2];
    let mut error = None;
    for ((operand, lsn), input) in operands.iter().zip(&mut lsns).zip([&args.a, &args.b]) {
        match operand {
            Ok(operand) => *lsn = Some(operand.lsn(&basis).map_err(|error| anyhow::anyhow!("\"{input}\": {error}"))?),
            Err(refusal) => error = error.or_else(|| Some(refusal.to_string())),
        }
    }
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
    let lag = Lag {
        schema: "walproof.lag/1",
        bytes: distance,
        segments: distance.map(|bytes| bytes / i128::from(basis.size.bytes())),
        records: None,
        commits: None,
        seconds: None,
        a: Side { input: &args.a, lsn: a },
        b: Side { input: &args.b, lsn: b },
        segment_size: basis.size.bytes(),
        segment_size_assumed: basis.size_assumed,
        scheme: basis.scheme_name(),
        scheme_assumed: basis.scheme_assumed,
        version: dialect.map(|d| d.version.to_string()),
        error,
    };
    let mut out = std::io::stdout().lock();
    match args.format {
        Format::Json => writeln!(out, "{}", serde_json::to_string(&lag)?)?,
        Format::Text => write!(out, "{}", text(&lag, &basis.assumptions()))?,
    }
    out.flush()?;
    Ok(Exit::Clean)
}

/// Reads one side: in any spelling, or else as the server of the version reads it; the inner error is that server's.
fn side<'a>(input: &'a str, dialect: Option<&'static Dialect>) -> anyhow::Result<Result<Operand<'a>, WalFunctionError>> {
    use pgwal::format::position::PositionError::{NeedsArchive, NoPath};
    match (Operand::read(input), dialect) {
        (Ok(operand), _) => Ok(Ok(operand)),
        (Err(Unread::Text(error)), Some(dialect)) if !matches!(error, NeedsArchive(_) | NoPath) => {
            Ok(wal_functions::parse_lsn(dialect, input).map(|lsn| Operand::Written(Position::Lsn(lsn))))
        }
        (Err(unread), _) => Err(anyhow::Error::from(unread).context(format!("\"{input}\""))),
    }
}

/// The answer for people.
fn text(lag: &Lag<'_>, assumed: &[String]) -> String {
    use std::fmt::Write;
    let (a, b) = (lag.a.input, lag.b.input);
    let version = lag.version.as_deref().unwrap_or_default();
    let Some((distance, segments)) = lag.bytes.zip(lag.segments) else {
        return format!("PostgreSQL {version} refuses to compare {a} and {b}.\n  ERROR:  {}\n", lag.error.as_deref().unwrap_or_default());
    };
    let size = distance.unsigned_abs();
    let whole = segments.unsigned_abs();
    let figure = format!("{}, {} {}", bytes(size), grouped(whole), plural(whole, "segment"));
    let mut out = match distance.signum() {
        0 => format!("{b} and {a} are the same position.\n"),
        1 => format!("{b} is behind {a}: {figure}; B is behind A.\n"),
        _ => format!("{b} is ahead of {a}: {figure}; A is behind B.\n"),
    };
    let _ = writeln!(out, "  bytes     {}{}", if distance < 0 { "-" } else { "" }, grouped(size));
    if !assumed.is_empty() {
        let _ = writeln!(out, "  assumed   {}", assumed.join(", "));
    }
    out
}
