//! What the primary's settings are to a recovery.

use crate::failure::Failure;
use crate::replay::{Replay, ReplayStop};
use pgwal_format::Lsn;
use pgwal_format::recovery::Minimal;
use pgwal_format::text::control::{ServerParameters, WalLevel};

impl Replay<'_> {
    /// Settings of the primary (`CheckRequiredParameterValues`).
    pub fn check_settings(&self, primary: &ServerParameters) -> Option<ReplayStop> {
        let rules = self.rules();
        if !self.goal.from_archive {
            return None;
        }
        if primary.wal_level == Some(WalLevel::Minimal) && rules.minimal == Minimal::Fatal {
            return Some(ReplayStop::Dies(Failure::Minimal));
        }
        if !self.goal.hot_standby {
            return None;
        }
        if matches!(primary.wal_level, Some(WalLevel::Minimal | WalLevel::Archive)) && rules.minimal == Minimal::Warning
        {
            return Some(ReplayStop::Dies(Failure::NotReplica));
        }
        let too_low = rules.parameters.iter().find_map(|p| {
            let here = self.goal.parameters.iter().find(|(field, _)| *field == p.field).map(|(_, value)| *value)?;
            let there = primary.number(p.field).filter(|&there| here < there)?;
            Some(Failure::Insufficient { setting: p.setting, here, there })
        })?;
        Some(if rules.insufficient_pauses && self.active {
            ReplayStop::Stuck(too_low)
        } else {
            ReplayStop::Dies(too_low)
        })
    }

    /// With `wal_level = minimal` a server writes no WAL of tables that it fills in the transaction that makes them: up
    /// to 13, and without hot standby, one that replays that says so in its log, and goes on.
    pub fn mind_minimal(&mut self, primary: &ServerParameters, at: Lsn) {
        let warns = self.rules().minimal == Minimal::Warning && self.goal.from_archive && !self.goal.hot_standby;
        if warns && primary.wal_level == Some(WalLevel::Minimal) {
            self.minimal = self.minimal.or(Some(at));
        }
    }
}
