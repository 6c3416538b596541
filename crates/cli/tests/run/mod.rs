//! Runs the program.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{Seek, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a run came to.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs `walproof` with these words.
pub fn walproof(words: &[&str]) -> Ran {
    walproof_reading(words, Stdio::null())
}

/// Runs `walproof` with these words and this standard input.
pub fn walproof_with_input(words: &[&str], input: &[u8]) -> Ran {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input).unwrap();
    file.rewind().unwrap();
    walproof_reading(words, file.into())
}

fn walproof_reading(words: &[&str], input: Stdio) -> Ran {
    let output =
        Command::new(env!("CARGO_BIN_EXE_walproof")).args(words).env("TZ", "UTC").stdin(input).output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A folder of testdata.
pub fn testdata(path: &str) -> String {
    walproof_testdata::root().join(path).to_str().unwrap().to_owned()
}

/// The corpus that testdata was made from, where one is at hand (`WALPROOF_CORPUS`).
pub fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("WALPROOF_CORPUS").map(PathBuf::from);
    if named.is_none() {
        walproof_live::gate::goes_without("WALPROOF_CORPUS names no corpus: what testdata has no room for");
    }
    named
}

/// A record of `dump`'s text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub lsn: String,
    pub rmgr: String,
    pub xid: u64,
    pub length: u64,
    pub total: u64,
    pub prev: String,
}

/// The records in `dump`'s text; findings are left out.
pub fn lines(text: &str) -> Vec<Line> {
    text.lines().filter(|line| !line.contains(" *** ")).map(line).collect()
}

fn line(text: &str) -> Line {
    let (front, back) = text.split_once("  len ").unwrap_or_else(|| panic!("{text}"));
    let (lengths, rest) = back.split_once("  prev ").unwrap();
    let (length, total) = lengths.split_once('/').unwrap();
    let words: Vec<&str> = front.split_whitespace().collect();
    let [lsn, rmgr, _operation, "xid", xid] = words[..] else { panic!("{text}") };
    Line {
        lsn: lsn.into(),
        rmgr: rmgr.into(),
        xid: xid.parse().unwrap(),
        length: length.trim().parse().unwrap(),
        total: total.trim().parse().unwrap(),
        prev: rest.split_whitespace().next().unwrap().into(),
    }
}
