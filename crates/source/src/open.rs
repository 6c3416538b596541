//! What did the user name?

#[cfg(feature = "stores")]
use crate::bucket;
use crate::files::FilesSource;
use crate::folder::FolderSource;
use crate::name::{self, NamePlace};
use crate::pace::Pace;
use crate::stdin::StdinPlace;
use crate::tar::TarFile;
use crate::{Source, SourceError, level};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens what a user named: a folder of WAL, a data directory, a file, several files, a tar, or `-` for
/// standard input.
///
/// A folder without any WAL opens well, and lists nothing.
///
/// # Errors
/// Nothing is there, it may not be read, it is a pipe or a device; or no WAL lies in the folder, but in folders in it:
/// [`SourceError::WrongLevel`] says which.
pub fn open(paths: &[PathBuf]) -> Result<Box<dyn Source>, SourceError> {
    open_at_pace(paths, None)
}

/// As [`open`]; no more is read of its files than the pace allows. Standard input comes as fast as it is written.
///
/// # Errors
/// As [`open`].
pub fn open_at_pace(paths: &[PathBuf], pace: Option<Arc<Pace>>) -> Result<Box<dyn Source>, SourceError> {
    match paths {
        [] => Err(SourceError::NoPath),
        #[cfg(feature = "stores")]
        [one] if one.to_str().is_some_and(bucket::is_url) => {
            let settings = bucket::BucketSettings::of_process();
            let bucket = bucket::Bucket::open(one.to_str().unwrap_or(""), &settings, pace)?;
            Ok(Box::new(bucket::BucketSource::new(Arc::new(bucket), vec![String::new()])))
        }
        [one] if one == Path::new("-") => match StdinPlace::open()? {
            StdinPlace::File(source) => Ok(source),
            StdinPlace::Tar(tar) => Ok(tar.source()),
        },
        [one] => {
            let metadata = fs::metadata(one).map_err(|error| SourceError::io(one, &error))?;
            if metadata.is_dir() {
                return open_folder(one, pace);
            }
            match tar_at(one, pace.clone())? {
                Some(tar) => Ok(tar.source()),
                None => Ok(Box::new(FilesSource::new(paths, pace)?)),
            }
        }
        several => Ok(Box::new(FilesSource::new(several, pace)?)),
    }
}

/// Opens folders of WAL as one archive, whatever lies around them: the first with its subfolders of 256 segments, the
/// others flat. `named`: what a user named; with each folder, what stands before a file's name when it is shown.
///
/// # Errors
/// No folder was given.
pub fn in_folders(
    named: &Path,
    folders: &[(PathBuf, String)],
    pace: Option<Arc<Pace>>,
) -> Result<Box<dyn Source>, SourceError> {
    let source = FolderSource::of_folders(named, folders, pace).ok_or(SourceError::NoPath)?;
    Ok(Box::new(source))
}

/// Whether WAL lies in a folder itself, or it is a data directory: nothing below it is meant.
///
/// # Errors
/// The folder cannot be looked at.
pub fn is_wal_folder(path: &Path) -> Result<bool, SourceError> {
    let holds = || level::holds_wal(path).map_err(|error| SourceError::io(path, &error));
    Ok(level::is_data_directory(path) || holds()?)
}

/// The tar that a file is; `None` where it is none, or has the name of a file of WAL.
///
/// # Errors
/// As [`TarFile::open`].
pub fn tar_at(path: &Path, pace: Option<Arc<Pace>>) -> Result<Option<TarFile>, SourceError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    if !path.is_file() || matches!(name::place(name), NamePlace::Wal(_)) {
        return Ok(None);
    }
    match TarFile::open(path, pace) {
        // Whoever reads it as a file says why it cannot be read.
        Err(error) if !matches!(error, SourceError::Foreign { .. }) && fs::File::open(path).is_err() => Ok(None),
        opened => opened,
    }
}

fn open_folder(path: &Path, pace: Option<Arc<Pace>>) -> Result<Box<dyn Source>, SourceError> {
    if level::is_data_directory(path) {
        let wal =
            level::wal_of_data_directory(path).ok_or_else(|| SourceError::NoWalFolder { path: path.to_path_buf() })?;
        return Ok(Box::new(FolderSource::of_data_directory(path, wal, pace)));
    }
    if !level::holds_wal(path).map_err(|error| SourceError::io(path, &error))? {
        let use_instead = level::folders_with_wal(path);
        if !use_instead.is_empty() {
            return Err(SourceError::WrongLevel { path: path.to_path_buf(), use_instead });
        }
    }
    Ok(Box::new(FolderSource::new(path, pace)))
}
