//! A share of a folder of WAL: some of the names in it, listed as the folder itself would list them.

use crate::disk::Disk;
use crate::entry::EntryFolder;
use crate::folder::list_folder;
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

/// Files and subfolders of one archive. What a name says nothing about is left out, as in a folder, and not read.
pub(crate) struct Share {
    paths: Vec<PathBuf>,
    disk: Disk,
}

/// Opens some of what lies in a folder of WAL: files, subfolders of 256 segments, or whole folders. No more is read of
/// it than the pace allows.
///
/// # Errors
/// No path was given.
pub fn share(paths: &[PathBuf], pace: Option<Arc<Pace>>) -> Result<Box<dyn Source>, SourceError> {
    if paths.is_empty() {
        Err(SourceError::NoPath)
    } else {
        Ok(Box::new(Share { paths: paths.to_vec(), disk: Disk { pace, wal: None } }))
    }
}

/// The innermost folder that all of these lie in; `None` where that would be the root, or nothing.
pub fn common_folder<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Option<PathBuf> {
    let common =
        |a: PathBuf, b: &Path| a.components().zip(b.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    let mut folders = folders.into_iter();
    let first = folders.next()?.to_path_buf();
    Some(folders.fold(first, common)).filter(|folder| folder.file_name().is_some())
}

/// The archive's folder, if this lies in one.
fn archive_of(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let in_log = |folder: &Path| folder.file_name().and_then(OsStr::to_str).is_some_and(name::is_log_folder);
    let folder = if path.is_dir() { path } else { path.parent()?.to_path_buf() };
    if in_log(&folder) { folder.parent().map(Path::to_path_buf) } else { Some(folder) }
}

impl Source for Share {
    fn describe(&self) -> String {
        let folders: Vec<PathBuf> = self.paths.iter().filter_map(|path| archive_of(path)).collect();
        match common_folder(folders.iter().map(PathBuf::as_path)) {
            Some(folder) => folder.display().to_string(),
            None => format!("{} files", self.paths.len()),
        }
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let mut listing = Listing::default();
        for path in &self.paths {
            let file = path.file_name().unwrap_or(OsStr::new(""));
            let shown = file.to_str().unwrap_or("");
            if path.is_dir() && !matches!(name::place(shown), NamePlace::Wal(_)) {
                folder(path, shown, &mut listing);
            } else {
                one(path, file, &mut listing);
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
        self.paths.iter().any(|path| level::is_live(path) || path.parent().is_some_and(level::is_live))
    }
}

fn folder(path: &Path, name: &str, listing: &mut Listing) {
    let is_log = name::is_log_folder(name);
    if !is_log && name::is_known_subfolder(name) {
        listing.ignored.add(&format!("{name}/"));
        return;
    }
    let shown = if is_log { format!("{name}/") } else { String::new() };
    let top = Arc::new(EntryFolder { path: path.to_path_buf(), shown });
    let mut below = Vec::new();
    let mut result = list_folder(&top, listing, Some(&mut below).filter(|_| !is_log));
    below.sort();
    for name in below {
        let inner = Arc::new(EntryFolder { path: path.join(&name), shown: format!("{name}/") });
        result = result.and(list_folder(&inner, listing, None));
    }
    if let Err(error) = result {
        listing.unreadable.push((name.to_owned(), SourceError::io(path, &error)));
    }
}

fn one(path: &Path, file: &OsStr, listing: &mut Listing) {
    let Some(name) = file.to_str() else { return listing.unknown.add(&file.display().to_string()) };
    if name.ends_with(name::OWN_SUFFIX) {
        return;
    }
    let parent = path.parent().unwrap_or(Path::new(""));
    let folder = parent.file_name().and_then(OsStr::to_str).filter(|name| name::is_log_folder(name));
    let shown = folder.map(|folder| format!("{folder}/")).unwrap_or_default();
    match name::place(name) {
        NamePlace::Wal(placed) => match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                let folder = Arc::new(EntryFolder { path: parent.to_path_buf(), shown });
                listing.entries.push(Entry::new(Some(placed.name), Some(metadata.len()), &folder, file));
            }
            Ok(metadata) => listing
                .unreadable
                .push((format!("{shown}{name}"), SourceError::not_regular(path, metadata.file_type()))),
            Err(error) => listing.unreadable.push((format!("{shown}{name}"), SourceError::io(path, &error))),
        },
        NamePlace::Temporary => listing.ignored.add(&format!("{shown}{name}")),
        NamePlace::Unknown => listing.unknown.add(&format!("{shown}{name}")),
    }
}
