//! What happened.

pub mod before;
pub mod csv;
pub mod html;
pub mod json;
pub(crate) mod relation;
mod sentence;
pub mod text;
pub(crate) mod words;

use crate::outside_times::AskedTimes;
use before::BeforeAnswer;
use pgwal_forensics::EventsAnswer;

/// What is told of an archive.
pub struct EventsReport<'a> {
    /// Where it lies.
    pub place: String,
    /// What was found.
    pub answer: &'a EventsAnswer,
    /// From when to when it was asked for.
    pub asked: AskedTimes,
    /// How to get back to before one of them, where that was asked.
    pub before: Option<&'a BeforeAnswer<'a>>,
}
