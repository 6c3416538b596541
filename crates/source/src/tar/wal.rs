//! WAL that lies in a tar.
//!
//! In a plain tar a segment is read where it lies. Of a packed one, what was kept when the tar was read first
//! ([`TarWal::held`]) is taken from there, the rest unpacked again, in the tar's order.

use super::bytes::TarBytes;
use super::unpacked::Unpacked;
use crate::codec::Codec;
use crate::disk::DiskFile;
use crate::entry::EntryFolder;
use crate::key::Keys;
use crate::name::{self, NamePlace};
use crate::source::{AsOf, Extent, Local};
use crate::{Entry, Ignored, Listing, Refusal, Source, SourceError, Stamp, Stored};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// A file of WAL in a tar.
#[derive(Clone, Debug)]
pub struct TarWal {
    /// Its name, with its folders where the tar is an archive.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Where it begins in the plain tar.
    pub offset: u64,
    /// When it was written, in seconds since 1970.
    pub modified: u64,
    /// Its bytes, if they were kept.
    pub held: Option<Arc<Vec<u8>>>,
}

/// Where the members of a tar are read.
pub(super) enum TarStorage {
    /// A plain tar: each member where it lies.
    Plain(TarBytes),
    /// A packed one, which is unpacked again.
    Packed(Unpacked),
}

impl TarStorage {
    pub(super) fn of(bytes: TarBytes, codec: Codec) -> TarStorage {
        match codec {
            Codec::Plain => TarStorage::Plain(bytes),
            codec => TarStorage::Packed(Unpacked::new(bytes, codec)),
        }
    }

    /// So many bytes from an offset in the plain tar on.
    pub(super) fn member(&self, offset: u64, size: u64) -> Result<Box<dyn Stored + '_>, SourceError> {
        Ok(match self {
            TarStorage::Plain(bytes) => Box::new(Section::open(bytes, offset, size)?),
            TarStorage::Packed(tar) => Box::new(tar.member(offset, size)?),
        })
    }
}

/// The WAL of a tar.
pub struct TarSource {
    named: String,
    /// What stands before a member's name when it is shown.
    prefix: String,
    storage: Arc<TarStorage>,
    files: Vec<TarWal>,
    /// What else is to be said of the tar, where it was looked through for its WAL.
    seen: TarSeen,
}

/// What is said of a tar beside its files.
pub(super) struct TarSeen {
    /// When it was looked through; `None`: each time anew.
    pub(super) at: Option<SystemTime>,
    /// How the tar's own file was then.
    pub(super) stamp: Option<Stamp>,
    /// Temporaries of other tools.
    pub(super) ignored: Ignored,
    /// Names that say nothing.
    pub(super) unknown: Ignored,
    /// What is wrong with the tar itself, and members that are no plain files.
    pub(super) unreadable: Vec<(String, SourceError)>,
}

impl TarSource {
    /// The WAL of a base backup. `codec`: what the tar is packed in, as [`super::scan`] said.
    pub fn new(path: &Path, codec: Codec, files: Vec<TarWal>) -> TarSource {
        let prefix = format!("{}:", path.file_name().unwrap_or_default().display());
        let storage = Arc::new(TarStorage::of(TarBytes::at(path), codec));
        let (ignored, unknown) = (Ignored::default(), Ignored::default());
        let seen = TarSeen { at: None, stamp: None, ignored, unknown, unreadable: Vec::new() };
        TarSource { prefix, ..TarSource::among(path.display().to_string(), storage, files, seen) }
    }

    /// Some members of a tar that was looked through.
    pub(super) fn among(named: String, storage: Arc<TarStorage>, mut files: Vec<TarWal>, seen: TarSeen) -> TarSource {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        TarSource { named, prefix: String::new(), storage, files, seen }
    }

    fn find(&self, entry: &Entry) -> Option<&TarWal> {
        let shown = entry.shown();
        let name = shown.strip_prefix(&self.prefix)?;
        let at = self.files.binary_search_by(|file| file.name.as_str().cmp(name)).ok()?;
        self.files.get(at)
    }
}

impl Source for TarSource {
    fn describe(&self) -> String {
        self.named.clone()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let mut folder = Arc::new(EntryFolder { path: PathBuf::new(), shown: self.prefix.clone() });
        let mut entries = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let (above, name) = file.name.rfind('/').map_or(("", file.name.as_str()), |at| file.name.split_at(at + 1));
            // Files of one folder stand side by side.
            if folder.shown.strip_prefix(&self.prefix) != Some(above) {
                folder = Arc::new(EntryFolder { path: PathBuf::new(), shown: format!("{}{above}", self.prefix) });
            }
            let placed = match name::place(name) {
                NamePlace::Wal(placed) => Some(placed.name),
                NamePlace::Temporary | NamePlace::Unknown => None,
            };
            entries.push(Entry::new(placed, Some(file.size), &folder, OsStr::new(name)));
        }
        let TarSeen { ignored, unknown, unreadable, .. } = &self.seen;
        let (ignored, unknown, unreadable) = (ignored.clone(), unknown.clone(), unreadable.clone());
        Ok(Listing { entries, ignored, unknown, unreadable, misfiled: Vec::new() }.sorted())
    }

    fn open(&self, entry: &Entry, _: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        let Some(found) = self.find(entry) else {
            return Err(SourceError::foreign(entry.shown(), Refusal::Other, "the tar had no such member"));
        };
        match &found.held {
            Some(held) => Ok(Box::new(Cursor::new(held.as_slice()))),
            None => self.storage.member(found.offset, found.size),
        }
    }

    fn keys(&self, _: &Entry) -> Option<&Keys> {
        None
    }

    fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        let (tar, file) = self.seen.stamp.zip(self.find(entry))?;
        let modified = i64::try_from(file.modified.saturating_mul(1_000_000_000)).unwrap_or(i64::MAX);
        // Whoever writes to the tar changes all of its members.
        Some(Stamp {
            size: file.size,
            modified,
            changed: tar.changed.max(tar.modified),
            inode: tar.inode ^ file.offset,
        })
    }

    fn as_of(&self, _: &Entry) -> AsOf {
        self.seen.at.map_or(AsOf::Now, AsOf::Then)
    }

    fn local(&self) -> Option<&dyn Local> {
        // A member has no path, and cannot be mapped: it begins in the middle of a page.
        None
    }

    fn is_live(&self) -> bool {
        false
    }
}

/// A member of a plain tar.
struct Section<'a> {
    tar: DiskFile<'a>,
    offset: u64,
    size: u64,
    at: u64,
}

impl<'a> Section<'a> {
    fn open(tar: &'a TarBytes, offset: u64, size: u64) -> Result<Section<'a>, SourceError> {
        let tar = tar.open()?;
        // Of a tar that is cut off, what is there.
        let there = tar.size().unwrap_or(0).saturating_sub(offset);
        Ok(Section { tar, offset, size: size.min(there), at: 0 })
    }
}

impl io::Read for Section<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.read_at(self.at, out)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Stored for Section<'_> {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let most = left.min(out.len());
        self.tar.read_at(self.offset.saturating_add(offset), &mut out[..most])
    }

    fn size(&self) -> Option<u64> {
        Some(self.size)
    }

    fn has_changed(&self) -> io::Result<bool> {
        self.tar.has_changed()
    }

    fn file(&self) -> Option<&File> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadState;
    use crate::tar::{TarEvent, scan};
    use std::io::Write;
    use std::ops::ControlFlow;

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
                if let TarEvent::Member(m) = event {
                    wal.push(TarWal {
                        name: m.path.clone(),
                        size: m.size,
                        offset: m.offset,
                        modified: m.modified,
                        held: None,
                    });
                }
                ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!((read.state, read.fault), (ReadState::Whole, None));
            wal.retain(|file| file.name != "other");
            let mut held = wal.clone();
            held[1].held = Some(contents[1].clone().into());
            for files in [wal, held] {
                let source: &dyn Source = &TarSource::new(&path, read.codec, files);
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

    /// A packed tar of so many segments, each of these bytes and its number behind them.
    fn packed(folder: &Path, count: usize, size: usize) -> (TarSource, u64) {
        let path = folder.join("wal.tar.gz");
        let mut gz = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
        let (mut wal, mut offset) = (Vec::new(), 0);
        for n in 0..count {
            let name = format!("{:024X}", n + 1);
            let mut content = vec![0; size];
            content.extend((n as u64).to_le_bytes());
            let member = member(&name, &content);
            gz.write_all(&member).unwrap();
            wal.push(TarWal { name, size: content.len() as u64, offset: offset + 512, modified: 0, held: None });
            offset += member.len() as u64;
        }
        gz.write_all(&[0; 1024]).unwrap();
        gz.finish().unwrap();
        (TarSource::new(&path, Codec::Gzip, wal), offset)
    }

    fn bytes_unpacked(tar: &TarSource) -> u64 {
        match tar.storage.as_ref() {
            TarStorage::Packed(tar) => tar.bytes(),
            TarStorage::Plain(_) => 0,
        }
    }

    fn read_whole(source: &dyn Source, entry: &Entry, n: usize, size: usize) {
        let (bytes, read) = source.small(entry, 1 << 30).unwrap();
        assert_eq!((read.state, bytes.len()), (ReadState::Whole, size + 8));
        assert_eq!(bytes[size..], (n as u64).to_le_bytes());
    }

    #[test]
    fn a_packed_tar_is_unpacked_once_whatever_its_number_of_members() {
        let folder = tempfile::tempdir().unwrap();
        let (tar, length) = packed(folder.path(), 1000, 70_000);
        let entries = tar.list().unwrap().entries;
        let unpacked = || bytes_unpacked(&tar);
        for (n, entry) in entries.iter().enumerate() {
            read_whole(&tar, entry, n, 70_000);
            if n % 10 == 0 {
                // Damage is looked at a second time.
                read_whole(&tar, entry, n, 70_000);
            }
        }
        assert!(unpacked() <= length, "{} of {length}", unpacked());
        // Once more from the beginning; then by two threads, each of which passes what the other reads.
        for (n, entry) in entries.iter().enumerate() {
            read_whole(&tar, entry, n, 70_000);
        }
        assert!(unpacked() <= 2 * length, "{} of {length}", unpacked());
        let next = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
                        && let Some(entry) = entries.get(n)
                    {
                        read_whole(&tar, entry, n, 70_000);
                    }
                });
            }
        });
        assert!(unpacked() <= 4 * length, "{} of {length}", unpacked());
    }

    #[test]
    fn of_a_large_member_no_more_is_unpacked_than_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (tar, _) = packed(folder.path(), 2, 40 << 20);
        let source: &dyn Source = &tar;
        let entries = source.list().unwrap().entries;
        let (start, _) = source.small(&entries[0], 1000).unwrap();
        assert_eq!(start.len(), 1000);
        assert!(bytes_unpacked(&tar) <= 1 << 20);
        read_whole(source, &entries[1], 1, 40 << 20);
        read_whole(source, &entries[0], 0, 40 << 20);
        let mut last = [0; 8];
        let stored = source.open(&entries[0], Extent::Whole).unwrap();
        assert_eq!((stored.read_at(40 << 20, &mut last).unwrap(), last), (8, [0; 8]));
    }
}
