//! Judges a PostgreSQL WAL archive: does it replay, how far, and why not further.
//!
//! ```no_run
//! let archive = pgwal_source::open(&["/backups/wal".into()])?;
//! let outcome = pgwal_verify::verify(archive.as_ref(), &pgwal_verify::Options::default())?;
//! println!("{:?}: {} findings", outcome.verdict, outcome.findings.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`verify`] lists what lies there (`inventory`), finds out whose WAL it is (`consensus`), scans each segment and
//! joins the scans (`look`, `stretch`), works out which timelines a server would take (`tree`, `path`), and judges:
//! `judge` turns what does not fit into [`Finding`]s, and those into a [`Verdict`].
//!
//! [`mod@backup`] reads base backups, [`recovery`] the settings with which a server would recover from one.

pub mod backup;
pub mod codes;
mod consensus;
mod error;
mod facts;
mod files;
pub mod finding;
pub mod fresh;
pub mod index;
mod inventory;
mod judge;
mod kind;
pub mod known;
pub mod log_line;
mod look;
mod options;
mod outcome;
mod path;
pub mod probe;
pub mod records;
pub mod recovery;
pub mod segment;
mod settle;
mod stretch;
mod tally;
pub mod times;
mod tree;
mod verify;
pub mod wording;

pub use codes::{Code, Severity};
pub use error::Error;
pub use facts::{Facts, RestorePoint, Span, TransactionEnd};
pub use files::{Files, Holder};
pub use finding::{Detail, FileRange, Finding, Lost};
pub use options::{Depth, Options, Progress, Which};
pub use outcome::{Backup, Beside, Branch, End, NotChecked, Outcome, TimelineReport, Verdict};
pub use segment::check_segment;
pub use tally::{Mark, Tally};
pub use verify::{verify, verify_parts};
