//! `cargo xtask compare`: the release binary against `pg_waldump -q` of the server's version and against a floor that only reads every
//! byte and sums it, on the same files, in one run, in turn. Whole processes, files in the page cache, medians.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::{
    folder::Folder,
    postgres,
    run::{cargo, done, keep_result, release_binary},
};

const RUNS: usize = 5;

/// Time every program on every folder.
pub fn run(folders: &[&str]) -> Result<()> {
    let walproof = release_binary()?;
    done(cargo().args(["build", "--release", "--package", "walproof-benches", "--bin", "read-and-crc"]))?;
    let floor = walproof.with_file_name("read-and-crc");
    let waldump = postgres::find_or_install()?.own_program("pg_waldump").context("this server has no pg_waldump beside it")?;
    let version = String::from_utf8(Command::new(&waldump).arg("--version").output()?.stdout)?;
    let mut text = format!(
        "# walproof verify against {}\n\nWhole processes, files in the page cache, medians of {RUNS} runs taken in turn; {} CPUs, {}.\n",
        version.trim(),
        std::thread::available_parallelism()?,
        cpu()
    );
    for folder in folders {
        let folder = Folder::open(Path::new(folder))?;
        section(&mut text, &folder, &walproof, &floor, &waldump)?;
    }
    keep_result("against_pg_waldump.md", &text)
}

fn section(text: &mut String, folder: &Folder, walproof: &PathBuf, floor: &PathBuf, waldump: &PathBuf) -> Result<()> {
    let verify = |jobs: &str, more: &[&str]| {
        let mut command = Command::new(walproof);
        command.arg("verify").arg(&folder.path).args(["--format", "json", "--jobs", jobs]).args(more);
        command
    };
    let crc = |jobs: &str| {
        let mut command = Command::new(floor);
        command.arg(jobs).arg(&folder.path);
        command
    };
    let mut dumped = Command::new(waldump);
    dumped.arg("-q").arg("-p").arg(&folder.path).args([&folder.first, &folder.last]);
    let mut programs = [
        ("pg_waldump -q", dumped),
        ("walproof verify --jobs 1", verify("1", &[])),
        ("walproof verify --jobs 2", verify("2", &[])),
        ("walproof verify --jobs 1 --no-mmap", verify("1", &["--no-mmap"])),
        ("walproof verify --jobs 2 --no-mmap", verify("2", &["--no-mmap"])),
        ("read every byte and CRC it, 1 thread", crc("1")),
        ("read every byte and CRC it, 2 threads", crc("2")),
    ];
    let mut times = vec![Vec::new(); programs.len()];
    for round in 0..=RUNS {
        for ((name, command), times) in programs.iter_mut().zip(&mut times) {
            let taken = timed(command).with_context(|| format!("{name} on {}", folder.path.display()))?;
            // The first round only fills the page cache.
            if round > 0 {
                times.push(taken);
            }
        }
    }
    let medians: Vec<Duration> = times.into_iter().map(median).collect();
    writeln!(text, "\n## {} ({} MiB)\n\n| program | seconds | MiB/s | × pg_waldump |\n|---|---:|---:|---:|", folder.name(), folder.mib())?;
    let base = medians.first().context("no programs")?.as_secs_f64();
    for ((name, _), taken) in programs.iter().zip(&medians) {
        let seconds = taken.as_secs_f64();
        writeln!(text, "| {name} | {seconds:.3} | {:.0} | {:.2} |", folder.mib() as f64 / seconds, base / seconds)?;
    }
    Ok(())
}

fn timed(command: &mut Command) -> Result<Duration> {
    let begun = Instant::now();
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    let taken = begun.elapsed();
    ensure!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(taken)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_one() {
        assert_eq!(median([3, 1, 2].map(Duration::from_secs).to_vec()), Duration::from_secs(2));
    }
}
