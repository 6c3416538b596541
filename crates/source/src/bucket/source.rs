//! The WAL at a prefix of a bucket: flat, or with subfolders of 256 segments.

use super::{Bucket, BucketItem, NamesFrom};
use crate::entry::EntryFolder;
use crate::find::{NameSought, log_folder};
use crate::key::Keys;
use crate::name::{self, NamePlace};
use crate::source::{AsOf, Extent, Local};
use crate::{Entry, Listing, Source, SourceError, Stamp, Stored};
use pgwal_format::SegmentName;
use std::ffi::OsStr;
use std::ops::ControlFlow;
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
        let here = BucketFolder::of(folder);
        self.bucket.list(folder, &mut |item| here.take(item, listing, below.as_deref_mut()))
    }

    /// Where a segment may lie: the folders, and in the first its subfolder of 256 segments.
    fn folders_of(&self, name: Option<SegmentName>) -> Vec<String> {
        let below =
            self.folders.first().zip(name).map(|(folder, name)| format!("{}{}", shown(folder), log_folder(&name)));
        self.folders.iter().cloned().chain(below).collect()
    }

    fn behind(&self, before: SegmentName) -> Result<Listing, SourceError> {
        let (mut found, mut logs) = (Listing::default(), Vec::new());
        let (timeline, own) = (format!("{:08X}", before.timeline.0), before.to_string());
        let sought = NameSought::Behind(before);
        let mut look = |folder: &str, behind: &str, logs: Option<&mut Vec<String>>| {
            let (here, mut logs) = (BucketFolder::of(folder), logs);
            let named = NamesFrom { start: &timeline, behind };
            self.bucket.list_named(folder, named, &mut |item| {
                let mut one = Listing::default();
                here.take(item, &mut one, logs.as_deref_mut());
                let mut one = sought.among(one);
                found.entries.append(&mut one.entries);
                if found.entries.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            Ok::<bool, SourceError>(!found.entries.is_empty())
        };
        // The subfolder of its own log does not lie behind it by name; those of later ones do.
        let own_log = self.folders.first().map(|folder| format!("{}{}", shown(folder), log_folder(&before)));
        for (number, folder) in self.folders.iter().enumerate() {
            if look(folder, &own, Some(&mut logs).filter(|_| number == 0))? {
                break;
            }
        }
        logs.sort();
        for (number, folder) in own_log.iter().chain(&logs).enumerate() {
            if look(folder, if number == 0 { &own } else { "" }, None)? {
                break;
            }
        }
        Ok(found.sorted())
    }
}

/// What stands before the names in a folder.
fn shown(folder: &str) -> String {
    if folder.is_empty() { String::new() } else { format!("{folder}/") }
}

/// A folder whose items become entries.
struct BucketFolder {
    shown: String,
    here: Arc<EntryFolder>,
}

impl BucketFolder {
    fn of(folder: &str) -> BucketFolder {
        let shown = shown(folder);
        let here = Arc::new(EntryFolder { path: PathBuf::from(&shown), shown: shown.clone() });
        BucketFolder { shown, here }
    }

    fn take(&self, item: BucketItem, listing: &mut Listing, below: Option<&mut Vec<String>>) {
        let shown = &self.shown;
        match item {
            BucketItem::Folder(name) => match below {
                Some(below) if name::is_log_folder(&name) => below.push(format!("{shown}{name}")),
                _ if name::is_known_subfolder(&name) => listing.ignored.add(&format!("{shown}{name}/")),
                _ => listing.unknown.add(&format!("{shown}{name}/")),
            },
            BucketItem::Object(name, size, stamp) => match name::place(&name) {
                _ if name.ends_with(name::OWN_SUFFIX) => {}
                NamePlace::Wal(placed) => {
                    let entry = Entry::new(Some(placed.name), Some(size), &self.here, OsStr::new(&name));
                    listing.entries.push(entry.called(&told(&stamp, &format!("{shown}{name}"))));
                }
                NamePlace::Temporary => listing.ignored.add(&format!("{shown}{name}")),
                NamePlace::Unknown => listing.unknown.add(&format!("{shown}{name}")),
            },
        }
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

    fn find(&self, sought: &NameSought) -> Result<Listing, SourceError> {
        let name = match sought {
            NameSought::Behind(before) => return self.behind(*before),
            NameSought::One(name) => name.to_string(),
        };
        // The name without what stands behind its segment: `.gz.partial`.
        let start = sought.segment().map_or(name, |segment| segment.to_string());
        let mut listing = Listing::default();
        for folder in self.folders_of(sought.segment()) {
            let (here, named) = (BucketFolder::of(&folder), NamesFrom { start: &start, behind: "" });
            self.bucket.list_named(&folder, named, &mut |item| {
                here.take(item, &mut listing, None);
                ControlFlow::Continue(())
            })?;
        }
        Ok(sought.among(listing).sorted())
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
