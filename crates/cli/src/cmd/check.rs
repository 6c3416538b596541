//! `walproof check`: a gate in front of any `archive_command`. What it says goes to the server's log.

use crate::exit::Exit;
use pgwal::format::FileName;
use pgwal::ship::check::{CheckOptions, Strictness, check};
use pgwal::ship::inspect::Inspection;
use std::path::PathBuf;

/// Options of `check`.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 it may be archived, 1 everything else, wrong usage included.")]
pub struct CheckArgs {
    /// The file, as the server names it: %p
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Keep here where segments ended that were let pass, so that the next ones must go on there
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Refuse also what cannot be judged, such as WAL of a newer version; it passes with a warning otherwise
    #[arg(long)]
    strict: bool,
}

/// Checks it.
pub fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let strictness = if args.strict { Strictness::Strict } else { Strictness::Lenient };
    let answer = check(&args.file, &CheckOptions { state: args.state.clone(), strictness })?;
    let verdict = if answer.passes { "passes" } else { "is refused" };
    complain_of(answer.file, verdict, &answer.inspection);
    Ok(if answer.passes { Exit::Clean } else { Exit::Server(1) })
}

/// Objections that are said one by one: a log is for people.
const SAID: usize = 5;

/// Says what is wrong with a file, and what about it could not be judged.
pub(super) fn complain_of(file: FileName, verdict: &str, inspection: &Inspection) {
    let layout = inspection.layout.as_ref();
    for objection in inspection.objections.iter().take(SAID) {
        crate::complain(format_args!("{file} {verdict}: {}", objection.message(layout)));
    }
    if let Some(more) = inspection.objections.len().checked_sub(SAID).filter(|more| *more > 0) {
        crate::complain(format_args!("{file} {verdict}: {more} more of that kind"));
    }
    for doubt in &inspection.doubts {
        crate::complain(format_args!("warning: {file}: {}", doubt.message()));
    }
}
