//! What happened: drops, truncations, rewrites, mass changes of rows, restarts, promotions, backups, with the
//! transaction of each and how it ended; and the transactions themselves.
//!
//! ```text
//! gather (threads): a part at a time ──► WalPart: rows by transaction and relation; some records, as they are
//!                                        │ in the order of WAL, on one thread
//!                                        ▼
//!    rows of catalogs, names ◄── History: open transactions ── end of one ──┬─► EventList: its events
//!                                                                           ├─► XactList: itself
//!                                                                           ├─► TopSums: sums of all records
//!                                                                           └─► BlameList: who touched a block
//! ```
//! An archive is read once ([`pgwal_verify::records::gather`]), once more where a catalog was rewritten in it, for what
//! is lost by a recovery that ends before an event ([`loss`]), and for what is left of the old rows of mass changes.
//! Memory is bounded by open transactions and by what is listed, which have limits of their own; what a limit left out
//! is counted and told.

mod base;
mod below;
mod blame;
mod checkpoint_seen;
mod classified;
mod dead_rows;
pub mod diverge;
mod effects;
mod event;
mod event_list;
mod events;
mod fate;
mod heap_log;
mod history;
mod initdb;
mod listed_xact;
mod look;
mod loss;
mod named;
mod on_disk;
mod open_xact;
mod over;
mod reading;
mod relation_sums;
mod stretch_xacts;
mod top;
mod top_part;
mod transaction;
mod transient;
mod undo;
mod volume;
mod what_if;
mod wish;
mod xact_list;
mod xact_sums;
mod xact_wish;

pub use base::{BaseFault, EachFile, base_catalogs};
pub use below::{BelowSum, LargestBelow};
pub use blame::{BlameAnswer, BlameWish, BlockTouch, TouchEnd, blame};
pub use checkpoint_seen::CheckpointSeen;
pub use event::{EventEnd, EventFact, EventRelation, RowsOnDisk, WalEvent, WalEventKind};
pub use events::{EventsAnswer, events};
pub use fate::{SoughtXact, XactFate};
pub use history::WalHole;
pub use initdb::InitdbEvents;
pub use listed_xact::{ListedXact, XactDuration, XactRelation};
pub use look::NoteFinding;
pub use loss::{CommittedXact, InFlightXact, RecoveryLoss, loss};
pub use relation_sums::RelationSum;
pub use top::{TopAnswer, TopList, TopRelation, TopWish, top};
pub use top_part::RelationFork;
pub use transaction::PreparedXact;
pub use undo::{UndoChoice, UndoNamed, choose};
pub use volume::{ImageReason, ImageSum, VolumeSum};
pub use what_if::{FartherCheckpoints, PackedImages, RecountedCycle, WhatIf};
pub use wish::EventWish;
pub use xact_list::{XactTotals, XactsAnswer, transactions};
pub use xact_wish::{OpenAt, XactOrder, XactWish};
