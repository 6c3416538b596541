//! Why a server would not start with the settings it is given.

use pgwal_format::text::settings::{Grammar, SettingsFault};
use std::fmt;

/// Where a setting stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum SettingPlace {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// A line of a file of the backup, from 1.
    Line {
        /// The file, below the data directory.
        file: String,
        /// The line.
        line: usize,
    },
    /// It was given by its name, beside the files.
    Set,
    /// It is an option of a restore.
    Option,
}

/// A setting, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlacedSetting {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// Where it stands.
    pub place: SettingPlace,
}

/// Why a server of this version would not start with these settings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SettingsError {
    /// `recovery.conf` is there, and this version (12 or later) does not take it.
    RecoveryConf,
    /// No `restore_command`, and no standby: the version's words.
    NoRestoreCommand(&'static str),
    /// More than one target (12 and later): all there are.
    SeveralTargets(Vec<PlacedSetting>),
    /// A setting that this version does not have.
    Unrecognized {
        /// Its name.
        name: String,
        /// It stands in `recovery.conf`.
        recovery_conf: bool,
        /// Where.
        place: SettingPlace,
    },
    /// A line that cannot be read.
    Syntax {
        /// The file.
        file: String,
        /// The line.
        fault: SettingsFault,
        /// How the file was read.
        grammar: Grammar,
    },
    /// A file or folder that another one includes cannot be opened.
    NotOpened {
        /// `file` or `directory`.
        what: &'static str,
        /// Its path.
        path: String,
        /// Why not, in the server's words.
        why: &'static str,
    },
    /// A value that the setting does not take.
    Value {
        /// The setting.
        name: String,
        /// The value.
        value: String,
        /// What the server says.
        says: String,
        /// Where it stands.
        place: SettingPlace,
    },
    /// A time in a spelling that is not read here. A server may well take it: it knows more spellings, and words such
    /// as `now`, whose time is that of its start.
    TimeNotRead {
        /// The time as given.
        value: String,
    },
}

impl SettingsError {
    /// The setting that it is about, and where it stands.
    pub fn setting(&self) -> Option<(&str, &SettingPlace)> {
        match self {
            SettingsError::Unrecognized { name, place, .. } | SettingsError::Value { name, place, .. } => {
                Some((name, place))
            }
            _ => None,
        }
    }

    /// The same of a setting of a known place.
    pub(crate) fn at(mut self, known: SettingPlace) -> SettingsError {
        if let SettingsError::Unrecognized { place, .. } | SettingsError::Value { place, .. } = &mut self {
            *place = known;
        }
        self
    }

    /// What the server says; `None` where it may well start.
    pub fn server_says(&self) -> Option<String> {
        Some(match self {
            SettingsError::RecoveryConf => "using recovery command file \"recovery.conf\" is not supported".into(),
            SettingsError::NoRestoreCommand(says) => (*says).into(),
            SettingsError::SeveralTargets(_) => "multiple recovery targets specified".into(),
            SettingsError::Unrecognized { name, recovery_conf: true, .. } => {
                format!("unrecognized recovery parameter \"{name}\"")
            }
            SettingsError::Unrecognized { name, recovery_conf: false, .. } => {
                format!("unrecognized configuration parameter \"{name}\"")
            }
            SettingsError::Syntax { file, fault, grammar: Grammar::Configuration } => match &fault.near {
                Some(near) => format!("syntax error in file \"{file}\" line {}, near token \"{near}\"", fault.line),
                None => format!("syntax error in file \"{file}\" line {}, near end of line", fault.line),
            },
            SettingsError::Syntax { fault, .. } => {
                format!("syntax error in recovery command file: {}", fault.near.as_deref().unwrap_or(""))
            }
            SettingsError::NotOpened { what, path, why } => {
                format!("could not open configuration {what} \"{path}\": {why}")
            }
            SettingsError::Value { says, .. } => says.clone(),
            SettingsError::TimeNotRead { .. } => return None,
        })
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingsError::TimeNotRead { value } => {
                write!(
                    f,
                    "recovery_target_time '{value}' is in no spelling that is read here; write it as 2026-11-22 03:17:02.5+00"
                )
            }
            other => f.write_str(&other.server_says().unwrap_or_default()),
        }
    }
}

impl std::error::Error for SettingsError {}

pub(crate) fn says(name: &str, value: &str, says: String) -> SettingsError {
    SettingsError::Value { name: name.to_owned(), value: value.to_owned(), says, place: SettingPlace::Unknown }
}

pub(crate) fn invalid(name: &str, value: &str) -> SettingsError {
    says(name, value, format!("invalid value for parameter \"{name}\": \"{value}\""))
}

pub(crate) fn invalid_here(name: &str, value: &str, own_file: bool) -> SettingsError {
    match (own_file, name) {
        (false, _) => invalid(name, value),
        (true, "recovery_min_apply_delay") => {
            says(name, value, format!("parameter \"{name}\" requires a temporal value"))
        }
        (true, _) => says(name, value, format!("invalid value for recovery parameter \"{name}\": \"{value}\"")),
    }
}

pub(crate) fn needs_boolean(name: &str, value: &str) -> SettingsError {
    says(name, value, format!("parameter \"{name}\" requires a Boolean value"))
}
