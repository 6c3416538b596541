//! A code, a family of codes, or a line of PostgreSQL's log.

pub mod json;
pub mod text;
mod words;

use pgwal_verify::codes::Code;
use pgwal_verify::log_line::LogLine;
use pgwal_verify::probe::Probe;

/// An explanation.
pub enum ExplainAnswer {
    /// Codes in short.
    List(Vec<Code>),
    /// Codes at length.
    Codes(Vec<Code>),
    /// A message.
    Line(Box<ExplainedLine>),
}

/// A message, what to run next, and what the archive says.
pub struct ExplainedLine {
    /// The message.
    pub message: LogLine,
    /// Commands, filled in.
    pub next: Vec<String>,
    /// What lies at its place.
    pub evidence: Option<Evidence>,
}

/// What an archive says of a message.
pub enum Evidence {
    /// What lies there.
    Seen(Box<Probe>),
    /// Why nothing can be said.
    None(String),
}
