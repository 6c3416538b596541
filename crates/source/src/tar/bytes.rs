//! The stored bytes of a tar: opened by its path each time, or held open from the time on at which it was looked
//! through.

use crate::disk::{DiskFile, Written};
use crate::pace::Pace;
use crate::{SourceError, Stored};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the bytes of a tar are.
pub(super) struct TarBytes {
    path: PathBuf,
    /// One that stands in its place by now would have its members elsewhere.
    held: Option<(File, Written)>,
    pace: Option<Arc<Pace>>,
}

impl TarBytes {
    /// A file by its path.
    pub(super) fn at(path: &Path) -> TarBytes {
        TarBytes { path: path.to_path_buf(), held: None, pace: None }
    }

    /// A file that is open.
    pub(super) fn held(file: File, path: &Path, pace: Option<Arc<Pace>>) -> Result<TarBytes, SourceError> {
        let before = Written::of(&file.metadata().map_err(|error| SourceError::io(path, &error))?);
        Ok(TarBytes { path: path.to_path_buf(), held: Some((file, before)), pace })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it, to be read from where it is wanted.
    pub(super) fn open(&self) -> Result<DiskFile<'_>, SourceError> {
        self.opened(self.pace.as_deref())
    }

    /// Opens it, to be read in order.
    pub(super) fn reading(&self) -> Result<TarReading, SourceError> {
        Ok(TarReading { file: self.opened(None)?, at: 0, pace: self.pace.clone() })
    }

    fn opened<'a>(&self, pace: Option<&'a Pace>) -> Result<DiskFile<'a>, SourceError> {
        match &self.held {
            Some((file, before)) => DiskFile::held(file, self.path.clone(), *before, pace)
                .map_err(|error| SourceError::io(&self.path, &error)),
            None => DiskFile::open(self.path.clone(), pace),
        }
    }

    /// Whether it is another since it was opened.
    pub(super) fn has_changed(&self) -> io::Result<bool> {
        match &self.held {
            Some((file, before)) => Ok(Written::of(&file.metadata()?) != *before),
            None => Ok(false),
        }
    }

    /// What the operating system refused of it.
    pub(super) fn said(&self, error: io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => SourceError::of_reading(&self.path.display().to_string(), &error).into(),
        }
    }
}

/// A reading from the beginning on, beside others of the same file.
pub(super) struct TarReading {
    file: DiskFile<'static>,
    at: u64,
    pace: Option<Arc<Pace>>,
}

impl io::Read for TarReading {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let portion = self.pace.as_ref().map_or(out.len(), |pace| pace.portion(out.len()));
        let count = self.file.read_at(self.at, out.get_mut(..portion).unwrap_or_default())?;
        self.at += count as u64;
        if let Some(pace) = &self.pace {
            pace.take(count as u64);
        }
        Ok(count)
    }
}
