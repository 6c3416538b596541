//! `walproof verify`

use crate::Exit;
use crate::cmd::guard::Guard;
use crate::cmd::restoring::Restoring;
use crate::input::{At, Input};
use crate::progress::Bar;
use crate::render::time::Zone;
use crate::render::{json, verify_text};
use clap::ValueEnum;
use pgwal::format::{Lsn, TimelineId};
use pgwal::verify::codes::CodePattern;
use pgwal::verify::{Depth, Options, Outcome, Severity, Verdict, Which, verify};
use std::io::{self, Write};

/// Options of `verify`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    restoring: Restoring,
    #[command(flatten)]
    guard: Guard,
    /// With a backup: judge all files of the archive, not only those that this restore asks for
    #[arg(long)]
    all: bool,
    /// Only from this position on
    #[arg(short, long, value_name = "LSN")]
    start: Option<Lsn>,
    /// Only before this position
    #[arg(short, long, value_name = "LSN")]
    end: Option<Lsn>,
    /// The timeline that must replay: a number, latest, or all
    #[arg(short, long, value_name = "N|latest|all", default_value = "latest", value_parser = which, conflicts_with_all = ["backup", "pgdata"])]
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
    if let Some(option) = args.restoring.needs_backup().filter(|_| !args.restoring.is_asked()) {
        anyhow::bail!("{option} says something about a restore: name its base backup with --backup");
    }
    let guarding = args.guard.read(args.depth.into(), args.timezone.as_ref())?;
    let source = args.input.open()?;
    let bar = Bar::new(args.quiet);
    let mut options = Options::default();
    options.depth = args.depth.into();
    options.timeline = args.timeline;
    (options.start, options.end) = (args.start, args.end);
    options.jobs = args.input.jobs();
    options.map = args.input.map();
    options.severities.clone_from(&args.severity);
    options.known = guarding.known();
    options.progress = Some(&bar);
    let mut outcome = match args.restoring.is_asked() {
        true => args.restoring.verify(source.as_ref(), &options, args.all, args.timezone.as_ref())?,
        false => verify(source.as_ref(), &options)?,
    };
    bar.finish();
    guarding.judge(&mut outcome, &args.severity, args.quiet)?;
    let exit = exit(&outcome, args.fail_on);
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
    let worst = outcome.counted().map(|f| f.severity).max();
    let could_not_look = outcome.counted().any(|f| f.severity == Severity::Error && f.code.is_could_not_look());
    match outcome.verdict {
        Verdict::Refuted => Exit::Refuted,
        _ if fail_on == FailOn::Warning && worst >= Some(Severity::Warning) && !could_not_look => Exit::Refuted,
        Verdict::Unproven if could_not_look || outcome.layout.is_none() => Exit::CouldNotTell,
        Verdict::Unproven if outcome.depth == Depth::Records && outcome.replay.is_none() => Exit::CouldNotTell,
        _ => Exit::Clean,
    }
}
