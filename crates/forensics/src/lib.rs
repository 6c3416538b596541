//! What happened: drops, truncations, rewrites, mass changes of rows, restarts, promotions, backups, with the
//! transaction of each and how it ended.
//!
//! ```text
//! gather (threads): a part at a time ──► WalPart: rows by transaction and relation; some records, as they are
//!                                           │ in the order of WAL, on one thread
//!                                           ▼
//!                                        History: open transactions ── end of one ──► its events
//!                                           └ rows of catalogs, names
//! ```
//! An archive is read once ([`pgwal_verify::records::gather`]), and once more where a catalog was rewritten in it, and
//! for what is lost by a recovery that ends before an event ([`loss`]), and for what is left of the old rows of mass
//! changes.
//! Memory is bounded by open transactions and by events, which have limits of their own; what a limit left out is
//! counted and told.

mod classified;
mod dead_rows;
mod effects;
mod event;
mod events;
mod fate;
mod history;
mod look;
mod loss;
mod on_disk;
mod transaction;
mod undo;
mod wish;

pub use effects::RelationSum;
pub use event::{EventEnd, EventFact, EventRelation, RowsOnDisk, WalEvent, WalEventKind};
pub use events::{EventsAnswer, events};
pub use fate::{SoughtXact, XactFate};
pub use history::WalHole;
pub use look::NoteFinding;
pub use loss::{CommittedXact, InFlightXact, RecoveryLoss, loss};
pub use undo::{UndoChoice, UndoNamed, choose};
pub use wish::EventWish;
