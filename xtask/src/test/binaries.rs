//! The programs that `cargo test` builds, several at a time: one that waits for a server, or whose last test is a long
//! one, leaves a core to the next.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::run::cargo;

/// A program of tests.
pub struct Binary {
    /// What it tests: the crate, and the file where it is not the crate itself.
    name: String,
    program: PathBuf,
    /// The folder of its crate, in which cargo runs it.
    folder: PathBuf,
}

/// Built by cargo, which says where they are.
pub fn built() -> Result<Vec<Binary>> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-run", "--message-format", "json-render-diagnostics"]);
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    let said = String::from_utf8(output.stdout)?;
    let binaries: Result<Vec<Option<Binary>>> = said.lines().map(binary).collect();
    Ok(binaries?.into_iter().flatten().collect())
}

/// Of one message of cargo's (`compiler-artifact` in "The Cargo Book", External tools).
fn binary(line: &str) -> Result<Option<Binary>> {
    let message: Value = serde_json::from_str(line)?;
    let tests = message["profile"]["test"].as_bool() == Some(true);
    let Some(program) = message["executable"].as_str().filter(|_| tests) else { return Ok(None) };
    let manifest = Path::new(message["manifest_path"].as_str().context("no manifest_path")?);
    let folder = manifest.parent().context("a manifest lies in a folder")?.to_path_buf();
    let of = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = format!("{of}: {}", message["target"]["name"].as_str().context("no name of the target")?);
    Ok(Some(Binary { name, program: program.into(), folder }))
}

/// As many at a time as there are cores; each is told when it is through. The names of those that failed.
pub fn run(binaries: &[Binary], environment: &[(&str, &OsStr)]) -> Result<Vec<String>> {
    let waiting = Mutex::new(binaries.iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let crew = thread::available_parallelism()?.get();
    let work = || -> Result<Vec<String>> {
        let mut failed = Vec::new();
        while let Some(binary) = next() {
            if !passes(binary, environment)? {
                failed.push(binary.name.clone());
            }
        }
        Ok(failed)
    };
    let failed: Result<Vec<Vec<String>>> = thread::scope(|scope| {
        let crew: Vec<_> = (0..crew).map(|_| scope.spawn(work)).collect();
        crew.into_iter().map(|one| one.join().expect("what works does not panic")).collect()
    });
    Ok(failed?.concat())
}

fn passes(binary: &Binary, environment: &[(&str, &OsStr)]) -> Result<bool> {
    let begun = Instant::now();
    let mut command = Command::new(&binary.program);
    command.current_dir(&binary.folder).env("CARGO_MANIFEST_DIR", &binary.folder).envs(environment.iter().copied());
    let output = command.output().with_context(|| binary.program.display().to_string())?;
    // What passes is told in one line: all of it is thousands.
    let told = String::from_utf8_lossy(&output.stdout);
    let sums = told.lines().filter(|line| line.starts_with("test result: ")).collect::<Vec<_>>().join("\n");
    let mut all = format!("{} ({} s): {sums}", binary.name, begun.elapsed().as_secs());
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        all += &format!("\n{told}{errors}{}: {}", binary.name, output.status);
    }
    println!("{all}");
    Ok(output.status.success())
}
