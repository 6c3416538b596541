//! What the renderers of a verdict are given: the verdict, and what the run itself decided and measured. They decide
//! nothing.

mod fresh;
pub mod html;
pub mod json;
pub mod junit;
pub mod nagios;
mod next;
pub mod prometheus;
pub mod row;
pub mod sarif;
pub mod text;

use crate::time::Zone;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_query::count::Volume;
use pgwal_verify::ended::RunEnd;
use pgwal_verify::{Finding, Outcome, Severity};
use std::time::{Duration, Instant, SystemTime};

/// A verdict and its run.
pub struct VerifyAnswer<'a> {
    /// What was found.
    pub outcome: &'a Outcome,
    /// What was verified, as the user named it.
    pub archive: String,
    /// How the run ends.
    pub ended: RunEnd,
    /// With which code it exits.
    pub exit_code: u8,
    /// How a plugin of a monitoring system ends.
    pub status: PluginStatus,
    /// Findings of this severity and above are failures.
    pub fails_from: Severity,
    /// In which zone people want times.
    pub zone: Zone,
    /// When the run began, and how long it took.
    pub run: RunClock,
    /// How much WAL was written when, where that was counted.
    pub volume: Option<Volume>,
}

impl VerifyAnswer<'_> {
    /// Whether it is not known what is wrong, if anything.
    pub fn could_not_tell(&self) -> bool {
        self.ended == RunEnd::CouldNotTell
    }

    /// Whether a finding makes the run fail.
    pub fn is_failure(&self, finding: &Finding) -> bool {
        finding.severity >= self.fails_from && !finding.accepted
    }

    /// Findings of a severity that are not accepted, those that are not told one by one included.
    pub fn count(&self, severity: Severity) -> u64 {
        self.outcome.counted().filter(|f| f.severity == severity).map(|f| 1 + f.more).sum()
    }
}

/// What a monitoring plugin says, and its exit code (Monitoring Plugins Development Guidelines, "Plugin Return Codes").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PluginStatus {
    /// Nothing is wrong.
    Ok = 0,
    /// There are warnings.
    Warning = 1,
    /// Refuted, or warnings that were to count.
    Critical = 2,
    /// Something could not be looked at; a wrong option.
    Unknown = 3,
}

impl PluginStatus {
    /// What a run's end means to it. Warnings are told by their own status, unless they were to count as failures.
    pub fn of(ended: RunEnd, outcome: &Outcome) -> PluginStatus {
        match ended {
            RunEnd::Refuted => PluginStatus::Critical,
            RunEnd::CouldNotTell => PluginStatus::Unknown,
            RunEnd::Clean if outcome.counted().any(|f| f.severity == Severity::Warning) => PluginStatus::Warning,
            RunEnd::Clean => PluginStatus::Ok,
        }
    }

    /// In the words of the guidelines.
    pub fn word(self) -> &'static str {
        match self {
            PluginStatus::Ok => "OK",
            PluginStatus::Warning => "WARNING",
            PluginStatus::Critical => "CRITICAL",
            PluginStatus::Unknown => "UNKNOWN",
        }
    }
}

/// When a run began, and how long it took.
#[derive(Clone, Copy, Debug)]
pub struct RunClock {
    /// When it began.
    pub began: Timestamp,
    clock: Instant,
}

impl RunClock {
    /// Begins now.
    pub fn begin() -> RunClock {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = Timestamp::from_unix_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
        RunClock { began: Timestamp(seconds.0.saturating_add(i64::from(since.subsec_micros()))), clock: Instant::now() }
    }

    /// How long it took up to now.
    pub fn took(&self) -> Duration {
        self.clock.elapsed()
    }
}
