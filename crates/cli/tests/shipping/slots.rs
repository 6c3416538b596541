//! Slots: what they keep behind a gap, and those that their server gave up; and a server that is behind what lies
//! there.

use crate::live::{conninfo, folder, started};
use crate::running::{Shipping, comes, ends, is_of, partials, ship, whole};
use std::time::Duration;
use walproof_live::Server;

/// WAL, and checkpoints that remove what nobody keeps.
fn writes(server: &Server, count: u32) {
    for n in 0..count {
        let table =
            format!("create table if not exists t{n}(i int); insert into t{n} select generate_series(1, 30000)");
        server.sql(&table).unwrap();
        server.sql("checkpoint").unwrap();
        server.switch_and_archive().unwrap();
    }
    server.sql("checkpoint").unwrap();
}

fn now(server: &Server) -> String {
    server.sql("select pg_current_wal_lsn()").unwrap().trim().to_owned()
}

fn is_free(server: &Server) {
    assert!(server.comes_to("select active from pg_replication_slots where slot_name = 'own'", "f").unwrap());
}

const SMALL: &str = "max_wal_size = '3MB'\nmin_wal_size = '2MB'\nwal_keep_size = 0";

#[test]
fn a_slot_that_its_server_gave_up_is_told_with_what_to_do() {
    let Some(server) = started(&format!("{SMALL}\nmax_slot_wal_keep_size = '2MB'")) else { return };
    let to = folder(&server, "to");
    let own = conninfo(&server, "");
    let words = ["--server", &own, "--to", to.to_str().unwrap(), "--slot", "own"];
    let run = |more: &[&str]| ends(&mut ship(&[&words[..], &["--end", &now(&server), "--no-retry"], more].concat()));
    server.sql("create table first(i int); insert into first select generate_series(1, 1000)").unwrap();
    let (code, said) = run(&["--create-slot"]);
    assert_eq!(code, 0, "{said}");
    is_free(&server);
    writes(&server, 8);
    assert!(server.comes_to("select wal_status from pg_replication_slots", "lost").unwrap());
    let (code, said) = run(&[]);
    assert_eq!(code, 1, "{said}");
    for word in ["what is here ends at 0/", "(last commit 20", "--after-gap", "max_slot_wal_keep_size", "slot \"own\""]
    {
        assert!(said.contains(word), "{word}: {said}");
    }
    // From 18 on such a slot is never used again.
    let refuses = server.postgres().major() >= 18;
    let drop = "SELECT pg_drop_replication_slot('own')";
    assert_eq!(said.contains(drop), refuses, "{said}");
    let (mut code, mut said) = run(&["--after-gap"]);
    if refuses {
        assert!(code == 1 && said.contains(drop), "{code} {said}");
        server.sql(drop).unwrap();
        (code, said) = run(&["--after-gap", "--create-slot"]);
    }
    assert!(code == 0 && said.contains("is missing (WP101)"), "{code} {said}");
    is_free(&server);
    let kept = server.sql("select wal_status from pg_replication_slots").unwrap();
    assert_eq!(kept.trim(), "reserved");
    is_of(&to, &[&server.data().join("pg_wal"), &server.archive()]);
}

#[test]
fn behind_a_gap_what_a_slot_keeps_is_shipped_from_its_beginning() {
    let Some(server) = started(SMALL) else { return };
    let to = folder(&server, "to");
    let own = conninfo(&server, "");
    let words = ["--server", &own, "--to", to.to_str().unwrap(), "--no-retry"];
    let (code, said) = ends(&mut ship(&[&words[..], &["--end", &now(&server)]].concat()));
    assert_eq!(code, 0, "{said}");
    writes(&server, 6);
    // From here on it is kept; and what comes behind is as much again.
    server.sql("select pg_create_physical_replication_slot('own', true)").unwrap();
    let kept = server.sql("select pg_walfile_name(restart_lsn) from pg_replication_slots").unwrap();
    writes(&server, 6);
    let end = now(&server);
    let with = [&words[..], &["--slot", "own", "--end", &end]].concat();
    let (code, said) = ends(&mut ship(&with));
    assert!(code == 1 && said.contains("has already been removed") && said.contains("--after-gap"), "{code} {said}");
    let (code, said) = ends(&mut ship(&[&with[..], &["--after-gap"]].concat()));
    assert!(code == 0 && said.contains("is missing (WP101)"), "{code} {said}");
    is_of(&to, &[&server.data().join("pg_wal"), &server.archive()]);
    // Up to 14 no server says what a slot keeps, and the newest segment is begun with.
    if server.postgres().major() >= 15 {
        assert!(whole(&to).contains(&kept.trim().to_owned()), "{kept} {:?}", whole(&to));
    }
    let end = now(&server);
    let (code, said) = ends(&mut ship(&[&words[..], &["--slot", "own", "--end", &end]].concat()));
    assert!(code == 0 && !said.contains("WP101"), "{code} {said}");
}

#[test]
fn a_server_that_is_behind_what_lies_there_is_waited_for() {
    let Some(server) = started("wal_keep_size = '64MB'") else { return };
    let to = folder(&server, "to");
    let second = server.standby("second", "").unwrap();
    second.configure("primary_conninfo = ''\nrestore_command = ''\nwal_retrieve_retry_interval = 500ms").unwrap();
    second.start().unwrap();
    server.pgbench(&["-i", "-q"]).unwrap();
    server.sql("select pg_switch_wal()").unwrap();
    let lsn = now(&server);
    let (code, said) =
        ends(&mut ship(&["--server", &conninfo(&server, ""), "--to", to.to_str().unwrap(), "--end", &lsn]));
    assert_eq!(code, 0, "{said}");
    let shipped = whole(&to);
    let from = format!("host={} user=postgres", second.folder().display());
    let words = ["--server", &from, "--to", to.to_str().unwrap()];
    let (code, said) = ends(&mut ship(&[&words[..], &["--no-retry"]].concat()));
    assert!(code == 2 && said.contains("is ahead of the WAL flush position"), "{code} {said}");
    let shipping = Shipping::start(&mut ship(&words));
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(whole(&to), shipped);
    // It comes so far, and is followed from there on.
    let follows = format!("primary_conninfo = 'host={} user=postgres'", server.folder().display());
    second.configure(&follows).unwrap();
    second.sql("select pg_reload_conf()").unwrap();
    server.pgbench(&["-c", "2", "-t", "200"]).unwrap();
    server.sql("select pg_switch_wal()").unwrap();
    let reached = format!("select pg_last_wal_replay_lsn() >= '{}'", now(&server));
    assert!(second.comes_to(&reached, "t").unwrap());
    comes("what the standby got since", || whole(&to).len() > shipped.len());
    let said = shipping.stop();
    assert!(said.contains("is ahead of the WAL flush position") && said.contains("again in"), "{said}");
    is_of(&to, &[&server.data().join("pg_wal"), &server.archive()]);
    assert!(partials(&to).len() <= 1);
}
