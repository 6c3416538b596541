//! A code, a family of codes, or a line of PostgreSQL's log.

pub mod json;
pub mod text;
mod words;

use pgwal_verify::codes::Code;
use pgwal_verify::log_line::{LogLine, LogPosition, MessageCount};
use pgwal_verify::probe::Probe;

/// An explanation.
pub enum ExplainAnswer {
    /// Codes in short.
    List(Vec<Code>),
    /// Codes at length.
    Codes(Vec<Code>),
    /// A message.
    Line(Box<ExplainedLine>),
    /// Places, named by lines that are not known.
    Places(Box<ExplainedPlaces>),
}

/// A message, what to run next, and what the archive says.
pub struct ExplainedLine {
    /// The message.
    pub message: LogLine,
    /// Its line, counted from 1.
    pub number: u64,
    /// Lines that were given.
    pub lines: u64,
    /// The other messages among them.
    pub others: Vec<MessageCount>,
    /// Places that any of them names.
    pub places: Vec<LogPosition>,
    /// Commands, filled in.
    pub next: Vec<String>,
    /// What lies at its place.
    pub evidence: Option<Evidence>,
}

/// Places that lines name which are no known message.
pub struct ExplainedPlaces {
    /// The places, at least one.
    pub places: Vec<LogPosition>,
    /// Lines that were given.
    pub lines: u64,
    /// Commands, filled in.
    pub next: Vec<String>,
    /// What lies at the first of them.
    pub evidence: Option<Evidence>,
}

/// What an archive says of a message.
pub enum Evidence {
    /// What lies there.
    Seen(Box<Probe>),
    /// Why nothing can be said.
    None(String),
}
