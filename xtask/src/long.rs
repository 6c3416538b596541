//! `cargo xtask long`: runs that take too long for every change.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::run::{cargo, done, release_binary};

const FILES: u32 = 1_000_000;

/// A folder of a million empty files is an answer with exit code 2 or 1, not a hang.
pub fn million_files() -> Result<()> {
    let walproof = release_binary()?;
    let folder = std::env::temp_dir().join(format!("walproof-million-{}", std::process::id()));
    fs::create_dir(&folder)?;
    for number in 0..FILES {
        fs::File::create(folder.join(format!("00000001{:08X}{:08X}", number / 256, number % 256)))?;
    }
    let begun = Instant::now();
    let output = Command::new(walproof).arg("verify").arg(&folder).output();
    let taken = begun.elapsed();
    fs::remove_dir_all(&folder)?;
    let output = output?;
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{} after {:.1} s", output.status, taken.as_secs_f64());
    ensure!(matches!(output.status.code(), Some(1 | 2)), "a million empty files: {}", output.status);
    ensure!(taken < Duration::from_secs(120), "too slow");
    Ok(())
}

/// The tests of indexes and parts, as often as they promise.
pub fn index() -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--release", "--package", "walproof", "--test", "index", "--", "--nocapture"]);
    for (name, value) in [("EDITS", "1000"), ("PARTS", "500"), ("KILLS", "200"), ("SEGMENTS", "10000")] {
        command.env(format!("WALPROOF_{name}"), value);
    }
    done(&mut command)
}

/// What a server runs to archive: killed at random points, many at once, places that come and go; so many rounds of
/// each.
pub fn ship(rounds: u32) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--package", "walproof", "--test", "ship", "--", "--nocapture", "--test-threads", "2"]);
    done(command.env("WALPROOF_SHIP_ROUNDS", rounds.to_string()))
}

/// `ship` beside primaries that are killed so many times, and killed and cut itself so many times.
pub fn ship_records(rounds: u32, kills: u32) -> Result<()> {
    let run = |test: &str, rounds: u32| {
        let mut command = cargo();
        command.args(["test", "--workspace", "--test", "shipping", "--", "--nocapture", "--exact", test]);
        done(command.env("WALPROOF_SHIP_ROUNDS", rounds.to_string()))
    };
    run("live::a_primary_is_killed_and_what_was_acknowledged_is_there", rounds)?;
    run("lost::the_server_itself_is_promoted_and_followed", rounds)?;
    run("lost::killed_and_cut_at_any_point_it_goes_on", kills)
}

/// Archives under load, looked at again and again: no run may raise a false alarm.
pub fn busy_archive(runs: u32) -> Result<()> {
    let mut command = cargo();
    command
        .args(["test", "--package", "walproof", "--test", "busy", "--", "--nocapture"])
        .env("WALPROOF_BUSY_RUNS", runs.to_string());
    done(&mut command)
}

/// The tests with real backup tools, so many seeds of each.
pub fn tools(seeds: u32, first: u32) -> Result<()> {
    let mut command = cargo();
    command
        .args(["test", "--package", "walproof", "--test", "tools", "--", "--nocapture", "--test-threads", "1"])
        .env("WALPROOF_TOOL_SEEDS", seeds.to_string())
        .env("WALPROOF_TOOL_FIRST", first.to_string());
    done(&mut command)
}
