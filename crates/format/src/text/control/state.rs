//! What state a cluster is in (`DBState`), and its `wal_level`.

use crate::{Dialect, wire_variants};
use std::fmt;

/// What a server that starts takes the cluster for. 8.2 to 8.4 number them without
/// [`ControlState::ShutDownInRecovery`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ControlState {
    /// `DB_STARTUP`.
    StartingUp,
    /// `DB_SHUTDOWNED`: nothing has to be recovered.
    ShutDown,
    /// `DB_SHUTDOWNED_IN_RECOVERY`: a standby that was stopped (9.0 and later).
    ShutDownInRecovery,
    /// `DB_SHUTDOWNING`.
    ShuttingDown,
    /// `DB_IN_CRASH_RECOVERY`.
    InCrashRecovery,
    /// `DB_IN_ARCHIVE_RECOVERY`: a standby, or a backup that is being restored.
    InArchiveRecovery,
    /// `DB_IN_PRODUCTION`: it runs, or it crashed.
    InProduction,
}

impl ControlState {
    const ALL: [ControlState; 7] = [
        ControlState::StartingUp,
        ControlState::ShutDown,
        ControlState::ShutDownInRecovery,
        ControlState::ShuttingDown,
        ControlState::InCrashRecovery,
        ControlState::InArchiveRecovery,
        ControlState::InProduction,
    ];

    /// The state of a number, from 9.0 on.
    pub(super) fn new(number: u32) -> Option<ControlState> {
        ControlState::ALL.get(number as usize).copied()
    }

    /// The state of a number, up to 8.4.
    pub(super) fn old(number: u32) -> Option<ControlState> {
        ControlState::new(if number >= 2 { number.checked_add(1)? } else { number })
    }

    /// The state that `pg_controldata` prints so.
    pub fn named(name: &str) -> Option<ControlState> {
        ControlState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// As `pg_controldata` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            ControlState::StartingUp => "starting up",
            ControlState::ShutDown => "shut down",
            ControlState::ShutDownInRecovery => "shut down in recovery",
            ControlState::ShuttingDown => "shutting down",
            ControlState::InCrashRecovery => "in crash recovery",
            ControlState::InArchiveRecovery => "in archive recovery",
            ControlState::InProduction => "in production",
        }
    }
}

impl fmt::Display for ControlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much the WAL says. The same number is another level in another version: see [`Dialect::wal_level`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WalLevel {
    /// Enough for a crash.
    Minimal,
    /// Enough for an archive (9.0 to 9.5).
    Archive,
    /// And for queries on a standby (9.0 to 9.5).
    HotStandby,
    /// Enough for an archive and for a standby (9.6 and later).
    Replica,
    /// And for logical decoding (9.4 and later).
    Logical,
}

wire_variants!(WalLevel { 0 => Minimal, 1 => Archive, 2 => HotStandby, 3 => Replica, 4 => Logical });

impl WalLevel {
    const ALL: [WalLevel; 5] =
        [WalLevel::Minimal, WalLevel::Archive, WalLevel::HotStandby, WalLevel::Replica, WalLevel::Logical];

    /// The level of a number in a version.
    pub fn new(number: u32, dialect: &Dialect) -> Option<WalLevel> {
        WalLevel::named(dialect.wal_levels.get(number as usize)?)
    }

    /// The level of a name.
    pub fn named(name: &str) -> Option<WalLevel> {
        WalLevel::ALL.into_iter().find(|level| level.name() == name)
    }

    /// As the setting is spelled.
    pub const fn name(self) -> &'static str {
        match self {
            WalLevel::Minimal => "minimal",
            WalLevel::Archive => "archive",
            WalLevel::HotStandby => "hot_standby",
            WalLevel::Replica => "replica",
            WalLevel::Logical => "logical",
        }
    }
}

impl fmt::Display for WalLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
