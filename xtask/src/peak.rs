//! `cargo xtask memory`: peak memory does not grow with the archive.
//!
//! The peak of a process is what the kernel keeps as `VmHWM` in `/proc/PID/status`; it is read until the process is
//! gone, which is exact enough for a program that runs for tenths of seconds at its peak. Pages of mapped files count
//! in it: `RssFile` is shown apart.

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

/// Measure each folder with one and two threads, mapped and read.
pub fn run(folders: &[&str]) -> Result<()> {
    let walproof = release_binary()?;
    let mut text = String::from(
        "# Peak memory of walproof verify\n\n`VmHWM` in MiB, and the highest `RssAnon` seen: what is not pages of mapped files.\n\n| folder | MiB of WAL | options | VmHWM | RssAnon |\n|---|---:|---|---:|---:|\n",
    );
    for folder in folders {
        let folder = Folder::open(Path::new(folder))?;
        for options in
            [["--jobs", "1"].as_slice(), &["--jobs", "2"], &["--jobs", "1", "--no-mmap"], &["--jobs", "2", "--no-mmap"]]
        {
            let (peak, own) = measured(&walproof, &folder, options)?;
            writeln!(
                text,
                "| {} | {} | {} | {:.1} | {:.1} |",
                folder.name(),
                folder.mib(),
                options.join(" "),
                peak as f64 / 1024.0,
                own as f64 / 1024.0
            )?;
        }
    }
    keep_result("memory.md", &text)
}

fn measured(walproof: &Path, folder: &Folder, options: &[&str]) -> Result<(u64, u64)> {
    let mut child = Command::new(walproof)
        .arg("verify")
        .arg(&folder.path)
        .args(options)
        .args(["--format", "json"])
        .stdout(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let (mut peak, mut own) = (0, 0);
    while child.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        peak = peak.max(kib(&text, "VmHWM:"));
        own = own.max(kib(&text, "RssAnon:"));
        thread::sleep(Duration::from_millis(2));
    }
    ensure!(child.wait()?.success(), "walproof verify failed on {}", folder.path.display());
    Ok((peak, own))
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
