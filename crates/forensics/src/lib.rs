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
//! An archive is read once ([`pgwal_verify::records::gather`]), and once more where a catalog was rewritten in it.
//! Memory is bounded by open transactions and by events, which have limits of their own; what a limit left out is
//! counted and told.

mod base;
mod classified;
mod effects;
mod event;
mod events;
mod history;
mod look;
mod named;
mod transaction;
mod wish;

pub use base::{BaseFault, EachFile, base_catalogs};
pub use event::{EventEnd, EventFact, EventRelation, WalEvent, WalEventKind};
pub use events::{EventsAnswer, events};
pub use history::WalHole;
pub use look::NoteFinding;
pub use wish::EventWish;
