//! What a server runs to archive: `check`, `archive-push`, and `archive-prune` beside them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod check;
mod crowd;
mod faults;
mod gate_before;
mod kills;
mod live;
mod prune;
mod push;
#[path = "../run/mod.rs"]
mod run;
#[path = "../../../source/tests/stores/server.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod server;
mod shim;
mod site;
mod split_brain;
mod store;
