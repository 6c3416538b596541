//! How a stanza of pgBackRest is told from other folders.

use super::RepoLayout;
use crate::candidate::Candidate;
use crate::store::{Items, Store, join};
use pgwal_source::SourceError;

/// An archive id: `15-1`, `9.6-2`, version and number of the cluster in the stanza.
pub(crate) fn is_archive_id(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    let Some((version, number)) = name.split_once('-') else { return false };
    digits(number) && version.split('.').count() <= 2 && version.split('.').all(digits)
}

/// The folders of a stanza in its repository.
pub(super) struct StanzaFolders {
    /// `archive/STANZA`.
    pub archive: String,
    /// `backup/STANZA`.
    pub backup: String,
}

impl StanzaFolders {
    pub(super) fn of(candidate: &Candidate) -> StanzaFolders {
        let stanza = candidate.name.as_deref().unwrap_or_default();
        StanzaFolders {
            archive: join(&join(&candidate.base, "archive"), stanza),
            backup: join(&join(&candidate.base, "backup"), stanza),
        }
    }
}

pub(super) fn here(store: &dyn Store, folder: &str, items: &Items) -> Result<Vec<Candidate>, SourceError> {
    if !items.has_folder("archive") {
        return Ok(Vec::new());
    }
    let archive = join(folder, "archive");
    let mut found = Vec::new();
    for stanza in Items::of(store, &archive)?.folders() {
        let Ok(inside) = Items::of(store, &join(&archive, stanza)) else { continue };
        let info = ["archive.info", "archive.info.copy"].into_iter().find(|name| inside.has_file(name));
        let id = inside.folders().find(|name| is_archive_id(name));
        let Some(by) = info.or(id) else { continue };
        found.push(Candidate {
            layout: RepoLayout::PgBackRest,
            base: folder.to_owned(),
            name: Some(stanza.to_owned()),
            archive_id: None,
            by: vec![format!("archive/{stanza}/{by}")],
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::is_archive_id;

    #[test]
    fn archive_ids_are_a_version_and_a_number() {
        for id in ["15-1", "9.6-2", "18-100"] {
            assert!(is_archive_id(id), "{id}");
        }
        for name in ["15", "15-", "-1", "9.6.1-2", "archive", "2026-11-28", "15-1.old", "9.-1"] {
            assert!(!is_archive_id(name), "{name}");
        }
    }
}
