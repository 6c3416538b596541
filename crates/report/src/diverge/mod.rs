//! Where two lines of WAL part.

pub mod json;
mod rewound;
pub mod text;
mod words;

use pgwal_forensics::diverge::Divergence;

/// What is told of two sides.
pub struct DivergeReport<'a> {
    /// Where they lie.
    pub places: [String; 2],
    /// Unfinished segments that were read as the last ones of their timelines.
    pub unfinished: [Vec<String>; 2],
    /// What was found.
    pub found: &'a Divergence,
}
