//! A file of bytes that are needed again: made in the folder for temporary files, and without a name from the
//! beginning on, so that nothing of it is left behind.

use crate::{Refusal, SourceError};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that is written in order and has no name.
pub(super) struct Spool {
    file: File,
    folder: PathBuf,
    length: u64,
}

impl Spool {
    /// A new one, in `$TMPDIR`.
    pub(super) fn new() -> Result<Spool, SourceError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let folder = std::env::temp_dir();
        let refused = |error: &io::Error| SourceError::io(&folder, error);
        for _ in 0..100 {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!(".walproof-{}-{number}-{:p}", std::process::id(), &raw const number);
            let path = folder.join(name);
            let mut options = OpenOptions::new();
            options.read(true).write(true).create_new(true);
            #[cfg(unix)]
            {
                use std::os::unix::fs::OpenOptionsExt;
                options.mode(0o600);
            }
            match options.open(&path) {
                Ok(file) => {
                    fs::remove_file(&path).map_err(|error| refused(&error))?;
                    return Ok(Spool { file, folder, length: 0 });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(refused(&error)),
            }
        }
        Err(refused(&io::ErrorKind::AlreadyExists.into()))
    }

    /// Bytes that were written.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), SourceError> {
        self.file.write_all(bytes).map_err(|error| {
            let what = format!("{error} while a tar is unpacked there; TMPDIR may name a folder with more room");
            SourceError::foreign(self.folder.display().to_string(), Refusal::Other, what)
        })?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn into_file(self) -> File {
        self.file
    }
}
