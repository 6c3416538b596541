//! Files of this machine's disk: opened, read at a pace, and what only they have.

use crate::pace::Pace;
use crate::source::Local;
use crate::stamp::Stamp;
use crate::{Entry, HeldEntry, SourceError, Stored, level, regular};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The disk, as the sources see it whose entries have paths.
#[derive(Default)]
pub(crate) struct Disk {
    /// No more is read than it allows.
    pub(crate) pace: Option<Arc<Pace>>,
    /// The folder of WAL, where it may be that of a data directory.
    pub(crate) wal: Option<PathBuf>,
}

impl Disk {
    pub(crate) fn open(&self, entry: &Entry) -> Result<Box<dyn Stored + '_>, SourceError> {
        Ok(Box::new(DiskFile::open(entry.path(), self.pace.as_deref())?))
    }

    pub(crate) fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        Stamp::of(&entry.path())
    }
}

impl Local for Disk {
    fn path(&self, entry: &Entry) -> PathBuf {
        entry.path()
    }

    fn may_read(&self, entry: &Entry) -> bool {
        !File::open(entry.path()).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    }

    fn hold(&self, entry: &Entry) -> Result<HeldEntry, SourceError> {
        HeldEntry::open(&entry.path())
    }

    fn control_file(&self) -> Option<Vec<u8>> {
        let wal = fs::canonicalize(self.wal.as_ref()?).ok()?;
        let data = wal.parent().filter(|folder| level::is_data_directory(folder))?;
        let mut bytes = Vec::new();
        File::open(data.join("global/pg_control")).ok()?.take(8192).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }
}

/// Opens a regular file by its path, to be read no faster than the pace allows.
///
/// # Errors
/// It cannot be opened, or is no regular file.
pub fn open_file<'a>(path: &Path, pace: Option<&'a Pace>) -> Result<Box<dyn Stored + 'a>, SourceError> {
    Ok(Box::new(DiskFile::open(path.to_path_buf(), pace)?))
}

/// A file of the disk.
pub(crate) struct DiskFile<'a> {
    file: File,
    path: PathBuf,
    before: Written,
    pace: Option<&'a Pace>,
}

/// What changes when a file is written to.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Written {
    size: u64,
    modified: Option<SystemTime>,
}

impl Written {
    pub(crate) fn of(metadata: &Metadata) -> Written {
        Written { size: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl<'a> DiskFile<'a> {
    pub(crate) fn open(path: PathBuf, pace: Option<&'a Pace>) -> Result<DiskFile<'a>, SourceError> {
        let (file, metadata) = regular::open(&path)?;
        Ok(DiskFile { file, before: Written::of(&metadata), path, pace })
    }

    /// One that was opened before, and how it was then. Read by places alone, since others read it, too.
    pub(crate) fn held(file: &File, path: PathBuf, before: Written, pace: Option<&'a Pace>) -> io::Result<Self> {
        Ok(DiskFile { file: file.try_clone()?, before, path, pace })
    }

    /// Reads as much as the pace allows at once, and waits until that is paid for.
    fn paced(&self, out: &mut [u8], read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        let portion = self.pace.map_or(out.len(), |pace| pace.portion(out.len()));
        let count = read(out.get_mut(..portion).unwrap_or_default()).map_err(|error| self.said(error))?;
        if let Some(pace) = self.pace {
            pace.take(count as u64);
        }
        Ok(count)
    }

    fn said(&self, error: io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => SourceError::io(&self.path, &error).into(),
        }
    }
}

impl Read for DiskFile<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.paced(out, |out| (&self.file).read(out))
    }
}

impl Stored for DiskFile<'_> {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        self.paced(out, |out| read_at(&self.file, offset, out))
    }

    fn size(&self) -> Option<u64> {
        Some(self.before.size)
    }

    fn has_changed(&self) -> io::Result<bool> {
        let metadata = self.file.metadata().map_err(|error| self.said(error))?;
        Ok(Written::of(&metadata) != self.before)
    }

    fn file(&self) -> Option<&File> {
        // The kernel reads a mapped file, and as fast as it likes.
        Some(&self.file).filter(|_| self.pace.is_none())
    }
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, out: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, offset)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, offset: u64, out: &mut [u8]) -> io::Result<usize> {
    use std::io::{Seek, SeekFrom};
    let before = file.stream_position()?;
    file.seek(SeekFrom::Start(offset))?;
    let count = file.read(out);
    file.seek(SeekFrom::Start(before))?;
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::tests::Fake;

    #[test]
    fn a_file_is_read_at_its_pace_and_not_mapped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, [7; 500_000]).unwrap();
        let clock = Fake::default();
        let pace = Pace::with_clock(100_000, Box::new(clock.clone()));
        let mut file = DiskFile::open(path.clone(), Some(&pace)).unwrap();
        let mut read = Vec::new();
        file.read_to_end(&mut read).unwrap();
        assert_eq!((read.len(), crate::Clock::now(&clock).as_secs()), (500_000, 5));
        assert_eq!(file.read_at(499_999, &mut [0; 10]).unwrap(), 1);
        assert!(file.file().is_none() && DiskFile::open(path, None).unwrap().file().is_some());
    }
}
