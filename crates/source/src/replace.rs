//! A file that is there whole or not at all: the one way in which anything is written beside WAL.
//!
//! ```text
//! .SUM-OF-THE-NAME.PID.walproof ──write, fsync──► rename to FILE ──fsync the folder
//! ```
//! Programs that look at the file again and again (a monitoring agent, a web server) see the old one or the new one,
//! after a crash as well. The new one has the mode and, as far as this user may give it away, the owner of the old one.
//!
//! A link is followed, wherever in the path it stands, only if this user or the superuser made it: what another one put
//! there, in a folder that both may write to, could lead to any file that only this user may overwrite.

#[cfg(unix)]
mod path;

use crate::name::{self, NamePlace, OWN_SUFFIX};
use std::ffi::OsStr;
use std::io;
use std::path::Path;

/// Puts a file with these bytes in the place of another, or where there is none. What is no plain file (a pipe, a
/// device) is written into: it must not be replaced.
///
/// # Errors
/// It cannot be written, another user's link leads to it, or its name is one of WAL, which is never written here.
pub fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    put(file, bytes, MayBeWal::No)
}

/// The same under any name: a file of WAL that a server asked for, put where it wants it.
///
/// # Errors
/// It cannot be written, or another user's link leads to it.
pub fn restore(file: &Path, bytes: &[u8]) -> io::Result<()> {
    put(file, bytes, MayBeWal::Yes)
}

/// Whether the name may be one of WAL.
#[derive(Clone, Copy, PartialEq)]
enum MayBeWal {
    No,
    Yes,
}

fn put(file: &Path, bytes: &[u8], wal: MayBeWal) -> io::Result<()> {
    #[cfg(unix)]
    return on_unix::replace(file, bytes, wal);
    #[cfg(not(unix))]
    return elsewhere::replace(file, bytes, wal);
}

fn refuse_wal(name: &OsStr, wal: MayBeWal) -> io::Result<()> {
    match name.to_str().map(name::place) {
        Some(NamePlace::Wal(_)) if wal == MayBeWal::No => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "that is the name of WAL, which is never written here"))
        }
        _ => Ok(()),
    }
}

/// What the names of unfinished files of this one begin with. As long for any name.
fn unfinished(name: &OsStr) -> String {
    let sum = name
        .as_encoded_bytes()
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |sum: u64, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    format!(".{sum:016x}.")
}

#[cfg(unix)]
mod on_unix {
    use super::path::{ReplaceTarget, find};
    use super::{MayBeWal, OWN_SUFFIX, refuse_wal, unfinished};
    use rustix::fs::{AtFlags, Dir, Mode, OFlags, Stat};
    use std::fs::File;
    use std::io::{self, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::fchown;
    use std::path::Path;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    /// What runs left behind that were killed longer ago is removed.
    const LONG: Duration = Duration::from_secs(3600);

    pub(super) fn replace(file: &Path, bytes: &[u8], wal: MayBeWal) -> io::Result<()> {
        let target = find(file)?;
        let ReplaceTarget { folder, name, before, .. } = &target;
        refuse_wal(name, wal)?;
        if before.as_ref().is_some_and(|old| !is_plain(old)) {
            return File::from(target.open()?).write_all(bytes);
        }
        let start = unfinished(name);
        let own = Mode::RUSR | Mode::WUSR;
        let all = own | Mode::RGRP | Mode::WGRP | Mode::ROTH | Mode::WOTH;
        let (new, out) = create(folder, &start, if before.is_some() { own } else { all })?;
        let written =
            fill(&out, bytes, before.as_ref()).and_then(|()| Ok(rustix::fs::renameat(folder, &new, folder, name)?));
        if written.is_err() {
            let _ = rustix::fs::unlinkat(folder, &new, AtFlags::empty());
        }
        written?;
        // Where a folder cannot be read or synced, the rename is still whole.
        if let Ok(folder) = rustix::fs::openat(folder, ".", OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
            remove_leftovers(&folder, &start);
            let _ = rustix::fs::fsync(&folder);
        }
        Ok(())
    }

    fn is_plain(stat: &Stat) -> bool {
        rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file()
    }

    /// Makes a file that nobody else has made.
    fn create(folder: &OwnedFd, start: &str, mode: Mode) -> io::Result<(String, File)> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mut name = format!("{start}{}{OWN_SUFFIX}", std::process::id());
        for again in 1.. {
            match rustix::fs::openat(folder, &name, flags, mode) {
                Ok(file) => return Ok((name, File::from(file))),
                // Another thread's, or left over by a run with this number that was killed.
                Err(rustix::io::Errno::EXIST) if again < 100 => {
                    name = format!("{start}{}-{again}{OWN_SUFFIX}", std::process::id());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn fill(mut out: &File, bytes: &[u8], before: Option<&Stat>) -> io::Result<()> {
        if let Some(old) = before {
            let now = rustix::fs::fstat(out)?;
            let mut mode = Mode::from_raw_mode(old.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
            if (now.st_uid, now.st_gid) != (old.st_uid, old.st_gid)
                && fchown(out, Some(old.st_uid), Some(old.st_gid)).is_err()
                && fchown(out, None, Some(old.st_gid)).is_err()
            {
                // Of another group, which was not meant.
                mode -= Mode::RWXG;
            }
            rustix::fs::fchmod(out, mode)?;
        }
        out.write_all(bytes)?;
        out.sync_all()
    }

    /// Unfinished files of the same name, by runs that were killed.
    fn remove_leftovers(folder: &OwnedFd, start: &str) {
        let Ok(entries) = Dir::read_from(folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let own = name.to_str().ok().and_then(|name| name.strip_prefix(start)?.strip_suffix(OWN_SUFFIX));
            if !own.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit() || b == b'-')) {
                continue;
            }
            let old = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| {
                let written = UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or(0)));
                let age = written.and_then(|written| SystemTime::now().duration_since(written).ok());
                is_plain(&stat) && age.is_some_and(|age| age > LONG)
            });
            if old {
                let _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
            }
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use super::{MayBeWal, OWN_SUFFIX, refuse_wal, unfinished};
    use std::fs::{self, OpenOptions};
    use std::io::{self, Write};
    use std::path::Path;

    pub(super) fn replace(file: &Path, bytes: &[u8], wal: MayBeWal) -> io::Result<()> {
        let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
        let name = file.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        refuse_wal(name, wal)?;
        let new = file.with_file_name(format!("{}{}{OWN_SUFFIX}", unfinished(name), std::process::id()));
        let _ = fs::remove_file(&new);
        let written = (|| {
            let mut out = OpenOptions::new().write(true).create_new(true).open(&new)?;
            out.write_all(bytes)?;
            out.sync_all()?;
            fs::rename(&new, &file)
        })();
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown, symlink};
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.prom");
        replace(&file, b"one").unwrap();
        let first = File::open(&file).unwrap();
        replace(&file, b"two, longer").unwrap();
        assert_eq!(io::read_to_string(first).unwrap(), "one");
        assert_eq!(fs::read(&file).unwrap(), b"two, longer");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(replace(&folder.path().join("no/such/folder"), b"x").is_err());
        assert!(replace(folder.path(), b"x").is_err() && replace(Path::new("/"), b"x").is_err());
        assert!(replace(&folder.path().join("000000010000000000000001.gz"), b"x").is_err());
        assert!(replace(&file.join("x"), b"x").is_err());
    }

    #[test]
    fn names_of_any_length_are_written_and_what_was_left_behind_goes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("é".repeat(127) + "x");
        let left = |name: &str, ago| {
            let path = folder.path().join(name);
            fs::write(&path, b"half").unwrap();
            let time = SystemTime::now() - Duration::from_secs(ago);
            File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        let start = unfinished(file.file_name().unwrap());
        left(&format!("{start}1{OWN_SUFFIX}"), 4000);
        left(&format!("{start}2{OWN_SUFFIX}"), 10);
        left(&format!("{start}x{OWN_SUFFIX}"), 4000);
        replace(&file, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        assert!(replace(&folder.path().join("x".repeat(256)), b"x").is_err());
    }

    #[test]
    fn links_owner_and_mode_stay_and_devices_are_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("inner")).unwrap();
        fs::write(path("inner/file"), "old").unwrap();
        fs::set_permissions(path("inner/file"), fs::Permissions::from_mode(0o640)).unwrap();
        let is_root = lchown(path("inner/file"), Some(7), Some(8)).is_ok();
        symlink("inner/../inner", path("folder")).unwrap();
        symlink("folder/file", path("link")).unwrap();
        symlink(path("link"), path("link of link")).unwrap();
        replace(&path("link of link"), b"new").unwrap();
        assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink());
        assert_eq!(fs::read(path("inner/file")).unwrap(), b"new");
        let new = fs::metadata(path("inner/file")).unwrap();
        assert_eq!(new.mode() & 0o777, 0o640);
        assert!(!is_root || (new.uid(), new.gid()) == (7, 8));
        // To where nothing is yet.
        symlink("inner/fresh", path("to come")).unwrap();
        replace(&path("to come"), b"fresh").unwrap();
        assert_eq!(fs::read(path("inner/fresh")).unwrap(), b"fresh");
        symlink("circle", path("circle")).unwrap();
        assert!(replace(&path("circle"), b"x").is_err());
        replace(Path::new("/dev/null"), b"gone").unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }

    #[test]
    fn a_link_of_another_user_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("inner")).unwrap();
        fs::write(path("inner/file"), "old").unwrap();
        for (name, to) in [("link", "inner/file"), ("folder", "inner"), ("device", "/dev/null")] {
            symlink(to, path(name)).unwrap();
            if lchown(path(name), Some(12345), Some(12345)).is_err() {
                // Only the superuser can make another's link.
                return;
            }
        }
        for through in ["link", "folder/file", "folder/new", "device"] {
            let error = replace(&path(through), b"new").unwrap_err();
            assert!(error.to_string().contains("another user"), "{through}: {error}");
        }
        assert_eq!(fs::read(path("inner/file")).unwrap(), b"old");
        assert_eq!(fs::read_dir(path("inner")).unwrap().count(), 1);
    }
}
