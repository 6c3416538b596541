//! A PostgreSQL for the tests: the one that is there, or the distribution's.

use std::{fs, os::unix::fs::MetadataExt, process::Command};

use anyhow::{Context, Result, bail};
use walproof_live::Postgres;

use crate::run::done;

/// The oldest major version that the live tests are written for.
const OLDEST: u32 = 13;

/// Find a server of at least version 13, or install the one of the distribution.
pub fn find_or_install() -> Result<Postgres> {
    if let Some(found) = Postgres::find(OLDEST) {
        return Ok(found);
    }
    eprintln!("no PostgreSQL {OLDEST} or later found: installing the distribution's");
    if Command::new("apt-get").arg("--version").output().is_err() {
        bail!("there is no apt-get: install a PostgreSQL {OLDEST} or later, or point WALPROOF_PG at its bin folder");
    }
    done(as_root()?.args(["apt-get", "update", "-qq"]))?;
    done(as_root()?.args([
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        "postgresql",
    ]))?;
    Postgres::find(OLDEST).context("PostgreSQL was installed, and still no server of 13 or later is found")
}

/// `env` where we are root, else `sudo`: both run the command that follows.
fn as_root() -> Result<Command> {
    let root = fs::metadata("/proc/self").context("who am I?")?.uid() == 0;
    Ok(Command::new(if root { "env" } else { "sudo" }))
}
