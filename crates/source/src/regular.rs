//! Opens regular files of the disk, and nothing else.

use crate::SourceError;
use std::fs::{File, Metadata, OpenOptions};
use std::path::Path;

/// Opens a regular file, and nothing else.
pub(crate) fn open(path: &Path) -> Result<(File, Metadata), SourceError> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        // A named pipe that took the file's place must not make us wait for its writer.
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK);
    }
    let opened = options.open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
    let (file, metadata) = opened.map_err(|error| SourceError::io(path, &error))?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(SourceError::not_regular(path, metadata.file_type())) }
}
