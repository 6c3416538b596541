//! `cargo xtask long forensics`: what `walproof events` tells of random workloads of a server, more of them than the
//! tests of every change take time for; `long names`: what relations are called, by servers of several majors.

use anyhow::Result;

use crate::{
    get, postgres,
    run::{cargo, done},
};

/// So many seeds of the live differential test, from the first one on.
pub fn run(seeds: u64, first: u64) -> Result<()> {
    let server = postgres::find_or_install()?;
    println!("{seeds} workloads of PostgreSQL {} ({})", server.major(), server.bin().display());
    let mut command = cargo();
    command.args(["test", "--package", "walproof", "--test", "events", "--", "--nocapture", "live::"]);
    command.env("WALPROOF_PG", server.bin()).env("WALPROOF_LIVE", "1");
    done(command.env("WALPROOF_SEEDS", seeds.to_string()).env("WALPROOF_FIRST", first.to_string()))
}

/// The names of so many clusters of each major: folders of a server's programs, or all of the distribution's.
pub fn names(clusters: u32, folders: &[&str]) -> Result<()> {
    for server in get::servers(folders)?.values().filter(|server| server.major() >= 12) {
        println!("== {clusters} clusters of PostgreSQL {} ({})", server.major(), server.bin().display());
        let mut command = cargo();
        command.args(["test", "--workspace", "--test", "events", "--", "--nocapture", "names::"]);
        command.env("WALPROOF_PG", server.bin()).env("WALPROOF_LIVE", "1");
        done(command.env("WALPROOF_CLUSTERS", clusters.to_string()))?;
    }
    Ok(())
}
