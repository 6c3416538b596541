//! What each version makes of the settings of a recovery (`readRecoveryCommandFile` in `xlog.c`; from 12 on
//! `validateRecoveryParameters` and the parameters' check functions, which went to `xlogrecovery.c`; `guc.c`).

use super::Action;
use pgwal_format::Version;
use pgwal_format::text::settings::Grammar;

/// The facts of the versions from one on, up to the next row's.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Facts {
    /// The first version of the row.
    pub since: Version,
    /// The grammar of `recovery.conf`; `None` where a server refuses to start with that file.
    pub recovery_conf: Option<Grammar>,
    /// What unless set is done at the target.
    pub action: Action,
    /// What a pause is that `hot_standby` is off for: asked for, and taken by default.
    pub pause_without_hot_standby: [Action; 2],
    /// `hot_standby` unless set; `None` where there is none.
    pub hot_standby: Option<bool>,
    /// What several targets are.
    pub several: Several,
    /// How numbers are read.
    pub numbers: Numbers,
    /// `epoch`, `infinity`, `now`, `today` and their like are refused as a time.
    pub refuses_special_times: bool,
    /// The defaults of `max_connections`, `max_worker_processes`, `max_wal_senders`, `max_prepared_transactions`,
    /// `max_locks_per_transaction`.
    pub parameters: [Option<i32>; 5],
    /// How it says that `restore_command` is missing.
    pub no_restore_command: &'static str,
}

/// What several targets of one recovery are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Several {
    /// A transaction counts more than a restore point, that more than a time; wherever they stand.
    Ranked,
    /// The last one counts.
    Last,
    /// The server does not start.
    Refused,
}

/// How numbers of timelines and transactions are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Numbers {
    /// As C does: what follows a number is not looked at, and no number is 0.
    Lax,
    /// Nothing may follow, and the range is checked.
    Strict,
}

const fn v(major: u8, minor: u8) -> Version {
    Version::new(major, minor)
}

const FIRST: Facts = Facts {
    since: v(8, 2),
    recovery_conf: Some(Grammar::Cut),
    action: Action::Promote,
    pause_without_hot_standby: [Action::Promote; 2],
    hot_standby: None,
    several: Several::Ranked,
    numbers: Numbers::Lax,
    refuses_special_times: false,
    parameters: [Some(100), None, None, Some(5), Some(64)],
    no_restore_command: "recovery command file \"recovery.conf\" did not specify restore_command",
};
const V8_4: Facts = Facts { since: v(8, 4), parameters: [Some(100), None, None, Some(0), Some(64)], ..FIRST };
const V9_0: Facts = Facts {
    since: v(9, 0),
    recovery_conf: Some(Grammar::Quoted),
    hot_standby: Some(false),
    parameters: [Some(100), None, Some(0), Some(0), Some(64)],
    no_restore_command: "recovery command file \"recovery.conf\" must specify restore_command when standby mode is not enabled",
    ..V8_4
};
const V9_1: Facts =
    Facts { since: v(9, 1), recovery_conf: Some(Grammar::Configuration), action: Action::Pause, ..V9_0 };
const V9_4: Facts = Facts {
    since: v(9, 4),
    several: Several::Last,
    parameters: [Some(100), Some(8), Some(0), Some(0), Some(64)],
    ..V9_1
};
const V9_5: Facts = Facts { since: v(9, 5), pause_without_hot_standby: [Action::Shutdown, Action::Promote], ..V9_4 };
const V10: Facts = Facts {
    since: v(10, 0),
    hot_standby: Some(true),
    parameters: [Some(100), Some(8), Some(10), Some(0), Some(64)],
    ..V9_5
};
const V11: Facts = Facts { since: v(11, 0), refuses_special_times: true, ..V10 };
const V12: Facts = Facts {
    since: v(12, 0),
    recovery_conf: None,
    pause_without_hot_standby: [Action::Shutdown; 2],
    several: Several::Refused,
    no_restore_command: "must specify restore_command when standby mode is not enabled",
    ..V11
};
const V17: Facts = Facts {
    since: v(17, 0),
    no_restore_command: "must specify \"restore_command\" when standby mode is not enabled",
    ..V12
};
const V19: Facts = Facts {
    since: v(19, 0),
    numbers: Numbers::Strict,
    parameters: [Some(100), Some(8), Some(10), Some(0), Some(128)],
    ..V17
};

const ROWS: [Facts; 11] = [FIRST, V8_4, V9_0, V9_1, V9_4, V9_5, V10, V11, V12, V17, V19];

impl Facts {
    /// Those of a version.
    pub fn of(version: Version) -> Facts {
        ROWS.into_iter().rev().find(|row| row.since <= version).unwrap_or(FIRST)
    }
}

/// A setting that only a recovery has: since which version, and the first one without it.
type Name = (&'static str, Version, Option<Version>);

const NAMES: [Name; 18] = [
    ("restore_command", v(8, 2), None),
    ("recovery_target_timeline", v(8, 2), None),
    ("recovery_target_xid", v(8, 2), None),
    ("recovery_target_time", v(8, 2), None),
    ("recovery_target_inclusive", v(8, 2), None),
    ("recovery_end_command", v(8, 4), None),
    ("archive_cleanup_command", v(9, 0), None),
    ("primary_conninfo", v(9, 0), None),
    ("standby_mode", v(9, 0), Some(v(12, 0))),
    ("trigger_file", v(9, 0), Some(v(12, 0))),
    ("recovery_target_name", v(9, 1), None),
    ("pause_at_recovery_target", v(9, 1), Some(v(9, 5))),
    ("recovery_target", v(9, 4), None),
    ("recovery_min_apply_delay", v(9, 4), None),
    ("primary_slot_name", v(9, 4), None),
    ("recovery_target_action", v(9, 5), None),
    ("recovery_target_lsn", v(10, 0), None),
    ("promote_trigger_file", v(12, 0), Some(v(16, 0))),
];

/// Whether a setting is one of a recovery, in whichever version.
pub(super) fn is_of_recovery(name: &str) -> bool {
    NAMES.iter().any(|(known, ..)| *known == name)
}

/// Whether a name that no version has is one of a recovery's settings but for a slip of the pen: no other parameter
/// comes so
/// close to any of them (10 to 18).
pub(super) fn is_misspelt(name: &str) -> bool {
    !is_of_recovery(name) && NAMES.iter().any(|(known, ..)| strsim::damerau_levenshtein(known, name) <= 2)
}

/// Whether this version has it.
pub(super) fn has(version: Version, name: &str) -> bool {
    NAMES
        .iter()
        .any(|(known, since, until)| *known == name && *since <= version && until.is_none_or(|until| version < until))
}
