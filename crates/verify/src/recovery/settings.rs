//! The settings of a recovery: given by PostgreSQL's names, checked as the version checks them, defaults filled in.

use super::time::{self, Read, Zone};
use super::value;
use super::versions::{Facts, Numbers, Several};
use super::{Given, SettingsError};
use crate::backup::Signal;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId, Version};

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
    /// Files that the settings include and that were not read: `postgresql.conf: include_dir 'conf.d'`.
    pub not_read: Vec<String>,
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

impl Settings {
    /// Nothing is asked for: the archive is followed to its end.
    pub(super) fn none(version: Version) -> Settings {
        Settings {
            version,
            mode: Mode::Archive,
            target: Target::None,
            inclusive: true,
            timeline: TargetTimeline::Current,
            action: Action::Promote,
            hot_standby: false,
            parameters: Parameters::default(),
            restore_command: None,
            min_apply_delay: 0,
            assumed: Vec::new(),
            not_read: Vec::new(),
        }
    }

    /// Reads settings as this version does. `zone`: the server's time zone, for times without one.
    ///
    /// # Errors
    /// With these the server does not start; or a time is in a spelling that is not read here.
    pub fn read(version: Version, given: &Given<'_>, zone: &Zone) -> Result<Settings, SettingsError> {
        let facts = Facts::of(version);
        if given.signal == Some(Signal::RecoveryConf) && facts.recovery_conf.is_none() {
            return Err(SettingsError::RecoveryConf);
        }
        let sorted = given.sort(version, &facts)?;
        let mut asked = Asked::default();
        for (name, text) in &sorted.recovery {
            asked.take(name, text, &facts, zone)?;
        }
        let mut assumed = Vec::new();
        let mut assume = |name: &str, value: String| assumed.push((name.to_owned(), value));
        let (hot_standby, parameters) = server(&sorted.server, &facts, &mut assume)?;
        let mode = match (given.signal, asked.standby_mode) {
            (Some(Signal::Standby), _) | (_, true) => Mode::Standby,
            (Some(_), _) => Mode::Archive,
            (None, _) if given.planned => Mode::Archive,
            (None, _) => Mode::Crash,
        };
        let is_set = |command: &Option<String>| command.as_ref().is_some_and(|c| !c.is_empty() || facts.recovery_conf.is_some());
        let mut restore_command = asked.restore_command.filter(|c| is_set(&Some(c.clone())));
        if restore_command.is_none() && given.planned {
            restore_command = Some(PLANNED.to_owned());
            assume("restore_command", PLANNED.to_owned());
        }
        if restore_command.is_none() && mode == Mode::Archive {
            return Err(SettingsError::NoRestoreCommand(facts.no_restore_command));
        }
        let timeline = asked.timeline.unwrap_or_else(|| {
            let (word, timeline) = if facts.latest_by_default { ("latest", TargetTimeline::Latest) } else { ("current", TargetTimeline::Current) };
            assume("recovery_target_timeline", word.to_owned());
            timeline
        });
        let can_be_inclusive = !matches!(asked.target, Target::None | Target::Immediate);
        let inclusive = asked.inclusive.unwrap_or_else(|| {
            if can_be_inclusive {
                assume("recovery_target_inclusive", "on".to_owned());
            }
            true
        });
        let chosen = asked.action.unwrap_or(facts.action);
        let action = match chosen {
            Action::Pause if !hot_standby => facts.pause_without_hot_standby[usize::from(asked.action.is_none())],
            other => other,
        };
        if asked.target != Target::None && asked.action.is_none() && versions_have_an_action(&facts) {
            assume(if facts.several == Several::Ranked { "pause_at_recovery_target" } else { "recovery_target_action" }, chosen.name().to_owned());
        }
        if asked.zone_taken && matches!(asked.target, Target::Time(_)) {
            assume("timezone", zone.name());
        }
        let include = |file: &crate::backup::SettingsFile| {
            file.text.includes.iter().map(|i| format!("{}: {} '{}'", file.name, i.directive, i.path)).collect::<Vec<_>>()
        };
        Ok(Settings {
            version,
            mode,
            target: asked.target,
            inclusive,
            timeline,
            action,
            hot_standby,
            parameters,
            restore_command,
            min_apply_delay: asked.min_apply_delay,
            assumed,
            not_read: given.files.iter().flat_map(include).collect(),
        })
    }
}

/// What `restore_command` is told to be where a restore is yet to be set up.
const PLANNED: &str = "copies from this archive";

fn versions_have_an_action(facts: &Facts) -> bool {
    facts.action == Action::Pause
}

impl Action {
    /// `pause`, `promote`, `shutdown`.
    pub const fn name(self) -> &'static str {
        match self {
            Action::Pause => "pause",
            Action::Promote => "promote",
            Action::Shutdown => "shutdown",
        }
    }
}

/// The server's own parameters.
fn server(given: &[(&str, &str)], facts: &Facts, assume: &mut impl FnMut(&str, String)) -> Result<(bool, Parameters), SettingsError> {
    let last = |name: &str| given.iter().rev().find(|(own, _)| *own == name).map(|(_, text)| *text);
    let hot_standby = match (last("hot_standby"), facts.hot_standby) {
        (_, None) => false,
        (Some(text), Some(_)) => value::boolean(text).ok_or_else(|| needs_boolean("hot_standby", text))?,
        (None, Some(default)) => {
            assume("hot_standby", if default { "on" } else { "off" }.to_owned());
            default
        }
    };
    let mut values = facts.parameters;
    for ((name, least), own) in PARAMETERS.iter().zip(&mut values) {
        let Some(default) = *own else { continue };
        match last(name) {
            Some(text) => *own = Some(value::integer(text).filter(|n| n >= least).ok_or_else(|| invalid(name, text))?),
            None => assume(name, default.to_string()),
        }
    }
    let [max_connections, max_worker_processes, max_wal_senders, max_prepared_transactions, max_locks_per_transaction] = values;
    let parameters = Parameters { max_connections, max_worker_processes, max_wal_senders, max_prepared_transactions, max_locks_per_transaction };
    Ok((hot_standby, parameters))
}

/// Each with its least value.
const PARAMETERS: [(&str, i32); 5] = [
    ("max_connections", 1),
    ("max_worker_processes", 0),
    ("max_wal_senders", 0),
    ("max_prepared_transactions", 0),
    ("max_locks_per_transaction", 10),
];

/// What was asked for so far.
struct Asked {
    target: Target,
    inclusive: Option<bool>,
    timeline: Option<TargetTimeline>,
    action: Option<Action>,
    standby_mode: bool,
    restore_command: Option<String>,
    min_apply_delay: i64,
    /// The time that was read had no zone.
    zone_taken: bool,
}

impl Default for Asked {
    fn default() -> Asked {
        Asked {
            target: Target::None,
            inclusive: None,
            timeline: None,
            action: None,
            standby_mode: false,
            restore_command: None,
            min_apply_delay: 0,
            zone_taken: false,
        }
    }
}

impl Asked {
    fn take(&mut self, name: &str, text: &str, facts: &Facts, zone: &Zone) -> Result<(), SettingsError> {
        let boolean = || value::boolean(text).ok_or_else(|| needs_boolean(name, text));
        let own_file = facts.recovery_conf.is_some();
        match name {
            "restore_command" => self.restore_command = Some(text.to_owned()),
            "standby_mode" => self.standby_mode = boolean()?,
            "recovery_target_inclusive" if facts.since < EIGHT_FOUR => self.inclusive = Some(text == "true"),
            "recovery_target_inclusive" => self.inclusive = Some(boolean()?),
            "pause_at_recovery_target" => self.action = Some(if boolean()? { Action::Pause } else { Action::Promote }),
            "recovery_target_action" => {
                let words = [Action::Pause, Action::Promote, Action::Shutdown];
                let found = words.into_iter().find(|a| if own_file { a.name() == text } else { a.name().eq_ignore_ascii_case(text) });
                self.action = Some(found.ok_or_else(|| invalid_here(name, text, own_file))?);
            }
            "recovery_min_apply_delay" => self.min_apply_delay = value::milliseconds(text).ok_or_else(|| invalid_here(name, text, own_file))?,
            "recovery_target_timeline" => self.timeline = Some(timeline(text, facts)?),
            "recovery_target" | "recovery_target_lsn" | "recovery_target_xid" | "recovery_target_name" | "recovery_target_time" => {
                self.target(name, text, facts, zone)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn target(&mut self, name: &str, text: &str, facts: &Facts, zone: &Zone) -> Result<(), SettingsError> {
        let mut zone_taken = self.zone_taken;
        let new = match name {
            _ if text.is_empty() && facts.several == Several::Refused => Target::None,
            "recovery_target" if text == "immediate" => Target::Immediate,
            "recovery_target_lsn" => Target::Lsn(text.trim().parse().map_err(|_| match facts.several {
                Several::Refused => invalid(name, text),
                _ => says(name, text, format!("invalid input syntax for type pg_lsn: \"{text}\"")),
            })?),
            "recovery_target_xid" => Target::Xid(xid(text, facts)?),
            "recovery_target_name" if text.len() < 64 => Target::Name(text.to_owned()),
            "recovery_target_name" if facts.several != Several::Refused => {
                return Err(says(name, text, "recovery_target_name is too long (maximum 63 characters)".into()));
            }
            "recovery_target_time" => match time::read(text, zone) {
                // A time without one counts as such, even if a restore point or transaction outranks it.
                Read::At(at, own) => {
                    zone_taken = own;
                    Target::Time(at)
                }
                Read::Special(_) if facts.refuses_special_times && facts.several == Several::Refused => return Err(invalid(name, text)),
                Read::Special(_) if facts.refuses_special_times => {
                    return Err(says(name, text, format!("recovery_target_time is not a valid timestamp: \"{text}\"")));
                }
                Read::Special(Some(at)) => Target::Time(at),
                Read::Special(None) | Read::Unread => return Err(SettingsError::TimeNotRead { value: text.to_owned() }),
            },
            _ => return Err(invalid_here(name, text, facts.recovery_conf.is_some())),
        };
        let counts = match facts.several {
            Several::Last => true,
            Several::Ranked => rank(&new) >= rank(&self.target),
            Several::Refused => {
                let other = self.target != Target::None && setting_of(&self.target) != Some(name);
                if other {
                    return Err(SettingsError::SeveralTargets);
                }
                true
            }
        };
        if counts {
            self.target = new;
            self.zone_taken = zone_taken;
        }
        Ok(())
    }
}

const EIGHT_FOUR: Version = Version::new(8, 4);

fn rank(target: &Target) -> u8 {
    match target {
        Target::Xid(_) => 3,
        Target::Name(_) => 2,
        Target::None => 0,
        _ => 1,
    }
}

fn setting_of(target: &Target) -> Option<&'static str> {
    Some(match target {
        Target::None => return None,
        Target::Immediate => "recovery_target",
        Target::Time(_) => "recovery_target_time",
        Target::Lsn(_) => "recovery_target_lsn",
        Target::Xid(_) => "recovery_target_xid",
        Target::Name(_) => "recovery_target_name",
    })
}

/// Up to 11 what is no number is 0, and 0 is `latest`; `current` is none, too.
fn timeline(text: &str, facts: &Facts) -> Result<TargetTimeline, SettingsError> {
    let name = "recovery_target_timeline";
    let own_file = facts.recovery_conf.is_some();
    match text {
        "latest" => return Ok(TargetTimeline::Latest),
        "current" if !own_file => return Ok(TargetTimeline::Current),
        _ => {}
    }
    let not_a_number = || match own_file {
        true => says(name, text, format!("recovery_target_timeline is not a valid number: \"{text}\"")),
        false => invalid(name, text),
    };
    let (number, rest) = value::number(text).ok_or_else(not_a_number)?;
    if facts.numbers == Numbers::Strict && (!rest.is_empty() || !(1..=u64::from(u32::MAX)).contains(&number)) {
        return Err(invalid(name, text));
    }
    match number as u32 {
        0 if own_file => Ok(TargetTimeline::Latest),
        number => Ok(TargetTimeline::Number(TimelineId(number))),
    }
}

fn xid(text: &str, facts: &Facts) -> Result<u32, SettingsError> {
    let name = "recovery_target_xid";
    let not_a_number = || match facts.recovery_conf.is_some() {
        true => says(name, text, format!("recovery_target_xid is not a valid number: \"{text}\"")),
        false => invalid(name, text),
    };
    let (number, rest) = value::number(text).ok_or_else(not_a_number)?;
    let strict = facts.numbers == Numbers::Strict;
    // 64 bits may hold an epoch, which no record has.
    let low = number as u32;
    if strict && (!rest.is_empty() || low < 3 || text.trim_start().starts_with('-')) {
        return Err(invalid(name, text));
    }
    Ok(low)
}

fn says(name: &str, value: &str, says: String) -> SettingsError {
    SettingsError::Value { name: name.to_owned(), value: value.to_owned(), says }
}

fn invalid(name: &str, value: &str) -> SettingsError {
    says(name, value, format!("invalid value for parameter \"{name}\": \"{value}\""))
}

fn invalid_here(name: &str, value: &str, own_file: bool) -> SettingsError {
    match (own_file, name) {
        (false, _) => invalid(name, value),
        (true, "recovery_min_apply_delay") => says(name, value, format!("parameter \"{name}\" requires a temporal value")),
        (true, _) => says(name, value, format!("invalid value for recovery parameter \"{name}\": \"{value}\"")),
    }
}

fn needs_boolean(name: &str, value: &str) -> SettingsError {
    says(name, value, format!("parameter \"{name}\" requires a Boolean value"))
}
