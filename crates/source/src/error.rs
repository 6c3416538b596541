//! Why we could not look.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a source could not be opened, listed or read. What is wrong with the *content* of a file is never an error: see
/// [`ReadState`](crate::ReadState).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceError {
    /// What another process was told.
    Reported {
        /// In its words.
        text: String,
    },
    /// What a place says that is not on this machine's disk: an object store, a repository, a source of one's own.
    Foreign {
        /// What was asked for, as a user would name it.
        what: String,
        /// What kind of refusal.
        why: Refusal,
        /// In the place's words.
        text: String,
    },
    /// No path was given.
    NoPath,
    /// Nothing lies there.
    NotFound {
        /// What was asked for.
        path: PathBuf,
    },
    /// The file or folder may not be read by this user.
    Permission {
        /// What was asked for.
        path: PathBuf,
    },
    /// Symbolic links that lead to each other.
    Loop {
        /// What was asked for.
        path: PathBuf,
    },
    /// Neither a regular file nor a folder.
    NotRegular {
        /// What was asked for.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// The folder holds no WAL, but folders in it do.
    WrongLevel {
        /// What was asked for.
        path: PathBuf,
        /// Folders to name instead; never empty.
        use_instead: Vec<PathBuf>,
    },
    /// A data directory without `pg_wal` or `pg_xlog`.
    NoWalFolder {
        /// The data directory.
        path: PathBuf,
    },
    /// Several paths were given and this one is not a file: only files can be given together.
    NotAFile {
        /// The folder, or `-`.
        path: PathBuf,
    },
    /// A tar is damaged or cut off: what lies in it behind that is not here.
    BrokenTar {
        /// The tar, as a user named it.
        tar: String,
        /// What is wrong with it.
        what: String,
        /// It may be all of it: only the blocks that end a tar are missing.
        may_be_whole: bool,
    },
    /// Any other refusal of the operating system.
    Io {
        /// What was read.
        path: PathBuf,
        /// What kind of refusal.
        kind: io::ErrorKind,
        /// The number that the operating system gave, if it was the operating system.
        code: Option<i32>,
    },
}

/// Why a place that is not on this machine's disk does not give what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not there, or not any more.
    Gone,
    /// This user may not have it.
    Denied,
    /// The place cannot be reached, or broke off, however often it was tried.
    OutOfReach,
    /// It is kept where it cannot be had from at once, and has to be fetched back first.
    Cold,
    /// It is encrypted, and the key for it is missing or another.
    Key,
    /// Anything else.
    Other,
}

/// What something is that is neither a regular file nor a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A block or character device.
    Device,
    /// A folder where a file was expected.
    Folder,
    /// A terminal where a stream of WAL was expected.
    Terminal,
    /// None of these.
    Other,
}

impl SourceError {
    /// The operating system's refusal of a path.
    pub fn io(path: &Path, error: &io::Error) -> SourceError {
        let path = path.to_path_buf();
        match error.kind() {
            io::ErrorKind::NotFound => SourceError::NotFound { path },
            io::ErrorKind::PermissionDenied => SourceError::Permission { path },
            _ if is_loop(error) => SourceError::Loop { path },
            kind => SourceError::Io { path, kind, code: error.raw_os_error() },
        }
    }

    /// A refusal of a source of one's own. `text`: in its words, without `what`.
    pub fn foreign(what: impl Into<String>, why: Refusal, text: impl fmt::Display) -> SourceError {
        SourceError::Foreign { what: what.into(), why, text: text.to_string() }
    }

    /// Whether it is not there, or not any more: what was listed and has gone since is no failure.
    pub fn is_gone(&self) -> bool {
        match self {
            SourceError::NotFound { .. } | SourceError::Foreign { why: Refusal::Gone, .. } => true,
            // A file that another client of a network share has removed.
            SourceError::Io { kind, .. } => *kind == io::ErrorKind::StaleNetworkFileHandle,
            _ => false,
        }
    }

    /// Whether the name stands for nothing that a copy could be made of: a folder, a socket, a link to nowhere. What is
    /// forbidden, a pipe and a device may give somebody else something.
    pub fn is_no_file(&self) -> bool {
        match self {
            SourceError::NotFound { .. } => true,
            SourceError::NotRegular { kind, .. } => matches!(kind, FileKind::Folder | FileKind::Socket),
            _ => false,
        }
    }

    /// What broke off a reading: the refusal that a [`Stored`](crate::Stored) put into it, or what its kind says.
    pub(crate) fn of_reading(what: &str, error: &io::Error) -> SourceError {
        if let Some(own) = error.get_ref().and_then(|inner| inner.downcast_ref::<SourceError>()) {
            return own.clone();
        }
        let why = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::StaleNetworkFileHandle => Refusal::Gone,
            io::ErrorKind::PermissionDenied => Refusal::Denied,
            io::ErrorKind::TimedOut
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable => Refusal::OutOfReach,
            _ => Refusal::Other,
        };
        SourceError::foreign(what, why, error)
    }

    pub(crate) fn not_regular(path: &Path, file_type: std::fs::FileType) -> SourceError {
        SourceError::NotRegular { path: path.to_path_buf(), kind: FileKind::of(file_type) }
    }
}

/// The standard library does not name this kind in stable Rust yet.
fn is_loop(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(libc::ELOOP);
    #[cfg(not(unix))]
    return false;
}

impl FileKind {
    /// Of a file that is no plain one.
    pub fn of(file_type: std::fs::FileType) -> FileKind {
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt;
            if file_type.is_fifo() {
                return FileKind::Fifo;
            }
            if file_type.is_socket() {
                return FileKind::Socket;
            }
            if file_type.is_block_device() || file_type.is_char_device() {
                return FileKind::Device;
            }
        }
        if file_type.is_dir() { FileKind::Folder } else { FileKind::Other }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileKind::Fifo => "a named pipe",
            FileKind::Socket => "a socket",
            FileKind::Device => "a device",
            FileKind::Folder => "a folder",
            FileKind::Terminal => "a terminal",
            FileKind::Other => "something else",
        })
    }
}

/// Folders to use instead that an error's text names.
const SHOWN: usize = 5;

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceError::Reported { text } => f.write_str(text),
            SourceError::Foreign { what, text, .. } => write!(f, "{what}: {text}"),
            SourceError::NoPath => f.write_str("no path was given"),
            SourceError::NotFound { path } => match scheme(path) {
                Some(scheme) => write!(
                    f,
                    "{}: {scheme}: places are not read yet, files and folders are; copy it to a folder with the store's own tool, or mount it, and name that folder",
                    path.display()
                ),
                None => write!(f, "{}: no such file or folder", path.display()),
            },
            SourceError::Permission { path } => write!(f, "{}: no permission to read it", path.display()),
            SourceError::Loop { path } => write!(f, "{}: symbolic links lead in a circle", path.display()),
            SourceError::NotRegular { path, kind } => write!(f, "{}: not a regular file but {kind}", path.display()),
            SourceError::WrongLevel { path, use_instead } => {
                write!(f, "{}: no WAL in this folder; use", path.display())?;
                for (i, folder) in use_instead.iter().take(SHOWN).enumerate() {
                    write!(f, "{}{}", if i == 0 { " " } else { " or " }, folder.display())?;
                }
                if use_instead.len() > SHOWN {
                    write!(f, " or one of {} more", use_instead.len() - SHOWN)
                } else {
                    Ok(())
                }
            }
            SourceError::NoWalFolder { path } => {
                write!(f, "{}: a data directory without pg_wal or pg_xlog", path.display())
            }
            SourceError::BrokenTar { tar, what, .. } => write!(f, "{tar}: the tar {what}"),
            SourceError::NotAFile { path } => write!(f, "{}: only files can be given together", path.display()),
            SourceError::Io { path, kind, code: None } => write!(f, "{}: {kind}", path.display()),
            SourceError::Io { path, code: Some(code), .. } => {
                write!(f, "{}: {}", path.display(), io::Error::from_raw_os_error(*code))
            }
        }
    }
}

/// What stands before `://`, where a user names an object store or another host.
fn scheme(path: &Path) -> Option<&str> {
    let (scheme, _) = path.to_str()?.split_once("://")?;
    let is_one = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    is_one.then_some(scheme)
}

impl std::error::Error for SourceError {}

/// For a [`Stored`](crate::Stored) that has more to say than an [`io::Error`]: it comes out of the reading as it was.
impl From<SourceError> for io::Error {
    fn from(error: SourceError) -> io::Error {
        io::Error::other(error)
    }
}
