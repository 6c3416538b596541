//! A folder of this machine's disk.

use crate::store::{ItemKind, Store, StoreItem, join};
use pgwal_source::{FileKind, Pace, Source, SourceError, Stored, in_folders, open_file};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder of this machine's disk.
pub struct FolderStore {
    root: PathBuf,
    /// As the user named the place, which may lie below the root.
    named: PathBuf,
    pace: Option<Arc<Pace>>,
}

impl FolderStore {
    /// A folder as it was named; no more is read of its WAL than the pace allows.
    pub fn new(path: &Path, pace: Option<Arc<Pace>>) -> FolderStore {
        FolderStore { root: path.to_path_buf(), named: path.to_path_buf(), pace }
    }

    /// The folder `root`, of which a user named a part.
    pub(crate) fn above(root: PathBuf, named: &Path, pace: Option<Arc<Pace>>) -> FolderStore {
        FolderStore { root, named: named.to_path_buf(), pace }
    }

    fn at(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.root.clone() } else { self.root.join(name) }
    }
}

/// It is not there, or a part of its name is no folder.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

impl Store for FolderStore {
    fn describe(&self) -> String {
        self.named.display().to_string()
    }

    fn list(&self, folder: &str) -> Result<Vec<StoreItem>, SourceError> {
        let path = self.at(folder);
        let refused = |error: &io::Error| SourceError::io(&path, error);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(refused(&error)),
        };
        let mut items = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| refused(&error))?;
            // A name that is no text is none that a tool gave.
            let Ok(name) = entry.file_name().into_string() else { continue };
            // Links are followed: tools make them, to their latest backup or to another disk.
            let metadata = match entry.file_type() {
                Ok(kind) if kind.is_symlink() => fs::metadata(entry.path()),
                _ => entry.metadata(),
            };
            let kind = match metadata {
                Ok(metadata) if metadata.is_dir() => ItemKind::Folder,
                Ok(metadata) if metadata.is_file() => ItemKind::File(metadata.len()),
                _ => continue,
            };
            items.push(StoreItem { name, kind });
        }
        items.sort();
        Ok(items)
    }

    fn read(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let path = self.at(file);
        let refused = |error: &io::Error| SourceError::io(&path, error);
        match fs::metadata(&path) {
            // A pipe would be waited for.
            Ok(metadata) if !metadata.is_file() => {
                return Err(SourceError::NotRegular { path, kind: FileKind::of(metadata.file_type()) });
            }
            Ok(_) => {}
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(refused(&error)),
        }
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(|error| refused(&error))?;
        file.take(limit).read_to_end(&mut bytes).map_err(|error| refused(&error))?;
        Ok(Some(bytes))
    }

    fn open(&self, file: &str) -> Result<Option<Box<dyn Stored + '_>>, SourceError> {
        match open_file(&self.at(file), self.pace.as_deref()) {
            Err(error) if error.is_gone() => Ok(None),
            opened => opened.map(Some),
        }
    }

    fn wal(&self, folders: &[String]) -> Result<Box<dyn Source>, SourceError> {
        // Shown as a user would type them behind what was named.
        let below = self.named.strip_prefix(&self.root).ok().and_then(Path::to_str).unwrap_or("");
        let shown = |folder: &String| match folder.strip_prefix(below) {
            _ if below.is_empty() => join(folder, ""),
            Some(rest) => rest.trim_start_matches('/').to_owned() + if rest.is_empty() { "" } else { "/" },
            None => join(folder, ""),
        };
        let places: Vec<(PathBuf, String)> = folders.iter().map(|folder| (self.at(folder), shown(folder))).collect();
        in_folders(&self.named, &places, self.pace.clone())
    }

    fn path(&self, file: &str) -> Option<PathBuf> {
        Some(self.at(file))
    }
}
