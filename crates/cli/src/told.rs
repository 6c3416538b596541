//! What the renderers of a verdict are given: the verdict, and what the run itself decided and measured. They decide
//! nothing. How a run ends is decided here, once for every command that gives a verdict.

use crate::Exit;
use crate::count::Volume;
use crate::render::time::Zone;
use pgwal::format::rmgr::xact::Timestamp;
use pgwal::verify::{Depth, Finding, Outcome, Severity, Verdict};
use std::time::{Duration, Instant, SystemTime};

/// A verdict and its run.
pub struct Told<'a> {
    /// What was found.
    pub outcome: &'a Outcome,
    /// What was verified, as the user named it.
    pub archive: String,
    /// How the run ends.
    pub exit: Exit,
    /// How a plugin of a monitoring system ends.
    pub status: Status,
    /// Findings of this severity and above are failures.
    pub fails_from: Severity,
    /// In which zone people want times.
    pub zone: Zone,
    /// When the run began, and how long it took.
    pub run: Run,
    /// How much WAL was written when, where that was counted.
    pub volume: Option<Volume>,
}

/// How a run ends that came to this, where findings of that severity and above are failures.
///
/// What is wrong outranks what could not be looked at, and that outranks everything else. Without a proof a run is clean
/// only where none was asked for: at a lesser depth, with nothing wrong and nothing in the way.
pub fn ended(outcome: &Outcome, fails_from: Severity) -> Exit {
    let worst = outcome.counted().map(|f| f.severity).max();
    let could_not_look = outcome.counted().any(|f| f.severity == Severity::Error && f.code.is_could_not_look());
    match outcome.verdict {
        Verdict::Refuted => Exit::Refuted,
        _ if fails_from < Severity::Error && worst >= Some(fails_from) && !could_not_look => Exit::Refuted,
        Verdict::Proven => Exit::Clean,
        Verdict::Unproven if could_not_look || outcome.layout.is_none() => Exit::CouldNotTell,
        Verdict::Unproven if outcome.depth == Depth::Records => Exit::CouldNotTell,
        Verdict::Unproven => Exit::Clean,
    }
}

impl Told<'_> {
    /// Whether it is not known what is wrong, if anything.
    pub fn could_not_tell(&self) -> bool {
        self.exit == Exit::CouldNotTell
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
pub enum Status {
    /// Nothing is wrong.
    Ok = 0,
    /// There are warnings.
    Warning = 1,
    /// Refuted, or warnings that were to count.
    Critical = 2,
    /// Something could not be looked at; a wrong option.
    Unknown = 3,
}

impl Status {
    /// What a run's end means to it. Warnings are told by their own status, unless they were to count as failures.
    pub fn of(exit: Exit, outcome: &Outcome) -> Status {
        match exit {
            Exit::Refuted => Status::Critical,
            Exit::CouldNotTell => Status::Unknown,
            Exit::Clean if outcome.counted().any(|f| f.severity == Severity::Warning) => Status::Warning,
            Exit::Clean => Status::Ok,
            Exit::Plugin(status) => status,
        }
    }

    /// In the words of the guidelines.
    pub fn word(self) -> &'static str {
        match self {
            Status::Ok => "OK",
            Status::Warning => "WARNING",
            Status::Critical => "CRITICAL",
            Status::Unknown => "UNKNOWN",
        }
    }
}

/// When a run began, and how long it took.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// When it began.
    pub began: Timestamp,
    clock: Instant,
}

impl Run {
    /// Begins now.
    pub fn begin() -> Run {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = Timestamp::from_unix_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
        Run { began: Timestamp(seconds.0.saturating_add(i64::from(since.subsec_micros()))), clock: Instant::now() }
    }

    /// How long it took up to now.
    pub fn took(&self) -> Duration {
        self.clock.elapsed()
    }
}
