//! What lies at a place: repositories of backup tools, and which of several is meant.

use crate::error::RepoError;
use crate::layout::{self, RepoLayout};
use crate::store::{Items, Store, join};
use pgwal_source::SourceError;
use std::fmt;

/// How deep below the place that was named a repository is looked for.
const DEPTH: usize = 3;
/// Folders that are looked into before the search is given up.
const BUDGET: usize = 2_000;

/// What a user says of a place that could be taken in several ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepoChoice {
    /// Whose repository it is.
    pub layout: Option<RepoLayout>,
    /// pgBackRest's name for a cluster.
    pub stanza: Option<String>,
    /// A cluster of a stanza: `15-1`.
    pub archive_id: Option<String>,
    /// Barman's server, pg_probackup's instance, pghoard's site; or the folder of a prefix.
    pub server: Option<String>,
}

/// A repository that lies at a place: the archive of one cluster, but for the ids of pgBackRest's stanza.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Whose it is.
    pub layout: RepoLayout,
    /// Its folder, in the store.
    pub base: String,
    /// Its stanza, server, instance or site, where the tool gives it a name.
    pub name: Option<String>,
    /// What it was recognised by.
    pub by: Vec<String>,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.layout)?;
        if let Some((option, name)) = self.layout.chosen_by().zip(self.name.as_ref()) {
            write!(f, ": {option} {name}")?;
        }
        if self.base.is_empty() { Ok(()) } else { write!(f, " (in {})", self.base) }
    }
}

/// Everything that lies at a place, by name: what is nearest, and nothing below what was recognised.
///
/// # Errors
/// The place cannot be looked at. A folder below it that cannot is left out.
pub fn candidates(store: &dyn Store) -> Result<Vec<Candidate>, SourceError> {
    let mut found = Vec::new();
    let mut level = vec![String::new()];
    let mut budget = BUDGET;
    for depth in 0..=DEPTH {
        let mut below = Vec::new();
        for folder in level {
            if budget == 0 {
                break;
            }
            budget -= 1;
            let items = match Items::of(store, &folder) {
                Ok(items) => items,
                Err(error) if depth == 0 => return Err(error),
                Err(_) => continue,
            };
            let here = layout::here(store, &folder, &items)?;
            if here.is_empty() {
                let inside = items.folders().filter(|name| !is_aside(name));
                below.extend(inside.map(|name| join(&folder, name)));
            }
            found.extend(here);
        }
        level = below;
    }
    found.sort();
    Ok(found)
}

/// Hidden folders, and what the kernel shows of itself where a whole disk is named.
fn is_aside(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "lost+found" | "proc" | "sys" | "dev")
}

impl RepoChoice {
    /// Whether anything was said.
    pub fn is_made(&self) -> bool {
        *self != RepoChoice::default()
    }

    /// Those that are meant.
    pub fn narrow(&self, candidates: Vec<Candidate>) -> Vec<Candidate> {
        let meant = |candidate: &Candidate| {
            let named = |asked: &Option<String>, of: &dyn Fn(RepoLayout) -> bool| match asked {
                None => true,
                Some(asked) => {
                    let folder = candidate.base.rsplit('/').next().unwrap_or_default();
                    of(candidate.layout) && (candidate.name.as_deref() == Some(asked) || folder == asked)
                }
            };
            self.layout.is_none_or(|layout| layout == candidate.layout)
                && named(&self.stanza, &|layout| layout == RepoLayout::PgBackRest)
                && named(&self.server, &|layout| layout != RepoLayout::PgBackRest)
                && (self.archive_id.is_none() || candidate.layout == RepoLayout::PgBackRest)
        };
        candidates.into_iter().filter(meant).collect()
    }

    /// The one that is meant.
    ///
    /// # Errors
    /// None is, or several are.
    pub fn choose(&self, place: &str, candidates: Vec<Candidate>) -> Result<Candidate, RepoError> {
        let mut meant = self.narrow(candidates.clone());
        // Folders of WAL beside a repository are no choice: they are what an older way of archiving left.
        if meant.iter().any(|candidate| candidate.layout != RepoLayout::Folder) && self.layout.is_none() {
            meant.retain(|candidate| candidate.layout != RepoLayout::Folder);
        }
        match <[Candidate; 1]>::try_from(meant) {
            Ok([one]) => Ok(one),
            Err(none) if none.is_empty() => {
                Err(RepoError::NoneOf { place: place.to_owned(), asked: self.spelled(), candidates })
            }
            Err(several) => Err(RepoError::Several { place: place.to_owned(), candidates: several }),
        }
    }

    /// As options.
    fn spelled(&self) -> String {
        let options = [
            ("--layout", self.layout.map(|layout| layout.option().to_owned())),
            ("--stanza", self.stanza.clone()),
            ("--archive-id", self.archive_id.clone()),
            ("--server", self.server.clone()),
        ];
        let said: Vec<String> =
            options.into_iter().filter_map(|(option, value)| Some(format!("{option} {}", value?))).collect();
        said.join(" ")
    }
}
