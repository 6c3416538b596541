//! Tablespaces that WAL makes on the way, each in a directory that must be there (`create_tablespace_directories`).
//! What lies in the version's folder of it is written into, or removed (the minor release decides): the files of a
//! server that runs, where it has its own there.

use crate::failure::Failure;
use crate::machine::running;
use pgwal_format::Version;
use pgwal_format::rmgr::tablespace::TablespaceChange;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Directories kept that were not looked at.
const MOST: usize = 20;

/// A tablespace that is made where a server that runs has one.
#[derive(Clone, PartialEq, Debug)]
pub struct OthersTablespace {
    /// Its OID.
    pub oid: u32,
    /// The directory.
    pub place: String,
    /// The data directory of the server that runs.
    pub server: String,
}

/// What was made so far.
#[derive(Clone, Debug)]
pub struct TablespacesMade {
    version: Version,
    /// The data directory, where the server will be started on this machine, on it as it lies.
    data: Option<PathBuf>,
    /// Directories that were not looked at: the first 20.
    pub unseen: Vec<String>,
    /// The first one that is another's.
    pub of_others: Option<OthersTablespace>,
}

impl TablespacesMade {
    pub fn new(version: Version, data: Option<PathBuf>) -> TablespacesMade {
        TablespacesMade { version, data, unseen: Vec::new(), of_others: None }
    }

    /// Looks at the directory in which one is made.
    pub fn replay(&mut self, change: &TablespaceChange) -> Option<Failure> {
        let TablespaceChange::Created(oid, bytes) = change else { return None };
        let place = String::from_utf8_lossy(bytes).into_owned();
        if let Some((data, path)) = self.data.as_ref().zip(path_of(bytes)) {
            match std::fs::metadata(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Some(Failure::TablespaceFolder(place)),
                Ok(metadata) if metadata.is_dir() => {
                    let others = || running::beside(data).into_iter().find(|s| s.has_tablespace(path, self.version));
                    if self.of_others.is_none() {
                        self.of_others = others().map(|server| OthersTablespace {
                            oid: *oid,
                            place,
                            server: server.data.display().to_string(),
                        });
                    }
                    return None;
                }
                _ => {}
            }
        }
        if self.unseen.len() < MOST && !self.unseen.contains(&place) {
            self.unseen.push(place);
        }
        None
    }
}

/// A path as its bytes stand in WAL.
#[cfg(unix)]
fn path_of(bytes: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt;
    Some(Path::new(std::ffi::OsStr::from_bytes(bytes)))
}

/// A path as its bytes stand in WAL, where they are text.
#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> Option<&Path> {
    std::str::from_utf8(bytes).ok().map(Path::new)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    /// A process that works in a directory and is named in its lock file is all that a postmaster is to others.
    #[test]
    fn a_place_of_a_server_that_runs() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["own", "space", "other", "production/pg_tblspc"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        std::os::unix::fs::symlink(at("space"), at("production/pg_tblspc/16400")).unwrap();
        let mut postmaster = Command::new("sleep").arg("600").current_dir(at("production")).spawn().unwrap();
        fs::write(at("production/postmaster.pid"), format!("{}\n", postmaster.id())).unwrap();
        fs::write(at("production/PG_VERSION"), "17\n").unwrap();
        let looked = |version: Version, own: &str, place: &str| {
            let mut made = TablespacesMade::new(version, Some(at(own)));
            let change = TablespaceChange::Created(16400, at(place).to_str().unwrap().as_bytes().into());
            let failure = made.replay(&change);
            (failure, made.of_others.map(|others| (others.oid, others.server)))
        };
        let (v17, v16) = ("17".parse().unwrap(), "16".parse().unwrap());
        let production = at("production").canonicalize().unwrap().display().to_string();
        let seen = looked(v17, "own", "space");
        // A folder that is nobody's, another version's folder in it, and the server's own replay.
        let near = [(v17, "own", "other"), (v16, "own", "space"), (v17, "production", "space")]
            .map(|(version, own, place)| looked(version, own, place));
        let (gone, _) = looked(v17, "own", "gone");
        postmaster.kill().unwrap();
        postmaster.wait().unwrap();
        assert_eq!(seen, (None, Some((16400, production))));
        assert_eq!(near, [(None, None), (None, None), (None, None)]);
        assert!(matches!(gone, Some(Failure::TablespaceFolder(_))), "{gone:?}");
        assert_eq!(looked(v17, "own", "space"), (None, None));
    }
}
