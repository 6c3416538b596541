//! A folder of WAL: flat, or with subfolders of 256 segments named by 16 digits. Nothing deeper is entered.

use crate::disk::Disk;
use crate::entry::EntryFolder;
use crate::find::{NameSought, log_folder};
use crate::key::Keys;
use crate::name::{self, NamePlace};
use crate::pace::Pace;
use crate::source::{AsOf, Extent, Local};
use crate::stamp::Stamp;
use crate::{Entry, Listing, Source, SourceError, Stored, level};
use pgwal_format::{FileName, SegmentName};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// A folder of WAL.
pub(crate) struct FolderSource {
    /// As the user named it.
    named: PathBuf,
    /// Where the WAL lies.
    path: PathBuf,
    /// From the one to the other: empty, or ending with a slash.
    shown: String,
    /// Other folders with WAL of the same archive, flat.
    beside: Vec<Arc<EntryFolder>>,
    live: bool,
    disk: Disk,
    /// Folders all of whose names were looked at, when they were changed last, and whether any is one that no spelling
    /// of its file is.
    odd: Mutex<HashMap<PathBuf, (SystemTime, bool)>>,
}

impl FolderSource {
    pub(crate) fn new(path: &Path, pace: Option<Arc<Pace>>) -> FolderSource {
        FolderSource {
            disk: Disk { pace, wal: Some(path.to_path_buf()) },
            named: path.to_path_buf(),
            path: path.to_path_buf(),
            shown: String::new(),
            beside: Vec::new(),
            live: level::is_live(path),
            odd: Mutex::default(),
        }
    }

    /// `wal`: the name of its subfolder with the WAL.
    pub(crate) fn of_data_directory(path: &Path, wal: &str, pace: Option<Arc<Pace>>) -> FolderSource {
        let folder = path.join(wal);
        let disk = Disk { pace, wal: Some(folder.clone()) };
        let (named, shown) = (path.to_path_buf(), format!("{wal}/"));
        FolderSource { disk, named, path: folder, shown, beside: Vec::new(), live: true, odd: Mutex::default() }
    }

    /// `folders`: where WAL lies, and what stands before a file's name when it is shown; the first with its subfolders.
    pub(crate) fn of_folders(
        named: &Path,
        folders: &[(PathBuf, String)],
        pace: Option<Arc<Pace>>,
    ) -> Option<FolderSource> {
        let ((path, shown), beside) = folders.split_first()?;
        // A server's own pg_wal, found among others: what its control file says counts there as well.
        let live = beside.is_empty() && level::is_live(path);
        let folder =
            |(path, shown): &(PathBuf, String)| Arc::new(EntryFolder { path: path.clone(), shown: shown.clone() });
        Some(FolderSource {
            named: named.to_path_buf(),
            path: path.clone(),
            shown: shown.clone(),
            beside: beside.iter().map(folder).collect(),
            live,
            disk: Disk { pace, wal: live.then(|| path.clone()) },
            odd: Mutex::default(),
        })
    }
}

impl FolderSource {
    /// The nearest segments behind one, by names alone.
    fn behind(&self, before: SegmentName) -> Result<Listing, SourceError> {
        let top = Arc::new(EntryFolder { path: self.path.clone(), shown: self.shown.clone() });
        let (mut found, mut logs) = (BTreeMap::new(), BTreeSet::new());
        names_behind(&top, before, &mut found, Some(&mut logs)).map_err(|error| SourceError::io(&self.path, &error))?;
        for log in logs {
            let path = self.path.join(&log);
            let below = Arc::new(EntryFolder { path: path.clone(), shown: format!("{}{log}/", self.shown) });
            names_behind(&below, before, &mut found, None).map_err(|error| SourceError::io(&path, &error))?;
            if !found.is_empty() {
                break;
            }
        }
        for folder in &self.beside {
            match names_behind(folder, before, &mut found, None) {
                Err(error) if !is_absent(&error) => return Err(SourceError::io(&folder.path, &error)),
                _ => {}
            }
        }
        Ok(Listing::of(found.into_values().collect()))
    }

    /// Adds what lies in a folder under a name that nobody knows before, as one with a checksum in it. Where none has
    /// such a name, that is asked once for as long as the folder stays as it is.
    fn find_odd(&self, folder: &Arc<EntryFolder>, sought: &NameSought, listing: &mut Listing) {
        let changed = fs::metadata(&folder.path).and_then(|metadata| metadata.modified()).ok();
        let mut known = self.odd.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some((at, false)), Some(changed)) = (known.get(&folder.path), changed)
            && *at == changed
        {
            return;
        }
        let Ok(files) = fs::read_dir(&folder.path) else { return };
        let NameSought::One(name) = sought else { return };
        let own = name.to_string();
        let own = own.strip_suffix(".partial").unwrap_or(&own).as_bytes();
        let mut any = false;
        for file in files.flatten().map(|entry| entry.file_name()) {
            // There may be a million.
            let bytes = file.as_encoded_bytes();
            let is_bare = !bytes.contains(&b'-') && bytes.iter().filter(|byte| **byte == b'.').count() < 2;
            if is_bare && !bytes.starts_with(own) {
                continue;
            }
            let NamePlace::Wal(placed) = file.to_str().map_or(NamePlace::Unknown, name::place) else { continue };
            any |= !name::is_spelling(&placed);
            if sought.holds(placed.name) {
                find_one(folder, placed.name, &file, listing);
            }
        }
        // What comes within the same tick of the clock of a folder leaves its time as it is.
        let is_old = |at: &SystemTime| at.elapsed().is_ok_and(|age| age > TICK);
        if let Some(changed) = changed.filter(is_old) {
            known.insert(folder.path.clone(), (changed, any));
        }
    }
}

/// More than a tick of the clock by which any file system tells when a folder was changed.
const TICK: Duration = Duration::from_secs(3);

/// How many names behind another are kept.
const NEAREST: usize = 64;

/// Adds the nearest segments behind one; `logs` the subfolders of its timeline from its own on.
fn names_behind(
    folder: &Arc<EntryFolder>,
    before: SegmentName,
    found: &mut BTreeMap<(FileName, OsString), Entry>,
    mut logs: Option<&mut BTreeSet<String>>,
) -> io::Result<()> {
    let (sought, timeline, own) =
        (NameSought::Behind(before), format!("{:08X}", before.timeline.0), log_folder(&before));
    for entry in fs::read_dir(&folder.path)? {
        let file = entry?.file_name();
        let Some(name) = file.to_str().filter(|name| name.starts_with(&timeline)) else { continue };
        if let Some(logs) = logs.as_mut().filter(|_| name::is_log_folder(name) && *name >= *own) {
            logs.insert(name.to_owned());
            continue;
        }
        let NamePlace::Wal(placed) = name::place(name) else { continue };
        if sought.holds(placed.name) {
            found.insert((placed.name, file.clone()), Entry::new(Some(placed.name), None, folder, &file));
            if found.len() > NEAREST {
                found.pop_last();
            }
        }
    }
    Ok(())
}

impl Source for FolderSource {
    fn describe(&self) -> String {
        self.named.display().to_string()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let mut listing = Listing::default();
        let top = Arc::new(EntryFolder { path: self.path.clone(), shown: self.shown.clone() });
        let mut below = Vec::new();
        list_folder(&top, &mut listing, Some(&mut below)).map_err(|error| SourceError::io(&self.path, &error))?;
        below.sort();
        // Links may lead to a folder that was listed before, or back up.
        let mut entered: HashSet<PathBuf> = fs::canonicalize(&self.path).into_iter().collect();
        for name in below {
            let folder = Arc::new(EntryFolder { path: self.path.join(&name), shown: format!("{}{name}/", self.shown) });
            let result = match fs::canonicalize(&folder.path) {
                Ok(real) => {
                    if !entered.insert(real) {
                        listing
                            .unreadable
                            .push((folder.shown.clone(), SourceError::Loop { path: folder.path.clone() }));
                        continue;
                    }
                    list_folder(&folder, &mut listing, None)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = result.map_err(|error| SourceError::io(&folder.path, &error)) {
                listing.unreadable.push((folder.shown.clone(), error));
            }
        }
        for folder in &self.beside {
            match list_folder(folder, &mut listing, None) {
                // It comes with its first file.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    listing.unreadable.push((folder.shown.clone(), SourceError::io(&folder.path, &error)));
                }
                Ok(()) => {}
            }
        }
        listing.sort();
        Ok(listing)
    }

    fn find(&self, sought: &NameSought) -> Result<Listing, SourceError> {
        let name = match sought {
            NameSought::One(name) => name,
            NameSought::Behind(before) => return self.behind(*before),
        };
        let mut listing = Listing::default();
        let top = Arc::new(EntryFolder { path: self.path.clone(), shown: self.shown.clone() });
        // A place that went away holds nothing, and that is not what is asked.
        fs::read_dir(&self.path).map_err(|error| SourceError::io(&self.path, &error))?;
        find_in(&top, *name, &mut listing);
        if let Some(segment) = sought.segment() {
            let below = log_folder(&segment);
            let (path, shown) = (self.path.join(&below), format!("{}{below}/", self.shown));
            // Its files may have a checksum in their names.
            match list_folder(&Arc::new(EntryFolder { path: path.clone(), shown: shown.clone() }), &mut listing, None) {
                Err(error) if !is_absent(&error) => {
                    listing.unreadable.push((shown, SourceError::io(&path, &error)));
                }
                _ => listing = sought.among(listing),
            }
        }
        self.beside.iter().for_each(|folder| find_in(folder, *name, &mut listing));
        if listing.entries.is_empty() && listing.unreadable.is_empty() {
            std::iter::once(&top).chain(&self.beside).for_each(|folder| self.find_odd(folder, sought, &mut listing));
        }
        listing.sort();
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
        self.live
    }
}

/// Adds what lies in a folder under a name, whatever tools put behind it.
fn find_in(folder: &Arc<EntryFolder>, name: FileName, listing: &mut Listing) {
    name::spellings(name).for_each(|file| find_one(folder, name, OsStr::new(&file), listing));
}

/// Adds a file of a folder, if it is there.
fn find_one(folder: &Arc<EntryFolder>, name: FileName, file: &OsStr, listing: &mut Listing) {
    let path = folder.path.join(file);
    let shown = || format!("{}{}", folder.shown, file.display());
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => {
            listing.entries.push(Entry::new(Some(name), Some(metadata.len()), folder, file));
        }
        Ok(metadata) => {
            listing.unreadable.push((shown(), SourceError::not_regular(&path, metadata.file_type())));
        }
        // A link to nowhere is no file either: but it is no absence that a server should take for one.
        Err(error) if is_absent(&error) && fs::symlink_metadata(&path).is_err() => {}
        Err(error) => listing.unreadable.push((shown(), SourceError::io(&path, &error))),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Adds what lies in a folder. Names of subfolders that may hold WAL go to `below`, if they are to be entered.
pub(crate) fn list_folder(
    folder: &Arc<EntryFolder>,
    listing: &mut Listing,
    mut below: Option<&mut Vec<String>>,
) -> io::Result<()> {
    for entry in fs::read_dir(&folder.path)? {
        let entry = entry?;
        let os_name = entry.file_name();
        let Some(name) = os_name.to_str() else {
            listing.unknown.add(&format!("{}{}", folder.shown, os_name.display()));
            continue;
        };
        if name.ends_with(name::OWN_SUFFIX) {
            continue;
        }
        match name::place(name) {
            NamePlace::Wal(placed) => match size_of(&entry) {
                Ok(size) => listing.entries.push(Entry::new(Some(placed.name), Some(size), folder, &os_name)),
                // Removed since its name was read, and no dangling link: it was never here.
                Err(SourceError::NotFound { .. }) if !is_link(&entry) => {}
                Err(error) => listing.unreadable.push((format!("{}{name}", folder.shown), error)),
            },
            NamePlace::Temporary => listing.ignored.add(&format!("{}{name}", folder.shown)),
            NamePlace::Unknown => match &mut below {
                Some(below) if name::is_log_folder(name) && is_folder_or_broken(&entry) => below.push(name.to_owned()),
                _ if name::is_known_subfolder(name) => listing.ignored.add(&format!("{}{name}/", folder.shown)),
                _ => {
                    listing.unknown.add(&format!("{}{name}{}", folder.shown, if is_folder(&entry) { "/" } else { "" }))
                }
            },
        }
    }
    Ok(())
}

/// The size of a regular file, links followed.
fn size_of(entry: &DirEntry) -> Result<u64, SourceError> {
    let metadata = if is_link(entry) { fs::metadata(entry.path()) } else { entry.metadata() };
    let metadata = metadata.map_err(|error| SourceError::io(&entry.path(), &error))?;
    if metadata.is_file() {
        Ok(metadata.len())
    } else {
        Err(SourceError::not_regular(&entry.path(), metadata.file_type()))
    }
}

fn is_link(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_symlink())
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir() || kind.is_symlink() && entry.path().is_dir())
}

/// Also a link that leads nowhere or in a circle: entering it will say so.
fn is_folder_or_broken(entry: &DirEntry) -> bool {
    is_folder(entry) || is_link(entry) && fs::metadata(entry.path()).is_err()
}
