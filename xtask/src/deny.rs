//! `cargo xtask deny`: licences, sources and versions of what we depend on, by deny.toml.

use anyhow::Result;

use crate::run::{cargo, done};

/// Runs cargo-deny, and builds it first where it is not here: that takes minutes, so it is no part of `.ci/run`.
/// Advisories need a database from elsewhere and are left to those who want them.
pub fn run() -> Result<()> {
    if !cargo().args(["deny", "--version"]).output().is_ok_and(|output| output.status.success()) {
        done(cargo().args(["install", "--locked", "cargo-deny"]))?;
    }
    done(cargo().args(["deny", "check", "bans", "licenses", "sources"]))
}
