//! With which code a run ends.

use pgwal::verify::ended::RunEnd;
use pgwal_report::verify::PluginStatus;
use std::ffi::OsString;
use std::process::ExitCode;

/// How a run ended; the exit codes of every subcommand. What outranks another is greater, which its code is not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// 0: proven, or nothing wrong at the depth asked.
    Clean,
    /// 2: usage, I/O, unsupported, no WAL.
    CouldNotTell,
    /// 1: damage, a gap, something asked for that cannot be read.
    Refuted,
    /// 0 to 3, as monitoring plugins end.
    Plugin(PluginStatus),
    /// What makes a server do the right thing, of a command that it runs.
    Server(u8),
}

/// Commands that a server runs, and with what each fails, whatever the reason. From 126 on, an `archive_command` ends
/// the archiver for a minute, uncounted.
const SERVER_COMMANDS: [(&str, u8); 3] = [("check", 1), ("archive-push", 1), ("archive-get", 126)];

/// Options of every command that take a value.
const WITH_VALUE: [&str; 2] = ["--color", "--progress"];

impl Exit {
    /// With what the command fails that these words name, where a server runs it.
    pub fn of_server(words: impl IntoIterator<Item = OsString>) -> Option<Exit> {
        let mut words = words.into_iter().skip(1);
        while let Some(word) = words.next() {
            if WITH_VALUE.iter().any(|option| word == *option) {
                words.next();
            } else if !word.as_encoded_bytes().starts_with(b"-") {
                return SERVER_COMMANDS.iter().find(|(name, _)| word == *name).map(|(_, code)| Exit::Server(*code));
            }
        }
        None
    }
}

impl Exit {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Clean => RunEnd::Clean.exit_code(),
            Exit::Refuted => RunEnd::Refuted.exit_code(),
            Exit::CouldNotTell => RunEnd::CouldNotTell.exit_code(),
            Exit::Plugin(status) => status as u8,
            Exit::Server(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

impl From<RunEnd> for Exit {
    fn from(ended: RunEnd) -> Exit {
        match ended {
            RunEnd::Clean => Exit::Clean,
            RunEnd::CouldNotTell => Exit::CouldNotTell,
            RunEnd::Refuted => Exit::Refuted,
        }
    }
}
