//! Two copies of an archive, compared.

pub mod json;
pub mod text;

use pgwal_verify::compare::Comparison;
use std::path::PathBuf;

/// What is told of a comparison.
pub struct CompareAnswer<'a> {
    /// The two, as the user named them.
    pub named: [String; 2],
    /// What it came to.
    pub found: &'a Comparison,
    /// The mended copy that was written, where one was asked for.
    pub written: Option<WrittenCopy>,
}

/// A mended copy.
pub struct WrittenCopy {
    /// Where it lies.
    pub folder: PathBuf,
    /// Files of it, from the one and from the other.
    pub files: [u64; 2],
    /// Segments of which neither has a good copy: left out.
    pub left_out: Vec<String>,
    /// What verify says of it.
    pub verdict: &'static str,
    /// And why.
    pub why: Option<String>,
}
