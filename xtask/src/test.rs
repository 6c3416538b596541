//! `cargo xtask test`: what README.md tells the reader to run, and `.ci/run` runs.

use anyhow::Result;

use crate::{
    postgres,
    run::{cargo, done, root},
};

/// Every test of the workspace with a live server, then the fuzz targets over their seeds.
pub fn run(arguments: &[&str]) -> Result<()> {
    let server = postgres::find_or_install()?;
    println!("tests with a live server run PostgreSQL {} ({})", server.major(), server.bin().display());
    done(
        cargo()
            .args(["test", "--workspace"])
            .args(arguments)
            .env("WALPROOF_PG", server.bin())
            .env("WALPROOF_LIVE", "1"),
    )?;
    if root().join("fuzz/Cargo.toml").is_file() {
        done(cargo().args(["test", "--manifest-path", "fuzz/Cargo.toml"]))?;
    }
    Ok(())
}
