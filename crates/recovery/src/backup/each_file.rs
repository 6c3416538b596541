//! Hands on files of a data directory that lies on this machine's disk, as it is or in tars.

use super::{Backup, BackupKind, folder, tarball};
use pgwal_source::{FilePart, SourceError, TakeFile, WantsFile, open_file};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Hands on the files that are wanted, by their paths in the data directory. What goes away meanwhile is not there; of
/// a small file alone nothing is.
///
/// # Errors
/// One cannot be read.
pub fn each_file(
    backup: &Backup,
    path: &Path,
    wants: &WantsFile<'_>,
    take: &mut TakeFile<'_>,
) -> Result<(), SourceError> {
    match backup.kind {
        BackupKind::DataDirectory => {
            let files = folder::files(path).into_iter().filter(|(name, ..)| wants(name));
            let mut window = vec![0; 256 << 10];
            for (name, path, _) in files {
                match one(&name, &path, &mut window, take) {
                    Err(error) if error.is_gone() => {}
                    read => read?,
                }
            }
            Ok(())
        }
        BackupKind::Tar => {
            let mut is_wanted = false;
            let read = tarball::each_member(path, &backup.tar_root, &mut |part| match part {
                tarball::MemberPart::Begin(name) => {
                    is_wanted = name.as_deref().is_some_and(wants);
                    if let Some(name) = name.as_deref().filter(|_| is_wanted) {
                        take(FilePart::Begin(name));
                    }
                }
                tarball::MemberPart::Bytes(bytes) if is_wanted => take(FilePart::Bytes(bytes)),
                tarball::MemberPart::Bytes(_) => {}
            });
            read.map_err(|(_, error)| error)
        }
        _ => Ok(()),
    }
}

fn one(name: &str, path: &Path, window: &mut [u8], take: &mut TakeFile<'_>) -> Result<(), SourceError> {
    let mut stored = open_file(path, None)?;
    take(FilePart::Begin(name));
    loop {
        let count = match stored.read(window) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            count => count.map_err(|error| SourceError::io(path, &error))?,
        };
        match window.get(..count) {
            None | Some([]) => return Ok(()),
            Some(bytes) => take(FilePart::Bytes(bytes)),
        }
    }
}
