//! Where a repository lies: names and bytes, nothing else. A folder is one; whatever lists by prefix and reads by range
//! can be another.

use pgwal_source::{AsOf, Entry, Extent, Keys, Listing, Local, ReadState, Source, SourceError, Stamp, Stored};
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
    let memory = OneFile(bytes, keys.clone());
    let source: &dyn Source = &memory;
    match source.small(&entry, limit) {
        Ok((bytes, read)) if read.state == ReadState::Whole => Ok(Some(bytes)),
        Ok(_) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A file in memory.
struct OneFile(Vec<u8>, Keys);

impl Source for OneFile {
    fn describe(&self) -> String {
        "memory".to_owned()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        Ok(Listing::default())
    }

    fn open(&self, _: &Entry, _: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        Ok(Box::new(Cursor::new(self.0.as_slice())))
    }

    fn stamp(&self, _: &Entry) -> Option<Stamp> {
        None
    }

    fn as_of(&self, _: &Entry) -> AsOf {
        AsOf::Now
    }

    fn is_live(&self) -> bool {
        false
    }

    fn keys(&self, _: &Entry) -> Option<&Keys> {
        Some(&self.1)
    }

    fn local(&self) -> Option<&dyn Local> {
        None
    }
}
