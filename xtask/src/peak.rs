//! `cargo xtask memory`: peak memory does not grow with the archive, nor with what is rendered of it.
//!
//! The peak of a process is what the kernel keeps as `VmHWM` in `/proc/PID/status`; it and `RssAnon`, what is not pages
//! of mapped files, are read until the process is gone, which is exact enough for a program that runs for tenths of
//! seconds at its peak.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Result, ensure};

use crate::{
    folder::Folder,
    run::{keep_result, release_binary},
};

/// What reads every record, and says it in its own way.
const COMMANDS: [(&str, &[&str]); 8] = [
    ("verify", &["verify"]),
    ("verify, html", &["verify", "--format", "html"]),
    ("stats", &["stats"]),
    ("when", &["when"]),
    ("dump", &["dump"]),
    ("dump, waldump", &["dump", "--format", "waldump"]),
    ("dump, jsonl", &["dump", "--format", "jsonl"]),
    ("dump, csv", &["dump", "--format", "csv"]),
];

/// Threads, mapped or not.
const WAYS: [&[&str]; 6] = [
    &["--jobs", "1"],
    &["--jobs", "2"],
    &["--jobs", "8"],
    &["--jobs", "1", "--no-mmap"],
    &["--jobs", "2", "--no-mmap"],
    &["--jobs", "8", "--no-mmap"],
];

/// What is promised beside mapped pages, in KiB: so much, and so much for each thread.
const PROMISED: (u64, u64) = (16 << 10, 6 << 10);

const HEAD: &str = "# Peak memory

The highest `RssAnon` seen, what is not pages of mapped files, in MiB; in brackets `VmHWM`, where it is more than 1 MiB
more. Promised are 16 MiB and 6 MiB a thread, and the room of one segment where segments are needed whole (in a damaged
archive that is not mapped, above 4 MiB); what is more is bold. `cargo xtask memory DIR…` makes this table.

| folder | MiB of WAL | command | 1 thread | 2 | 8 | 1, not mapped | 2 | 8 |
|---|---:|---|---:|---:|---:|---:|---:|---:|
";

/// Measure each folder with each command, with one, two and eight threads, mapped and read.
pub fn run(folders: &[&str]) -> Result<()> {
    let walproof = release_binary()?;
    let mut text = String::from(HEAD);
    for folder in folders {
        let folder = Folder::open(Path::new(folder))?;
        for (name, words) in COMMANDS {
            write!(text, "| {} | {} | {name} |", folder.name(), folder.mib())?;
            for way in WAYS {
                let Some((peak, own)) = measured(&walproof, &folder, words, way)? else {
                    text.push_str(" |");
                    continue;
                };
                let jobs: u64 = way[1].parse()?;
                let whole = if way.contains(&"--no-mmap") { folder.segment >> 10 } else { 0 };
                let mark = if own > PROMISED.0 + jobs * PROMISED.1 + whole { "**" } else { "" };
                write!(text, " {mark}{:.1}{mark}", own as f64 / 1024.0)?;
                if peak > own + 1024 {
                    write!(text, " ({:.0})", peak as f64 / 1024.0)?;
                }
                text.push_str(" |");
            }
            text.push('\n');
        }
    }
    keep_result("memory.md", &text)
}

/// `None` where the command has no such option.
fn measured(walproof: &Path, folder: &Folder, words: &[&str], way: &[&str]) -> Result<Option<(u64, u64)>> {
    let mut command = Command::new(walproof);
    let (code, peaks) = watched(command.args(words).arg(&folder.path).args(way))?;
    // A damaged archive is refuted; wrong usage is not.
    Ok((code != Some(2)).then_some(peaks))
}

/// The peaks of `VmHWM` and of `RssAnon` of a program, in KiB.
pub fn of(command: &mut Command) -> Result<(u64, u64)> {
    let (code, peaks) = watched(command)?;
    ensure!(code == Some(0), "{command:?} ended with {code:?}");
    Ok(peaks)
}

fn watched(command: &mut Command) -> Result<(Option<i32>, (u64, u64))> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let (mut peak, mut own) = (0, 0);
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        peak = peak.max(kib(&text, "VmHWM:"));
        own = own.max(kib(&text, "RssAnon:"));
        thread::sleep(Duration::from_millis(2));
    }
    Ok((child.wait()?.code(), (peak, own)))
}

/// A line of /proc/PID/status: `VmHWM:     1234 kB`.
fn kib(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_status() {
        assert_eq!(kib("Name:\tx\nVmHWM:\t    1234 kB\n", "VmHWM:"), 1234);
        assert_eq!(kib("", "VmHWM:"), 0);
    }
}
