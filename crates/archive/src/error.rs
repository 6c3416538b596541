//! Why no verdict can be given.

use pgwal_source::{Ignored, SourceError};
use std::fmt;
use std::path::PathBuf;

/// We could not look. Damage is never an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The source cannot be listed.
    Source(SourceError),
    /// No file there has the name of WAL.
    NoWal {
        /// What was looked at.
        place: String,
        /// Files whose names say nothing.
        unknown: Ignored,
    },
    /// What was named as a base backup is none, nor one of its files.
    NotBackup {
        /// What was named.
        path: PathBuf,
        /// Backups in that folder, to be named instead.
        use_instead: Vec<PathBuf>,
    },
    /// What was named as a base backup is one in another tool's keeping.
    ToolBackup {
        /// What was named.
        path: PathBuf,
        /// Whose it is, and what to do.
        next: &'static str,
    },
    /// The caller asked for an early end.
    Interrupted,
    /// The index is of another archive. It is left as it is.
    ForeignIndex {
        /// The index.
        file: String,
        /// The cluster whose archive it is of.
        found: u64,
        /// The cluster of this archive.
        expected: u64,
    },
    /// A server may be writing there.
    Live {
        /// What was to be summarised.
        place: String,
    },
    /// No part says what this file comes to in the archive that all parts make up.
    Unclear {
        /// The file.
        file: String,
    },
    /// What was asked for is written in a way that is not read here; a server may well take it.
    NotRead(String),
    /// The threads that were asked for cannot be started.
    Threads,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Source(error) => write!(f, "{error}"),
            Error::NoWal { place, unknown } if unknown.count == 0 => {
                write!(f, "{place}: no WAL there, the folder is empty")
            }
            Error::NoWal { place, unknown } => {
                let files =
                    if unknown.count == 1 { "one other file" } else { &format!("{} other files", unknown.count) };
                let has_wal = |name: &&String| name.starts_with("pg_wal.tar") || name.starts_with("pg_xlog.tar");
                if let Some(tar) = unknown.first.iter().find(has_wal) {
                    return write!(
                        f,
                        "{place}: a base backup with its own WAL in {tar}: walproof verify {place}/{tar} --backup {place}; \
                         or name the archive that its WAL went to, and this with --backup"
                    );
                }
                write!(f, "{place}: no WAL there, {files}: {}{}", unknown.first.join(", "), instead(unknown))
            }
            Error::NotBackup { path, use_instead } if use_instead.is_empty() => {
                write!(f, "{}: no base backup: no backup_label, no global/pg_control, no base.tar", path.display())
            }
            Error::NotBackup { path, use_instead } => {
                let folders: Vec<String> = use_instead.iter().map(|folder| folder.display().to_string()).collect();
                write!(f, "{}: no base backup, but there is one in it; name {}", path.display(), folders.join(" or "))
            }
            Error::ToolBackup { path, next } => write!(f, "{}: {next}", path.display()),
            Error::Interrupted => f.write_str("interrupted"),
            Error::ForeignIndex { file, found, expected } if found == expected => {
                write!(
                    f,
                    "{file} is the index of an archive of another version or geometry; name another file, or remove it"
                )
            }
            Error::ForeignIndex { file, found, expected } => write!(
                f,
                "{file} is the index of the archive of cluster {found}, and this is the archive of cluster {expected}; name another file, or remove it"
            ),
            Error::Live { place } => {
                write!(f, "{place}: a server may be writing there; only archives are summarised in parts")
            }
            Error::Unclear { file } => {
                write!(
                    f,
                    "{file}: no part says what it comes to beside the files of the others; summarise it together with some of them"
                )
            }
            Error::NotRead(why) => f.write_str(why),
            Error::Threads => f.write_str("the threads asked for cannot be started"),
        }
    }
}

/// What to name instead of a folder that is something else.
fn instead(unknown: &Ignored) -> &'static str {
    let has = |names: &[&str]| unknown.first.iter().any(|name| names.contains(&name.as_str()));
    if has(&["backup_label", "base/", "global/", "base.tar", "base.tar.gz", "backup_manifest"]) {
        "; it is a base backup without WAL: name the archive that its WAL went to, and this with --backup"
    } else if has(&["backup.manifest", "backup.info", "backup.control"]) {
        "; it is a backup in the keeping of another tool: name the folder of WAL in its repository (archive/STANZA/ID of pgBackRest, wals of Barman, wal/INSTANCE of pg_probackup)"
    } else {
        ""
    }
}

impl std::error::Error for Error {}

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Error {
        Error::Source(error)
    }
}
