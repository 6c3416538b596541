//! The verdict of a restore against the restore itself: a real server's workload, backup and archive, damaged and aimed
//! at random, foretold by `walproof verify --backup` and then recovered by the server.
//!
//! A seed is printed and chooses everything: `seed / 5` a workload, `seed % 5` what is done to its archive and what
//! recovery is asked for, how and by which files. The server's own timing is not in the seed: what a disagreement needs
//! is kept where `WALPROOF_KEEP` says.
//!
//! - `WALPROOF_SEEDS`, `WALPROOF_FIRST`: how many seeds (10), from which on (0).
//! - `WALPROOF_KEEP`: a folder; what disagrees, and what was only observed, is kept there as
//!   `MAJOR-SEED/{archive,base,settings.json,observed.json,foretold.json}`; with `WALPROOF_KEEP_ALL=1` everything.
//! - `WALPROOF_SAVED`: a folder of kept scenarios; they are foretold anew and compared, without a server.
//! - `WALPROOF_OBSERVE=1`: recover, and foretell nothing.

#![allow(clippy::unwrap_used)]

mod activity;
mod compare;
mod damage;
mod keep;
mod position;
mod predict;
mod scenario;
mod seen;
mod target;
mod workload;
mod written;

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use scenario::Scenario;
use walproof_live::{Postgres, gate};
use workload::Workload;

const OLDEST: u32 = 11;
/// Seeds that share a server's life, which takes as long as some recoveries.
const A_WORKLOAD: u64 = 5;
const AT_ONCE: usize = 2;

#[test]
fn a_restore_goes_as_foretold() {
    let Some(postgres) = found() else { return };
    let (seeds, first) = (number("WALPROOF_SEEDS", 10), number("WALPROOF_FIRST", 0));
    let foretells = predict::is_possible();
    eprintln!(
        "seeds {first} to {} with PostgreSQL {} of {}",
        first + seeds - 1,
        postgres.major(),
        postgres.bin().display()
    );
    let mut wrong = Vec::new();
    let mut seed = first;
    while seed < first + seeds {
        let end = (first + seeds).min((seed / A_WORKLOAD + 1) * A_WORKLOAD);
        let workload = Workload::run(postgres.clone(), seed / A_WORKLOAD);
        wrong.extend(scenarios(&workload, seed..end, foretells));
        seed = end;
    }
    if !foretells {
        gate::lacks("restores were observed, and none was foretold");
    }
    assert!(wrong.is_empty(), "{} of {seeds} seeds disagree:\n{}", wrong.len(), wrong.join("\n"));
}

/// Some at once, on one workload; returns what disagrees.
fn scenarios(workload: &Workload, seeds: std::ops::Range<u64>, foretells: bool) -> Vec<String> {
    let (next, wrong) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    if let Some(said) = one(workload, seed, foretells) {
                        wrong.lock().unwrap().push(said);
                    }
                }
            });
        }
    });
    wrong.into_inner().unwrap()
}

fn one(workload: &Workload, seed: u64, foretells: bool) -> Option<String> {
    let scenario = Scenario::make(workload, seed);
    // Foretold first: the prediction must not know the end.
    let foretold = foretells.then(|| predict::of(&scenario));
    let observed = match scenario.recover(workload) {
        Ok(seen) => keep::document(&scenario, &seen),
        Err(error) => {
            return Some(format!("seed {seed} on {}: {}\n  no recovery: {error}", workload.major(), scenario.what));
        }
    };
    let differences = foretold
        .as_ref()
        .map(|foretold| {
            compare::differences(foretold, &observed, target::reads_ahead(workload.major(), &scenario.settings))
        })
        .unwrap_or_default();
    let keeps = foretold.is_none() || !differences.is_empty() || env::var_os("WALPROOF_KEEP_ALL").is_some();
    if let Some(folder) = env::var_os("WALPROOF_KEEP").filter(|_| keeps) {
        keep::keep(workload, &scenario, &observed, foretold.as_ref(), &PathBuf::from(folder));
    }
    eprintln!("seed {seed}: {}: {}", scenario.what, compare::in_short(&observed));
    fs::remove_dir_all(&scenario.folder).unwrap();
    (!differences.is_empty())
        .then(|| format!("seed {seed} on {}: {}\n  {}", workload.major(), scenario.what, differences.join("\n  ")))
}

/// Kept scenarios, foretold anew.
#[test]
fn kept_restores_went_as_foretold() {
    let Some(folder) = env::var_os("WALPROOF_SAVED") else {
        return gate::goes_without("WALPROOF_SAVED names no kept restores");
    };
    assert!(predict::is_possible(), "walproof verify has no --backup");
    let mut kept: Vec<PathBuf> = fs::read_dir(Path::new(&folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    kept.retain(|path| path.join("observed.json").is_file());
    kept.sort();
    let mut wrong = Vec::new();
    for path in &kept {
        let kept = keep::load(path);
        let (observed, ahead) = (&kept.observed, target::reads_ahead(kept.major, &kept.settings));
        let differences = compare::differences(&kept.foretold_anew(path), observed, ahead);
        if !differences.is_empty() {
            wrong.push(format!("{}: {}\n  {}", path.display(), kept.observed["what"], differences.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} kept restores disagree:\n{}", wrong.len(), kept.len(), wrong.join("\n"));
}

fn found() -> Option<Postgres> {
    let found = Postgres::find(OLDEST)
        .filter(|postgres| ["psql", "pg_basebackup"].iter().all(|name| postgres.program(name).is_some()));
    if found.is_none() {
        assert!(
            env::var_os("WALPROOF_LIVE").is_none_or(|v| v != "1"),
            "WALPROOF_LIVE=1, and no PostgreSQL {OLDEST} or later was found"
        );
        gate::lacks(&format!(
            "no PostgreSQL {OLDEST} or later with psql and pg_basebackup found (WALPROOF_PG, PATH, /usr/lib/postgresql/*/bin)"
        ));
    }
    found
}

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}
