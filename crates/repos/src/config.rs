//! Repositories as the configuration of their tools names them.

pub mod barman;
mod ini;
pub mod pgbackrest;

use crate::choice::RepoChoice;
use crate::command::ToolConfiguration;
use pgwal_source::{Keys, Refusal, SourceError};
use std::fmt;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// A place that the configuration of a tool names.
#[derive(Clone, Debug)]
pub struct ConfiguredPlace {
    /// The place: a folder, or the URL of a bucket.
    pub place: PathBuf,
    /// What of the configuration names it.
    pub by: String,
    /// pgBackRest's number of the repository.
    pub number: Option<u32>,
    /// Which of several archives there.
    pub choice: RepoChoice,
    /// What opens it, where the configuration says so.
    pub keys: Keys,
    /// As the tool is told of it.
    pub configuration: ToolConfiguration,
    /// How its store is asked: variables as the store's own tools have them in their environment.
    pub variables: Vec<(String, String)>,
}

/// Why a configuration names no place that can be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file of it cannot be read.
    Source(SourceError),
    /// A file of it is no configuration.
    Form {
        /// The file.
        file: PathBuf,
        /// The line that makes no sense.
        line: usize,
    },
    /// The repository lies on another machine.
    Elsewhere {
        /// How it is reached, as the configuration says.
        what: String,
        /// What to type to look at it there.
        command: String,
    },
    /// It is kept in a way that is not read.
    Unknown {
        /// What the configuration says.
        what: String,
    },
    /// It knows no server of that name, or of several none is chosen.
    NoServer {
        /// The file.
        file: PathBuf,
        /// The name that was asked for.
        asked: Option<String>,
        /// Those that are there.
        there: Vec<String>,
    },
}

impl From<SourceError> for ConfigError {
    fn from(error: SourceError) -> ConfigError {
        ConfigError::Source(error)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::Source(error) => write!(f, "{error}"),
            ConfigError::Form { file, line } => {
                write!(f, "{} line {line} is neither a section nor an option with its value", file.display())
            }
            ConfigError::Elsewhere { what, command } => {
                write!(f, "the repository is not on this machine ({what}); look at it there: {command}")
            }
            ConfigError::Unknown { what } => write!(f, "{what}: such a repository is not read; name a place"),
            ConfigError::NoServer { file, asked, there } => {
                let file = file.display();
                match asked {
                    Some(asked) => write!(f, "{file} has no server {asked}; ")?,
                    None if there.is_empty() => {}
                    None => write!(f, "{file} has several servers; choose one with --server: ")?,
                }
                match there.as_slice() {
                    [] => write!(f, "{file} has no server"),
                    there => write!(f, "there is {}", there.join(", ")),
                }
            }
        }
    }
}

impl std::error::Error for ConfigError {}

/// More than any file of configuration has.
const LONGEST: u64 = 16 << 20;

/// The text of a file of configuration; `None`: it is not there.
fn text(path: &Path) -> Result<Option<String>, SourceError> {
    let refused = |error: &std::io::Error| SourceError::io(path, error);
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        // A pipe would be waited for.
        Ok(metadata) => {
            let kind = pgwal_source::FileKind::of(metadata.file_type());
            return Err(SourceError::NotRegular { path: path.to_path_buf(), kind });
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(refused(&error)),
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| refused(&error))?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| refused(&error))?;
    if bytes.len() as u64 > LONGEST {
        let shown = path.display().to_string();
        return Err(SourceError::foreign(shown, Refusal::Other, "it is larger than 16 MiB, and no configuration"));
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The same of a file that must be there.
fn needed(path: &Path) -> Result<String, SourceError> {
    text(path)?.ok_or_else(|| SourceError::NotFound { path: path.to_path_buf() })
}

/// The files `*.conf` of a folder, by name.
fn conf_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_conf = |path: &PathBuf| path.extension().is_some_and(|suffix| suffix == "conf");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_conf).collect();
    files.sort();
    files
}
