//! What `pg_rewind` asks of the server that it rewinds, by version.
//!
//! Source: `pg_rewind.c` (`main`, `sanityChecks`) of 9.5 to 18.

/// One version's `pg_rewind`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RewindRules {
    /// A server that was not shut down is started alone first, to recover (13 and later); before, it is refused.
    pub recovers_first: bool,
    /// The timeline of a server that was promoted is known before its next checkpoint (16 and later): by the end of
    /// its recovery in the control file.
    pub knows_promotion: bool,
}

pub(crate) const REWIND_9_5: RewindRules = RewindRules { recovers_first: false, knows_promotion: false };
pub(crate) const REWIND_13: RewindRules = RewindRules { recovers_first: true, ..REWIND_9_5 };
pub(crate) const REWIND_16: RewindRules = RewindRules { knows_promotion: true, ..REWIND_13 };
