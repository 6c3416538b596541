//! What happened.

pub mod csv;
pub mod json;
pub mod text;
pub(crate) mod words;

use pgwal_forensics::EventsAnswer;

/// What is told of an archive.
pub struct EventsReport<'a> {
    /// Where it lies.
    pub place: String,
    /// What was found.
    pub answer: &'a EventsAnswer,
}
