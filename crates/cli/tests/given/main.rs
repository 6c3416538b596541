//! What a server finds beside the WAL when it is started.
//!
//! | tests | what |
//! |---|---|
//! | `directory` | its settings, its folders, its `restore_command` |
//! | `spaces` | tablespaces and databases whose files are not where they should be |
//! | `machine` | what else is on this machine: processes, other directories, files that settings name |
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod answer;
mod directory;
mod machine;
#[path = "../run/mod.rs"]
mod run;
mod spaces;
