//! What a restore would come to, held against what real servers did.
//!
//! | tests | archives | what the server did |
//! |---|---|---|
//! | `damaged` | the 57 damaged archives of 15 | 143 recoveries |
//! | `targets` | 10, 13, 15, 19 | 26 targets each; with `WALPROOF_CORPUS` all, without those that the tails in testdata can tell |
//! | `legacy` | 8.2, 9.2, 9.4, with `WALPROOF_CORPUS` | the server's log |
//! | `codes` | made for each finding | none |
//! | `as_it_lies` | data directories with the settings and files that a server would start with | in each test |
//! | `found` | data directories that servers were started on, and of which something else was foretold | in each test |
//! | `by_name` | archives in which some files lie under other names than `restore_command` takes | in each test |
//! | `ends` | what ends a recovery in front of what the archive holds | in each test |
//! | `own_dir` | crafted: what a control file, a recycled segment or a restored cluster says | in each test |
//! | `own_wal` | one with a hole that the backup's own `pg_wal` fills | none |
//! | `words` | the demo, and small changes of it: how the answer is said | in each test |
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod as_it_lies;
mod by_name;
mod codes;
mod compare;
mod damaged;
mod ends;
mod found;
mod laid;
mod legacy;
mod off_way;
mod own_dir;
mod own_wal;
#[path = "../run/mod.rs"]
mod run;
#[path = "../run/tar.rs"]
mod tar;
mod targets;
mod words;

use serde_json::Value;
use std::path::Path;

/// `verify --backup`, its exit code and its document.
pub fn restore(archive: &Path, backup: &str, options: &[&str]) -> (i32, Value) {
    let words = ["verify", archive.to_str().unwrap(), "--backup", backup, "--format", "json", "--timezone", "UTC"];
    let words: Vec<&str> = words.iter().chain(options).copied().collect();
    let ran = run::walproof(&words);
    let document = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {words:?}: {}{}", ran.out, ran.err));
    (ran.code, document)
}
