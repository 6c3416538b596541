//! `cargo xtask long follow`: `dump --follow` of a server under load and through a promotion lists what a later `dump`
//! lists.
//!
//! ```text
//! pgbench ────────┤ promotion ├──────── pgbench ── switch ─┐
//! dump --follow pg_wal ─────────────────────────────────── ▼ ── SIGINT
//!                                                 dump archive
//! ```

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use walproof_live::Server;

use crate::postgres;
use crate::run::release_binary;

/// What the follower may be behind, once the last segment is archived.
const BEHIND: Duration = Duration::from_secs(120);

/// The server keeps little WAL, so that segments are recycled under the follower all the time.
const SETTINGS: &str = "max_wal_size = '64MB'\nmin_wal_size = '5MB'\n";

/// Half of the minutes before the promotion, half of them behind it.
pub fn run(minutes: u64) -> Result<()> {
    let walproof = release_binary()?;
    let server = Server::start(postgres::find_or_install()?, SETTINGS)?;
    println!("PostgreSQL {}, segments of 1 MiB, {minutes} minutes", server.postgres().major());
    server.pgbench(&["-i", "-q", "-s", "10"])?;
    let start = server.sql("select pg_current_wal_insert_lsn()")?.trim().to_owned();
    let kept = std::env::temp_dir().join(format!("walproof-follow-{}", std::process::id()));
    fs::create_dir(&kept)?;
    let compared = follow(&walproof, &server, &start, &kept, minutes);
    if compared.is_err() {
        // The server's folder goes away with it.
        let _ = fs::rename(server.archive(), kept.join("archive"));
        println!("what was listed, and the archive: {}", kept.display());
        return compared;
    }
    fs::remove_dir_all(kept)?;
    compared
}

fn follow(walproof: &Path, server: &Server, start: &str, kept: &Path, minutes: u64) -> Result<()> {
    let dump = |archive: &Path, out: &str, words: &[&str]| -> Result<Child> {
        let mut command = Command::new(walproof);
        command.arg("dump").arg(archive).args(["-s", start, "--format", "waldump"]).args(words).stdin(Stdio::null());
        command.stdout(File::create(kept.join(out))?).stderr(File::create(kept.join(out).with_extension("err"))?);
        command.spawn().context("walproof dump")
    };
    let mut following = dump(&server.data().join("pg_wal"), "followed", &["--follow"])?;
    let half = (minutes * 30).to_string();
    for part in 0..2 {
        println!("{}", server.pgbench(&["-n", "-c", "4", "-j", "2", "-T", &half])?);
        if part == 0 {
            server.promote()?;
        }
    }
    let last = server.switch_and_archive()?;
    let status = dump(&server.archive(), "later", &[])?.wait()?;
    ensure!(status.success(), "dump of the archive: {status}: {}", fs::read_to_string(kept.join("later.err"))?);
    let expected = fs::metadata(kept.join("later"))?.len();
    let caught_up = caught_up(&kept.join("followed"), expected, &mut following);
    let status = interrupt(&mut following)?;
    let differences = differences(&fs::read(kept.join("followed"))?, &fs::read(kept.join("later"))?);
    let (timelines, segments) = extent(server, start, &last)?;
    println!("from {start} to the end of {last}: timelines {timelines}, {segments} segments, {expected} bytes listed");
    println!("{} lines listed later, {} of them differ from those followed", differences.lines, differences.differing);
    println!("the follower: {status}, {}", fs::read_to_string(kept.join("followed.err"))?.trim());
    ensure!(differences.differing == 0, "first difference: {}", differences.first);
    caught_up
}

/// The follower has listed as much.
fn caught_up(out: &Path, expected: u64, following: &mut Child) -> Result<()> {
    let begun = Instant::now();
    while fs::metadata(out)?.len() < expected {
        if let Some(status) = following.try_wait()? {
            bail!("the follower ended by itself: {status}");
        }
        ensure!(begun.elapsed() < BEHIND, "the follower did not come to the end");
        std::thread::sleep(Duration::from_millis(100));
    }
    println!("the follower was at the end {:.1} s after the later dump", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Ctrl-C, as a user does it.
fn interrupt(following: &mut Child) -> Result<ExitStatus> {
    Command::new("kill").args(["-INT", &following.id().to_string()]).status()?;
    Ok(following.wait()?)
}

struct Differences {
    lines: usize,
    differing: usize,
    first: String,
}

/// Line by line; the server may have written more since the last segment was archived.
fn differences(followed: &[u8], later: &[u8]) -> Differences {
    let mut live = followed.split_inclusive(|&b| b == b'\n');
    let mut found = Differences { lines: 0, differing: 0, first: String::new() };
    for line in later.split_inclusive(|&b| b == b'\n') {
        found.lines += 1;
        let other = live.next().unwrap_or_default();
        if line != other {
            found.differing += 1;
            if found.first.is_empty() {
                let text = String::from_utf8_lossy;
                found.first = format!(
                    "line {}\nfollowed: {}\nlater:    {}",
                    found.lines,
                    text(other).trim_end(),
                    text(line).trim_end()
                );
            }
        }
    }
    found
}

/// The timelines in the archive, and how many segments there are from the start on.
fn extent(server: &Server, start: &str, last: &str) -> Result<(String, usize)> {
    let first = server.sql(&format!("select substr(pg_walfile_name('{start}'), 9)"))?.trim().to_owned();
    let names = fs::read_dir(server.archive())?.map(|file| file.map(|f| f.path()));
    let names = names.collect::<std::io::Result<Vec<PathBuf>>>()?;
    let names: Vec<&str> = names
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .filter(|name| name.len() == 24 && *name <= last)
        .collect();
    let mut timelines: Vec<&str> = names.iter().map(|name| name[..8].trim_start_matches('0')).collect();
    timelines.sort_unstable();
    timelines.dedup();
    Ok((timelines.join(" > "), names.iter().filter(|name| name[8..] >= *first).count()))
}
