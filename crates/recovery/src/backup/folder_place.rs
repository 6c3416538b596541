//! What stands at the place of a data directory's folder.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// What stands at the place of a folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FolderPlace {
    /// A folder, or a link to one.
    There,
    /// Nothing.
    Nothing,
    /// A link to where nothing is.
    LinkToNothing,
    /// Something else.
    NoFolder,
    /// A folder without a file that must be in it.
    NoFile,
    /// It cannot be told.
    Unknown,
}

impl FolderPlace {
    /// What stands at a path.
    pub(super) fn of(path: &Path) -> FolderPlace {
        match fs::metadata(path).map(|metadata| metadata.is_dir()) {
            Ok(true) => FolderPlace::There,
            Ok(false) => FolderPlace::NoFolder,
            Err(error) if error.kind() == ErrorKind::NotADirectory => FolderPlace::Nothing,
            Err(error) if error.kind() == ErrorKind::NotFound => match fs::symlink_metadata(path) {
                Ok(_) => FolderPlace::LinkToNothing,
                Err(_) => FolderPlace::Nothing,
            },
            Err(_) => FolderPlace::Unknown,
        }
    }
}
