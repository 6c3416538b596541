//! Opens whatever a user named.

#[cfg(feature = "stores")]
use crate::bucket_store::BucketStore;
use crate::climb;
use crate::error::RepoError;
use crate::folder_store::FolderStore;
use crate::layout::RepoLayout;
use crate::place::{Candidate, RepoChoice, candidates};
use crate::repository::Repository;
use crate::store::Store;
#[cfg(feature = "stores")]
use pgwal_source::bucket;
use pgwal_source::{Keys, Pace, Source, is_wal_folder, open_at_pace, with_keys};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a user named, opened.
pub struct OpenedPlace {
    /// Its WAL.
    pub source: Box<dyn Source>,
    /// The repository that it lies in; `None`: a folder of WAL, a data directory, files, standard input.
    pub repository: Option<Repository>,
}

/// How a place is read.
#[derive(Clone, Default)]
pub struct PlaceReading {
    /// What may open what lies there encrypted.
    pub keys: Keys,
    /// No more is read of its WAL than it allows.
    pub pace: Option<Arc<Pace>>,
}

/// Opens what a user named: whatever [`pgwal_source::open`] opens, or a folder in which a repository of a backup tool
/// lies, or a part of one.
///
/// # Errors
/// Nothing there can be looked at, or several things lie there and nothing says which is meant.
pub fn open(paths: &[PathBuf], choice: &RepoChoice, how: PlaceReading) -> Result<OpenedPlace, RepoError> {
    let PlaceReading { keys, pace } = how;
    let given = keys.clone();
    let plain = |pace| Ok(OpenedPlace { source: with_keys(open_at_pace(paths, pace)?, given), repository: None });
    let [path] = paths else { return plain(pace) };
    if let Some(store) = in_bucket(path, pace.clone())? {
        return open_store(store, choice, &keys);
    }
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
        return open_store(Arc::new(FolderStore::above(root, path, pace)), &choice, &keys);
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
    open_store(Arc::new(store), choice, &keys)
}

/// Opens every archive that lies in a folder and that the choice leaves: each as if it had been chosen.
///
/// # Errors
/// The folder cannot be looked at.
pub fn open_each(
    path: &Path,
    choice: &RepoChoice,
    how: &PlaceReading,
) -> Result<Vec<(Candidate, Result<OpenedPlace, RepoError>)>, RepoError> {
    let store = match in_bucket(path, how.pace.clone())? {
        Some(store) => store,
        None => Arc::new(FolderStore::new(path, how.pace.clone())) as Arc<dyn Store>,
    };
    let open = |candidate: Candidate| {
        let opened = Repository::read(Arc::clone(&store), candidate.clone(), choice, &how.keys)
            .and_then(|repository| Ok(OpenedPlace { source: repository.source()?, repository: Some(repository) }));
        (candidate, opened)
    };
    Ok(choice.narrow(candidates(store.as_ref())?).into_iter().map(open).collect())
}

/// The bucket that a URL names; `None`: it is none.
#[cfg(feature = "stores")]
fn in_bucket(path: &Path, pace: Option<Arc<Pace>>) -> Result<Option<Arc<dyn Store>>, RepoError> {
    let Some(url) = path.to_str().filter(|url| bucket::is_url(url)) else { return Ok(None) };
    let opened = bucket::Bucket::open(url, &bucket::BucketSettings::of_process(), pace)?;
    Ok(Some(Arc::new(BucketStore::new(opened))))
}

#[cfg(not(feature = "stores"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
fn in_bucket(_: &Path, _: Option<Arc<Pace>>) -> Result<Option<Arc<dyn Store>>, RepoError> {
    Ok(None)
}

/// Opens the repository in a store.
///
/// # Errors
/// As [`open`].
pub fn open_store(store: Arc<dyn Store>, choice: &RepoChoice, keys: &Keys) -> Result<OpenedPlace, RepoError> {
    let candidate = choice.choose(&store.describe(), candidates(store.as_ref())?)?;
    let repository = Repository::read(store, candidate, choice, keys)?;
    Ok(OpenedPlace { source: repository.source()?, repository: Some(repository) })
}
