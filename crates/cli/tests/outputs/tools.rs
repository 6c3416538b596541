//! Programs that are not ours.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A program of one of these names.
pub fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| file.is_file());
    if found.is_none() {
        println!("not checked: no {} here", names.join(", "));
    }
    found
}

/// A Python (that of `WALPROOF_PYTHON`, or python3) that has a module.
pub fn python(module: &str) -> Option<PathBuf> {
    let python = std::env::var_os("WALPROOF_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let has =
        Command::new(&python).args(["-c", &format!("import {module}")]).output().is_ok_and(|o| o.status.success());
    if !has {
        println!("not checked: no Python module {module} here");
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
