//! `cargo xtask long get` and `long restored`: recoveries that our restore_command feeds, by servers of several majors,
//! and many restores of which `verify --restored` says what became.

use anyhow::{Result, ensure};
use std::{collections::BTreeMap, env, path::PathBuf};
use walproof_live::Postgres;

use crate::{
    postgres,
    run::{cargo, done},
};

/// The tests with a live server, with each of these: folders of a server's programs, or all of the distribution's.
pub fn get(folders: &[&str]) -> Result<()> {
    let servers = servers(folders)?;
    for server in servers.values().filter(|server| server.major() >= 13) {
        println!("== PostgreSQL {} ({})", server.major(), server.bin().display());
        let mut command = cargo();
        command.args(["test", "--package", "walproof", "--test", "archive_get", "--"]);
        command.args(["--nocapture", "--test-threads", "1", "live::", "standby::", "tool::"]);
        done(command.env("WALPROOF_PG", server.bin()).env("WALPROOF_LIVE", "1"))?;
    }
    Ok(())
}

/// So many restores, half of which end early.
pub fn restored(count: u32, first: u32) -> Result<()> {
    let server = postgres::find_or_install()?;
    println!("{count} restores by PostgreSQL {} ({})", server.major(), server.bin().display());
    let mut command = cargo();
    command.args(["test", "--package", "walproof", "--test", "archive_get", "--", "--nocapture", "restores::"]);
    command.env("WALPROOF_PG", server.bin()).env("WALPROOF_LIVE", "1");
    done(command.env("WALPROOF_RESTORES", count.to_string()).env("WALPROOF_FIRST", first.to_string()))
}

/// A server of each major, in their order.
pub fn servers(folders: &[&str]) -> Result<BTreeMap<u32, Postgres>> {
    let named: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    let mut all = BTreeMap::new();
    for folder in &named {
        let found = Postgres::at(folder);
        ensure!(found.is_some(), "{}: no server of PostgreSQL", folder.display());
        all.extend(found.map(|found| (found.major(), found)));
    }
    if named.is_empty() {
        let found = postgres::find_or_install()?;
        all.extend(Postgres::packaged().into_iter().map(|found| (found.major(), found)));
        if env::var_os("WALPROOF_PG").is_some() || all.is_empty() {
            all.insert(found.major(), found);
        }
    }
    Ok(all)
}
