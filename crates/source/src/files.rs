//! Files given one by one.

use crate::disk::Disk;
use crate::entry::EntryFolder;
use crate::key::Keys;
use crate::name::{self, NamePlace};
use crate::pace::Pace;
use crate::source::{AsOf, Extent, Local};
use crate::stamp::Stamp;
use crate::{Entry, Listing, Source, SourceError, Stored, level};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One or several files. Each was a regular file when it was given.
pub(crate) struct FilesSource {
    paths: Vec<PathBuf>,
    disk: Disk,
}

impl FilesSource {
    pub(crate) fn new(paths: &[PathBuf], pace: Option<Arc<Pace>>) -> Result<FilesSource, SourceError> {
        for path in paths {
            if path == Path::new("-") {
                return Err(SourceError::NotAFile { path: path.clone() });
            }
            let metadata = fs::metadata(path).map_err(|error| SourceError::io(path, &error))?;
            if metadata.is_dir() {
                return Err(SourceError::NotAFile { path: path.clone() });
            }
            if !metadata.is_file() {
                return Err(SourceError::not_regular(path, metadata.file_type()));
            }
        }
        Ok(FilesSource { paths: paths.to_vec(), disk: Disk { pace, wal: None } })
    }
}

impl Source for FilesSource {
    fn describe(&self) -> String {
        match self.paths.as_slice() {
            [one] => one.display().to_string(),
            all => format!("{} files", all.len()),
        }
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let mut listing = Listing::default();
        for path in &self.paths {
            let file = path.file_name().unwrap_or(OsStr::new(""));
            let name = match file.to_str().map(name::place) {
                Some(NamePlace::Wal(placed)) => Some(placed.name),
                _ => None,
            };
            match fs::metadata(path) {
                Ok(metadata) => {
                    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
                    let shown = if folder.as_os_str().is_empty() {
                        String::new()
                    } else {
                        format!("{}/", folder.display()).replace("//", "/")
                    };
                    listing.entries.push(Entry::new(
                        name,
                        Some(metadata.len()),
                        &Arc::new(EntryFolder { path: folder, shown }),
                        file,
                    ));
                }
                Err(error) => listing.unreadable.push((path.display().to_string(), SourceError::io(path, &error))),
            }
        }
        listing.sort();
        listing.entries.dedup();
        Ok(listing)
    }

    fn open(&self, entry: &Entry, _: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        self.disk.open(entry)
    }

    fn keys(&self, _: &Entry) -> Option<&Keys> {
        None
    }

    fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        self.disk.stamp(entry)
    }

    fn as_of(&self, _: &Entry) -> AsOf {
        AsOf::Now
    }

    fn local(&self) -> Option<&dyn Local> {
        Some(&self.disk)
    }

    fn is_live(&self) -> bool {
        self.paths
            .iter()
            .filter_map(|path| path.parent())
            .any(|folder| level::is_live(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }))
    }
}
