//! Whose turn it is to write an index, where several runs have one.
//!
//! ```text
//! run A: open ───── reads for an hour ───── lock, add what B learned, replace, let go
//! run B:      open ── reads ── lock, replace, let go
//! ```
//! What is locked is the index itself, for as long as it takes to write it. The lock goes with the process that holds
//! it, and nothing is left beside the index. A file that was replaced while it was waited for is another one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long another one may write.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until nobody else writes the index. What is returned holds the lock until it is dropped; `None` where there
/// is nothing to lock, or this file system knows no locks.
///
/// # Errors
/// Another one did not come to an end.
pub(super) fn turn(path: &Path, patience: Duration) -> io::Result<Option<File>> {
    let until = Instant::now() + patience;
    loop {
        let Some(file) = opened(path) else { return Ok(None) };
        match file.try_lock() {
            Ok(()) if is_at(&file, path) => return Ok(Some(file)),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(_)) => return Ok(None),
        }
        if Instant::now() >= until {
            let text = format!("another run has been writing it for {} seconds", patience.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        std::thread::sleep(PAUSE);
    }
}

/// The index, or an empty file in its place: two first runs lock the same one.
fn opened(path: &Path) -> Option<File> {
    let both = OpenOptions::new().read(true).write(true).open(path);
    // Some file systems lock only what may be written, others do not care.
    let any = both.or_else(|_| File::open(path));
    any.or_else(|_| OpenOptions::new().read(true).write(true).create_new(true).open(path)).ok()
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(own), Ok(there)) = (file.metadata(), std::fs::metadata(path)) else { return false };
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_waits_for_the_other_but_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let held = turn(&path, PATIENCE).unwrap();
        assert!(held.is_some());
        let refused = turn(&path, Duration::from_millis(50)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        drop(held);
        assert!(turn(&path, Duration::from_millis(50)).unwrap().is_some());
    }

    #[test]
    fn a_file_that_was_replaced_is_not_the_one_that_was_locked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let held = turn(&path, PATIENCE).unwrap();
        std::fs::rename(&path, folder.path().join("old")).unwrap();
        std::fs::write(&path, "new").unwrap();
        assert!(turn(&path, Duration::from_millis(50)).unwrap().is_some());
        drop(held);
    }
}
