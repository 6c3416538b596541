//! The settings of a recovery: given by PostgreSQL's names, checked as the version checks them, defaults filled in.

pub(crate) mod asked;
pub(crate) mod given;

use crate::backup::Signal;
use crate::command::archive_get::ArchiveGet;
use crate::read_ahead::ReadAhead;
use crate::settings::asked::SettingsAsked;
use crate::slots::SlotSettings;
use crate::target::{Target, TargetTimeline};
use crate::time::said::{self, Respelled, TimeSaid, ZoneDoubt};
use crate::time::{self, ServerZone, TimeRead, TimeReading};
use crate::values::fault::{PlacedSetting, SettingPlace, invalid, needs_boolean};
use crate::values::parameter;
use crate::values::value;
use crate::{Delivery, Given, SettingsError};
use pgwal_format::recovery::parameters::ServerParameter;
use pgwal_format::recovery::settings::{SettingRules, SeveralTargets, TargetAction};
use pgwal_format::{Lsn, Version};

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
    pub action: TargetAction,
    /// Connections are accepted when the data are consistent.
    pub hot_standby: bool,
    /// How far WAL is read ahead of replay (`recovery_prefetch`, 15 and later); `None`: it is not.
    pub reads_ahead: Option<ReadAhead>,
    /// Blocks that WAL changes and that are not there are no reason to stop (`ignore_invalid_pages`, 13 and later).
    pub ignore_invalid_pages: bool,
    /// Tablespaces may lie in the data directory itself (`allow_in_place_tablespaces`, 10 and later).
    pub in_place_tablespaces: bool,
    /// What must not be lower than on the primary.
    pub parameters: Parameters,
    /// Which replication slots may lie in the data directory.
    pub slots: SlotSettings,
    /// `restore_command`. Without it (only in standby mode) no file comes from the archive.
    pub restore_command: Option<String>,
    /// `recovery_end_command`; empty: none.
    pub end_command: String,
    /// A standby gets WAL from a primary, too (`primary_conninfo`).
    pub streams: bool,
    /// The file whose being there ends a standby (`trigger_file`, from 12 to 15 `promote_trigger_file`).
    pub trigger_file: Option<String>,
    /// `recovery_min_apply_delay` in milliseconds.
    pub min_apply_delay: i64,
    /// Defaults taken, by PostgreSQL's names.
    pub assumed: Vec<(String, String)>,
    /// Files that the settings include and that were not read: `postgresql.conf: include_dir 'conf.d'`.
    pub not_read: Vec<String>,
    /// A time of the command line that is to be spelled otherwise in the server's configuration.
    pub respelled: Option<Respelled>,
    /// How the time that is the target was read.
    pub time_read: Option<TimeSaid>,
    /// What it would be in the zone in which the server wrote times, where that was not known to be its zone.
    pub zone_doubt: Option<ZoneDoubt>,
    /// Where `restore_command` stands; `None` where it is yet to be made, or there is none.
    pub command_place: Option<SettingPlace>,
    /// The command delivers nothing, whatever lies in the archive.
    pub delivers_nothing: bool,
    /// The restore is yet to be set up.
    pub planned: bool,
    /// Settings of which an option says otherwise, where they stand.
    pub overridden: Vec<PlacedSetting>,
    /// The target that counts, where that is not the one of the options but one of another kind, where it stands (up to
    /// 9.3).
    pub outranked: Option<PlacedSetting>,
    /// The configuration is at hand, and no library is loaded at the start.
    pub loads_nothing: bool,
    /// Libraries that are loaded at the start of a server that is started as it lies (`shared_preload_libraries`).
    pub libraries: Option<PlacedSetting>,
    /// `archive_command`, where the server archives once it takes writes (`archive_mode`).
    pub archives: Option<PlacedSetting>,
    /// Some settings are there, and which ones this version has is not known here.
    pub names_not_known: bool,
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
    pub(crate) fn none(version: Version) -> Settings {
        Settings {
            version,
            mode: Mode::Archive,
            target: Target::None,
            inclusive: true,
            timeline: TargetTimeline::Current,
            action: TargetAction::Promote,
            hot_standby: false,
            reads_ahead: None,
            ignore_invalid_pages: false,
            in_place_tablespaces: false,
            parameters: Parameters::default(),
            slots: SlotSettings::default(),
            restore_command: None,
            end_command: String::new(),
            streams: false,
            trigger_file: None,
            min_apply_delay: 0,
            assumed: Vec::new(),
            not_read: Vec::new(),
            respelled: None,
            time_read: None,
            zone_doubt: None,
            command_place: None,
            delivers_nothing: false,
            planned: true,
            overridden: Vec::new(),
            archives: None,
            outranked: None,
            loads_nothing: false,
            libraries: None,
            names_not_known: false,
        }
    }

    /// The same, up to a position and not the record there.
    pub fn in_front_of(&self, lsn: Lsn) -> Settings {
        Settings { target: Target::Lsn(lsn), inclusive: false, ..self.clone() }
    }

    /// What `walproof archive-get` answers as its `restore_command`; `None` where it is another.
    pub fn archive_get(&self) -> Option<ArchiveGet> {
        self.restore_command.as_deref().and_then(ArchiveGet::of)
    }

    /// Reads settings as this version does. `zone`: the server's time zone, for times without one.
    ///
    /// # Errors
    /// With these the server does not start; or a time is in a spelling that is not read here.
    pub fn read(version: Version, given: &Given<'_>, zone: &ServerZone) -> Result<Settings, SettingsError> {
        let rules = SettingRules::of(version);
        // What the server's own file says, it reads in its own zone, whatever zone others are told in.
        let of_file = matches!(given.place("recovery_target_time"), SettingPlace::Line { .. });
        let own = given.zone().filter(|_| of_file);
        let zone = own.as_ref().unwrap_or(zone);
        let times =
            TimeReading { zone, order: given.date_order(), without_abbreviations: rules.recovery_conf.is_none() };
        let (given, respelled, said) = respelled(given, &times);
        let given = &given;
        if given.signal == Some(Signal::RecoveryConf) && rules.recovery_conf.is_none() {
            return Err(SettingsError::RecoveryConf);
        }
        let sorted = given.sort(version, rules)?;
        let placed = |error: SettingsError| match &error {
            SettingsError::SeveralTargets(_) => SettingsError::SeveralTargets(given.targets(&sorted.recovery)),
            _ => match error.setting().map(|(name, _)| given.place(name)) {
                Some(place) => error.at(place),
                None => error,
            },
        };
        for (name, text) in sorted.server.iter().chain(&sorted.recovery) {
            parameter::check(version, name, text).map_err(placed)?;
        }
        parameter::together(version, &sorted.server).map_err(placed)?;
        if let Some(segment) = given.segment.filter(|_| rules.sizes_by_segment) {
            parameter::hold_segments(segment, &sorted.server, given.is_configured()).map_err(placed)?;
        }
        let mut asked = SettingsAsked::default();
        for (name, text) in &sorted.recovery {
            asked.take(name, text, rules, &times).map_err(placed)?;
        }
        let mut assumed = Vec::new();
        let mut assume = |name: &str, value: String| assumed.push((name.to_owned(), value));
        let (hot_standby, parameters) =
            server(&sorted.server, rules, given.is_configured(), &mut assume).map_err(placed)?;
        let is_on = |name: &str| match sorted.server.iter().rev().find(|(own, _)| *own == name) {
            Some((name, text)) => value::boolean(text).ok_or_else(|| placed(needs_boolean(name, text))),
            None => Ok(false),
        };
        let (ignore_invalid_pages, in_place_tablespaces) =
            (is_on("ignore_invalid_pages")?, is_on("allow_in_place_tablespaces")?);
        let mode = match (given.signal, asked.standby_mode) {
            (Some(Signal::Standby), _) | (_, true) => Mode::Standby,
            (Some(_), _) => Mode::Archive,
            (None, _) if given.planned => Mode::Archive,
            (None, _) => Mode::Crash,
        };
        // An empty one is none since 12.
        let counts = |command: &String| !command.is_empty() || rules.recovery_conf.is_some();
        let mut restore_command = asked.restore_command.filter(counts);
        let command_place = restore_command.as_ref().map(|_| given.place("restore_command"));
        let useless = restore_command.as_ref().is_some_and(|command| Delivery::of(command) == Delivery::Nothing);
        if let Some(command) = restore_command.as_ref().filter(|command| {
            rules.checks_placeholders && mode != Mode::Crash && Delivery::has_wrong_placeholder(command)
        }) {
            return Err(placed(invalid("restore_command", command)));
        }
        // What a file says that comes from another server is not yet what this one is given.
        let replaced = useless && given.planned && matches!(command_place, Some(SettingPlace::Line { .. }));
        let delivers_nothing = useless && !replaced;
        // Whoever says by name that there is none, means it.
        let emptied =
            given.set.iter().rev().find(|(name, _)| name == "restore_command").is_some_and(|(_, v)| v.is_empty());
        if let Some(command) = restore_command.as_ref().filter(|_| !useless) {
            assume("restore_command", format!("{command} (taken to deliver what lies here)"));
        }
        if restore_command.is_none() && given.planned && !emptied {
            restore_command = Some(PLANNED.to_owned());
            assume("restore_command", PLANNED.to_owned());
        }
        if restore_command.is_none() && mode == Mode::Archive {
            return Err(SettingsError::NoRestoreCommand(rules.no_restore_command));
        }
        let timeline = asked.timeline.unwrap_or_else(|| {
            let (word, timeline) = if rules.latest_by_default {
                ("latest", TargetTimeline::Latest)
            } else {
                ("current", TargetTimeline::Current)
            };
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
        let chosen = asked.action.unwrap_or(rules.action);
        let action = match chosen {
            TargetAction::Pause if !hot_standby && asked.action.is_some() => rules.pause_without_hot_standby.asked,
            TargetAction::Pause if !hot_standby => rules.pause_without_hot_standby.by_default,
            other => other,
        };
        if asked.target != Target::None && asked.action.is_none() && rules.action == TargetAction::Pause {
            assume(
                if rules.several == SeveralTargets::Ranked {
                    "pause_at_recovery_target"
                } else {
                    "recovery_target_action"
                },
                chosen.name().to_owned(),
            );
        }
        let time_read = said.or(asked.time).filter(|_| matches!(asked.target, Target::Time(_)));
        if time_read.as_ref().is_some_and(|said| !said.own_zone) {
            assume("timezone", zone.name());
        }
        let zone_doubt = time_read.as_ref().and_then(|said| said.doubt(zone, given.written.as_deref()?, given.now));
        let include = |file: &crate::backup::SettingsFile| {
            file.text
                .includes
                .iter()
                .map(|i| format!("{}: {} '{}'", file.name, i.directive, i.path))
                .collect::<Vec<_>>()
        };
        let outranked = given.outranking(&asked.target, &sorted.recovery);
        Ok(Settings {
            version,
            mode,
            target: asked.target,
            inclusive,
            timeline,
            action,
            hot_standby,
            reads_ahead: reads_ahead(version, &sorted.server).map_err(placed)?,
            ignore_invalid_pages,
            in_place_tablespaces,
            parameters,
            slots: SlotSettings::of(&sorted.server, rules, given.is_configured()),
            restore_command,
            end_command: asked.end_command,
            streams: mode == Mode::Standby && asked.streams,
            trigger_file: trigger_file(&sorted.recovery).filter(|_| mode == Mode::Standby),
            min_apply_delay: asked.min_apply_delay,
            assumed,
            not_read: given.files.iter().flat_map(include).collect(),
            respelled,
            time_read,
            zone_doubt,
            command_place,
            delivers_nothing,
            planned: given.planned,
            overridden: given.overridden(),
            loads_nothing: given.is_configured() && !given.loads_any(&sorted.server),
            libraries: given.libraries(&sorted.server),
            archives: given.archives(&sorted.server),
            outranked,
            names_not_known: !sorted.server.is_empty() && !ServerParameter::are_known(version),
        })
    }
}

fn trigger_file(recovery: &[(&str, &str)]) -> Option<String> {
    let is_one = |name: &str| matches!(name, "trigger_file" | "promote_trigger_file");
    let last = recovery.iter().rev().find(|(name, _)| is_one(name)).map(|(_, path)| (*path).to_owned());
    last.filter(|path| !path.is_empty())
}

/// What `restore_command` is told to be where a restore is yet to be set up.
const PLANNED: &str = "copies from this archive";
/// What a parameter is told to be that no configuration at hand sets.
const AS_BEFORE: &str = "as high as on the primary";

/// The time of the command line as a server is to be given it, and how it was read where a server refuses it.
fn respelled<'a>(given: &Given<'a>, times: &TimeReading<'_>) -> (Given<'a>, Option<Respelled>, Option<TimeSaid>) {
    let (mut given, mut told, mut said) = (given.clone(), None, None);
    let now = given.now;
    let own_zone = given.zone().is_some_and(|own| own == *times.zone);
    let anywhere = TimeReading { without_abbreviations: false, ..*times };
    for (_, text) in given.options.iter_mut().filter(|(name, _)| name == "recovery_target_time") {
        let words = now.and_then(|now| said::in_words(text, &anywhere, now));
        let plain = time::read(text, times);
        let (read, refused) = match words {
            Some(read) => (read, true),
            None if plain == TimeRead::Refused => (time::read(text, &anywhere), true),
            None => (plain, false),
        };
        let TimeRead::At(at, taken) = read else { continue };
        let Some(spelled) = time::spelled(at) else { continue };
        if refused || taken && !own_zone {
            told = Some(Respelled { given: text.clone(), spelled: spelled.clone(), refused });
        }
        if refused {
            said = Some(TimeSaid { given: std::mem::replace(text, spelled), at, own_zone: !taken });
        }
    }
    (given, told, said)
}

/// How far a server of this version reads ahead.
fn reads_ahead(version: Version, given: &[(&str, &str)]) -> Result<Option<ReadAhead>, SettingsError> {
    let Some(default) = version.dialect().and_then(|d| d.recovery.reads_ahead) else { return Ok(None) };
    let last = |name: &str| given.iter().rev().find(|(own, _)| *own == name).map(|(_, text)| *text);
    let on = match last("recovery_prefetch") {
        None => true,
        Some(text) if text.eq_ignore_ascii_case("try") => true,
        Some(text) => value::boolean(text).ok_or_else(|| invalid("recovery_prefetch", text))?,
    };
    let name = "maintenance_io_concurrency";
    let concurrency = match last(name) {
        None => default,
        Some(text) => value::integer(text)
            .and_then(|n| u64::try_from(n).ok())
            .filter(|n| *n <= 1000)
            .ok_or_else(|| invalid(name, text))?,
    };
    let name = "wal_decode_buffer_size";
    let buffer = match last(name) {
        None => ReadAhead::BUFFER,
        Some(text) => value::bytes(text).filter(|n| *n >= 64 << 10).ok_or_else(|| invalid(name, text))?,
    };
    Ok(Some(ReadAhead { concurrency, buffer }).filter(|_| on && concurrency > 0))
}

/// The server's own parameters.
fn server(
    given: &[(&str, &str)],
    rules: &SettingRules,
    configured: bool,
    assume: &mut impl FnMut(&str, String),
) -> Result<(bool, Parameters), SettingsError> {
    let last = |name: &str| given.iter().rev().find(|(own, _)| *own == name).map(|(_, text)| *text);
    let hot_standby = match (last("hot_standby"), rules.hot_standby) {
        (_, None) => false,
        (Some(text), Some(_)) => value::boolean(text).ok_or_else(|| needs_boolean("hot_standby", text))?,
        (None, Some(default)) => {
            assume("hot_standby", if default { "on" } else { "off" }.to_owned());
            default
        }
    };
    let mut number = |name: &str, default: Option<i32>, least: i32| match (default, last(name)) {
        (None, _) => Ok(None),
        (_, Some(text)) => value::integer(text).filter(|n| *n >= least).ok_or_else(|| invalid(name, text)).map(Some),
        (Some(default), None) if configured => {
            assume(name, default.to_string());
            Ok(Some(default))
        }
        // Nobody sets up a server without the settings of the one that it replaces.
        (Some(_), None) => {
            assume(name, AS_BEFORE.to_owned());
            Ok(None)
        }
    };
    let own = &rules.parameters;
    let parameters = Parameters {
        max_connections: number("max_connections", own.max_connections, 1)?,
        max_worker_processes: number("max_worker_processes", own.max_worker_processes, 0)?,
        max_wal_senders: number("max_wal_senders", own.max_wal_senders, 0)?,
        max_prepared_transactions: number("max_prepared_transactions", own.max_prepared_transactions, 0)?,
        max_locks_per_transaction: number("max_locks_per_transaction", own.max_locks_per_transaction, 10)?,
    };
    Ok((hot_standby, parameters))
}
