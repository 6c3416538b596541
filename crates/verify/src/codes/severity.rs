//! How bad a finding is.

use std::fmt;
use std::str::FromStr;

/// How bad a finding is. Only errors refute.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Not reported.
    Ignore,
    /// Worth knowing.
    Info,
    /// Worth looking at; replay is not in danger.
    Warning,
    /// Replay stops, or cannot be trusted.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Ignore => "ignore",
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

impl FromStr for Severity {
    type Err = ();
    fn from_str(text: &str) -> Result<Severity, ()> {
        match text {
            "ignore" => Ok(Severity::Ignore),
            "info" => Ok(Severity::Info),
            "warning" => Ok(Severity::Warning),
            "error" => Ok(Severity::Error),
            _ => Err(()),
        }
    }
}
