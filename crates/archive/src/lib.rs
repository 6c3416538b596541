//! Which bytes of an archive of PostgreSQL WAL are read, and in which order.
//!
//! ```text
//! Source ──► Archive::open: what lies there, whose WAL it is, which timelines there are, which way a server takes
//!                │
//!            Archive::read: each file once, by one reader, joined ──► Seen: facts, no findings
//! ```
//! Nothing here says what is bad about damage: files that a server cannot use have a reason ([`Unusable`]), history
//! files a [`Flaw`], what expired meanwhile is counted; what that means for replay is judged elsewhere.
//!
//! | module | what it knows |
//! |---|---|
//! | [`whose`] | the cluster whose WAL it is, and what a file of another kind is |
//! | [`names`] | segments, unfinished ones, history files, by their names |
//! | [`lineage`] | timelines and how they descend from each other |
//! | [`way`] | the file that a server takes for each segment |
//! | `lines` | WAL of several clusters, versions or sizes in one place |
//! | [`mod@read`] | the one reader: a file, looked at as a segment |
//! | [`stretch`] | runs and unusable files side by side |
//! | [`fresh`] | files that were written just now |
//! | [`follow`] | WAL as it is written |
//! | [`mod@estimate`] | what reading would take |
//! | [`alone`] | one segment without its archive |
//! | [`arrival`] | WAL that arrives, cut anywhere |
//! | [`settle`] | what is written, packed or expired while it is read |
//! | [`ordered`] | work in parallel, taken in order |
//! | [`index`] | what was proven before, and parts that other processes read |

pub mod alone;
mod archive;
pub mod arrival;
mod backup_files;
mod error;
pub mod estimate;
pub mod facts;
mod files;
pub mod follow;
pub mod fresh;
pub mod index;
mod kind;
pub mod lineage;
mod lines;
mod look;
pub mod names;
pub mod ordered;
mod parting;
pub mod read;
pub mod settle;
pub mod stretch;
mod tally;
pub mod way;
pub mod whose;

pub use archive::{Archive, ArchiveSurvey, InOrder, Opened, Partial, Path, Prior, Turn, Unowned};
pub use backup_files::{BackupFile, BackupFileFlaw};
pub use error::Error;
pub use facts::{Facts, RestorePoint, TransactionEnd, TransactionSpan};
pub use files::{Files, Holder};
pub use lineage::{Branch, Flaw, HistoryFlaw, Lineage};
pub use lines::{LineOfWal, ReadArchive, read, read_remembered};
pub use look::{Depth, Look, Progress, SETTLE, Which};
pub use ordered::MOST_JOBS;
pub use parting::records_part;
pub use read::{Buffers, Reader};
pub use stretch::{DifferingCopies, PackedOtherwise, Readable, TwinFault, Unusable};
pub use tally::{Mark, NoteKind, ReplayNote, Tally, TimelineBegin};
