//! Where a repository is, for a tool that is told so.

use crate::repository::Repository;

/// Where a repository is.
pub(super) enum Location {
    /// A folder of this machine, by its whole name, without a `/` at its end.
    Folder(String),
    /// The URL of a bucket, with the folder in it.
    Bucket(String),
}

impl Location {
    /// `None`: in a tar, from which no tool restores.
    pub(super) fn of(repository: &Repository) -> Option<Location> {
        let base = &repository.base;
        if let Some(path) = repository.path(base) {
            let path = std::path::absolute(&path).unwrap_or(path);
            return Some(Location::Folder(path.to_str()?.trim_end_matches('/').to_owned()));
        }
        let place = repository.place.trim_end_matches('/');
        let whole = if base.is_empty() { place.to_owned() } else { format!("{place}/{base}") };
        place.contains("://").then_some(Location::Bucket(whole))
    }

    pub(super) fn folder(&self) -> Option<&str> {
        match self {
            Location::Folder(path) => Some(path),
            Location::Bucket(_) => None,
        }
    }
}
