//! What a server runs to archive: `check`, `archive-push`, and `archive-prune` beside them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod check;
mod faults;
mod live;
mod prune;
mod push;
#[path = "../run/mod.rs"]
mod run;
mod site;
