//! With which code a run ends.

use pgwal_report::ended::RunEnd;
use pgwal_report::verify::PluginStatus;
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
}

impl Exit {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Refuted => 1,
            Exit::CouldNotTell => 2,
            Exit::Plugin(status) => status as u8,
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
