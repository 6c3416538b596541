//! Judges a PostgreSQL WAL archive: does it replay, how far, and why not further.
//!
//! ```no_run
//! let archive = pgwal_source::open(&["/backups/wal".into()])?;
//! let outcome = pgwal_verify::verify(archive.as_ref(), &pgwal_verify::Options::default())?;
//! println!("{:?}: {} findings", outcome.verdict, outcome.findings.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`verify`] has an archive opened and read ([`pgwal_archive`]), and judges what was seen: `judge` turns what does not
//! fit into [`Finding`]s, and those into a [`Verdict`].
//!
//! [`recovery`] adds what a server would do with a base backup ([`mod@backup`]) and settings, and what that is worth.

mod aside;
mod beside;
mod beside_target;
pub mod codes;
pub mod compare;
pub mod contents;
pub mod ended;
mod failed;
mod filtered;
pub mod finding;
pub mod fresh;
mod judge;
pub mod known;
mod lines;
mod of_backup;
mod of_settings;
mod options;
mod outcome;
mod place_report;
pub mod places;
pub mod probe;
pub mod reach;
pub mod records;
pub mod recovery;
pub mod repository;
mod repository_facts;
mod restore;
pub mod restored;
mod restored_report;
pub mod segment;
mod starts;
pub mod telling;
pub mod times;
mod verdict;
mod verify;
pub mod watch;
pub mod windows;
pub mod wording;

pub use aside::TimelineAside;
pub use beside::Beside;
pub use codes::{Code, Severity};
pub use finding::{Detail, FileRange, Finding, Lost};
pub use options::Options;
pub use outcome::{KnownBackup, LineReport, NotChecked, Outcome, TimelineReport, Verdict, WalEnd};
pub use pgwal_archive::{
    Branch, Depth, Error, Facts, Files, Holder, Mark, Progress, RestorePoint, SETTLE, Tally, TransactionEnd,
    TransactionSpan, Which, estimate, index,
};
pub use pgwal_logs as log_line;
pub use pgwal_recovery::backup;
pub use place_report::{PlaceReport, SegmentSpan};
pub use restored_report::{MissingCommits, RestoredEnd, RestoredReport};
pub use segment::check_segment;
pub use verify::{verify, verify_parts};
