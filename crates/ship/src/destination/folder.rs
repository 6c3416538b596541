//! A folder of this machine's disk, or of a share.
//!
//! ```text
//! .NAME.0.walproof ──locked, written, fsync──► NAME, unless there is one ──► fsync of the folder
//! ```
//! The unfinished file is locked as long as whoever writes it lives: one that nobody has locked was left behind by a
//! command that was killed, and goes. Nobody lists it, under whatever name it was meant to get.

use super::{Destination, Publication, StagedFile, ToStage};
use crate::ends::is_at;
use crate::fault::{ShipFault, ShipStep};
use pgwal_archive::whose::FirstPage;
use pgwal_format::FileName;
use pgwal_source::name::{NamePlace, OWN_SUFFIX, place, stored_names};
use pgwal_source::{Entry, Extent, How, ReadState, Scratch, Source};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// A folder.
pub struct FolderDestination {
    path: PathBuf,
}

/// Commands that may store the same file at once.
const AT_ONCE: u32 = 16;

impl FolderDestination {
    /// Opens a folder.
    ///
    /// # Errors
    /// There is none.
    pub fn open(path: &Path) -> Result<FolderDestination, ShipFault> {
        let found = fs::metadata(path).map_err(|error| ShipFault::io(ShipStep::Read, path, &error))?;
        if !found.is_dir() {
            return Err(ShipFault::of(ShipStep::Read, path.display().to_string(), "it is no folder"));
        }
        Ok(FolderDestination { path: path.to_path_buf() })
    }

    fn flush(&self) -> Result<(), ShipFault> {
        let flushed = File::open(&self.path).and_then(|folder| folder.sync_all());
        match flushed {
            // Shares that keep names at once have nothing to flush.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
            flushed => flushed.map_err(|error| ShipFault::io(ShipStep::Flush, &self.path, &error)),
        }
    }
}

impl Destination for FolderDestination {
    fn describe(&self) -> String {
        self.path.display().to_string()
    }

    fn holds(&self, name: FileName) -> Result<Vec<String>, ShipFault> {
        let mut out = Vec::new();
        for stored in stored_names(name) {
            let path = self.path.join(&stored);
            match fs::symlink_metadata(&path) {
                Ok(_) => out.push(stored),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(ShipFault::io(ShipStep::Read, &path, &error)),
            }
        }
        Ok(out)
    }

    fn read(&self, stored: &str, limit: u64) -> Result<Vec<u8>, ShipFault> {
        let path = self.path.join(stored);
        let source = pgwal_source::open(std::slice::from_ref(&path))?;
        let gone = || ShipFault::of(ShipStep::Read, path.display().to_string(), "it is gone");
        let entry = source.list()?.entries.into_iter().next().ok_or_else(gone)?;
        plain(source.as_ref(), &entry, limit)
    }

    fn sample(&self) -> Result<Option<String>, ShipFault> {
        let failed = |error: io::Error| ShipFault::io(ShipStep::Read, &self.path, &error);
        let mut newest: Option<(FileName, String)> = None;
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let Ok(stored) = entry.map_err(failed)?.file_name().into_string() else { continue };
            let NamePlace::Wal(placed) = place(&stored) else { continue };
            let is_newer = newest.as_ref().is_none_or(|(name, _)| *name < placed.name);
            if matches!(placed.name, FileName::Segment(_)) && is_newer {
                newest = Some((placed.name, stored));
            }
        }
        Ok(newest.map(|(_, stored)| stored))
    }

    fn source(&self) -> Result<Box<dyn Source + '_>, ShipFault> {
        Ok(pgwal_source::open(std::slice::from_ref(&self.path))?)
    }

    fn stage<'a>(&'a self, file: ToStage<'a>) -> Result<Box<dyn StagedFile + Send + 'a>, ShipFault> {
        Ok(Box::new(self.staged(file)?))
    }

    fn settle(&self, stored: &str) -> Result<(), ShipFault> {
        let path = self.path.join(stored);
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|error| ShipFault::io(ShipStep::Flush, &path, &error))?;
        // Of several commands that stored it at once, one may have been killed.
        for number in 0..AT_ONCE {
            remove_left_behind(&self.unfinished(stored, number));
        }
        self.flush()
    }

    fn remove(&self, stored: &str) -> Result<(), ShipFault> {
        let path = self.path.join(stored);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ShipFault::io(ShipStep::Remove, &path, &error))
            }
            _ => Ok(()),
        }
    }
}

impl FolderDestination {
    /// Stores a file in the place of another one.
    pub(crate) fn replace(&self, file: ToStage<'_>) -> Result<(), ShipFault> {
        let mut staged = self.staged(file)?;
        let path = self.path.join(file.stored);
        fs::rename(&staged.unfinished, &path).map_err(|error| ShipFault::io(ShipStep::Name, &path, &error))?;
        staged.is_named = true;
        self.flush()
    }

    /// Gives a file of this folder another name, if no other file has it, and makes it keep that over a crash.
    pub(crate) fn name(&self, file: &Path, stored: &str) -> Result<Publication, ShipFault> {
        let path = self.path.join(stored);
        match rename(file, &path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Publication::Taken),
            Err(error) => Err(ShipFault::io(ShipStep::Name, &path, &error)),
            Ok(()) => self.flush().map(|()| Publication::Done),
        }
    }

    fn staged<'a>(&'a self, file: ToStage<'a>) -> Result<StagedInFolder<'a>, ShipFault> {
        let failed = |error: io::Error| ShipFault::io(ShipStep::Write, &self.path, &error);
        let (unfinished, out) = self.begin(file).map_err(failed)?;
        // From here on, whatever fails leaves nothing behind.
        let staged = StagedInFolder { folder: self, stored: file.stored, unfinished, out, is_named: false };
        write(&staged.out, file.bytes).map_err(failed)?;
        staged.out.sync_all().map_err(failed)?;
        Ok(staged)
    }

    fn unfinished(&self, stored: &str, number: u32) -> PathBuf {
        self.path.join(format!(".{stored}.{number}{OWN_SUFFIX}"))
    }

    /// Makes an unfinished file, locked, in the place of one that a killed command left behind.
    fn begin(&self, file: ToStage<'_>) -> io::Result<(PathBuf, File)> {
        for number in 0..AT_ONCE {
            let path = self.unfinished(file.stored, number);
            remove_left_behind(&path);
            let made = match create(&path, file.mode) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => made?,
            };
            match made.try_lock() {
                // Somebody took it for left behind, in the moment before it was locked.
                Ok(()) if !is_at(&made, &path) => {}
                Err(TryLockError::WouldBlock) => {}
                // Where nothing can be locked, nothing is taken for left behind either.
                Ok(()) | Err(TryLockError::Error(_)) => return Ok((path, made)),
            }
        }
        Err(io::Error::new(io::ErrorKind::ResourceBusy, "too many other commands are storing the same file"))
    }
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)
}

/// Bytes after which the disk is told to begin.
const BLOCK: usize = 1 << 20;

/// Writes bytes from the beginning of a file on. The disk writes the first of them while the last are still handed
/// over: less is left for whoever waits until all are flushed.
fn write(mut out: &File, bytes: &[u8]) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    use rustix::fs::{Advice, FallocateFlags, fadvise, fallocate};
    // Both are offers: where they are not taken, or there is no room, writing says so.
    #[cfg(target_os = "linux")]
    let _ = fallocate(out, FallocateFlags::empty(), 0, bytes.len() as u64);
    for (_at, block) in (0..).step_by(BLOCK).zip(bytes.chunks(BLOCK)) {
        out.write_all(block)?;
        // Linux begins to write what it is to forget.
        #[cfg(target_os = "linux")]
        let _ = fadvise(out, _at, std::num::NonZeroU64::new(block.len() as u64), Advice::DontNeed);
    }
    Ok(())
}

/// Removes an unfinished file that nobody has locked.
fn remove_left_behind(path: &Path) {
    let Ok(file) = OpenOptions::new().write(true).open(path) else { return };
    if file.try_lock().is_ok() && is_at(&file, path) {
        let _ = fs::remove_file(path);
    }
}

/// A file that was written, and has no name yet.
struct StagedInFolder<'a> {
    folder: &'a FolderDestination,
    stored: &'a str,
    unfinished: PathBuf,
    /// Locked as long as it is open.
    out: File,
    /// It has its name: what lies under the other one by now is somebody else's.
    is_named: bool,
}

impl StagedFile for StagedInFolder<'_> {
    fn publish(mut self: Box<Self>) -> Result<Publication, ShipFault> {
        let publication = self.folder.name(&self.unfinished, self.stored);
        // Where only its new name could not be flushed, nothing of it lies under the old one.
        let unnamed = matches!(&publication, Ok(Publication::Taken) | Err(ShipFault { step: ShipStep::Name, .. }));
        self.is_named = !unnamed;
        publication
    }
}

impl Drop for StagedInFolder<'_> {
    fn drop(&mut self) {
        if !self.is_named {
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

/// Renames a file, and never replaces another.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // A kernel or a file system that cannot do it.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            renamed => return Ok(renamed?),
        }
    }
    match fs::hard_link(from, to) {
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {}
        linked => return linked.and_then(|()| fs::remove_file(from)),
    }
    // Neither is there: a look before is all that is left.
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// The plain content of a file of a source.
pub(super) fn plain(source: &dyn Source, entry: &Entry, limit: u64) -> Result<Vec<u8>, ShipFault> {
    let refused = |why: &str| ShipFault::of(ShipStep::Read, entry.shown(), why);
    let mut bytes = Vec::new();
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    // Of an object store, the beginning alone is asked for where no more is wanted.
    let how = if limit <= FirstPage::BYTES as u64 {
        How { limit, extent: Extent::Head, window: FirstPage::BYTES, ..How::default() }
    } else {
        How { limit, ..How::default() }
    };
    let read = source.read(entry, &how, &mut Scratch::default(), &mut |window| {
        bytes.extend_from_slice(window);
        // Whether there is more, nobody asks.
        if bytes.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    bytes.truncate(most);
    match read.state {
        ReadState::Whole | ReadState::LimitReached | ReadState::Stopped => Ok(bytes),
        ReadState::Vanished => Err(refused("it is gone")),
        _ => Err(refused("it is packed or encrypted, and cannot be unpacked whole")),
    }
}
