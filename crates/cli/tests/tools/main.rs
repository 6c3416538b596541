//! Backup tools at work: a server under pgbench archives with each, is backed up, what is stored is damaged, and
//! restored by the tool's own restore, with the command that `walproof` says; what the server then does was foretold.
//!
//! A seed chooses codec, workload, target and damage. `WALPROOF_TOOL_SEEDS`, `WALPROOF_TOOL_FIRST`: how many seeds of
//! each tool (1), from which on (0). The tools are the distribution's; what is not installed is left out, but at the
//! gate.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod barman;
#[cfg(feature = "stores")]
mod cloud;
#[path = "../restore_live/compare.rs"]
mod compare;
mod damage;
mod lab;
mod pgbackrest;
#[path = "../restore_live/position.rs"]
#[allow(dead_code, reason = "positions are spelled elsewhere")]
mod position;
#[path = "../restore_live/seen.rs"]
mod seen;

use lab::{BackupTool, Lab, Target};
use serde_json::Value;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use walproof_live::{Postgres, Random, RestoredData, gate};

/// The program, if it is installed.
fn installed(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file());
    if found.is_none() {
        gate::lacks(&format!("{name} is not installed: archives are not made by it"));
    }
    found
}

/// The newest server that the tool's version knows.
fn server(newest: u32) -> Option<Postgres> {
    let found = Postgres::find(13).filter(|server| {
        server.major() <= newest
            && ["psql", "pgbench", "pg_basebackup"].iter().all(|name| server.program(name).is_some())
    });
    if found.is_none() {
        gate::lacks(&format!("no PostgreSQL of 13 to {newest} with psql, pgbench and pg_basebackup was found"));
    }
    found
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str, otherwise| env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let first = number("WALPROOF_TOOL_FIRST", 0);
    first..first + number("WALPROOF_TOOL_SEEDS", 1)
}

/// What `walproof` says with these words, as JSON, and its exit code.
fn said(tool: &impl BackupTool, words: &[String]) -> (Value, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    command.args(words).args(["--format", "json"]).env_remove("TZ").env_remove("AWS_PROFILE");
    command.envs(tool.credentials());
    let output = command.output().unwrap();
    let told = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{words:?}: {}", String::from_utf8_lossy(&output.stderr)));
    (told, output.status.code().unwrap())
}

fn verify(place: &str, more: &[String]) -> Vec<String> {
    ["verify".to_owned(), place.to_owned()].into_iter().chain(more.iter().cloned()).collect()
}

/// A server's life with a tool, a restore of what is whole, then one of what is damaged.
fn a_life_with(tool: &impl BackupTool, postgres: Postgres, seed: u64) {
    let mut random = Random::seeded(seed);
    let lab = Lab::live(tool, postgres, &mut random);
    let place = tool.place();
    let (whole, code) = said(tool, &verify(&place, &[]));
    assert_eq!((code, &whole["verdict"]), (0, &"proven".into()), "seed {seed}: {whole:#}");
    assert_eq!(whole["repository"]["restorable_backups"], whole["repository"]["backups"], "{whole:#}");
    let target = Target::any(&mut random, &lab.marks);
    let command = command(tool, &target);
    compared(tool, &lab, &format!("seed {seed}, whole, {target:?}"), &target, command.as_deref());
    // Every target that lies far behind the damage would only be missed; without one the end tells how far it went.
    let target = if random.once_in(2) { Target::None } else { Target::any(&mut random, &lab.marks) };
    let command = self::command(tool, &target);
    let damaged = damage::any(&mut random, &tool.objects(), &lab.backed_up);
    compared(tool, &lab, &format!("seed {seed}, {damaged}, {target:?}"), &target, command.as_deref());
}

/// What is foretold of a restore of the latest backup.
fn foretold(tool: &impl BackupTool, target: &Target) -> (Value, i32) {
    let words = [vec!["--backup=latest".to_owned()], target.options()].concat();
    said(tool, &verify(&tool.place(), &words))
}

/// The tool's command for a restore that is proven.
fn command(tool: &impl BackupTool, target: &Target) -> Option<String> {
    let (told, code) = foretold(tool, target);
    let command = told["repository"]["restore_command"].as_str().map(str::to_owned);
    assert!(code == 0 && command.is_some(), "{target:?}: {told:#}");
    command
}

/// Foretells a restore, has the tool and the server do it, and compares.
fn compared(tool: &impl BackupTool, lab: &Lab, what: &str, target: &Target, command: Option<&str>) {
    let (told, code) = foretold(tool, target);
    let mut foretold = told["restore"].clone();
    assert!(!foretold.is_null(), "{what}: {told:#}");
    let into = lab.server.folder().join("restored");
    let settings = tool.restore(&lab.server, command, &into).unwrap_or_else(|e| panic!("{what}: {e}"));
    let restored = RestoredData { data: &into, settings: &settings, question: "select count(*) from pgbench_history" };
    let seen = seen::document(&lab.server.recover_restored(&restored).unwrap_or_else(|e| panic!("{what}: {e}")));
    // Who asked the tool for which file, only the tool knows.
    foretold["files"] = Value::Array(Vec::new());
    let differences = compare::differences(&foretold, &seen, true);
    eprintln!("{what}: exit {code}; {}", compare::in_short(&seen));
    assert!(differences.is_empty(), "{what}:\n  {}\n{told:#}\n{seen:#}", differences.join("\n  "));
}

#[test]
fn pgbackrest_restores_as_foretold() {
    let (Some(program), Some(postgres)) = (installed("pgbackrest"), server(pgbackrest::NEWEST)) else { return };
    for seed in seeds() {
        a_life_with(&pgbackrest::PgBackRest::new(&program, seed), postgres.clone(), seed);
    }
}

#[test]
fn barman_restores_as_foretold() {
    let (Some(program), Some(postgres)) = (installed("barman"), server(barman::NEWEST)) else { return };
    for seed in seeds() {
        a_life_with(&barman::Barman::new(&program, seed), postgres.clone(), seed);
    }
}

#[cfg(feature = "stores")]
#[test]
fn barman_cloud_restores_as_foretold_and_a_bucket_is_a_folder() {
    let Some(store) = cloud::Store::start() else { return };
    if installed("barman-cloud-backup").is_none() {
        return;
    }
    let Some(postgres) = server(barman::NEWEST) else { return };
    for seed in seeds() {
        let tool = cloud::BarmanCloud::new(&store, seed);
        a_life_with(&tool, postgres.clone(), seed);
        cloud::is_the_same_in_a_folder(&tool);
    }
}

/// A folder that goes away with its owner.
fn folder_of(seed: u64, tool: &str) -> PathBuf {
    env::temp_dir().join(format!("walproof-{tool}-{}-{seed}", std::process::id()))
}

/// A word for a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}
