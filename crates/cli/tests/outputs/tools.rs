//! Programs that are not ours.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use walproof_live::gate;

/// A program of one of these names: `.ci/run` has it.
pub fn program(names: &[&str]) -> Option<PathBuf> {
    let found = in_path(names);
    if found.is_none() {
        gate::lacks(&format!("no {} here", names.join(", ")));
    }
    found
}

/// A program that the gate does without, since another one checks the same there.
pub fn another_program(name: &str) -> Option<PathBuf> {
    let found = in_path(&[name]);
    if found.is_none() {
        gate::goes_without(&format!("no {name} here"));
    }
    found
}

fn in_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| file.is_file())
}

/// A file of another project, which a variable names: nobody may hand it out.
pub fn file_of_others(variable: &str) -> Option<String> {
    let named = std::env::var(variable).ok();
    if named.is_none() {
        gate::goes_without(&format!("{variable} names no file"));
    }
    named
}

/// A Python (that of `WALPROOF_PYTHON`, or python3) that has a module.
pub fn python(module: &str) -> Option<PathBuf> {
    let python = std::env::var_os("WALPROOF_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let has =
        Command::new(&python).args(["-c", &format!("import {module}")]).output().is_ok_and(|o| o.status.success());
    if !has {
        gate::lacks(&format!("no Python module {module} here"));
    }
    has.then_some(python)
}

/// Runs a program of Python on a file.
pub fn run_python(python: &Path, script: &str, arguments: &[&str]) -> Output {
    passed(Command::new(python).args(["-c", script]).args(arguments))
}

/// It must succeed.
pub fn passed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    output
}
