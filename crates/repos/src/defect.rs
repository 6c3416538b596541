//! What is wrong with a tool's own files.

use std::fmt;

/// What is wrong with a file of the tool's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RepoDefect {
    /// The file, in the store.
    pub file: String,
    /// What is wrong with it.
    pub kind: DefectKind,
    /// The tool gives out nothing for it.
    pub fatal: bool,
}

/// What is wrong with a tool's own file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DefectKind {
    /// It is not there.
    Missing,
    /// It cannot be used: in words that follow its name.
    Damaged(String),
    /// It contradicts another, or what lies there.
    Contradicts(String),
    /// It is of a format that is not known.
    Newer(u64),
}

impl fmt::Display for DefectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefectKind::Missing => f.write_str("is missing"),
            DefectKind::Damaged(what) | DefectKind::Contradicts(what) => f.write_str(what),
            DefectKind::Newer(format) => {
                write!(f, "is of format {format}, which is not known: it was read as format 5")
            }
        }
    }
}
