//! `cargo xtask long watch`: `watch` beside a server with segments of 1 MiB that archives, expires, is backed up, is
//! promoted and crashes: no false alarm, each true one within the poll, memory flat.
//!
//! ```text
//! rounds:  write ── backup ── expire ── crash | promote        every fourth round: a segment goes, and comes back
//! watch --interval 2 ── events (JSON), metrics (read by Python's prometheus_client), RssAnon of each round
//! ```

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use walproof_live::{Server, Shape, Wal};

use crate::postgres;
use crate::run::release_binary;

/// Seconds between two looks.
const INTERVAL: u64 = 2;
/// A look, the second one that makes sure, and what the machine is busy with.
const WITHIN: Duration = Duration::from_secs(10 * INTERVAL);
/// Backups that an expiry keeps.
const KEPT: usize = 2;
/// What may come on top of the first half's peak, in KiB.
const GROWTH: u64 = 8 << 10;

/// Rounds, for so many minutes.
pub fn run(minutes: u64) -> Result<()> {
    let walproof = release_binary()?;
    let server = Server::start(postgres::find_or_install()?, "min_wal_size = '5MB'\nmax_wal_size = '32MB'\n")?;
    println!("PostgreSQL {}, segments of 1 MiB, {minutes} minutes", server.postgres().major());
    server.pgbench(&["-i", "-q", "-s", "5"])?;
    server.switch_and_archive()?;
    let out = server.data().with_file_name("events");
    let textfile = server.data().with_file_name("metrics");
    let mut watch = Command::new(walproof)
        .args(["watch", "--format", "jsonl", "--interval", &INTERVAL.to_string(), "--textfile"])
        .arg(&textfile)
        .arg(server.archive())
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .spawn()
        .context("walproof watch")?;
    let seen = Watched { out, textfile, archive: server.archive() };
    let went = rounds(&server, &seen, &watch, Duration::from_secs(minutes * 60));
    let ended = end(&mut watch)?;
    let memory = went.inspect_err(|_| println!("{}", seen.events().unwrap_or_default()))?;
    println!("{} rounds; KiB of memory after each: {memory:?}; the watch ended with {ended:?}", memory.len());
    ensure!(ended == Some(0), "SIGTERM did not end it well");
    let (first, second) = memory.split_at(memory.len() / 2);
    let peak = |part: &[u64]| part.iter().copied().max().unwrap_or(0);
    ensure!(peak(second) <= peak(first) + GROWTH, "memory grows");
    Ok(())
}

/// The memory after each round.
fn rounds(server: &Server, seen: &Watched, watch: &Child, lasts: Duration) -> Result<Vec<u64>> {
    let (begun, mut memory, mut alarms) = (Instant::now(), Vec::new(), 0);
    while begun.elapsed() < lasts || memory.len() < 4 {
        let round = memory.len();
        server.pgbench(&["-n", "-c", "2", "-T", "10"])?;
        let backup = server.data().with_file_name(format!("backup{round}"));
        server.base_backup(&backup, Shape::Tar, Wal::None, None)?;
        fs::remove_dir_all(&backup)?;
        let last = server.switch_and_archive()?;
        expire(&server.archive())?;
        if round % 2 == 0 {
            server.promote()?
        } else {
            server.crash()?
        }
        server.pgbench(&["-n", "-c", "2", "-T", "2"])?;
        server.switch_and_archive()?;
        ensure!(seen.count("appeared")? == alarms, "a false alarm in round {round}");
        if round % 4 == 3 {
            alarms += seen.alarm(&last)?;
        }
        memory.push(resident(watch.id())?);
        seen.metrics()?;
    }
    Ok(memory)
}

struct Watched {
    out: PathBuf,
    textfile: PathBuf,
    archive: PathBuf,
}

impl Watched {
    fn events(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.out)?)
    }

    fn count(&self, event: &str) -> Result<usize> {
        let told = format!("\"event\":\"{event}\"");
        Ok(self.events()?.lines().filter(|line| line.contains(&told)).count())
    }

    /// A segment goes and comes back; returns how many findings that made.
    fn alarm(&self, segment: &str) -> Result<usize> {
        let (before, gone) = (self.count("appeared")?, self.count("gone")?);
        let (file, aside) = (self.archive.join(segment), self.archive.with_file_name("aside"));
        fs::rename(&file, &aside)?;
        self.until(|| Ok(self.count("appeared")? > before), "the missing segment is not told")?;
        fs::rename(&aside, &file)?;
        let made = || Ok::<_, anyhow::Error>(self.count("appeared")? - before);
        self.until(|| Ok(self.count("gone")? - gone >= made()?), "the alarm does not go away")?;
        made()
    }

    fn until(&self, is_so: impl Fn() -> Result<bool>, what: &str) -> Result<()> {
        let begun = Instant::now();
        while !is_so()? {
            ensure!(begun.elapsed() < WITHIN, "{what}");
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// A parser that is not ours reads the metrics.
    fn metrics(&self) -> Result<()> {
        let script = "import sys\ntry:\n from prometheus_client.parser import text_string_to_metric_families as read\n\
                      except ImportError: sys.exit(0)\n\
                      assert any(f.name == 'walproof_watch_up' for f in read(open(sys.argv[1]).read()))";
        let python = std::env::var_os("WALPROOF_PYTHON").unwrap_or_else(|| "python3".into());
        let output = Command::new(python).args(["-c", script]).arg(&self.textfile).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }
}

/// By names, up to the first segment of the oldest backup that is kept, as pg_archivecleanup does.
fn expire(archive: &Path) -> Result<()> {
    let mut names = Vec::new();
    for file in fs::read_dir(archive)? {
        names.push(file?.file_name().to_string_lossy().into_owned());
    }
    let mut backups: Vec<&String> = names.iter().filter(|name| name.ends_with(".backup")).collect();
    backups.sort();
    let Some(kept) = backups.len().checked_sub(KEPT).and_then(|at| backups.get(at)) else { return Ok(()) };
    let position = |name: &str| name.get(8..24).map(str::to_owned);
    for name in names.iter().filter(|name| !name.ends_with(".history") && position(name) < position(kept)) {
        fs::remove_file(archive.join(name))?;
    }
    Ok(())
}

fn resident(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the watch ended by itself")?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).context("no RssAnon")
}

fn end(watch: &mut Child) -> Result<Option<i32>> {
    Command::new("kill").args(["-TERM", &watch.id().to_string()]).status()?;
    let begun = Instant::now();
    loop {
        match watch.try_wait()? {
            Some(status) => return Ok(status.code()),
            None if begun.elapsed() > Duration::from_secs(60) => {
                watch.kill()?;
                bail!("it does not end");
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}
