//! Files that are kept in memory, as they were stored: packed again for the time being.

use crate::codec::HEAD;
use crate::key::Keys;
use crate::source::{AsOf, Extent, Local};
use crate::stamp::Stamp;
use crate::{Codec, Entry, Listing, Refusal, Source, SourceError, Stored};
use std::collections::HashMap;
use std::io::{Cursor, Read as _};
use std::time::SystemTime;

/// What is kept of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeptContent {
    /// Its stored bytes, in the block format of LZ4, their length in front.
    Bytes(Vec<u8>),
    /// It could not be read, for this reason.
    Refused(String),
    /// It was gone.
    Gone,
}

/// More than any file of WAL has.
const LIMIT: u64 = (1 << 30) + (64 << 20);

impl KeptContent {
    /// Reads a file of a source, at most 1 GiB of it; of an encrypted one, the beginning.
    pub fn of(source: &dyn Source, entry: &Entry) -> KeptContent {
        let mut bytes = Vec::new();
        let read = source.open(entry, Extent::Whole).and_then(|file| {
            let mut file = file.take(LIMIT);
            let read = file.by_ref().take(HEAD as u64).read_to_end(&mut bytes).and_then(|_| {
                // Of what nobody can unpack, no more is ever looked at.
                let codec = Codec::detect(&bytes, entry.file_name());
                if codec.is_open() || source.keys(entry).is_some() { file.read_to_end(&mut bytes) } else { Ok(0) }
            });
            read.map_err(|error| SourceError::of_reading(&entry.shown(), &error))
        });
        match read {
            Ok(_) => KeptContent::Bytes(lz4_flex::compress_prepend_size(&bytes)),
            Err(error) if error.is_gone() => KeptContent::Gone,
            Err(error) => KeptContent::Refused(error.to_string()),
        }
    }
}

/// A file that is kept.
#[derive(Debug)]
pub struct KeptFile {
    /// Its bytes, where they are needed.
    pub content: Option<KeptContent>,
    /// The stamp that it had.
    pub stamp: Stamp,
    /// When it was read.
    pub seen: SystemTime,
}

/// A source of kept files. Those without content cannot be read. It is what it was when it was made.
#[derive(Debug)]
pub struct KeptSource {
    name: String,
    listing: Listing,
    files: HashMap<String, KeptFile>,
    made: SystemTime,
}

impl KeptSource {
    /// `name`: what the place is called; `listing`: what lies there; `files`: what is kept of it, by [`Entry::shown`].
    pub fn new(name: String, listing: Listing, files: HashMap<String, KeptFile>) -> KeptSource {
        KeptSource { name, listing: listing.sorted(), files, made: SystemTime::now() }
    }

    /// Its files in order.
    pub fn entries(&self) -> &[Entry] {
        &self.listing.entries
    }
}

impl Source for KeptSource {
    fn describe(&self) -> String {
        self.name.clone()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let Listing { entries, ignored, unknown, unreadable, misfiled } = &self.listing;
        Ok(Listing {
            entries: entries.clone(),
            ignored: ignored.clone(),
            unknown: unknown.clone(),
            unreadable: unreadable.clone(),
            misfiled: misfiled.clone(),
        })
    }

    fn open(&self, entry: &Entry, _: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        let shown = entry.shown();
        let refused = |why: &str| SourceError::Reported { text: format!("{shown}: {why}") };
        match self.files.get(&shown).and_then(|file| file.content.as_ref()) {
            Some(KeptContent::Bytes(packed)) => {
                let damaged = || refused("what was kept of it is damaged");
                let size = packed.first_chunk::<4>().map_or(0, |b| u64::from(u32::from_le_bytes(*b)));
                if size > LIMIT || size > packed.len() as u64 * 256 {
                    return Err(damaged());
                }
                let bytes = lz4_flex::decompress_size_prepended(packed).map_err(|_| damaged())?;
                Ok(Box::new(Cursor::new(bytes)))
            }
            Some(KeptContent::Refused(text)) => Err(SourceError::Reported { text: text.clone() }),
            Some(KeptContent::Gone) => Err(SourceError::foreign(shown, Refusal::Gone, "it was gone")),
            None => Err(refused("its content was not kept")),
        }
    }

    fn keys(&self, _: &Entry) -> Option<&Keys> {
        None
    }

    fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        self.files.get(&entry.shown()).map(|file| file.stamp)
    }

    fn as_of(&self, entry: &Entry) -> AsOf {
        AsOf::Then(self.files.get(&entry.shown()).map_or(self.made, |file| file.seen))
    }

    fn is_live(&self) -> bool {
        false
    }

    fn local(&self) -> Option<&dyn Local> {
        // The paths are those of the hosts that made the parts.
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_is_what_it_was_when_it_was_made() {
        let (seen, stamp) =
            (SystemTime::UNIX_EPOCH + Duration::from_secs(9), Stamp { size: 5, modified: 1, changed: 2, inode: 3 });
        let file = |content| KeptFile { content, stamp, seen };
        let packed = KeptContent::Bytes(lz4_flex::compress_prepend_size(b"plain"));
        let files =
            [("b", None), ("a", Some(packed)), ("c", Some(KeptContent::Gone))].map(|(n, c)| (n.into(), file(c)));
        let entries = ["c", "b", "a", "d"].map(|name| Entry::named(name, Some(5)));
        let before = SystemTime::now();
        let kept =
            KeptSource::new("parts".into(), Listing { entries: entries.into(), ..Listing::default() }, files.into());
        let source: &dyn Source = &kept;
        let entries = source.list().unwrap().entries;
        assert_eq!(entries.iter().map(Entry::shown).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert_eq!(source.small(&entries[0], 100).unwrap().0, b"plain");
        assert_eq!(source.small(&entries[1], 100).unwrap_err().to_string(), "b: its content was not kept");
        assert_eq!(source.small(&entries[2], 100).unwrap().1.state, crate::ReadState::Vanished);
        assert_eq!((source.seen_at(&entries[0]), source.stamp(&entries[0])), (seen, Some(stamp)));
        let made = source.seen_at(&entries[3]);
        assert!(source.is_kept(&entries[3]) && made >= before && made == source.seen_at(&entries[3]));
        assert!(source.hold(&entries[0]).unwrap().is_none());
    }
}
