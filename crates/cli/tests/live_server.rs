//! What a real server writes, archives and says, against what `walproof` reads and says.
//!
//! With `WALPROOF_LIVE=1` (as `cargo xtask test` sets it) a missing server is a failure; without it the test says that
//! it was skipped.

#![allow(clippy::unwrap_used)]

use std::{
    ffi::OsStr,
    fs,
    path::Path,
    process::{Command, Output},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use serde_json::Value;
use walproof_live::{Postgres, Server, gate};

/// `pg_walfile_name` and `--wal-segsize` have these names and meanings from here on, and their WAL is what users
/// archive today.
const OLDEST: u32 = 13;
const ROUNDS: u32 = 4;
const LOOKS_WHILE_WRITING: u32 = 8;
const POSITIONS: usize = 1000;

#[test]
fn a_live_server_and_walproof_agree() {
    let Some(server) = started() else { return };
    workload(&server);
    server.restart().unwrap();
    workload(&server);
    proven_while_the_server_writes(&server);
    positions_are_named_as_the_server_names_them(&server);
    the_control_file_is_printed_as_pg_controldata_prints_it(&server);
    let last = server.switch_and_archive().unwrap();
    the_archive_is_proven(&server, &last);
}

fn started() -> Option<Server> {
    let Some(postgres) = Postgres::find(OLDEST) else {
        assert!(
            std::env::var_os("WALPROOF_LIVE").is_none_or(|v| v != "1"),
            "WALPROOF_LIVE=1, and no PostgreSQL {OLDEST} or later was found"
        );
        gate::lacks(&format!("no PostgreSQL {OLDEST} or later found (WALPROOF_PG, PATH, /usr/lib/postgresql/*/bin)"));
        return None;
    };
    eprintln!("running with PostgreSQL {} of {}", postgres.major(), postgres.bin().display());
    let settings = "wal_level = logical\nmax_wal_size = '8MB'\nmin_wal_size = '5MB'\nwal_compression = on\nmax_prepared_transactions = 5\n";
    let server = Server::start(postgres, settings).unwrap();
    server
        .sql(
            "create table accounts(id int primary key, balance int not null, filler text);
             create table history(id bigserial primary key, account int, delta int, at timestamptz default now());
             insert into accounts select i, 0, repeat('x', 80) from generate_series(1, 5000) i",
        )
        .unwrap();
    Some(server)
}

/// Some MiB of everyday WAL: single-row transactions, an index, a rollback, savepoints, two-phase commit, vacuum,
/// checkpoints.
fn workload(server: &Server) {
    for round in 0..ROUNDS {
        server.sql(&transfers(round)).unwrap();
        server.sql("begin; update accounts set balance = 0 where id < 500; savepoint s; delete from history; rollback to s; rollback").unwrap();
        server.sql("begin; insert into history(account, delta) values (1, 1); prepare transaction 'p'").unwrap();
        server.sql("commit prepared 'p'").unwrap();
        server.sql("create index if not exists by_account on history(account)").unwrap();
        server.sql("vacuum accounts").unwrap();
        server.sql("checkpoint").unwrap();
        server.sql("update accounts set balance = balance + 1 where id % 3 = 0").unwrap();
    }
}

/// A block that commits after each of some hundred transfers.
fn transfers(round: u32) -> String {
    format!(
        "do $$ begin for i in 1..400 loop
           update accounts set balance = balance + i where id = 1 + (i * 37 + {round}) % 5000;
           insert into history(account, delta) values (i, i);
           commit;
         end loop; end $$"
    )
}

fn proven_while_the_server_writes(server: &Server) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) {
                server.sql(&transfers(round)).unwrap();
                server.sql("checkpoint").unwrap();
                round += 1;
            }
            round
        });
        let mut wrong = Vec::new();
        for _ in 0..LOOKS_WHILE_WRITING {
            let output = walproof([
                OsStr::new("verify"),
                server.data().join("pg_wal").as_os_str(),
                OsStr::new("--format"),
                OsStr::new("json"),
            ]);
            if output.status.code() != Some(0) || json(&output)["verdict"] != "proven" {
                wrong.push(said(&output));
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 0, "the server wrote nothing meanwhile");
        assert!(
            wrong.is_empty(),
            "pg_wal of a running server, {} of {LOOKS_WHILE_WRITING} looks: {}",
            wrong.len(),
            wrong[0]
        );
    });
}

fn positions_are_named_as_the_server_names_them(server: &Server) {
    // Half of them anywhere below 2^40, a quarter at segment boundaries and a quarter a byte behind.
    let rows = server
        .sql(&format!(
            "with chosen as (
               select i, (random() * 1099511627776)::bigint as p from generate_series(1, {POSITIONS}) i),
             placed as (
               select case i % 4 when 0 then p - p % 1048576 when 1 then p - p % 1048576 + 1 else p end as p from chosen),
             spelled as (
               select format('%s/%s', upper(to_hex(p >> 32)), upper(to_hex(p & 4294967295)))::pg_lsn as lsn from placed)
             select lsn, (pg_walfile_name_offset(lsn)).* , pg_walfile_name(lsn) from spelled"
        ))
        .unwrap();
    let rows: Vec<Vec<&str>> = rows.lines().map(|line| line.split('|').collect()).collect();
    assert_eq!(rows.len(), POSITIONS);
    let version = server.postgres().major().to_string();
    let asked = rows.iter().map(|row| row[0]);
    let output = walproof(["locate"].into_iter().chain(asked).chain([
        "--as",
        &version,
        "--timeline",
        "1",
        "--segment-size",
        "1MiB",
        "--format",
        "json",
    ]));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let answers: Vec<Value> =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), POSITIONS);
    for (row, answer) in rows.iter().zip(&answers) {
        assert_eq!(
            answer["walfile_name_offset"],
            serde_json::json!([row[1], row[2].parse::<u64>().unwrap()]),
            "{row:?}"
        );
        assert_eq!(answer["walfile_name"], row[3], "{row:?}");
    }
}

fn the_control_file_is_printed_as_pg_controldata_prints_it(server: &Server) {
    let Some(controldata) = server.postgres().own_program("pg_controldata") else {
        return gate::lacks("no pg_controldata beside the server");
    };
    let data = server.data();
    let theirs = || Command::new(&controldata).env("LC_ALL", "C").arg(&data).output().unwrap();
    // The server writes the file whenever it likes: both have to have read the same.
    let [before, ours, after] = (0..20)
        .map(|_| [theirs(), walproof([OsStr::new("control"), data.as_os_str()]), theirs()])
        .find(|[before, _, after]| before.stdout == after.stdout)
        .unwrap();
    assert!(before.status.success() && after.status.success(), "{}", said(&after));
    assert_eq!(said(&ours), said(&before));
}

fn the_archive_is_proven(server: &Server, last: &str) {
    let archive = server.archive();
    let output = walproof([OsStr::new("verify"), archive.as_os_str(), OsStr::new("--format"), OsStr::new("json")]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let document = json(&output);
    assert_eq!(document["verdict"], "proven");
    assert_eq!(document["version"], server.postgres().major().to_string());
    assert_eq!(
        document["system_identifier"],
        server.sql("select system_identifier from pg_control_system()").unwrap().trim()
    );
    assert_eq!(document["segment_size"], 1 << 20);
    let timelines = document["timelines"].as_array().unwrap();
    assert_eq!(timelines.len(), 1);
    assert_eq!(timelines[0]["segments"].as_u64().unwrap(), segments(&archive).len() as u64);
    assert!(segments(&archive).len() > 5, "the workload filled too few segments: {:?}", segments(&archive));
    match server.postgres().own_program("pg_waldump") {
        Some(waldump) => assert_eq!(timelines[0]["records"].as_u64().unwrap(), records(&waldump, &archive, last)),
        None => gate::lacks("no pg_waldump beside the server"),
    }
}

/// How many records `pg_waldump` prints of the archive.
fn records(waldump: &Path, archive: &Path, last: &str) -> u64 {
    let first = &segments(archive)[0];
    let output = Command::new(waldump).arg("-p").arg(archive).args([first, last]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"rmgr:")).count() as u64
}

fn segments(archive: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(archive)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.len() == 24)
        .collect();
    names.sort();
    names
}

fn walproof(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_walproof")).args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

fn said(output: &Output) -> String {
    format!("{}\n{}{}", output.status, String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
