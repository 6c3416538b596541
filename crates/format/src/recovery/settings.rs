//! What each version makes of the settings of a recovery (`readRecoveryCommandFile` in `xlog.c`; from 12 on
//! `validateRecoveryParameters` and the parameters' check functions, which went to `xlogrecovery.c`; `guc.c`).
//!
//! A column of the version's row: [`SettingRules`]; and the table of settings that only a recovery has.

use crate::version::{V8_2, V8_4, V9_0, V9_1, V9_4, V9_5, V10, V11, V12, V15, Version};
use crate::versioned::{self, Versioned};

/// The grammar of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grammar {
    /// That of `postgresql.conf`, and since 9.1 of `recovery.conf`.
    Configuration,
    /// `recovery.conf` of 9.0: `name = 'value'`, the quotes must be there, `''` is a quote.
    Quoted,
    /// `recovery.conf` up to 8.4: cut at quotes, so no value holds one; what follows the second is not looked at.
    Cut,
}

/// How a version reads the settings of a recovery, and what it takes where one is not set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SettingRules {
    /// The grammar of `recovery.conf`; `None` where a server refuses to start with that file (12 and later) and
    /// recovery is asked for in `postgresql.conf`.
    pub recovery_conf: Option<Grammar>,
    /// What unless set is done at the target.
    pub action: TargetAction,
    /// What a pause is that `hot_standby` is off for.
    pub pause_without_hot_standby: PauseWithoutHotStandby,
    /// `hot_standby` unless set; `None` where there is none.
    pub hot_standby: Option<bool>,
    /// What several targets are.
    pub several: SeveralTargets,
    /// How numbers are read.
    pub numbers: NumberReading,
    /// `recovery_target_inclusive` is on where it says `true`, and off else (8.3 and earlier), not a boolean.
    pub inclusive_is_true: bool,
    /// `epoch`, `infinity`, `now`, `today` and their like are refused as a time.
    pub refuses_special_times: bool,
    /// `recovery_target_timeline` is `latest` by default (12 and later).
    pub latest_by_default: bool,
    /// The defaults of what a standby must not have lower than its primary.
    pub parameters: StandbyDefaults,
    /// How it says that `restore_command` is missing.
    pub no_restore_command: &'static str,
    /// A `%` in `restore_command` must be `%f`, `%p`, `%r` or `%%`, else the server ends with FATAL when it asks for
    /// the first file (16 and later; `replace_percent_placeholders`).
    pub checks_placeholders: bool,
    /// It says which `pg_hba.conf` it does not load (16 and later).
    pub names_hba_path: bool,
    /// What it takes in that file.
    pub hba: HbaRules,
    /// `min_wal_size` and `max_wal_size` must hold two segments of the cluster (11 and later; `ReadControlFile`).
    pub sizes_by_segment: bool,
    /// What limits the replication origins that are kept (9.5 and later).
    pub origins_by: &'static str,
    /// It names a replication origin by its ID, not its OID (15 and later).
    pub names_origin_id: bool,
    /// `max_wal_senders` come out of `max_connections` (11 alone).
    pub senders_are_connections: bool,
    /// Messages quote the names of settings, and tell ranges with their units (17 and later).
    pub quotes_names: bool,
}

/// What is an entry of `pg_hba.conf` (`hba.c`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HbaRules {
    /// Options behind the method have names (8.4 and later).
    pub names_options: bool,
    /// A backslash at the end of a line, of a comment too, takes in the next one (14 and later).
    pub continues_lines: bool,
    /// `hostgssenc` and `hostnogssenc` (12 and later).
    pub gss_encryption: bool,
    /// `include`, `include_if_exists` and `include_dir` (16 and later).
    pub includes: bool,
    /// The ways to prove who one is, beside those of every version.
    pub methods: &'static [&'static str],
}

/// What to do at the target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetAction {
    /// Wait until someone decides.
    Pause,
    /// End recovery and take writes on a new timeline.
    Promote,
    /// Stop the server.
    Shutdown,
}

impl TargetAction {
    /// `pause`, `promote`, `shutdown`.
    pub const fn name(self) -> &'static str {
        match self {
            TargetAction::Pause => "pause",
            TargetAction::Promote => "promote",
            TargetAction::Shutdown => "shutdown",
        }
    }
}

/// What a pause at the target comes to where `hot_standby` is off, so that nobody could end it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PauseWithoutHotStandby {
    /// One that was asked for.
    pub asked: TargetAction,
    /// One by default.
    pub by_default: TargetAction,
}

/// What several targets of one recovery are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SeveralTargets {
    /// A transaction counts more than a restore point, that more than a time; wherever they stand.
    Ranked,
    /// The last one counts.
    Last,
    /// The server does not start.
    Refused,
}

/// How numbers of timelines and transactions are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberReading {
    /// As C does: what follows a number is not looked at, and no number is 0.
    Lax,
    /// Nothing may follow, and the range is checked.
    Strict,
}

/// Defaults by the name of the parameter; `None` where the version has none of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StandbyDefaults {
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

pub(crate) const SETTINGS_8_2: SettingRules = SettingRules {
    recovery_conf: Some(Grammar::Cut),
    action: TargetAction::Promote,
    pause_without_hot_standby: PauseWithoutHotStandby {
        asked: TargetAction::Promote,
        by_default: TargetAction::Promote,
    },
    hot_standby: None,
    several: SeveralTargets::Ranked,
    numbers: NumberReading::Lax,
    inclusive_is_true: true,
    refuses_special_times: false,
    latest_by_default: false,
    parameters: DEFAULTS_8_2,
    no_restore_command: "recovery command file \"recovery.conf\" did not specify restore_command",
    checks_placeholders: false,
    names_hba_path: false,
    hba: HBA_8_2,
    sizes_by_segment: false,
    origins_by: "max_replication_slots",
    names_origin_id: false,
    senders_are_connections: false,
    quotes_names: false,
};
pub(crate) const SETTINGS_8_4: SettingRules =
    SettingRules { inclusive_is_true: false, parameters: DEFAULTS_8_4, hba: HBA_8_4, ..SETTINGS_8_2 };
pub(crate) const SETTINGS_9_0: SettingRules = SettingRules {
    recovery_conf: Some(Grammar::Quoted),
    hot_standby: Some(false),
    parameters: DEFAULTS_9_0,
    no_restore_command: "recovery command file \"recovery.conf\" must specify restore_command when standby mode is not enabled",
    ..SETTINGS_8_4
};
pub(crate) const SETTINGS_9_1: SettingRules =
    SettingRules { recovery_conf: Some(Grammar::Configuration), action: TargetAction::Pause, ..SETTINGS_9_0 };
pub(crate) const SETTINGS_9_4: SettingRules =
    SettingRules { several: SeveralTargets::Last, parameters: DEFAULTS_9_4, ..SETTINGS_9_1 };
pub(crate) const SETTINGS_9_5: SettingRules = SettingRules {
    pause_without_hot_standby: PauseWithoutHotStandby {
        asked: TargetAction::Shutdown,
        by_default: TargetAction::Promote,
    },
    ..SETTINGS_9_4
};
pub(crate) const SETTINGS_10: SettingRules =
    SettingRules { hot_standby: Some(true), parameters: DEFAULTS_10, hba: HBA_10, ..SETTINGS_9_5 };
pub(crate) const SETTINGS_11: SettingRules =
    SettingRules { refuses_special_times: true, sizes_by_segment: true, senders_are_connections: true, ..SETTINGS_10 };
pub(crate) const SETTINGS_12: SettingRules = SettingRules {
    recovery_conf: None,
    pause_without_hot_standby: PauseWithoutHotStandby {
        asked: TargetAction::Shutdown,
        by_default: TargetAction::Shutdown,
    },
    several: SeveralTargets::Refused,
    latest_by_default: true,
    senders_are_connections: false,
    no_restore_command: "must specify restore_command when standby mode is not enabled",
    hba: HBA_12,
    ..SETTINGS_11
};
pub(crate) const SETTINGS_14: SettingRules = SettingRules { hba: HBA_14, ..SETTINGS_12 };
pub(crate) const SETTINGS_15: SettingRules = SettingRules { names_origin_id: true, ..SETTINGS_14 };
pub(crate) const SETTINGS_16: SettingRules =
    SettingRules { checks_placeholders: true, names_hba_path: true, hba: HBA_16, ..SETTINGS_15 };
pub(crate) const SETTINGS_17: SettingRules = SettingRules {
    no_restore_command: "must specify \"restore_command\" when standby mode is not enabled",
    quotes_names: true,
    ..SETTINGS_16
};
pub(crate) const SETTINGS_18: SettingRules =
    SettingRules { origins_by: "max_active_replication_origins", hba: HBA_18, ..SETTINGS_17 };
pub(crate) const SETTINGS_19: SettingRules =
    SettingRules { numbers: NumberReading::Strict, parameters: DEFAULTS_19, ..SETTINGS_18 };

const HBA_8_2: HbaRules = HbaRules {
    names_options: false,
    continues_lines: false,
    gss_encryption: false,
    includes: false,
    methods: &["krb5"],
};
const HBA_8_4: HbaRules = HbaRules { names_options: true, ..HBA_8_2 };
const HBA_10: HbaRules = HbaRules { methods: &["scram-sha-256"], ..HBA_8_4 };
const HBA_12: HbaRules = HbaRules { gss_encryption: true, ..HBA_10 };
const HBA_14: HbaRules = HbaRules { continues_lines: true, ..HBA_12 };
const HBA_16: HbaRules = HbaRules { includes: true, ..HBA_14 };
const HBA_18: HbaRules = HbaRules { methods: &["scram-sha-256", "oauth"], ..HBA_16 };

const DEFAULTS_8_2: StandbyDefaults = StandbyDefaults {
    max_connections: Some(100),
    max_worker_processes: None,
    max_wal_senders: None,
    max_prepared_transactions: Some(5),
    max_locks_per_transaction: Some(64),
};
const DEFAULTS_8_4: StandbyDefaults = StandbyDefaults { max_prepared_transactions: Some(0), ..DEFAULTS_8_2 };
const DEFAULTS_9_0: StandbyDefaults = StandbyDefaults { max_wal_senders: Some(0), ..DEFAULTS_8_4 };
const DEFAULTS_9_4: StandbyDefaults = StandbyDefaults { max_worker_processes: Some(8), ..DEFAULTS_9_0 };
const DEFAULTS_10: StandbyDefaults = StandbyDefaults { max_wal_senders: Some(10), ..DEFAULTS_9_4 };
const DEFAULTS_19: StandbyDefaults = StandbyDefaults { max_locks_per_transaction: Some(128), ..DEFAULTS_10 };

/// A setting that only a recovery has, from a version on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecoverySetting {
    /// Its name.
    pub name: &'static str,
    /// The first version that has it.
    pub since: Version,
    /// The last one, where it went away.
    pub until: Option<Version>,
}

impl RecoverySetting {
    /// All there are or were.
    pub const ALL: &[RecoverySetting] = &[
        setting("restore_command", V8_2),
        setting("recovery_target_timeline", V8_2),
        setting("recovery_target_xid", V8_2),
        setting("recovery_target_time", V8_2),
        setting("recovery_target_inclusive", V8_2),
        setting("recovery_end_command", V8_4),
        setting("archive_cleanup_command", V9_0),
        setting("primary_conninfo", V9_0),
        setting("standby_mode", V9_0).until(V11),
        setting("trigger_file", V9_0).until(V11),
        setting("recovery_target_name", V9_1),
        setting("pause_at_recovery_target", V9_1).until(V9_4),
        setting("recovery_target", V9_4),
        setting("recovery_min_apply_delay", V9_4),
        setting("primary_slot_name", V9_4),
        setting("recovery_target_action", V9_5),
        setting("recovery_target_lsn", V10),
        setting("promote_trigger_file", V12).until(V15),
    ];

    /// That of a name, in whichever version.
    pub fn named(name: &str) -> Option<&'static RecoverySetting> {
        RecoverySetting::ALL.iter().find(|setting| setting.name == name)
    }

    /// Whether a version has it.
    pub fn is_of(&self, version: Version) -> bool {
        versioned::holds(RecoverySetting::ALL, self, version)
    }

    const fn until(self, last: Version) -> RecoverySetting {
        RecoverySetting { until: Some(last), ..self }
    }
}

const fn setting(name: &'static str, since: Version) -> RecoverySetting {
    RecoverySetting { name, since, until: None }
}

impl Versioned for RecoverySetting {
    type Subject = &'static str;

    fn subject(&self) -> &'static str {
        self.name
    }

    fn since(&self) -> Version {
        self.since
    }

    fn until(&self) -> Option<Version> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{V9_6, V16};

    #[test]
    fn settings_come_and_go() {
        versioned::check(RecoverySetting::ALL, |setting| setting.name.to_owned());
        let has = |name: &str, version| RecoverySetting::named(name).is_some_and(|setting| setting.is_of(version));
        assert!(has("standby_mode", V11) && !has("standby_mode", V12));
        assert!(!has("recovery_target_lsn", V9_6) && has("recovery_target_lsn", Version::NEWEST));
        assert!(has("promote_trigger_file", V15) && !has("promote_trigger_file", V16));
        assert!(!has("max_connections", V12));
    }

    #[test]
    fn a_version_between_two_has_the_rules_of_the_one_before() {
        assert_eq!(SettingRules::of(Version::new(9, 9)).recovery_conf, Some(Grammar::Configuration));
        assert_eq!(SettingRules::of(Version::new(7, 4)), &SETTINGS_8_2);
    }
}
