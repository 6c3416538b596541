//! A file that is there whole or not at all.
//!
//! ```text
//! .FILE.walproof-PID ──write, fsync──► rename to FILE ──fsync the folder
//! ```
//! Programs that look at the file again and again (a monitoring agent, a web server) see the old one or the new one,
//! after a
//! crash as well.

use pgwal::source::name::{self, Place};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file.
pub fn deliver(bytes: &[u8], file: &Path) -> io::Result<()> {
    replace(file, bytes)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot write {}: {error}", file.display())))
}

/// The folder of a file.
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts a file with these bytes in the place of another, which keeps its permissions. What is no plain file (a pipe, a
/// device)
/// is written into: it must not be replaced.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link stays one; what it leads to is replaced.
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
    let named = file.file_name().and_then(|name| name.to_str());
    if named.is_some_and(|name| matches!(name::place(name), Place::Wal(_))) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "that is the name of WAL, which is never written here",
        ));
    }
    let before = fs::metadata(&file).ok();
    if before.as_ref().is_some_and(|old| !old.is_file()) {
        return OpenOptions::new().write(true).open(&file)?.write_all(bytes);
    }
    let name = file.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".walproof-{}", std::process::id()));
    let folder = folder_of(&file).to_path_buf();
    let new = folder.join(hidden);
    let written = (|| {
        // Left over by a run with this number that was killed.
        let _ = fs::remove_file(&new);
        let mut out = OpenOptions::new().write(true).create_new(true).open(&new)?;
        if let Some(old) = &before {
            out.set_permissions(old.permissions())?;
        }
        out.write_all(bytes)?;
        out.sync_all()?;
        fs::rename(&new, &file)?;
        // Where a folder cannot be synced, the rename is still whole.
        let _ = File::open(&folder).and_then(|folder| folder.sync_all());
        Ok(())
    })();
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.prom");
        deliver(b"one", &file).unwrap();
        let first = File::open(&file).unwrap();
        deliver(b"two, longer", &file).unwrap();
        assert_eq!(io::read_to_string(first).unwrap(), "one");
        assert_eq!(fs::read(&file).unwrap(), b"two, longer");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let error = deliver(b"x", &folder.path().join("no/such/folder")).unwrap_err();
        assert!(error.to_string().contains("no/such/folder"), "{error}");
        assert!(deliver(b"x", folder.path()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay_and_devices_are_not_replaced() {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        deliver(b"new", &link).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        deliver(b"gone", Path::new("/dev/null")).unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }
}
