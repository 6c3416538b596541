//! `cargo xtask long fuzz`: each fuzz target for some minutes, and which part of the code it reached.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::run::{keep_result, root};

/// MiB of memory and seconds that one input may take.
const LIMITS: [&str; 2] = ["-rss_limit_mb=2048", "-timeout=20"];

/// Each target for so many minutes; stops at the first finding.
pub fn run(minutes: u64) -> Result<()> {
    let listed = Command::new("cargo")
        .args(["+nightly", "fuzz", "list"])
        .current_dir(root())
        .output()
        .context("cargo-fuzz: cargo install cargo-fuzz")?;
    ensure!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let mut table = format!(
        "# What fuzzing reaches\n\nEach target for {minutes} minutes, from the corpus that was there and its seeds on. Edges: of the code that is linked into the target, \
         which is more than it is to reach. `cargo xtask long fuzz` makes this table.\n\n\
         | target | edges reached | of | inputs kept | runs | memory, MiB |\n|---|---:|---:|---:|---:|---:|\n"
    );
    for target in String::from_utf8_lossy(&listed.stdout).lines() {
        println!("== {target}, {minutes} minutes");
        let reached = one(target, minutes)?;
        let FuzzCoverage { edges, of, inputs, runs, memory } = &reached;
        writeln!(table, "| {target} | {edges} | {of} | {inputs} | {runs} | {memory} |")?;
    }
    keep_result("fuzz.md", &table)
}

fn one(target: &str, minutes: u64) -> Result<FuzzCoverage> {
    // What is found while it runs goes to a corpus folder that is not committed; the seeds are read and left alone.
    let (corpus, seeds) = (format!("fuzz/corpus/{target}"), format!("fuzz/seeds/{target}"));
    fs::create_dir_all(root().join(&corpus))?;
    let mut command = Command::new("cargo");
    command.current_dir(root()).args(["+nightly", "fuzz", "run", target, &corpus]);
    if root().join(&seeds).is_dir() {
        command.arg(&seeds);
    }
    command.arg("--").arg(format!("-max_total_time={}", minutes * 60)).args(LIMITS);
    let mut running = command.stderr(Stdio::piped()).spawn()?;
    let mut reached = FuzzCoverage::default();
    for line in BufReader::new(running.stderr.take().context("no standard error")?).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        eprintln!("{line}");
        reached.take(&line);
    }
    let status = running.wait()?;
    ensure!(status.success(), "{target}: {status}");
    Ok(reached)
}

/// What libFuzzer says of a run.
#[derive(Default, Debug, PartialEq)]
struct FuzzCoverage {
    edges: u64,
    /// How many there are in the program.
    of: u64,
    /// Files in the corpus.
    inputs: u64,
    runs: u64,
    memory: u64,
}

impl FuzzCoverage {
    /// `INFO: Loaded 1 modules   (580 inline 8-bit counters): …`, and of lines as
    /// `#99 DONE cov: 148 ft: 310 corp: 41/15Kb lim: 4096 exec/s: 9 rss: 54Mb` the last one.
    fn take(&mut self, line: &str) {
        let behind = |word: &str| {
            let rest = line.split_once(word)?.1.trim_start();
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        if line.contains("inline 8-bit counters") {
            self.of = behind("(").unwrap_or(self.of);
        }
        let Some(edges) = behind(" cov: ").filter(|_| line.starts_with('#')) else { return };
        self.edges = edges;
        self.runs = behind("#").unwrap_or(self.runs);
        self.inputs = behind(" corp: ").unwrap_or(self.inputs);
        self.memory = behind(" rss: ").unwrap_or(self.memory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_taken_from_what_libfuzzer_prints() {
        let mut reached = FuzzCoverage::default();
        for line in [
            "INFO: Loaded 1 modules   (580 inline 8-bit counters): 580 [0x5581, 0x5584), ",
            "INFO: Loaded 1 PC tables (580 PCs): 580 [0x5590,0x5599), ",
            "#12\tINITED cov: 100 ft: 120 corp: 9/2Kb exec/s: 0 rss: 40Mb",
            "#2097152\tDONE   cov: 148 ft: 310 corp: 41/15Kb lim: 4096 exec/s: 3489 rss: 54Mb",
            "Done 2097152 runs in 601 second(s)",
        ] {
            reached.take(line);
        }
        assert_eq!(reached, FuzzCoverage { edges: 148, of: 580, inputs: 41, runs: 2_097_152, memory: 54 });
    }
}
