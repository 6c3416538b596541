//! Two copies of an archive, compared.

pub mod json;
mod next;
pub mod text;

use pgwal_verify::Verdict;
use pgwal_verify::compare::Comparison;
use std::path::PathBuf;

/// What is never compared.
pub const NOT_CHECKED: [&str; 2] =
    ["base backups and what their tool's files say of them", "data files and configuration"];

/// What is told of a comparison.
pub struct CompareAnswer<'a> {
    /// The two, as the user named them.
    pub named: [String; 2],
    /// What it came to.
    pub found: &'a Comparison,
    /// The mended copy that was written, where one was asked for.
    pub written: Option<WrittenCopy>,
}

impl CompareAnswer<'_> {
    /// Nothing is left to do: the two are the same, or the mended copy that was written is whole.
    pub fn is_well(&self) -> bool {
        match &self.written {
            Some(written) => written.is_whole(),
            None => !self.found.differs(),
        }
    }
}

impl WrittenCopy {
    /// It is proven, and nothing was left out of it.
    pub fn is_whole(&self) -> bool {
        self.left_out.is_empty() && self.verdict == Verdict::Proven
    }
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
    pub verdict: Verdict,
    /// And why.
    pub why: Option<String>,
}
