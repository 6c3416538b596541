//! Why a place cannot be opened.

use crate::candidate::Candidate;
use pgwal_source::SourceError;
use std::fmt;

/// Why a place cannot be opened. What is wrong with a repository's files is no error: see
/// [`RepoDefect`](crate::RepoDefect).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepoError {
    /// It cannot be looked at.
    Source(SourceError),
    /// Several lie there, and nothing says which is meant.
    Several {
        /// What was named.
        place: String,
        /// What lies there, by name.
        candidates: Vec<Candidate>,
    },
    /// Nothing there is what was asked for.
    NoneOf {
        /// What was named.
        place: String,
        /// What was asked for, as options.
        asked: String,
        /// What lies there, by name.
        candidates: Vec<Candidate>,
    },
    /// A stanza has no archive of that id, or none yet.
    NoArchiveId {
        /// What was named.
        place: String,
        /// The id that was asked for, or the current one.
        id: String,
        /// Whether it was asked for.
        asked: bool,
        /// Those that are there.
        there: Vec<String>,
    },
}

impl From<SourceError> for RepoError {
    fn from(error: SourceError) -> RepoError {
        RepoError::Source(error)
    }
}

/// Candidates that a text names.
const SHOWN: usize = 20;

fn list(f: &mut fmt::Formatter<'_>, candidates: &[Candidate]) -> fmt::Result {
    for (i, candidate) in candidates.iter().take(SHOWN).enumerate() {
        write!(f, "{}{candidate}", if i == 0 { " " } else { "; " })?;
    }
    match candidates.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, "; and {more} more"),
    }
}

impl fmt::Display for RepoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RepoError::Source(error) => write!(f, "{error}"),
            RepoError::Several { place, candidates } => {
                write!(
                    f,
                    "{place}: {} archives lie there; name one, or choose it by its option (verify --each and backups \
                     take all):",
                    candidates.len()
                )?;
                list(f, candidates)
            }
            RepoError::NoneOf { place, asked, candidates } if candidates.is_empty() => {
                write!(f, "{place}: no repository of a backup tool lies there ({asked})")
            }
            RepoError::NoneOf { place, asked, candidates } => {
                write!(f, "{place}: nothing there is {asked}; there is:")?;
                list(f, candidates)
            }
            RepoError::NoArchiveId { place, id, asked, there } => {
                let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
                if *asked {
                    write!(f, "{place}: no archive id {id} there; there is {there}")
                } else {
                    write!(
                        f,
                        "{place}: the current archive id is {id}, and it has no WAL; choose another with --archive-id: \
                         {there}"
                    )
                }
            }
        }
    }
}

impl std::error::Error for RepoError {}
