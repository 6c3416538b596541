//! What the program says, as files beside what it said it of.
//!
//! A file `testdata/**/NAME.golden` begins with a command, `$ walproof verify damaged --timezone UTC`, which runs in
//! the folder that the file lies in; then follows what it prints, complaints, and the exit code last where it is not 0.
//! A case is added by adding such a file with its first line; `WALPROOF_BLESS=1` writes the rest.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use walproof_testdata::ages;

#[test]
fn it_says_what_lies_beside_it() {
    let mut files = Vec::new();
    below(&walproof_testdata::root(), &mut files);
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    for file in files {
        let wanted = fs::read_to_string(&file).unwrap();
        let command = wanted.lines().next().unwrap_or_default();
        let told = format!("{command}\n{}", said(command, file.parent().unwrap()));
        if std::env::var_os("WALPROOF_BLESS").is_some() {
            fs::write(&file, ages::with_one_age(&told)).unwrap();
        } else if ages::of_any_day(&told) != ages::of_any_day(&wanted) {
            wrong.push(format!("{}: now\n{told}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Those of a folder and its folders, in order.
fn below(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            below(&path, out);
        } else if path.extension().is_some_and(|e| e == "golden") {
            out.push(path);
        }
    }
}

fn said(command: &str, folder: &Path) -> String {
    let words = command.strip_prefix("$ walproof ").unwrap_or_else(|| panic!("no command: {command:?}"));
    let output = Command::new(env!("CARGO_BIN_EXE_walproof"))
        .args(words.split(' '))
        .current_dir(folder)
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let exit = output.status.code().expect("it ends by itself");
    let exit = if exit == 0 { String::new() } else { format!("exit {exit}\n") };
    text(output.stdout) + &text(output.stderr) + &exit
}
