//! Files that are kept in memory, as they were stored: packed again for the time being.

use crate::codec::HEAD;
use crate::pace::{Pace, Paced};
use crate::source::{How, Read, Scratch};
use crate::stamp::Stamp;
use crate::{Codec, Entry, Listing, ReadState, Source, SourceError, file};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::SystemTime;

/// What is kept of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// Its stored bytes, in the block format of LZ4, their length in front.
    Bytes(Vec<u8>),
    /// It could not be read, for this reason.
    Refused(String),
    /// It was gone.
    Gone,
}

/// More than any file of WAL has.
const LIMIT: u64 = (1 << 30) + (64 << 20);

impl Content {
    /// Reads the file at this path, at most 1 GiB of it, and as fast as the pace allows; of an encrypted one, the
    /// beginning.
    pub fn of(path: &Path, pace: Option<&Pace>) -> Content {
        let mut bytes = Vec::new();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let read = File::open(path).and_then(|file| {
            let mut file: Box<dyn io::Read> = match pace {
                Some(pace) => Box::new(Paced { file: &file, pace }.take(LIMIT)),
                None => Box::new((&file).take(LIMIT)),
            };
            file.by_ref().take(HEAD as u64).read_to_end(&mut bytes)?;
            // Of what nobody can unpack, no more is ever looked at.
            if Codec::detect(&bytes, name).is_open() { file.read_to_end(&mut bytes) } else { Ok(0) }
        });
        match read {
            Ok(_) => Content::Bytes(lz4_flex::compress_prepend_size(&bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Content::Gone,
            Err(error) => Content::Refused(SourceError::io(path, &error).to_string()),
        }
    }
}

/// A file that is kept.
#[derive(Debug)]
pub struct KeptFile {
    /// Its bytes, where they are needed.
    pub content: Option<Content>,
    /// The stamp that it had.
    pub stamp: Stamp,
    /// When it was read.
    pub seen: SystemTime,
}

/// A source of kept files. Those without content cannot be read.
#[derive(Debug, Default)]
pub struct Kept {
    /// What the place is called.
    pub name: String,
    /// What lies there.
    pub listing: Listing,
    /// What is kept of files, by [`Entry::shown`].
    pub files: HashMap<String, KeptFile>,
}

impl Source for Kept {
    fn describe(&self) -> String {
        self.name.clone()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let Listing { entries, ignored, unknown, unreadable } = &self.listing;
        let listing = Listing {
            entries: entries.clone(),
            ignored: ignored.clone(),
            unknown: unknown.clone(),
            unreadable: unreadable.clone(),
        };
        Ok(listing.sorted())
    }

    fn read(
        &self,
        entry: &Entry,
        how: &How,
        scratch: &mut Scratch,
        sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Read, SourceError> {
        let shown = entry.shown();
        let refused = |text: String| SourceError::Reported { text };
        match self.files.get(&shown).map(|file| &file.content) {
            Some(Some(Content::Bytes(packed))) => {
                let size = packed.first_chunk::<4>().map_or(0, |b| u64::from(u32::from_le_bytes(*b)));
                if size > LIMIT || size > packed.len() as u64 * 256 {
                    return Err(refused(format!("{shown}: what was kept of it is damaged")));
                }
                let bytes = lz4_flex::decompress_size_prepended(packed)
                    .map_err(|_| refused(format!("{shown}: what was kept of it is damaged")))?;
                let stored = bytes.len() as u64;
                let name = shown.rsplit('/').next().unwrap_or("");
                let read = file::read_stream(name, &mut Cursor::new(bytes), how, scratch, sink);
                read.map(|read| Read { stored_bytes: Some(stored), ..read }).map_err(|error| refused(error.to_string()))
            }
            Some(Some(Content::Refused(text))) => Err(refused(text.clone())),
            Some(Some(Content::Gone)) => {
                Ok(Read { plain_bytes: 0, codec: Codec::Plain, state: ReadState::Vanished, stored_bytes: None })
            }
            Some(None) | None => Err(refused(format!("{shown}: its content was not kept"))),
        }
    }

    fn is_live(&self) -> bool {
        false
    }

    fn is_kept(&self) -> bool {
        true
    }

    fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        self.files.get(&entry.shown()).map(|file| file.stamp)
    }

    fn seen_at(&self, entry: &Entry) -> SystemTime {
        self.files.get(&entry.shown()).map_or_else(SystemTime::now, |file| file.seen)
    }
}
