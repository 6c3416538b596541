//! The settings of a recovery: given by PostgreSQL's names, checked as the version checks them, defaults filled in.

use super::time::Zone;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId, Version};
use std::fmt;

/// What a recovery is asked to do.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The version for which they were read.
    pub version: Version,
    /// How the server starts.
    pub mode: Mode,
    /// Where to stop.
    pub target: Target,
    /// Stop behind the target (`recovery_target_inclusive`), not in front of it.
    pub inclusive: bool,
    /// Which timeline to follow.
    pub timeline: TargetTimeline,
    /// What the server does at the target, after all: a pause that this version turns into something else without
    /// `hot_standby` is that.
    pub action: Action,
    /// Connections are accepted when the data are consistent.
    pub hot_standby: bool,
    /// What must not be lower than on the primary.
    pub parameters: Parameters,
    /// `restore_command`. Without it (only in standby mode) no file comes from the archive.
    pub restore_command: Option<String>,
    /// `recovery_min_apply_delay` in milliseconds.
    pub min_apply_delay: i64,
    /// Defaults taken, by PostgreSQL's names.
    pub assumed: Vec<(String, String)>,
    /// Settings that were read and say nothing about recovery, by name.
    pub unused: Vec<String>,
    /// What a server would warn of.
    pub warnings: Vec<String>,
}

/// How the server starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Without a signal file: from what lies in its own `pg_wal` alone, and no target counts.
    Crash,
    /// From the archive, to the target or the end.
    Archive,
    /// As a standby: at the end it waits for more.
    Standby,
}

/// Where to stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// At the end of WAL.
    None,
    /// As soon as the data are consistent.
    Immediate,
    /// At the first commit or abort later than this (inclusive), or at this or later.
    Time(Timestamp),
    /// At this position.
    Lsn(Lsn),
    /// At the end of this transaction; versions that read 64 bits take the low half.
    Xid(u32),
    /// At the restore point of this name.
    Name(String),
}

/// Which timeline to follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetTimeline {
    /// That of the control file.
    Current,
    /// The latest one found upward from the control file's.
    Latest,
    /// This one.
    Number(TimelineId),
}

/// What to do at the target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Wait until someone decides.
    Pause,
    /// End recovery and take writes on a new timeline.
    Promote,
    /// Stop the server.
    Shutdown,
}

/// Parameters that a hot standby must not have lower than its primary; `None` where the version has none of that name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Parameters {
    /// `max_connections`
    pub max_connections: Option<i32>,
    /// `max_worker_processes`
    pub max_worker_processes: Option<i32>,
    /// `max_wal_senders`
    pub max_wal_senders: Option<i32>,
    /// `max_prepared_transactions`
    pub max_prepared_transactions: Option<i32>,
    /// `max_locks_per_transaction`
    pub max_locks_per_transaction: Option<i32>,
}

/// Where settings come from, each list in order; later ones count more.
#[derive(Clone, Debug, Default)]
pub struct Given<'a> {
    /// Files of settings, in order of precedence.
    pub files: &'a [crate::backup::SettingsFile],
    /// What makes the server recover from an archive; `None`: take it that it will be put there.
    pub signal: Option<crate::backup::Signal>,
    /// The signal file and `restore_command` are taken for granted where none is given: a restore that is yet to be
    /// set up.
    pub planned: bool,
    /// Name and value, by PostgreSQL's names; count more than the files.
    pub set: Vec<(String, String)>,
    /// Likewise, and count more still: the options of the command line.
    pub options: Vec<(String, String)>,
}

/// Why a server of this version would not start with these settings.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SettingsError {
    /// To come.
    Unrecognized(String),
}

impl SettingsError {
    /// What the server says.
    pub fn server_says(&self) -> String {
        String::new()
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.server_says())
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Reads settings as this version does. `zone`: the server's time zone, for times without one.
    ///
    /// # Errors
    /// With these the server does not start.
    pub fn read(version: Version, given: &Given<'_>, zone: &Zone) -> Result<Settings, SettingsError> {
        let _ = (given, zone);
        Ok(Settings {
            version,
            mode: Mode::Archive,
            target: Target::None,
            inclusive: true,
            timeline: TargetTimeline::Latest,
            action: Action::Pause,
            hot_standby: true,
            parameters: Parameters::default(),
            restore_command: None,
            min_apply_delay: 0,
            assumed: Vec::new(),
            unused: Vec::new(),
            warnings: Vec::new(),
        })
    }
}
