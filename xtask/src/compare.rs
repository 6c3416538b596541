//! `cargo xtask compare`: the release binary against `pg_waldump -q` of the server's version and against a floor that
//! only reads every byte and sums it, on the same files, in one run, in turn. Whole processes, files in the page cache,
//! medians.

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
    let waldump =
        postgres::find_or_install()?.own_program("pg_waldump").context("this server has no pg_waldump beside it")?;
    let version = String::from_utf8(Command::new(&waldump).arg("--version").output()?.stdout)?;
    let mut text = format!(
        "# walproof verify against {}\n\nWhole processes, files in the page cache, medians of {RUNS} runs taken in turn; {} CPUs, {}, load average {} at the start.\n",
        version.trim(),
        std::thread::available_parallelism()?,
        cpu(),
        fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next().unwrap_or("unknown")
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
    let medians: Vec<Taken> = times
        .into_iter()
        .map(|runs| Taken { wall: median(runs.iter().map(|t| t.wall)), cpu: median(runs.iter().map(|t| t.cpu)) })
        .collect();
    writeln!(
        text,
        "\n## {} ({} MiB)\n\n| program | seconds | CPU seconds | MiB/s | × pg_waldump |\n|---|---:|---:|---:|---:|",
        folder.name(),
        folder.mib()
    )?;
    let base = medians.first().context("no programs")?.wall.as_secs_f64();
    for ((name, _), taken) in programs.iter().zip(&medians) {
        let seconds = taken.wall.as_secs_f64();
        writeln!(
            text,
            "| {name} | {seconds:.3} | {:.2} | {:.0} | {:.2} |",
            taken.cpu.as_secs_f64(),
            folder.mib() as f64 / seconds,
            base / seconds
        )?;
    }
    Ok(())
}

/// What a run took: time on the clock, and processor time (user and system, all threads), which a busy machine disturbs
/// less.
#[derive(Clone, Copy)]
pub struct Taken {
    /// Time on the clock.
    pub wall: Duration,
    cpu: Duration,
}

/// Runs it to its end.
pub fn timed(command: &mut Command) -> Result<Taken> {
    let (begun, before) = (Instant::now(), cpu_of_children());
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    let taken = Taken { wall: begun.elapsed(), cpu: cpu_of_children().saturating_sub(before) };
    ensure!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(taken)
}

/// `cutime` and `cstime` of /proc/self/stat, in ticks of 10 ms: fields 16 and 17, of which the 2nd may hold blanks but
/// ends with `)`.
fn cpu_of_children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u64 = fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// The middle one.
pub fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
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
        assert_eq!(median([3, 1, 2].into_iter().map(Duration::from_secs)), Duration::from_secs(2));
    }
}
