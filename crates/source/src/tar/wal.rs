//! WAL that lies in a tar.
//!
//! In a plain tar a segment is read where it lies. In a packed one it can only be got at from the tar's beginning: what was
//! kept when the tar was read first ([`TarWal::held`]) is taken from there, the rest unpacked again for each reading.

use crate::codec::Codec;
use crate::entry::Folder;
use crate::source::{How, Read, Scratch};
use crate::{Entry, Listing, Source, SourceError, file};
use std::ffi::OsStr;
use std::io::{self, Read as _, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of WAL in a tar.
#[derive(Clone, Debug)]
pub struct TarWal {
    /// Its name without folders.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Where it begins in the plain tar.
    pub offset: u64,
    /// Its bytes, if they were kept.
    pub held: Option<Arc<[u8]>>,
}

/// The WAL of a tar.
pub struct TarSource {
    path: PathBuf,
    codec: Codec,
    files: Vec<TarWal>,
}

impl TarSource {
    /// `codec`: what the tar is packed in, as [`super::scan`] said.
    pub fn new(path: &Path, codec: Codec, mut files: Vec<TarWal>) -> TarSource {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        TarSource { path: path.to_path_buf(), codec, files }
    }
}

impl Source for TarSource {
    fn describe(&self) -> String {
        self.path.display().to_string()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let tar = self.path.file_name().unwrap_or_default().display();
        let folder = Arc::new(Folder { path: PathBuf::new(), shown: format!("{tar}:") });
        let entry = |file: &TarWal| Entry::new(Entry::named(&file.name, None).name, Some(file.size), &folder, OsStr::new(&file.name));
        Ok(Listing::of(self.files.iter().map(entry).collect()))
    }

    fn read(&self, entry: &Entry, how: &How, scratch: &mut Scratch, sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<Read, SourceError> {
        let path = entry.path();
        let name = path.to_str().unwrap_or("");
        let missing = || SourceError::NotFound { path: self.path.join(&path) };
        let at = self.files.binary_search_by(|file| file.name.as_str().cmp(name)).map_err(|_| missing())?;
        let found = self.files.get(at).ok_or_else(missing)?;
        let refused = |error: io::Error| SourceError::io(&self.path, &error);
        let stream = |mut source: &mut dyn io::Read, scratch: &mut Scratch, sink: file::Sink<'_>| {
            let mut read = file::read_stream(name, &mut source, how, scratch, sink)?;
            read.stored_bytes = Some(found.size);
            Ok(read)
        };
        if let Some(held) = &found.held {
            return stream(&mut &**held, scratch, sink).map_err(refused);
        }
        if self.codec == Codec::Plain {
            let mut file = file::open(&self.path).map_err(refused)?;
            file.seek(SeekFrom::Start(found.offset)).map_err(refused)?;
            return stream(&mut file.take(found.size), scratch, sink).map_err(refused);
        }
        let bytes = self.unpack(found)?;
        stream(&mut bytes.as_slice(), scratch, sink).map_err(refused)
    }

    fn is_live(&self) -> bool {
        false
    }
}

impl TarSource {
    /// Unpacks the tar up to the end of this file. No file of WAL is longer than a segment, and no more is kept.
    fn unpack(&self, file: &TarWal) -> Result<Vec<u8>, SourceError> {
        let (mut at, mut bytes) = (0u64, Vec::new());
        let end = file.offset.saturating_add(file.size.min(1 << 30));
        super::plain(&self.path, &mut |window| {
            let length = window.len() as u64;
            let from = file.offset.saturating_sub(at).min(length) as usize;
            let to = end.saturating_sub(at).min(length) as usize;
            bytes.extend_from_slice(window.get(from..to).unwrap_or(&[]));
            at += length;
            if at >= end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(bytes)
    }
}
