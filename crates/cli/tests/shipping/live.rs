//! From a real server and from its files: what a crash loses, and where servers change.

use crate::running::{Shipping, comes, ends, is_of, opened, ship, whole};
use crate::site::rounds;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use walproof_live::{LiveRecovery, Postgres, RecoveryEnd, RecoveryMode, Server, Shape, Wal, gate};

/// Before, `wal_keep_size` has another name.
const OLDEST: u32 = 13;

/// A server that streams, with the settings in addition.
pub fn started(settings: &str) -> Option<Server> {
    let found = Postgres::find(OLDEST)
        .filter(|postgres| ["psql", "pgbench", "pg_basebackup"].iter().all(|name| postgres.program(name).is_some()));
    let Some(postgres) = found else {
        gate::lacks(&format!("no PostgreSQL {OLDEST} or later with psql, pgbench and pg_basebackup found"));
        return None;
    };
    eprintln!("running with PostgreSQL {} of {}", postgres.major(), postgres.bin().display());
    let settings = format!("wal_level = replica\nmax_wal_senders = 9\nmax_replication_slots = 9\n{settings}");
    Some(Server::start(postgres, &settings).unwrap())
}

pub fn conninfo(server: &Server, more: &str) -> String {
    format!("host={} user=postgres {more}", server.folder().display())
}

/// A folder to ship to.
pub fn folder(server: &Server, name: &str) -> PathBuf {
    let path = server.folder().join(name);
    fs::create_dir(&path).unwrap();
    path
}

/// SIGKILL to a server's postmaster: its processes go with it.
pub fn kill_server(data: &Path) {
    let pid = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap().trim().to_owned();
    assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    let state = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    comes("the end of the server", || state().is_empty() || state().contains(") Z "));
}

/// What a server says that recovers from what was shipped, unfinished segments included.
fn recovered(server: &Server, backup: &Path, to: &Path, question: &str) -> String {
    let program = server.folder().join("walproof");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_walproof"), &program).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    opened(to);
    let get = format!("{} archive-get %f \"%p\" --partial --grace 0s --from {}", program.display(), to.display());
    let settings = [("restore_command".to_owned(), get)];
    let mode = RecoveryMode::Archive;
    let recovery = LiveRecovery { backup, archive: to, settings: &settings, mode, question, kept: None };
    let seen = server.recover(&recovery).unwrap();
    assert_eq!(seen.ended, Some(RecoveryEnd::Promotes), "{:#?}", seen.log);
    seen.answer.unwrap()
}

/// How far commits were acknowledged that a session made one after another.
fn acknowledged(printed: &str) -> u64 {
    printed.lines().filter_map(|line| line.trim().parse().ok()).next_back().unwrap_or(0)
}

#[test]
fn a_primary_is_killed_and_what_was_acknowledged_is_there() {
    for round in 0..rounds(1) {
        killed_once(round as u64);
    }
}

/// A sum of all rows: of those that were committed one after another up to one of them, and of those that were there.
fn contents(which: &str) -> String {
    format!(
        "(select sum(hashtext(n || ' ' || extract(epoch from at))::bigint) from acked where {which}) || '/' \
         || (select sum(hashtext(a::text)::bigint) from pgbench_accounts as a)"
    )
}

fn killed_once(round: u64) {
    let Some(server) = started("") else { return };
    let (streamed, followed) = (folder(&server, "streamed"), folder(&server, "followed"));
    server.sql("create table acked(n int primary key, at timestamptz default clock_timestamp())").unwrap();
    server.pgbench(&["-i", "-q"]).unwrap();
    let from = conninfo(&server, "application_name=one");
    let words = ["--server", &from, "--to", streamed.to_str().unwrap()];
    let slot = ["--slot", "one", "--create-slot", "--synchronous"];
    let first = Shipping::start(&mut ship(&[&words[..], &slot[..]].concat()));
    let second = Shipping::start(&mut ship(&[server.data().to_str().unwrap(), "--to", followed.to_str().unwrap()]));
    let state = "select count(*) from pg_stat_replication where application_name = 'one' and state = 'streaming'";
    assert!(server.comes_to(state, "1").unwrap());
    let backup = server.folder().join("backup");
    server.base_backup(&backup, Shape::Plain, Wal::None, None).unwrap();
    server.configure("synchronous_standby_names = 'one'").unwrap();
    server.sql("select pg_reload_conf()").unwrap();
    assert!(
        server.comes_to("select sync_state from pg_stat_replication where application_name = 'one'", "sync").unwrap()
    );
    let script =
        "select format('insert into acked values (%s) returning n', i) from generate_series(1, 1000000) i \\gexec\n";
    let commits = server.session(script).unwrap();
    assert!(server.comes_to("select count(*) > 50 from acked", "t").unwrap());
    std::thread::sleep(Duration::from_millis(137 * (round % 7)));
    kill_server(&server.data());
    // As if the machine were gone with it: nobody reads its files any more.
    second.kill();
    let (printed, _) = commits.interrupted().unwrap();
    let acked = acknowledged(&printed);
    assert!(acked > 20, "{printed}");
    let said = first.stop();
    assert!(said.contains("again in"), "{said}");
    let question = format!("select count(*) || ' ' || max(n) || ' ' || ({}) from acked", contents("true"));
    let numbers = |answer: String| -> (u64, u64, String) {
        let mut words = answer.split_whitespace();
        let mut next = || words.next().unwrap().to_owned();
        (next().parse().unwrap(), next().parse().unwrap(), next())
    };
    let (count, max, own) = numbers(recovered(&server, &backup, &streamed, &question));
    assert!(count == max && max >= acked, "{acked} commits were acknowledged, {max} are there");
    let (count, some, others) = numbers(recovered(&server, &backup, &followed, &question));
    eprintln!("of {acked} acknowledged commits, {some} were shipped from files");
    assert!(count == some && some > 0);
    is_of(&streamed, &[&server.data().join("pg_wal"), &server.archive()]);
    is_of(&followed, &[&server.data().join("pg_wal"), &server.archive()]);
    // The primary itself, as it was at each of the two commits: the same rows.
    comes("the primary again", || server.restart_from_stop().is_ok());
    for (to, shipped, last) in [("streamed", own, max), ("followed", others, some)] {
        let there = server.sql(&format!("select {}", contents(&format!("n <= {last}")))).unwrap();
        assert_eq!(there.trim(), shipped, "{to}: the rows up to commit {last}");
    }
}

#[test]
fn a_standby_takes_over_and_is_followed() {
    let Some(server) = started("wal_keep_size = '64MB'") else { return };
    let to = folder(&server, "to");
    let archive = server.archive();
    let second = server.standby("second", "archive_mode = on").unwrap();
    second.start().unwrap();
    // Whichever of the two answers.
    let from = format!("host={},{} user=postgres", server.folder().display(), second.folder().display());
    let words = ["--server", &from, "--to", to.to_str().unwrap(), "-v"];
    let shipping = Shipping::start(&mut ship(&words));
    server.pgbench(&["-i", "-q"]).unwrap();
    // A restart is nothing but a pause.
    server.restart().unwrap();
    server.pgbench(&["-c", "2", "-t", "200"]).unwrap();
    let wait = "select pg_last_wal_replay_lsn() >= '{}'";
    let lsn = server.sql("select pg_current_wal_lsn()").unwrap();
    assert!(second.comes_to(&wait.replace("{}", lsn.trim()), "t").unwrap());
    server.stop().unwrap();
    second.promote().unwrap();
    second.sql("create table later as select generate_series(1, 20000) as i").unwrap();
    let lsn = second.sql("select pg_switch_wal(); select pg_current_wal_lsn()").unwrap();
    let lsn = lsn.lines().last().unwrap().trim().to_owned();
    comes("the new timeline", || whole(&to).iter().any(|name| name.starts_with("000000020000")));
    let said = shipping.stop();
    assert!(said.contains("again in") && said.contains("timeline 2"), "{said}");
    let (code, said) = ends(&mut ship(&[&words[..], &["--end", &lsn]].concat()));
    assert_eq!(code, 0, "{said}");
    is_of(&to, &[&second.data().join("pg_wal"), &server.data().join("pg_wal"), &archive]);
    assert!(whole(&to).contains(&"00000002.history".to_owned()));
    let ran = crate::run::walproof(&["verify", to.to_str().unwrap()]);
    assert!(ran.code == 0 && ran.out.contains("PROVEN"), "{}", ran.out);
}
