//! A tar as a place: a repository, a data directory, or WAL in whatever folder.

use super::{OpenedPlace, chosen};
use crate::candidate::Candidate;
use crate::choice::RepoChoice;
use crate::error::RepoError;
use crate::place::candidates;
use crate::place_reading::PlaceReading;
use crate::repo_layout::RepoLayout;
use crate::tar_store::TarStore;
use pgwal_source::tar::{TarFile, TarReadingWay};
use pgwal_source::with_keys;
use std::sync::Arc;

/// Opens what lies in a tar.
///
/// # Errors
/// Several archives lie in it, and nothing says which is meant.
pub(crate) fn open(tar: &Arc<TarFile>, choice: &RepoChoice, how: &PlaceReading) -> Result<OpenedPlace, RepoError> {
    let told = vec![read_as(tar)];
    let store = Arc::new(TarStore::new(Arc::clone(tar)));
    let found = candidates(store.as_ref())?;
    if choice.is_made() || found.iter().any(|candidate| candidate.layout != RepoLayout::Folder) {
        return Ok(OpenedPlace { told, ..chosen(store, found, choice, how)? });
    }
    // The server's own WAL is one of the folders.
    let own = tar.wal_of_data_directory();
    let several =
        found.iter().filter(|candidate| own.as_ref() != Some(&candidate.base)).count() + usize::from(own.is_some());
    if several > 1 {
        return Err(RepoError::Several { place: tar.describe().to_owned(), candidates: distinct(found) });
    }
    Ok(OpenedPlace { source: with_keys(tar.source(), how.keys.clone()), repository: None, told })
}

fn distinct(mut found: Vec<Candidate>) -> Vec<Candidate> {
    found.dedup();
    found
}

fn read_as(tar: &TarFile) -> String {
    match tar.how() {
        TarReadingWay::Plain => "a tar, whose files are read where they lie in it".to_owned(),
        TarReadingWay::Again(codec) => {
            format!("a tar in {codec}, whose WAL lies in order: it is unpacked again while it is read")
        }
        TarReadingWay::Spooled(codec, bytes) => format!(
            "a tar ({codec}) that is read once: {bytes} bytes of it were put into a temporary file without a name \
             (in TMPDIR), which goes with this run"
        ),
    }
}
