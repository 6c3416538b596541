//! Opens whatever a user named.

use crate::climb;
use crate::error::RepoError;
use crate::folder_store::FolderStore;
use crate::layout::RepoLayout;
use crate::place::{RepoChoice, candidates};
use crate::repository::Repository;
use crate::store::Store;
use pgwal_source::{Pace, Source, is_wal_folder, open_at_pace};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a user named, opened.
pub struct OpenedPlace {
    /// Its WAL.
    pub source: Box<dyn Source>,
    /// The repository that it lies in; `None`: a folder of WAL, a data directory, files, standard input.
    pub repository: Option<Repository>,
}

/// Opens what a user named: whatever [`pgwal_source::open`] opens, or a folder in which a repository of a backup tool
/// lies, or a part of one.
///
/// # Errors
/// Nothing there can be looked at, or several things lie there and nothing says which is meant.
pub fn open(paths: &[PathBuf], choice: &RepoChoice, pace: Option<Arc<Pace>>) -> Result<OpenedPlace, RepoError> {
    let plain = |pace| Ok(OpenedPlace { source: open_at_pace(paths, pace)?, repository: None });
    let [path] = paths else { return plain(pace) };
    if path == Path::new("-") || !path.is_dir() {
        return plain(pace);
    }
    if let Some((root, part)) = climb::whole(path) {
        let choice = RepoChoice {
            layout: choice.layout,
            stanza: choice.stanza.clone().or(part.stanza),
            archive_id: choice.archive_id.clone().or(part.archive_id),
            server: choice.server.clone(),
        };
        return open_store(Arc::new(FolderStore::above(root, path, pace)), &choice);
    }
    if choice.layout == Some(RepoLayout::Folder) || is_wal_folder(path)? {
        return plain(pace);
    }
    let store = FolderStore::new(path, pace.clone());
    let found = candidates(&store)?;
    // Folders of WAL and nothing else: what to name instead says the source.
    if !choice.is_made() && found.iter().all(|candidate| candidate.layout == RepoLayout::Folder) {
        return plain(pace);
    }
    open_store(Arc::new(store), choice)
}

/// Opens the repository in a store.
///
/// # Errors
/// As [`open`].
pub fn open_store(store: Arc<dyn Store>, choice: &RepoChoice) -> Result<OpenedPlace, RepoError> {
    let candidate = choice.choose(&store.describe(), candidates(store.as_ref())?)?;
    let repository = Repository::read(store, candidate, choice)?;
    Ok(OpenedPlace { source: repository.source()?, repository: Some(repository) })
}
