//! A real PostgreSQL server for tests: [`Postgres::find`] finds the programs, [`Server::start`] runs a cluster with segments of 1 MiB.
//!
//! Standard library only, since `xtask` uses it before anything else is built.

mod find;
mod promote;
mod server;
mod user;

pub use find::Postgres;
pub use server::{Error, Server};
