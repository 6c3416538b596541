//! Where an answer goes: standard output, or a file that is there whole or not at all ([`replace`]).

use pgwal::source::replace;
use std::io::{self, Write};
use std::path::Path;

/// Writes an answer: to the file, or else to standard output.
pub fn deliver(bytes: &[u8], file: Option<&Path>) -> io::Result<()> {
    match file {
        Some(file) => replace(file, bytes)
            .map_err(|error| io::Error::new(error.kind(), format!("cannot write {}: {error}", file.display()))),
        None => {
            let mut out = io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush())
        }
    }
}

/// The folder of a file.
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
