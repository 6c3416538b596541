//! How far the standbys and the archiver of a running server are behind it.
//!
//! ```text
//! facts.rs:   questions of the server's version ──► rows ──► ServerFacts        (who asks is not known here)
//! measure.rs: facts, and the WAL at hand ──► bytes, segments, records, commits, the oldest commit that waits
//! tail.rs:    WAL that a server writes, read once for all questions
//! slots.rs:   replication slots, and what is kept for each
//! limits.rs:  what was allowed ──► a judgement
//! ```
//! The time is that of the oldest commit which a stage has not passed, by the clock of the server that wrote it: on a
//! server that is idle nothing waits, however long ago the last commit was.

mod answer;
mod facts;
mod kept;
mod limits;
mod measure;
mod slots;
mod tail;

pub use facts::{ArchiverFacts, ConnectedStandby, ReadyFiles, SETUP, ServerFacts, VERSION, dialect_of};
pub use kept::SlotLag;
pub use limits::{LagJudgement, LagLimit, Limits, PassedLimit};
pub use measure::{
    ArchiverLag, FollowerKind, FollowerLag, LagStage, LiveLag, StageLag, UnaskedStandby, WalAtHand, WalBehind, measure,
};
pub use slots::SlotFacts;
pub use tail::{WrittenTail, follow};
