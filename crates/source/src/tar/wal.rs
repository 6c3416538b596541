//! WAL that lies in a tar.
//!
//! In a plain tar a segment is read where it lies. In a packed one it can only be got at from the tar's beginning: what
//! was
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
        let entry = |file: &TarWal| {
            Entry::new(Entry::named(&file.name, None).name, Some(file.size), &folder, OsStr::new(&file.name))
        };
        Ok(Listing::of(self.files.iter().map(entry).collect()))
    }

    fn read(
        &self,
        entry: &Entry,
        how: &How,
        scratch: &mut Scratch,
        sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Read, SourceError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadState;
    use crate::tar::{Event, scan};
    use std::io::Write;

    fn member(name: &str, content: &[u8]) -> Vec<u8> {
        let mut out = vec![0; 512];
        out[..name.len()].copy_from_slice(name.as_bytes());
        out[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        out[156] = b'0';
        out[148..156].fill(b' ');
        let sum: u64 = out.iter().map(|&b| u64::from(b)).sum();
        out[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(512), 0);
        out
    }

    #[test]
    fn wal_is_read_out_of_plain_and_packed_tars_kept_or_not() {
        let names = ["000000010000000000000001", "000000010000000000000002"];
        let contents: [Vec<u8>; 2] = [1, 2].map(|n| (0..700_000u32).map(|i| (i.wrapping_mul(n) >> 3) as u8).collect());
        let tar =
            [member(names[0], &contents[0]), member("other", b"x"), member(names[1], &contents[1]), vec![0; 1024]]
                .concat();
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&tar).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (file, bytes) in [("wal.tar", tar), ("wal.tar.gz", gz.finish().unwrap())] {
            let path = folder.path().join(file);
            std::fs::write(&path, bytes).unwrap();
            let mut wal = Vec::new();
            let read = scan(&path, &mut |event| {
                if let Event::Member(m) = event {
                    wal.push(TarWal { name: m.path.clone(), size: m.size, offset: m.offset, held: None });
                }
                ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!((read.state, read.fault), (ReadState::Whole, None));
            wal.retain(|file| file.name != "other");
            let mut held = wal.clone();
            held[1].held = Some(contents[1].as_slice().into());
            for files in [wal, held] {
                let source = TarSource::new(&path, read.codec, files);
                let listing = source.list().unwrap();
                assert_eq!(listing.entries[1].shown(), format!("{file}:{}", names[1]));
                for (entry, content) in listing.entries.iter().zip(&contents) {
                    let (bytes, read) = source.small(entry, 1 << 30).unwrap();
                    assert!(
                        bytes == *content && read.state == ReadState::Whole && read.stored_bytes == Some(700_000),
                        "{file}"
                    );
                }
                assert!(source.small(&Entry::named("000000010000000000000003", None), 1).is_err());
            }
        }
    }
}
