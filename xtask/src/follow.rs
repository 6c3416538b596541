//! `cargo xtask long follow`: `dump --follow` of a server under load and through a promotion lists what a later `dump` lists.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use walproof_live::Server;

use crate::postgres;
use crate::run::release_binary;

/// What the archiver, and then the follower, may be behind.
const BEHIND: Duration = Duration::from_secs(120);

/// Half of the minutes before the promotion, half of them behind it.
pub fn run(minutes: u64) -> Result<()> {
    let walproof = release_binary()?;
    let server = Server::start(postgres::find_or_install()?, "max_wal_size = '32MB'\nmin_wal_size = '5MB'\n")?;
    server.pgbench(&["-i", "-q", "-s", "10"])?;
    let start = server.sql("select pg_current_wal_insert_lsn()")?;
    let range = ["-s", start.trim(), "--format", "waldump"];
    let kept = std::env::temp_dir().join(format!("walproof-follow-{}", std::process::id()));
    std::fs::create_dir(&kept)?;
    let (live, later) = (kept.join("followed"), kept.join("later"));
    let dump = |archive: &Path, out: &Path| -> Result<Command> {
        let mut command = Command::new(&walproof);
        command.arg("dump").arg(archive).args(range).stdin(Stdio::null()).stdout(File::create(out)?);
        Ok(command)
    };
    let mut following = dump(&server.data().join("pg_wal"), &live)?.arg("--follow").spawn().context("walproof dump --follow")?;
    let half = (minutes * 30).to_string();
    for part in 0..2 {
        println!("{}", server.pgbench(&["-n", "-c", "4", "-j", "2", "-T", &half])?);
        if part == 0 {
            server.promote()?;
        }
    }
    server.switch_and_archive()?;
    ensure!(dump(&server.archive(), &later)?.status()?.success(), "walproof dump of the archive");
    let expected = std::fs::read(&later)?;
    let begun = Instant::now();
    while std::fs::metadata(&live)?.len() < expected.len() as u64 {
        if begun.elapsed() > BEHIND || following.try_wait()?.is_some() {
            bail!("the follower did not come to the end; see {}", kept.display());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    following.kill()?;
    following.wait()?;
    // The server may have written more since the last segment was archived.
    ensure!(std::fs::read(&live)?.starts_with(&expected), "the two lists differ: {}", kept.display());
    println!("{} lines from {}, followed and listed later: equal", expected.iter().filter(|&&b| b == b'\n').count(), start.trim());
    std::fs::remove_dir_all(kept)?;
    Ok(())
}
