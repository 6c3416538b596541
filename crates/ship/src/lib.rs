//! Carries WAL into an archive and out of it, and checks what it carries.
//!
//! | module | what it does | the server's command |
//! |---|---|---|
//! | [`mod@check`] | says whether a file may be archived | in front of any `archive_command` |
//! | [`mod@push`] | archives it, into folders and object stores | `archive_command` |
//! | [`mod@prune`] | removes what no restore needs | |
//! | [`mod@get`] | gives out a file of it | `restore_command` |
//! | [`shipping`] | carries it record by record, from files or from a server | |
//! | `receive` | a server's stream of WAL, record by record (feature `server`) | |
//! | [`unfinished`] | the folder into which that is written | |
//!
//! Nothing here prints, and no exit code is known here: each answer is a value, whoever asked says it.
//!
//! ```no_run
//! use pgwal_ship::check::{CheckOptions, check};
//!
//! let answer = check("pg_wal/00000001000000000000000A".as_ref(), &CheckOptions::default())?;
//! for objection in &answer.inspection.objections {
//!     eprintln!("{}: {}", answer.file, objection.message(answer.inspection.layout.as_ref()));
//! }
//! # Ok::<(), pgwal_ship::ShipFault>(())
//! ```

pub mod check;
pub mod destination;
mod ends;
mod fault;
pub mod get;
mod handed;
pub mod inspect;
mod objection;
pub mod prune;
pub mod push;
#[cfg(feature = "server")]
pub mod receive;
mod server;
#[cfg(unix)]
pub mod shipping;
#[cfg(unix)]
pub mod unfinished;
mod wording;

pub use ends::{PassedEnds, StateTrouble};
pub use fault::{ShipFault, ShipStep};
pub use handed::HandedFile;
pub use objection::{Doubt, Objection};
pub use server::{LeftAt, ServerDirectory};
