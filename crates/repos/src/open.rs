//! Opens whatever a user named.

mod in_tar;

use crate::candidate::Candidate;
use crate::choice::RepoChoice;
use crate::climb;
use crate::error::RepoError;
use crate::folder_store::FolderStore;
use crate::layout;
use crate::place::candidates;
use crate::place_reading::PlaceReading;
use crate::repo_layout::RepoLayout;
use crate::repository::Repository;
use crate::store::Store;
use crate::tar_store::TarStore;
use pgwal_source::{Source, SourceError, StdinPlace, is_wal_folder, open_at_pace, tar_at, with_keys};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a user named, opened.
pub struct OpenedPlace {
    /// Its WAL.
    pub source: Box<dyn Source>,
    /// The repository that it lies in; `None`: a folder of WAL, a data directory, files, standard input.
    pub repository: Option<Repository>,
    /// How its bytes are got at, where that is worth a word.
    pub told: Vec<String>,
}

impl OpenedPlace {
    /// WAL, and nothing of a tool around it.
    fn plain(source: Box<dyn Source>) -> OpenedPlace {
        OpenedPlace { source, repository: None, told: Vec::new() }
    }
}

/// Opens what a user named: whatever [`pgwal_source::open`] opens, or a folder in which a repository of a backup tool
/// lies, or a part of one.
///
/// # Errors
/// Nothing there can be looked at, or several things lie there and nothing says which is meant.
pub fn open(paths: &[PathBuf], choice: &RepoChoice, how: PlaceReading) -> Result<OpenedPlace, RepoError> {
    let (pace, given) = (how.pace.clone(), how.keys.clone());
    let plain = |pace| Ok(OpenedPlace::plain(with_keys(open_at_pace(paths, pace)?, given)));
    let [path] = paths else { return plain(pace) };
    #[cfg(feature = "stores")]
    if let Some(store) = bucket(path, &how)? {
        let found = candidates(store.as_ref())?;
        return if found.is_empty() && !choice.is_made() { plain(pace) } else { chosen(store, found, choice, &how) };
    }
    if path == Path::new("-") {
        return match StdinPlace::open()? {
            StdinPlace::Tar(tar) => in_tar::open(&Arc::new(tar), choice, &how),
            StdinPlace::File(source) => Ok(OpenedPlace::plain(with_keys(source, how.keys))),
        };
    }
    if let Some(tar) = tar_at(path, pace.clone())? {
        return in_tar::open(&Arc::new(tar), choice, &how);
    }
    if !path.is_dir() {
        return plain(pace);
    }
    if let Some((root, part)) = climb::whole(path) {
        let choice = RepoChoice {
            layout: choice.layout,
            stanza: choice.stanza.clone().or(part.stanza),
            archive_id: choice.archive_id.clone().or(part.archive_id),
            server: choice.server.clone(),
        };
        return open_store(Arc::new(FolderStore::above(root, path, pace)), &choice, &how);
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
    open_store(Arc::new(store), choice, &how)
}

/// Opens the WAL that lies at a place, and nothing else of it: no backup is looked at, and a folder of WAL, or a prefix
/// that is said to be one, is opened without a look at what else lies there.
///
/// # Errors
/// As [`open`].
pub fn open_wal(path: &Path, choice: &RepoChoice, how: PlaceReading) -> Result<OpenedPlace, RepoError> {
    let paths = [path.to_path_buf()];
    if choice.layout == Some(RepoLayout::Folder) {
        return Ok(OpenedPlace::plain(with_keys(open_at_pace(&paths, how.pace)?, how.keys)));
    }
    open(&paths, choice, PlaceReading { without_backups: true, ..how })
}

/// One of several archives, opened.
pub type EachPlace = (Candidate, Result<OpenedPlace, RepoError>);

/// What lies at a place: one archive, or several.
pub enum AllPlaces {
    /// One.
    One(Box<OpenedPlace>),
    /// Each of several.
    Each(Vec<EachPlace>),
}

fn one_place(opened: OpenedPlace) -> AllPlaces {
    AllPlaces::One(Box::new(opened))
}

/// Opens all that lies at a place.
///
/// # Errors
/// As [`open`], but for several archives that lie there.
pub fn open_all(paths: &[PathBuf], choice: &RepoChoice, how: &PlaceReading) -> Result<AllPlaces, RepoError> {
    let [path] = paths else { return open(paths, choice, how.clone()).map(one_place) };
    let of_stream = if path == Path::new("-") { Some(StdinPlace::open()?) } else { None };
    let (opened, store): (_, Option<Arc<dyn Store>>) = match of_stream {
        // It does not come a second time.
        Some(StdinPlace::Tar(tar)) => {
            let tar = Arc::new(tar);
            (in_tar::open(&tar, choice, how), Some(Arc::new(TarStore::new(tar))))
        }
        Some(StdinPlace::File(source)) => (Ok(OpenedPlace::plain(with_keys(source, how.keys.clone()))), None),
        None => (open(paths, choice, how.clone()), None),
    };
    match opened {
        Err(RepoError::Several { .. } | RepoError::Source(SourceError::WrongLevel { .. })) => {
            let store = store.map_or_else(|| place(path, how), Ok)?;
            Ok(AllPlaces::Each(each(&store, choice, how)?))
        }
        opened => opened.map(one_place),
    }
}

/// Opens every archive that lies in a folder and that the choice leaves: each as if it had been chosen.
///
/// # Errors
/// The folder cannot be looked at.
pub fn open_each(path: &Path, choice: &RepoChoice, how: &PlaceReading) -> Result<Vec<EachPlace>, RepoError> {
    each(&place(path, how)?, choice, how)
}

fn each(store: &Arc<dyn Store>, choice: &RepoChoice, how: &PlaceReading) -> Result<Vec<EachPlace>, RepoError> {
    let open = |candidate: Candidate| {
        let archive_id = choice.archive_id.clone().or_else(|| candidate.archive_id.clone());
        let own = RepoChoice { archive_id, ..choice.clone() };
        let opened = one(Arc::clone(store), candidate.clone(), &own, how);
        (candidate, opened)
    };
    let mut all = Vec::new();
    for candidate in choice.narrow(candidates(store.as_ref())?) {
        // The clusters of a stanza are archives of their own.
        let ids = match candidate.layout {
            RepoLayout::PgBackRest if choice.archive_id.is_none() => layout::archive_ids(store.as_ref(), &candidate)?,
            _ => Vec::new(),
        };
        if ids.len() < 2 {
            all.push(candidate);
        } else {
            all.extend(ids.into_iter().map(|id| Candidate { archive_id: Some(id), ..candidate.clone() }));
        }
    }
    Ok(all.into_iter().map(open).collect())
}

/// Opens the repository in a store.
///
/// # Errors
/// As [`open`].
pub fn open_store(store: Arc<dyn Store>, choice: &RepoChoice, how: &PlaceReading) -> Result<OpenedPlace, RepoError> {
    let found = candidates(store.as_ref())?;
    chosen(store, found, choice, how)
}

pub(crate) fn chosen(
    store: Arc<dyn Store>,
    found: Vec<Candidate>,
    choice: &RepoChoice,
    how: &PlaceReading,
) -> Result<OpenedPlace, RepoError> {
    let candidate = choice.choose(&store.describe(), found)?;
    one(store, candidate, choice, how)
}

fn one(
    store: Arc<dyn Store>,
    candidate: Candidate,
    choice: &RepoChoice,
    how: &PlaceReading,
) -> Result<OpenedPlace, RepoError> {
    if candidate.layout == RepoLayout::Folder {
        let wal = store.wal(&[candidate.base])?;
        return Ok(OpenedPlace::plain(with_keys(wal, how.keys.clone())));
    }
    let repository = Repository::read(store, candidate, choice, how)?;
    Ok(OpenedPlace { source: repository.source()?, repository: Some(repository), told: Vec::new() })
}

/// The bucket that a URL names.
#[cfg(feature = "stores")]
fn bucket(path: &Path, how: &PlaceReading) -> Result<Option<Arc<dyn Store>>, RepoError> {
    use pgwal_source::bucket::{Bucket, BucketSettings, is_url};
    let Some(url) = path.to_str().filter(|url| is_url(url)) else { return Ok(None) };
    let own = how.variables.iter();
    let settings = own.fold(BucketSettings::of_process(), |settings, (name, value)| settings.with(name, value));
    let bucket = Bucket::open(url, &settings, how.pace.clone())?;
    Ok(Some(Arc::new(crate::bucket_store::BucketStore::new(bucket))))
}

/// Where several archives may lie.
fn place(path: &Path, how: &PlaceReading) -> Result<Arc<dyn Store>, RepoError> {
    if path == Path::new("-") {
        return match StdinPlace::open()? {
            StdinPlace::Tar(tar) => Ok(Arc::new(TarStore::new(Arc::new(tar)))),
            StdinPlace::File(source) => {
                let (place, asked) = (source.describe(), "a file came, and no tar of several archives".to_owned());
                Err(RepoError::NoneOf { place, asked, candidates: Vec::new() })
            }
        };
    }
    if let Some(tar) = tar_at(path, how.pace.clone())? {
        return Ok(Arc::new(TarStore::new(Arc::new(tar))));
    }
    #[cfg(feature = "stores")]
    if let Some(store) = bucket(path, how)? {
        return Ok(store);
    }
    Ok(Arc::new(FolderStore::new(path, how.pace.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn of_a_repository_the_wal_is_opened_without_its_backups() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["wals/0000000100000000", "incoming", "base/20261128T155614"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("wals/0000000100000000/000000010000000000000003"), "x").unwrap();
        let info = folder.path().join("base/20261128T155614/backup.info");
        fs::write(&info, "begin_wal=000000010000000000000003\nbegin_xlog=0/3000028\nstatus=DONE\n").unwrap();
        let whole = open(&[folder.path().to_owned()], &RepoChoice::default(), PlaceReading::default()).unwrap();
        let wal = open_wal(folder.path(), &RepoChoice::default(), PlaceReading::default()).unwrap();
        let backups = |place: &OpenedPlace| place.repository.as_ref().map(|found| found.backups.len());
        assert_eq!((backups(&whole), backups(&wal)), (Some(1), Some(0)));
        let segments = |place: &OpenedPlace| {
            let entries = place.source.list().unwrap().entries;
            entries.iter().filter(|entry| entry.shown().contains("wals/") || entry.shown().ends_with("03")).count()
        };
        assert_eq!((segments(&whole), segments(&wal)), (1, 1));
    }
}
