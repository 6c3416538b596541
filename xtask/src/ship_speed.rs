//! `cargo xtask ship-speed`: what archiving and fetching a segment of 16 MiB takes beside copying it, and beside
//! pgBackRest, on one host, in one run, in turn.
//!
//! Promised: push and get of a plain segment at most 1.3 times copy, fsync, rename and fsync of the folder; check below
//! 30 ms; zstd into a store on loopback 10 segments a second; start-up below 10 ms.

mod backrest;
#[path = "../../crates/source/tests/stores/server.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "the store of the tests")]
mod store;

use std::{
    fmt::Write as _,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use walproof_live::{Postgres, Server};

use crate::{
    compare::{median, timed},
    run::{keep_result, release_binary},
};

/// Segments that each way carries.
const SEGMENTS: usize = 24;

type Carry = Box<dyn FnMut(&Path) -> Result<Duration>>;

/// One way to carry a segment.
pub struct Way {
    name: String,
    /// Carries it into or out of a place of its own: how long that took.
    carry: Carry,
    times: Vec<Duration>,
}

impl Way {
    fn new(name: &str, carry: impl FnMut(&Path) -> Result<Duration> + 'static) -> Way {
        Way { name: name.to_owned(), carry: Box::new(carry), times: Vec::new() }
    }

    /// A command for each segment.
    fn command(name: &str, command: impl Fn(&Path) -> Command + 'static) -> Way {
        Way::new(name, move |segment| Ok(timed(&mut command(segment))?.wall))
    }
}

/// A server's segments, carried in every way.
pub fn run() -> Result<()> {
    let walproof = release_binary()?;
    let postgres = Postgres::find(15).context("no PostgreSQL 15 or later found")?;
    let server = Server::start_sized(postgres, 16, "wal_keep_size = '2GB'\nmax_wal_size = '4GB'\n")?;
    let segments = filled(&server)?;
    let work = server.folder().join("work");
    let mut text = format!(
        "# Carrying a segment\n\nMilliseconds a segment of 16 MiB under pgbench, medians of {SEGMENTS}, whole processes with their start \
         unless it is said, all ways in turn; {} CPUs, PostgreSQL {}. `copied` is read, write, fsync, rename and fsync of the folder inside \
         one process; `cp` the same by a shell's `cp`, `sync`, `mv`, `sync`. Promised are at most 1.3 × copied for a plain segment, 30 ms for \
         check, 10 ms for a start. `cargo xtask ship-speed` makes these tables.\n",
        std::thread::available_parallelism()?,
        server.postgres().major()
    );
    let backrest = backrest::Backrest::installed(&server, &work)?;
    let store = store::StoreServer::new([], 1000);
    let mut pushes = pushes(&walproof, &work, &store.url)?;
    pushes.extend(backrest.iter().flat_map(|tool| tool.pushes()));
    table(&mut text, "archive-push", &mut pushes, &segments)?;
    let mut gets = gets(&walproof, &work)?;
    gets.extend(backrest.iter().flat_map(|tool| tool.gets()));
    table(&mut text, "archive-get", &mut gets, &segments)?;
    let mut checks = checks(&walproof, &work)?;
    table(&mut text, "check", &mut checks, &segments)?;
    text += "\n## Start-up\n\n| command | ms |\n|---|---:|\n";
    for name in ["check", "archive-push", "archive-get", "archive-prune"] {
        let starts: Result<Vec<Duration>> =
            (0..SEGMENTS).map(|_| Ok(timed(Command::new(&walproof).args([name, "--help"]))?.wall)).collect();
        writeln!(text, "| {name} --help | {:.1} |", millis(median(starts?.into_iter())))?;
    }
    text += "\n## All that waits\n\n| way | segments a second |\n|---|---:|\n";
    for (name, rate) in bulk(&walproof, &work, &segments, &store, backrest.as_ref())? {
        writeln!(text, "| {name} | {rate:.1} |")?;
    }
    if backrest.is_none() {
        text += "\nWithout pgBackRest: it is not installed here.\n";
    }
    keep_result("shipping.md", &text)
}

/// Segments of real work, all of them waiting to be archived.
fn filled(server: &Server) -> Result<Vec<PathBuf>> {
    server.sql("alter system set archive_command = ''")?;
    server.sql("select pg_reload_conf()")?;
    server.pgbench(&["-i", "-q", "-s", "40"])?;
    server.pgbench(&["-c", "4", "-t", "4000"])?;
    server.sql("select pg_switch_wal()")?;
    let status = server.data().join("pg_wal/archive_status");
    let ready = fs::read_dir(status)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = ready.filter_map(|name| Some(name.strip_suffix(".ready")?.to_owned())).collect();
    names.sort();
    ensure!(names.len() >= SEGMENTS, "only {} segments were written", names.len());
    Ok(names.iter().take(SEGMENTS).map(|name| server.data().join("pg_wal").join(name)).collect())
}

fn folder(work: &Path, name: &str) -> Result<PathBuf> {
    let path = work.join(name);
    fs::create_dir_all(&path)?;
    Ok(path)
}

fn name_of(segment: &Path) -> String {
    segment.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Read, write, fsync, rename, fsync of the folder.
fn copied(from: &Path, to: &Path) -> io::Result<Duration> {
    let begun = Instant::now();
    let new = to.join(".copied");
    fs::write(&new, fs::read(from)?)?;
    File::open(&new)?.sync_all()?;
    fs::rename(&new, to.join(from.file_name().unwrap_or_default()))?;
    File::open(to)?.sync_all()?;
    Ok(begun.elapsed())
}

fn pushes(walproof: &Path, work: &Path, url: &str) -> Result<Vec<Way>> {
    let to = folder(work, "copied")?;
    let mut ways = vec![Way::new("copied, no start", move |segment| Ok(copied(segment, &to)?))];
    let to = folder(work, "cp")?;
    ways.push(Way::command("cp", move |segment| {
        let (from, to, name) = (segment.display(), to.display(), name_of(segment));
        let mut command = Command::new("sh");
        command.args([
            "-c",
            &format!("cp {from} {to}/.new && sync {to}/.new && mv -n {to}/.new {to}/{name} && sync {to}"),
        ]);
        command
    }));
    for (name, place, words) in [
        ("walproof, plain", "plain", &[][..]),
        ("walproof, plain, --state", "state", &["--state", "STATE"]),
        ("walproof, zstd", "zstd", &["--compress", "zstd"]),
        ("walproof, zstd, into a store", "s3://b/wal", &["--compress", "zstd"]),
    ] {
        let to = if place.starts_with("s3:") { PathBuf::from(place) } else { folder(work, place)? };
        let state = work.join("push.state");
        let words: Vec<String> = words.iter().map(|word| word.replace("STATE", &state.display().to_string())).collect();
        let (walproof, url) = (walproof.to_owned(), url.to_owned());
        ways.push(Way::command(name, move |segment| push(&walproof, segment, &to, &words, &url)));
    }
    Ok(ways)
}

fn push(walproof: &Path, segment: &Path, to: &Path, words: &[String], url: &str) -> Command {
    let mut command = Command::new(walproof);
    command.arg("archive-push").arg(segment).arg("--to").arg(to).args(words).env("AWS_ENDPOINT_URL", url);
    command.env("AWS_ACCESS_KEY_ID", "KEY").env("AWS_SECRET_ACCESS_KEY", "secret").env_remove("AWS_PROFILE");
    command
}

/// Out of what was pushed.
fn gets(walproof: &Path, work: &Path) -> Result<Vec<Way>> {
    let (from, to) = (work.join("copied"), folder(work, "got")?);
    let mut ways = vec![Way::new("copied, no start", move |segment| Ok(copied(&from.join(name_of(segment)), &to)?))];
    for (name, place) in [("walproof, plain", "plain"), ("walproof, zstd", "zstd")] {
        let (walproof, from, to) = (walproof.to_owned(), work.join(place), work.join("RECOVERYXLOG"));
        ways.push(Way::new(name, move |segment| {
            // As a server does before each.
            let _ = fs::remove_file(&to);
            let mut command = Command::new(&walproof);
            command.arg("archive-get").arg(name_of(segment)).arg(&to).arg("--from").arg(&from);
            Ok(timed(&mut command)?.wall)
        }));
    }
    Ok(ways)
}

fn checks(walproof: &Path, work: &Path) -> Result<Vec<Way>> {
    let (alone, state) = (walproof.to_owned(), work.join("check.state"));
    let one = Way::command("walproof check", move |segment| {
        let mut command = Command::new(&alone);
        command.arg("check").arg(segment);
        command
    });
    let walproof = walproof.to_owned();
    let two = Way::command("walproof check --state", move |segment| {
        let mut command = Command::new(&walproof);
        command.arg("check").arg(segment).arg("--state").arg(&state);
        command
    });
    Ok(vec![one, two])
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.
}

/// Every way in turn, segment by segment; times over the first way's.
fn table(text: &mut String, title: &str, ways: &mut [Way], segments: &[PathBuf]) -> Result<()> {
    for segment in segments {
        for way in ways.iter_mut() {
            let taken = (way.carry)(segment).with_context(|| way.name.clone())?;
            way.times.push(taken);
        }
    }
    write!(text, "\n## {title}\n\n| way | ms | × the first |\n|---|---:|---:|\n")?;
    let first = ways.first().map_or(1., |way| millis(median(way.times.iter().copied())));
    for way in ways.iter() {
        let own = millis(median(way.times.iter().copied()));
        writeln!(text, "| {} | {own:.1} | {:.2} |", way.name, own / first)?;
    }
    Ok(())
}

/// As many as wait, one command after another: segments a second.
fn bulk(
    walproof: &Path,
    work: &Path,
    segments: &[PathBuf],
    store: &store::StoreServer,
    backrest: Option<&backrest::Backrest<'_>>,
) -> Result<Vec<(String, f64)>> {
    let mut out = Vec::new();
    let rate = |begun: Instant| segments.len() as f64 / begun.elapsed().as_secs_f64();
    for jobs in ["1", "2", "4"] {
        for (name, place) in [("plain into a folder", "bulk"), ("zstd into a store", "s3://b/bulk")] {
            let (place, mut words) = (format!("{place}{jobs}"), vec!["--jobs".to_owned(), jobs.to_owned()]);
            let to = if place.starts_with("s3:") {
                words.extend(["--compress", "zstd"].map(str::to_owned));
                PathBuf::from(place)
            } else {
                folder(work, &place)?
            };
            let begun = Instant::now();
            for segment in segments {
                timed(&mut push(walproof, segment, &to, &words, &store.url))?;
            }
            out.push((format!("walproof --jobs {jobs}, {name}"), rate(begun)));
        }
    }
    if let Some(tool) = backrest {
        for codec in ["none", "zst"] {
            let begun = Instant::now();
            tool.push_asynchronously(codec, segments)?;
            out.push((format!("pgbackrest, asynchronous, {codec} into a folder"), rate(begun)));
        }
    }
    Ok(out)
}
