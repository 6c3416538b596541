//! Where a repository lies: names and bytes, nothing else. A folder is one; whatever lists by prefix and reads by range
//! can be another.

use crate::one_file::OneFile;
use pgwal_source::{Entry, Keys, ReadState, Source, SourceError, Stored};
use std::io::Cursor;
use std::path::PathBuf;

/// A place in which a repository may lie. Names are relative to it, parts separated by slashes; the empty name is the
/// place itself.
pub trait Store: Send + Sync {
    /// The place as a user would name it.
    fn describe(&self) -> String;

    /// What lies in a folder, by name; nothing where there is no such folder.
    ///
    /// # Errors
    /// The folder is there and cannot be looked at.
    fn list(&self, folder: &str) -> Result<Vec<StoreItem>, SourceError>;

    /// Up to so many stored bytes of a file from its beginning; `None` where there is no such file.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError>;

    /// The stored bytes of a file; `None` where there is no such file.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open(&self, file: &str) -> Result<Option<Box<dyn Stored + '_>>, SourceError>;

    /// The WAL in some folders as one archive: the first with its subfolders of 256 segments, the others flat. Files
    /// are shown by their names in the store.
    ///
    /// # Errors
    /// A folder cannot be looked at.
    fn wal(&self, folders: &[String]) -> Result<Box<dyn Source>, SourceError>;

    /// Where a file lies on this machine's disk, if it does.
    fn path(&self, file: &str) -> Option<PathBuf>;
}

/// What lies in a folder of a store.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct StoreItem {
    /// Its name, without folders.
    pub name: String,
    /// What it is.
    pub kind: ItemKind,
}

/// What an item of a store is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ItemKind {
    /// A folder, or a common prefix.
    Folder,
    /// A file of so many bytes.
    File(u64),
}

impl StoreItem {
    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.kind == ItemKind::Folder
    }
}

/// A name in a folder.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Folders below each other in a backup; the deepest is a database in a tablespace.
const DEEPEST: usize = 8;

/// Files that are looked at below one folder: links may lead anywhere.
const MOST_FILES: u64 = 4_000_000;

/// Hands on every file below a folder, by its name there, with its size; `false` where there are too many.
///
/// # Errors
/// A folder cannot be looked at.
pub fn each_file(store: &dyn Store, folder: &str, each: &mut dyn FnMut(&str, u64)) -> Result<bool, SourceError> {
    let mut left = MOST_FILES;
    let mut open = vec![(String::new(), 0)];
    while let Some((below, depth)) = open.pop() {
        for item in store.list(join(folder, &below).trim_end_matches('/'))? {
            let name = join(&below, &item.name);
            match item.kind {
                ItemKind::File(_) if left == 0 => return Ok(false),
                ItemKind::File(size) => {
                    left -= 1;
                    each(&name, size);
                }
                ItemKind::Folder if depth < DEEPEST => open.push((name, depth + 1)),
                ItemKind::Folder => {}
            }
        }
    }
    Ok(true)
}

/// The items of a folder, as the layouts ask about them.
pub(crate) struct Items(pub Vec<StoreItem>);

impl Items {
    pub(crate) fn of(store: &dyn Store, folder: &str) -> Result<Items, SourceError> {
        Ok(Items(store.list(folder)?))
    }

    pub(crate) fn has_folder(&self, name: &str) -> bool {
        self.0.iter().any(|item| item.is_folder() && item.name == name)
    }

    pub(crate) fn has_file(&self, name: &str) -> bool {
        self.0.iter().any(|item| !item.is_folder() && item.name == name)
    }

    /// Names of folders.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|item| item.is_folder()).map(|item| item.name.as_str())
    }

    /// Names and sizes of files.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().filter_map(|item| match item.kind {
            ItemKind::File(size) => Some((item.name.as_str(), size)),
            ItemKind::Folder => None,
        })
    }
}

/// The plain bytes of a small file, whatever it is packed in; at most `limit`. `None`: it is not there, or does not
/// unpack whole.
///
/// # Errors
/// It cannot be read.
pub(crate) fn plain(store: &dyn Store, keys: &Keys, file: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
    let Some(bytes) = store.read(file, limit)? else { return Ok(None) };
    let entry = Entry::named(file, Some(bytes.len() as u64));
    let open = || Ok(Some(Box::new(Cursor::new(bytes.as_slice())) as Box<dyn Stored + '_>));
    let source: &dyn Source = &OneFile { place: store.describe(), keys, open: &open };
    match source.small(&entry, limit) {
        Ok((bytes, read)) if read.state == ReadState::Whole => Ok(Some(bytes)),
        Ok(_) => Ok(None),
        Err(error) => Err(error),
    }
}
