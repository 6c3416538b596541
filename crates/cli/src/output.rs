//! Where an answer goes: standard output, or a file that is there whole or not at all ([`replace`]).

use pgwal::source::replace;
use std::io;
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
