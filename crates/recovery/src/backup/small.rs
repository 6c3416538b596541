//! Reads a small file of the disk.

use pgwal_source::{FileKind, SourceError};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The beginning of a file; `None` where it is none.
pub(super) fn small(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
    let refused = |error: &io::Error| SourceError::io(path, error);
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(refused(&error)),
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| refused(&error))?;
    file.take(limit).read_to_end(&mut bytes).map_err(|error| refused(&error))?;
    Ok(Some(bytes))
}

/// What a file is that a server would wait for: a pipe, a device.
pub(super) fn special(path: &Path) -> Option<FileKind> {
    let kind = fs::metadata(path).ok()?.file_type();
    (!kind.is_file() && !kind.is_dir()).then(|| FileKind::of(kind))
}
