//! `cargo xtask long forensics`: what `events`, `txns`, `top` and `blame` tell of random workloads of a server, more
//! of them than the tests of every change take time for. `long before`: the way back that `events` prints, given to a
//! server. `long on-disk`: what it says is left of old rows, against the files of one. `long names`: what relations are
//! called, by servers of several majors.

use anyhow::Result;

use crate::{
    get, postgres,
    run::{cargo, done},
};

/// So many seeds of the live differential test, from the first one on.
pub fn run(seeds: u64, first: u64) -> Result<()> {
    tests("live::what_a_server_did", &[("WALPROOF_SEEDS", seeds), ("WALPROOF_FIRST", first)])
}

/// So many random events of a workload, each undone by a restore.
pub fn before(events: u64, seed: u64) -> Result<()> {
    tests("before_live::random", &[("WALPROOF_EVENTS", events), ("WALPROOF_FIRST", seed)])
}

/// What is left of old rows, for so many workloads.
pub fn on_disk(seeds: u64, first: u64) -> Result<()> {
    tests("on_disk::", &[("WALPROOF_SEEDS", seeds), ("WALPROOF_FIRST", first)])
}

/// Runs tests of `events` with a server.
fn tests(filter: &str, variables: &[(&str, u64)]) -> Result<()> {
    let server = postgres::find_or_install()?;
    println!("{filter} with PostgreSQL {} ({})", server.major(), server.bin().display());
    let mut command = cargo();
    command.args(["test", "--package", "walproof", "--test", "events", "--", "--nocapture", filter]);
    command.env("WALPROOF_PG", server.bin()).env("WALPROOF_LIVE", "1");
    done(command.envs(variables.iter().map(|(name, value)| (*name, value.to_string()))))
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
