//! `cargo xtask long forensics`: what `events`, `txns`, `top` and `blame` tell of random workloads of a server, more of
//! them than the tests of every change take time for.

use anyhow::Result;

use crate::{
    postgres,
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
