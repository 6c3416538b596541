//! What may be meant.

use crate::repo_layout::RepoLayout;
use crate::shell::quoted;
use std::fmt;

/// A repository that lies at a place: the archive of one cluster, but for the ids of pgBackRest's stanza.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Whose it is.
    pub layout: RepoLayout,
    /// Its folder, in the store.
    pub base: String,
    /// Its stanza, server, instance or site, where the tool gives it a name.
    pub name: Option<String>,
    /// Which cluster of a stanza, where each of several is taken for itself.
    pub archive_id: Option<String>,
    /// What it was recognised by.
    pub by: Vec<String>,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.layout)?;
        if let Some((option, name)) = self.layout.chosen_by().zip(self.name.as_ref()) {
            write!(f, ": {option} {}", quoted(name))?;
        }
        if let Some(id) = &self.archive_id {
            write!(f, " --archive-id {}", quoted(id))?;
        }
        if self.base.is_empty() { Ok(()) } else { write!(f, " (in {})", self.base) }
    }
}
