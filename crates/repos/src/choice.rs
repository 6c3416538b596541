//! Which of several archives at a place is meant.

use crate::candidate::Candidate;
use crate::error::RepoError;
use crate::repo_layout::RepoLayout;
use crate::shell::quoted;

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

impl RepoChoice {
    /// Whether anything was said.
    pub fn is_made(&self) -> bool {
        *self != RepoChoice::default()
    }

    /// Those that are meant. WAL-G reads what WAL-E wrote: there the choice says which of them is asked.
    pub fn narrow(&self, candidates: Vec<Candidate>) -> Vec<Candidate> {
        let as_asked = |candidate: Candidate| match (self.layout, candidate.layout) {
            (Some(RepoLayout::WalG), RepoLayout::WalE) => Candidate { layout: RepoLayout::WalG, ..candidate },
            _ => candidate,
        };
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
        candidates.into_iter().map(as_asked).filter(meant).collect()
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
            options.into_iter().filter_map(|(option, value)| Some(format!("{option} {}", quoted(&value?)))).collect();
        said.join(" ")
    }
}
