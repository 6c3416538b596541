//! `walproof verify`

use crate::Exit;
use crate::input::{At, Input};
use crate::memory::Memory;
use crate::progress::Bar;
use crate::render::time::Zone;
use crate::render::{json, verify_text};
use anyhow::Context;
use clap::ValueEnum;
use pgwal::format::{Lsn, TimelineId};
use pgwal::verify::codes::CodePattern;
use pgwal::verify::index::Parts;
use pgwal::verify::{Depth, Options, Outcome, Severity, Verdict, Which, verify, verify_parts};
use std::io::{self, Write};
use std::path::PathBuf;

/// Options of `verify`.
#[derive(clap::Args)]
#[command(mut_arg("archive", |arg| arg.required(false).required_unless_present_any(["path", "summaries"])))]
pub struct Args {
    #[command(flatten)]
    input: Input,
    /// Only from this position on
    #[arg(short, long, value_name = "LSN")]
    start: Option<Lsn>,
    /// Only before this position
    #[arg(short, long, value_name = "LSN")]
    end: Option<Lsn>,
    /// The timeline that must replay: a number, latest, or all
    #[arg(short, long, value_name = "N|latest|all", default_value = "latest", value_parser = which)]
    timeline: Which,
    /// How thoroughly to look; only records can prove
    #[arg(long, value_enum, default_value_t = At::Records)]
    depth: At,
    /// Another severity for a code: CODE=ignore|info|warning|error, with CODE as WP201, record-crc or WP2xx
    #[arg(long, value_name = "CODE=SEVERITY", value_parser = severity)]
    severity: Vec<(CodePattern, Severity)>,
    /// Exit with 1 for warnings, too
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    fail_on: FailOn,
    #[command(flatten)]
    memory: Memory,
    /// Verify the archive whose parts `walproof summarize` wrote
    #[arg(long, value_name = "PART", num_args = 1.., conflicts_with_all = ["archive", "path", "index", "depth", "start", "end"])]
    summaries: Vec<PathBuf>,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Tell times in this zone: Europe/Berlin, UTC, +01:00 [default: this machine's]; JSON has UTC
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    timezone: Option<Zone>,
    /// Say nothing; the exit code says it
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn which(text: &str) -> Result<Which, String> {
    match text {
        "latest" => Ok(Which::Latest),
        "all" => Ok(Which::All),
        number => TimelineId::parse(number).map(Which::Number).ok_or_else(|| "a number from 1 on, latest, or all".into()),
    }
}

fn severity(text: &str) -> Result<(CodePattern, Severity), String> {
    let (code, severity) = text.split_once('=').ok_or("CODE=SEVERITY")?;
    let code = code.parse().map_err(|()| format!("no such code: {code}"))?;
    Ok((code, severity.parse().map_err(|()| "ignore, info, warning or error".to_string())?))
}

/// Verifies and says so.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let index = if args.summaries.is_empty() { args.memory.open(&args.input, args.depth)? } else { None };
    let bar = Bar::new(args.quiet);
    let mut options = Options::default();
    options.depth = args.depth.into();
    options.timeline = args.timeline;
    (options.start, options.end) = (args.start, args.end);
    options.jobs = args.input.jobs();
    options.map = args.input.map();
    options.severities.clone_from(&args.severity);
    options.progress = Some(&bar);
    options.index = index.as_ref();
    let outcome = match args.summaries.as_slice() {
        [] => verify(args.input.open()?.as_ref(), &options)?,
        files => verify_parts(parts(files)?, &options)?,
    };
    bar.finish();
    let mut exit = exit(&outcome, args.fail_on);
    if let Some(error) = index.as_ref().and_then(|index| index.save().err()) {
        // The verdict holds; but who relies on the index must know.
        crate::complain(format!("the index cannot be written: {error}"));
        exit = exit.max(Exit::CouldNotTell);
    }
    match say(args, &outcome) {
        // Nobody reads it, but the exit code still counts.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit),
        // It was not told, but damage outranks that.
        Err(error) => {
            crate::complain(&error);
            Ok(exit.max(Exit::CouldNotTell))
        }
        Ok(()) => Ok(exit),
    }
}

fn parts(files: &[PathBuf]) -> anyhow::Result<Parts> {
    let mut parts = Parts::new();
    for file in files {
        let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
        parts.add(&bytes).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
    }
    Ok(parts)
}

fn say(args: &Args, outcome: &Outcome) -> io::Result<()> {
    if args.quiet {
        return Ok(());
    }
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    match args.format {
        Format::Text => verify_text::write(&mut out, outcome, &args.timezone.clone().unwrap_or_default())?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &json::verify(outcome))?;
            writeln!(out)?;
        }
    }
    out.flush()
}

fn exit(outcome: &Outcome, fail_on: FailOn) -> Exit {
    let worst = outcome.findings.iter().map(|f| f.severity).max();
    let could_not_look = outcome.findings.iter().any(|f| f.severity == Severity::Error && f.code.is_could_not_look());
    match outcome.verdict {
        Verdict::Refuted => Exit::Refuted,
        _ if fail_on == FailOn::Warning && worst >= Some(Severity::Warning) && !could_not_look => Exit::Refuted,
        Verdict::Unproven if could_not_look || outcome.layout.is_none() => Exit::CouldNotTell,
        Verdict::Unproven if outcome.depth == Depth::Records && outcome.replay.is_none() => Exit::CouldNotTell,
        _ => Exit::Clean,
    }
}
