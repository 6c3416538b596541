//! The WAL at a prefix of a bucket: flat, or with subfolders of 256 segments.

use super::{Bucket, BucketItem};
use crate::entry::EntryFolder;
use crate::key::Keys;
use crate::name::{self, NamePlace};
use crate::source::{AsOf, Extent, Local};
use crate::{Entry, Listing, Source, SourceError, Stamp, Stored};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

/// The WAL in folders of a bucket.
pub struct BucketSource {
    bucket: Arc<Bucket>,
    /// The first with its subfolders, the others flat.
    folders: Vec<String>,
}

impl BucketSource {
    /// The WAL in some folders behind the bucket's prefix (itself: the empty name): in the first also that in its
    /// subfolders of 256 segments. Files are shown by their names behind the prefix.
    pub fn new(bucket: Arc<Bucket>, folders: Vec<String>) -> BucketSource {
        BucketSource { bucket, folders }
    }

    fn list_folder(
        &self,
        folder: &str,
        listing: &mut Listing,
        mut below: Option<&mut Vec<String>>,
    ) -> Result<(), SourceError> {
        let shown = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let here = Arc::new(EntryFolder { path: PathBuf::from(&shown), shown: shown.clone() });
        self.bucket.list(folder, &mut |item| match item {
            BucketItem::Folder(name) => match &mut below {
                Some(below) if name::is_log_folder(&name) => below.push(format!("{shown}{name}")),
                _ if name::is_known_subfolder(&name) => listing.ignored.add(&format!("{shown}{name}/")),
                _ => listing.unknown.add(&format!("{shown}{name}/")),
            },
            BucketItem::Object(name, size, stamp) => match name::place(&name) {
                _ if name.ends_with(name::OWN_SUFFIX) => {}
                NamePlace::Wal(placed) => {
                    let entry = Entry::new(Some(placed.name), Some(size), &here, OsStr::new(&name));
                    listing.entries.push(entry.called(&told(&stamp, &format!("{shown}{name}"))));
                }
                NamePlace::Temporary => listing.ignored.add(&format!("{shown}{name}")),
                NamePlace::Unknown => listing.unknown.add(&format!("{shown}{name}")),
            },
        })
    }
}

/// What an entry is called: its stamp, which came with the listing, and its name.
fn told(stamp: &Stamp, name: &str) -> String {
    format!("{:x}.{:x}.{:x}/{name}", stamp.size, stamp.modified, stamp.inode)
}

/// The name of an entry, and the stamp that it was listed with.
fn name_and_stamp(id: &str) -> (&str, Option<Stamp>) {
    let Some((stamp, name)) = id.split_once('/') else { return (id, None) };
    let mut numbers = stamp.split('.');
    let mut next = || numbers.next();
    let read = (|| {
        let size = u64::from_str_radix(next()?, 16).ok()?;
        // As it was written: the bits of a number below zero.
        let modified = u64::from_str_radix(next()?, 16).ok()? as i64;
        let inode = u64::from_str_radix(next()?, 16).ok()?;
        Some(Stamp { size, modified, changed: 0, inode })
    })();
    (name, read)
}

impl Source for BucketSource {
    fn describe(&self) -> String {
        self.bucket.describe().to_owned()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let mut listing = Listing::default();
        let mut below = Vec::new();
        for (number, folder) in self.folders.iter().enumerate() {
            self.list_folder(folder, &mut listing, Some(&mut below).filter(|_| number == 0))?;
        }
        for folder in &below {
            if let Err(error) = self.list_folder(folder, &mut listing, None) {
                listing.unreadable.push((format!("{folder}/"), error));
            }
        }
        Ok(listing.sorted())
    }

    fn open(&self, entry: &Entry, extent: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        self.bucket.object(name_and_stamp(&entry.id()).0, extent)
    }

    fn keys(&self, _: &Entry) -> Option<&Keys> {
        None
    }

    fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        name_and_stamp(&entry.id()).1
    }

    fn as_of(&self, _: &Entry) -> AsOf {
        AsOf::Now
    }

    fn is_live(&self) -> bool {
        false
    }

    fn local(&self) -> Option<&dyn Local> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn an_entry_is_called_by_its_name_and_what_it_was_listed_with() {
        for written in
            [SystemTime::UNIX_EPOCH + Duration::from_millis(7), SystemTime::UNIX_EPOCH - Duration::from_secs(9)]
        {
            let stamp = Stamp::tagged(1 << 40, written, b"\"tag\"");
            let told = told(&stamp, "0000000100000000/a.b/c");
            assert_eq!(name_and_stamp(&told), ("0000000100000000/a.b/c", Some(stamp)));
        }
        assert_eq!(name_and_stamp("a"), ("a", None));
    }
}
