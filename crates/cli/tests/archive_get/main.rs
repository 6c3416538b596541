//! `walproof archive-get`, as a server runs it; and real servers that run it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod archive;
mod command;
mod healthy;
mod live;
mod prune;
mod restored;
mod restores;
mod standby;
#[path = "../run/tar.rs"]
mod tar;
mod tool;
mod waiting;
