//! Codes are a contract: what triggers each of them, and what nearly does.
//!
//! `pairs/WPnnn.json` has both for a code, as data: how each archive is made, and what the program must say of it. A
//! code without its file fails here, and so does a file without its code. What the damaged archives of testdata come to
//! lies beside their recipes, `testdata/damaged-15/cases/NAME.codes`. `WALPROOF_CODE=WP201` tries one pair alone.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod damaged;
mod encrypt;
mod expect;
mod pair;
mod score;
mod step;
#[path = "../run/tar.rs"]
mod tar;
mod wal;

use pair::Pair;
use pgwal::Code;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Codes that the program cannot be made to say, and why.
const NEVER: [(&str, &str); 0] = [];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/codes/pairs")
}

#[test]
fn every_code_has_its_pair() {
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let never = NEVER.iter().map(|(code, why)| {
        assert!(!why.is_empty() && !files.contains(*code), "{code}");
        (*code).to_owned()
    });
    let there: BTreeSet<String> = files.iter().cloned().chain(never).collect();
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| code.id().to_owned()).collect();
    let lacking: Vec<&String> = codes.difference(&there).collect();
    let unknown: Vec<&String> = there.difference(&codes).collect();
    assert!(lacking.is_empty() && unknown.is_empty(), "without a pair: {lacking:?}; no codes: {unknown:?}");
}

/// A test for each family, so that they run beside each other.
macro_rules! families {
    ($($name:ident = $digit:literal,)*) => {$(
        #[test]
        fn $name() {
            family($digit);
        }
    )*};
}

families! {
    the_archive = "WP1",
    bytes = "WP2",
    timelines = "WP3",
    backups = "WP4",
    what_cannot_be_looked_at = "WP5",
}

fn family(begins: &str) {
    let only = std::env::var("WALPROOF_CODE").ok();
    let codes = Code::ALL.iter().filter(|code| code.id().starts_with(begins));
    let wrong: Vec<String> = codes
        .filter(|code| only.as_ref().is_none_or(|only| only == code.id()))
        .filter_map(|code| Pair::of(*code))
        .flat_map(|pair| pair.problems())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
