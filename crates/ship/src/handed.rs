//! A file that a server hands to its `archive_command`, as `%p`.

use crate::fault::{ShipFault, ShipStep};
use pgwal_format::FileName;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A file that a server hands out.
#[derive(Clone, Debug)]
pub struct HandedFile {
    /// Where it lies, as the server names it.
    pub path: PathBuf,
    /// What its name says it is.
    pub name: FileName,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Who may read it: the bits of its mode.
    pub mode: u32,
}

/// The largest segment.
const LIMIT: u64 = 1 << 30;

impl HandedFile {
    /// Reads a file whole. Its content is taken as it is: a server hands out nothing that is packed.
    ///
    /// # Errors
    /// It has no name of WAL, is no plain file, is larger than any segment, or cannot be read.
    pub fn read(path: &Path) -> Result<HandedFile, ShipFault> {
        let refused = |why: &str| ShipFault::of(ShipStep::Read, path.display().to_string(), why);
        let name = path.file_name().and_then(|name| FileName::parse(name.to_str()?));
        let name = name.ok_or_else(|| refused("it has not the name of a segment, nor of a history file"))?;
        let failed = |error: &io::Error| ShipFault::io(ShipStep::Read, path, error);
        let found = std::fs::metadata(path).map_err(|error| failed(&error))?;
        // Opening a pipe would wait for a writer.
        if !found.is_file() {
            return Err(refused("it is no plain file"));
        }
        if found.len() > LIMIT {
            return Err(refused("it is larger than any segment"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0) + 1);
        let file = File::open(path).map_err(|error| failed(&error))?;
        file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
        Ok(HandedFile { path: path.to_path_buf(), name, bytes, mode: mode_of(&found) })
    }
}

#[cfg(unix)]
fn mode_of(found: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    found.permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode_of(_: &Metadata) -> u32 {
    0o600
}
