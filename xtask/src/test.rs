//! `cargo xtask test`: what README.md tells the reader to run, and `.ci/run` runs.

use std::{collections::BTreeSet, env, fs, path::Path, process};

use anyhow::{Result, ensure};
use walproof_live::{Postgres, gate};

use crate::{
    postgres,
    run::{cargo, done},
};

mod binaries;

/// Every test of the workspace with a live server, the fuzz targets over their seeds among them; at the end, what could
/// not be tried here. With arguments, what `cargo test` makes of them.
pub fn run(arguments: &[&str]) -> Result<()> {
    let server = postgres::find_or_install()?;
    println!("tests with a live server run PostgreSQL {} ({})", server.major(), server.bin().display());
    let left_out = env::temp_dir().join(format!("walproof-left-out-{}", process::id()));
    fs::write(&left_out, "")?;
    let tested = tests(arguments, &server, &left_out);
    tell(&fs::read_to_string(&left_out)?);
    fs::remove_file(&left_out)?;
    tested
}

fn tests(arguments: &[&str], server: &Postgres, left_out: &Path) -> Result<()> {
    let environment = [
        ("WALPROOF_PG", server.bin().as_os_str()),
        ("WALPROOF_LIVE", "1".as_ref()),
        (gate::LEFT_OUT, left_out.as_os_str()),
    ];
    if !arguments.is_empty() {
        return done(cargo().args(["test", "--workspace"]).args(arguments).envs(environment));
    }
    let failed = binaries::run(&binaries::built()?, &environment)?;
    done(cargo().args(["test", "--workspace", "--doc"]).envs(environment))?;
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// Each once, however many tests lacked it.
fn tell(left_out: &str) {
    let lines: BTreeSet<&str> = left_out.lines().collect();
    if !lines.is_empty() {
        println!("\nleft out, for want of what is not here:");
        lines.iter().for_each(|line| println!("  {line}"));
    }
}
