//! How a run ends: decided here, once for every command that gives a verdict.

use crate::codes::Severity;
use crate::outcome::Outcome;
use crate::verdict::Verdict;
use pgwal_archive::Depth;

/// How a run ends. What outranks another is greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RunEnd {
    /// Proven, or nothing wrong at the depth asked.
    Clean,
    /// Usage, I/O, unsupported, no WAL: it could not be told.
    CouldNotTell,
    /// Damage, a gap, something asked for that cannot be read.
    Refuted,
}

impl RunEnd {
    /// What the program exits with: 0, 2 where it could not be told, 1 where it was refuted. Of a run that came to no
    /// outcome at all ([`Error`](crate::Error)) it is 2.
    pub const fn exit_code(self) -> u8 {
        match self {
            RunEnd::Clean => 0,
            RunEnd::Refuted => 1,
            RunEnd::CouldNotTell => 2,
        }
    }

    /// Of a run that came to this, where findings of that severity and above are failures.
    ///
    /// What is wrong outranks what could not be looked at, and that outranks everything else. Without a proof a run is
    /// clean only where none was asked for: at a lesser depth, with nothing wrong and nothing in the way.
    pub fn of(outcome: &Outcome, fails_from: Severity) -> RunEnd {
        let worst = outcome.counted().map(|f| f.severity).max();
        let could_not_look = outcome.counted().any(|f| f.severity == Severity::Error && f.code.is_could_not_look());
        match outcome.verdict {
            Verdict::Refuted => RunEnd::Refuted,
            _ if fails_from < Severity::Error && worst >= Some(fails_from) && !could_not_look => RunEnd::Refuted,
            Verdict::Proven => RunEnd::Clean,
            Verdict::Unproven if could_not_look || outcome.layout.is_none() => RunEnd::CouldNotTell,
            Verdict::Unproven if outcome.depth == Depth::Records => RunEnd::CouldNotTell,
            Verdict::Unproven => RunEnd::Clean,
        }
    }
}
