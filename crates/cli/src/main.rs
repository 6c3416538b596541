//! `walproof`: proves from bytes alone whether a PostgreSQL WAL archive replays, how far, and why not further.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod cmd;
mod config;
mod exit;
mod filtering;
mod follow;
mod from;
mod fullpage;
mod help;
mod input;
mod keys;
mod known;
mod memory;
mod names;
mod output;
mod place;
mod placed;
mod progress;
mod psql;
mod repo;
mod several;
mod speed;
mod streams;
mod words;
mod zone;

use clap::{CommandFactory, FromArgMatches, Parser};
use exit::Exit;
use pgwal_report::outside::{self, Lines, OutputForm};
use pgwal_report::verify::{PluginStatus, nagios};
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// Proves from bytes alone whether a PostgreSQL WAL archive replays, how far, and why not further
#[derive(Parser)]
#[command(name = "walproof", version, max_term_width = 110)]
#[command(
    after_help = "Exit codes: 0 proven or nothing wrong, 1 refuted (damage, gap), 2 could not tell (usage, I/O, no WAL)."
)]
struct Cli {
    /// Colours in text
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ShownWhen::Auto)]
    color: ShownWhen,
    /// How far a run is, on standard error: a bar on a terminal, else lines
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ShownWhen::Auto)]
    progress: ShownWhen,
    #[command(subcommand)]
    command: cmd::Command,
}

/// When something for the eyes is shown.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ShownWhen {
    /// On a terminal; of colours, not where NO_COLOR is set
    Auto,
    Always,
    Never,
}

impl From<ShownWhen> for anstream::ColorChoice {
    fn from(when: ShownWhen) -> anstream::ColorChoice {
        match when {
            ShownWhen::Auto => anstream::ColorChoice::Auto,
            ShownWhen::Always => anstream::ColorChoice::Always,
            ShownWhen::Never => anstream::ColorChoice::Never,
        }
    }
}

/// The definition of the command line.
fn command() -> clap::Command {
    help::with_examples(Cli::command())
}

fn parsed(words: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&command().try_get_matches_from(words)?)
}

fn main() -> ExitCode {
    match Exit::of_server(std::env::args_os()) {
        None => run(Exit::CouldNotTell).into(),
        // It ends with this code whatever happens, and not with that of a panic.
        Some(failed) => std::panic::catch_unwind(|| run(failed)).unwrap_or(failed).into(),
    }
}

/// `failed`: how it ends where nothing could be done.
fn run(failed: Exit) -> Exit {
    let cli = match parsed(std::env::args_os()) {
        Ok(cli) => cli,
        // To a monitoring system, everything is told on standard output, and 2 means something else than a wrong
        // option.
        Err(error) if cmd::verify::is_plugin() => {
            return say(OutputForm::Plain, &nagios::failure(error), Exit::Plugin(PluginStatus::Unknown));
        }
        Err(error) => misused(error, failed),
    };
    if let Some(zone) = zone::unusable() {
        if cmd::verify::is_plugin() {
            return say(OutputForm::Plain, &nagios::failure(zone), Exit::Plugin(PluginStatus::Unknown));
        }
        complain(zone);
        return failed;
    }
    anstream::ColorChoice::from(cli.color).write_global();
    progress::choose(cli.progress);
    if let Some(zone) = zone::unknown() {
        complain(zone);
    }
    match cli.command.run() {
        Ok(exit) => exit,
        Err(error) if is_closed_pipe(&error) && failed == Exit::CouldNotTell => Exit::Clean,
        Err(error) => {
            complain(format_args!("{error:#}"));
            failed
        }
    }
}

/// Says what is wrong with the words of the command line, which may be names of files that a shell put there. What is
/// said names them, so that it is said of them as they are shown.
fn misused(error: clap::Error, failed: Exit) -> ! {
    let end = |error: clap::Error| -> ! {
        let _ = error.print();
        std::process::exit(if error.use_stderr() { failed.code().into() } else { 0 })
    };
    let words: Vec<OsString> = std::env::args_os().collect();
    let shown: Vec<OsString> = words.iter().map(|word| outside::shown(word.as_encoded_bytes()).into()).collect();
    if shown == words {
        end(error);
    }
    if let Err(error) = parsed(shown) {
        end(error);
    }
    complain("there are words in the command line that cannot be read");
    std::process::exit(failed.code().into())
}

/// Prints an answer whose exit code counts even if nobody reads it.
pub fn say(form: OutputForm, text: &(impl AsRef<[u8]> + ?Sized), exit: Exit) -> Exit {
    let mut out = streams::page(form);
    match out.write_all(text.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&error);
            exit.max(Exit::CouldNotTell)
        }
        _ => exit,
    }
}

/// Says on standard error what is wrong. Where that cannot be written, the exit code still says it.
pub fn complain(problem: impl Display) {
    let _ = writeln!(Lines::new(&mut streams::standard_error()), "walproof: {problem}");
}

/// The reader of our output went away: nothing to say, and nobody to say it to.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        // That of JSON hides the one below it.
        let own = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        own.or_else(|| cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind))
    };
    error.chain().filter_map(kind).any(|kind| kind == io::ErrorKind::BrokenPipe)
}
