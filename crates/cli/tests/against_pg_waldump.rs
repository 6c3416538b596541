//! Random flipped bits: `verify` and pg_waldump stop at the same record, and what the server says is what pg_waldump
//! says.
//!
//! The captured WAL is of 15, and so must pg_waldump be that reads it; a server of another version writes WAL for its
//! own. `WALPROOF_SEED` repeats a run.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use walproof_live::{Postgres, Server, gate};
use walproof_testdata::Case;

const FLIPS: usize = 60;
const SEGMENT: usize = 1 << 20;

fn number(lsn: &str) -> u64 {
    let (high, low) = lsn.split_once('/').unwrap();
    u64::from_str_radix(high, 16).unwrap() << 32 | u64::from_str_radix(low, 16).unwrap()
}

fn dump(program: &Path, archive: &Path, segments: &[String], quiet: bool) -> (String, String) {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").arg("-p").arg(archive).args([&segments[0], &segments[segments.len() - 1]]);
    let run = if quiet { command.arg("-q") } else { &mut command }.output().unwrap();
    (String::from_utf8_lossy(&run.stdout).into_owned(), String::from_utf8_lossy(&run.stderr).into_owned())
}

/// What `pg_waldump` reports: the last good record, and why it stopped.
fn stopped(stderr: &str) -> Option<(u64, String)> {
    let (_, rest) = stderr.split_once("error in WAL record at ")?;
    let (last, why) = rest.trim_end().split_once(": ")?;
    Some((number(last), why.to_owned()))
}

fn verify(archive: &Path) -> Value {
    let run = Command::new(env!("CARGO_BIN_EXE_walproof"))
        .arg("verify")
        .arg(archive)
        .args(["--format", "json"])
        .output()
        .unwrap();
    serde_json::from_slice(&run.stdout).unwrap()
}

#[test]
fn both_stop_at_the_same_record_of_captured_wal() {
    let Some(program) = found().filter(|found| found.major() == 15).and_then(|found| found.own_program("pg_waldump"))
    else {
        return gate::goes_without("no pg_waldump of 15 here: WAL that was captured from it was not damaged");
    };
    let folder = tempfile::tempdir().unwrap();
    Case::named("good").unwrap().rebuild(folder.path()).unwrap();
    both_stop_at_the_same_record(&program, folder.path());
}

#[test]
fn both_stop_at_the_same_record_of_the_servers_wal() {
    let Some((postgres, program)) = found().and_then(|found| Some((found.clone(), found.own_program("pg_waldump")?)))
    else {
        return gate::lacks("no server with a pg_waldump here");
    };
    let server = Server::start(postgres, "autovacuum = off").unwrap();
    server.sql("create table t(id int primary key, v text)").unwrap();
    for round in 0..6 {
        let rows = format!("insert into t select i, repeat('x', 200) from generate_series({round}0000, {round}2000) i");
        server.sql(&format!("{rows}; update t set v = v || 'y' where id % 3 = 0; checkpoint")).unwrap();
    }
    server.switch_and_archive().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(server.archive()).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    both_stop_at_the_same_record(&program, folder.path());
}

fn found() -> Option<Postgres> {
    Postgres::find(13)
}

fn both_stop_at_the_same_record(program: &Path, folder: &Path) {
    let mut segments: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    segments.retain(|name| name.len() == 24);
    segments.sort();
    let (records, _) = dump(program, folder, &segments, false);
    let lsns: Vec<u64> =
        records.lines().filter_map(|l| Some(number(l.split_once("lsn: ")?.1.split_once(',')?.0))).collect();
    let next: BTreeMap<u64, u64> = lsns.windows(2).map(|w| (w[0], w[1])).collect();

    let mut seed: u64 = std::env::var("WALPROOF_SEED").map_or(20_261_122, |s| s.parse().unwrap());
    println!("WALPROOF_SEED={seed}");
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut compared = 0;
    for round in 0..FLIPS {
        let file = folder.join(&segments[random(segments.len() - 1)]);
        // Page headers are few, and where most of the rules are: every other flip goes into one.
        let offset = if round % 2 == 0 { random(SEGMENT) } else { random(SEGMENT / 8192) * 8192 + random(24) };
        let bit = 1u8 << random(8);
        let good = fs::read(&file).unwrap();
        let mut bytes = good.clone();
        bytes[offset] ^= bit;
        fs::write(&file, &bytes).unwrap();
        let place = format!("{} byte {offset} bit {bit:#04x}", file.display());
        if let Some((last, why)) = stopped(&dump(program, folder, &segments, true).1) {
            let document = verify(folder);
            let error = document["findings"]
                .as_array()
                .unwrap()
                .iter()
                .find(|f| f["severity"] == "error")
                .unwrap_or_else(|| panic!("missed: {place}"));
            assert_eq!(number(error["lsn"].as_str().unwrap()), next[&last], "{place}: {error:#}");
            assert_eq!(error["server_says"], why.as_str(), "{place}: {error:#}");
            let name = file.file_name().unwrap().to_str().unwrap();
            let holds = |r: &Value| {
                r["file"] == name
                    && (r["offset"].as_u64().unwrap()..)
                        .take(r["length"].as_u64().unwrap() as usize)
                        .any(|o| o == offset as u64)
            };
            assert!(error["span"].as_array().unwrap().iter().any(holds), "{place}: {error:#}");
            compared += 1;
        }
        fs::write(&file, &good).unwrap();
    }
    assert!(compared > FLIPS / 3, "{compared} of {FLIPS}");
}
