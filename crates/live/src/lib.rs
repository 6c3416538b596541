//! A real PostgreSQL server for tests: [`Postgres::find`] finds the programs, [`Server::start`] runs a cluster with
//! segments of 1 MiB, [`Server::recover`] lets it recover from a base backup and an archive and says what it did.
//!
//! Standard library only, since `xtask` uses it before anything else is built.

mod backup;
mod find;
mod follower;
pub mod gate;
mod observed;
mod promote;
mod random;
mod recovery;
mod second;
mod server;
mod session;
mod standby;
mod tools;
mod tree;
mod user;

pub use backup::{Shape, Wal};
pub use find::Postgres;
pub use follower::FollowingServer;
pub use observed::{Observed, RecoveryEnd};
pub use random::Random;
pub use recovery::{LiveRecovery, RecoveryMode, RestoredData};
pub use second::SecondServer;
pub use server::{LiveError, Server};
pub use session::ScriptSession;
pub use tree::link;
