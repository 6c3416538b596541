//! A real server, whose `archive_command` is ours.

use crate::run::walproof;
use crate::site::names;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use walproof_live::{Postgres, Server, gate};

const OLDEST: u32 = 12;

pub fn started(settings: &str) -> Option<Server> {
    let Some(postgres) = Postgres::find(OLDEST) else {
        gate::lacks(&format!("no PostgreSQL {OLDEST} or later found (WALPROOF_PG, PATH, /usr/lib/postgresql/*/bin)"));
        return None;
    };
    let kept = if postgres.major() < 13 { "wal_keep_segments = 64" } else { "wal_keep_size = '64MB'" };
    let settings = format!("max_wal_size = '8MB'\nmin_wal_size = '5MB'\n{kept}\n{settings}");
    Some(Server::start(postgres, &settings).unwrap())
}

/// The program, where the server's user may run it.
pub fn program(server: &Server) -> PathBuf {
    let own = server.folder().join("walproof");
    if !own.exists() {
        fs::copy(env!("CARGO_BIN_EXE_walproof"), &own).unwrap();
    }
    own
}

/// An `archive_command` from now on.
fn archives_with(server: &Server, command: &str) {
    let own = program(server);
    let archive = server.archive().display().to_string();
    let command = command.replace("walproof", own.to_str().unwrap()).replace("ARCHIVE", &archive);
    server.configure(&format!("archive_command = '{command}'")).unwrap();
    server.restart().unwrap();
}

#[track_caller]
pub fn proven(archive: &Path) {
    let ran = walproof(&["verify", archive.to_str().unwrap()]);
    assert!(ran.code == 0 && ran.out.contains("PROVEN"), "{}", ran.out);
}

#[test]
fn a_server_archives_with_it_through_a_promotion_and_no_second_one_gets_in() {
    let Some(server) = started("") else { return };
    archives_with(&server, "walproof archive-push %p --to ARCHIVE");
    // What the stock command copied before.
    for file in names(&server.archive()) {
        fs::remove_file(server.archive().join(file)).unwrap();
    }
    server.pgbench(&["-i", "-q"]).unwrap();
    server.pgbench(&["-c", "4", "-t", "300"]).unwrap();
    server.switch_and_archive().unwrap();
    proven(&server.archive());
    assert_eq!(server.sql("select failed_count from pg_stat_archiver").unwrap().trim(), "0");
    // A copy of the server goes on by itself: a split brain.
    let copy = server.folder().join("copy");
    server.stop().unwrap();
    server.copy_data(&copy).unwrap();
    server.restart_from_stop().unwrap();
    server.sql("create table own as select generate_series(1, 30000) as i").unwrap();
    let own = server.switch_and_archive().unwrap();
    let before = fs::read(server.archive().join(&own)).unwrap();
    let other = Command::new(program(&server))
        .args(["archive-push", &format!("pg_wal/{own}"), "--to"])
        .arg(server.archive())
        .current_dir(&copy)
        .output()
        .unwrap();
    // The copy has the segment with other records, or not yet.
    assert_eq!(other.status.code(), Some(1));
    assert!(fs::read(server.archive().join(&own)).unwrap() == before);
    server.promote().unwrap();
    server.pgbench(&["-c", "2", "-t", "200"]).unwrap();
    server.switch_and_archive().unwrap();
    proven(&server.archive());
    assert!(names(&server.archive()).contains(&"00000002.history".to_owned()));
}

#[test]
fn a_gate_stands_in_front_of_another_command() {
    let Some(server) = started("") else { return };
    let state = server.folder().join("passed");
    let command = format!("walproof check %p --strict --state {} && cp %p ARCHIVE/%f", state.display());
    archives_with(&server, &command);
    server.pgbench(&["-i", "-q"]).unwrap();
    let last = server.switch_and_archive().unwrap();
    proven(&server.archive());
    // A segment that goes bad in pg_wal before it is archived does not pass; what comes behind it waits.
    server.configure("archive_command = 'false'").unwrap();
    server.restart().unwrap();
    server.pgbench(&["-t", "2000"]).unwrap();
    server.sql("select pg_switch_wal()").unwrap();
    let wal = server.data().join("pg_wal");
    let archived = |name: &str| server.archive().join(name).exists();
    // What was begun before the stop was archived at it.
    let waits = |name: &String| name.len() == 24 && *name > last && !archived(name);
    let bad = names(&wal).into_iter().find(waits).unwrap();
    let good = fs::read(wal.join(&bad)).unwrap();
    let mut bytes = good.clone();
    bytes[100_000] ^= 1;
    fs::write(wal.join(&bad), &bytes).unwrap();
    archives_with(&server, &command);
    std::thread::sleep(Duration::from_secs(2));
    assert!(!archived(&bad), "{bad}");
    fs::write(wal.join(&bad), &good).unwrap();
    let begun = Instant::now();
    // A new segment wakes the archiver at once.
    while !archived(&bad) && begun.elapsed() < Duration::from_secs(60) {
        server.sql("select pg_logical_emit_message(false, 'x', 'y'); select pg_switch_wal()").unwrap();
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(archived(&bad));
}
