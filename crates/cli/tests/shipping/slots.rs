//! Slots: what they keep behind a gap, and those that their server gave up; and a server that is behind what lies
//! there.

use crate::live::{conninfo, folder, started};
use crate::running::{Shipping, comes, ends, is_of, partials, ship, whole};
use crate::validator::Schema;
use serde_json::Value;
use std::process::Stdio;
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
    // From 16 on such a slot never keeps anything again (up to 15 whoever uses it makes it good); 18 refuses it.
    let [stays, refuses] = [16, 18].map(|major| server.postgres().major() >= major);
    let drop = "SELECT pg_drop_replication_slot('own')";
    assert_eq!(said.contains(drop), stays, "{said}");
    let (mut code, mut said) = run(&["--after-gap"]);
    assert_eq!(said.contains(drop), stays, "{said}");
    if stays {
        assert_eq!(code, i32::from(refuses), "{said}");
        is_free(&server);
        assert_eq!(server.sql("select wal_status from pg_replication_slots").unwrap().trim(), "lost");
        writes(&server, 8);
        server.sql(drop).unwrap();
        (code, said) = run(&["--after-gap", "--create-slot"]);
    }
    assert!(code == 0 && said.contains("is missing (WP101)"), "{code} {said}");
    is_free(&server);
    let kept = server.sql("select wal_status from pg_replication_slots").unwrap();
    assert_eq!(kept.trim(), "reserved");
    is_of(&to, &[&server.data().join("pg_wal"), &server.archive()]);
}

/// What a checkpoint may remove is still there up to the next one: that is when to say so.
#[test]
fn a_slot_that_its_server_may_give_up_is_told_while_all_is_there() {
    // No checkpoint comes by itself.
    let settings = "max_wal_size = '1GB'\nwal_keep_size = 0\nmax_slot_wal_keep_size = '2MB'\nautovacuum = off";
    let Some(server) = started(settings) else { return };
    let to = folder(&server, "to");
    let own = conninfo(&server, "");
    let words = ["--server", &own, "--to", to.to_str().unwrap(), "--slot", "own", "--create-slot", "--no-retry"];
    let lines = |end: &str| -> (i32, Vec<Value>) {
        let output = ship(&[&words[..], &["--end", end, "--format", "jsonl"]].concat()).stdout(Stdio::piped()).output();
        let (output, schema) = (output.unwrap(), Schema::named("ship-line.json"));
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.iter().for_each(|line| assert_eq!(schema.problems(line), Vec::<String>::new(), "{line}"));
        is_free(&server);
        (output.status.code().unwrap(), lines)
    };
    let of = |lines: &[Value], event: &str| lines.iter().find(|line| line["event"] == event).cloned();
    let status = || server.sql("select wal_status from pg_replication_slots").unwrap().trim().to_owned();
    let (code, said) = lines(&now(&server));
    assert!(code == 0 && of(&said, "slot_unreserved").is_none(), "{said:?}");
    // As much as it may keep is no reason to warn.
    server.sql("create table t(i int); select pg_switch_wal()").unwrap();
    let (_, said) = lines(&now(&server));
    assert!(of(&said, "slot_unreserved").is_none(), "{said:?}");
    server.sql("insert into t select generate_series(1, 100000)").unwrap();
    assert_eq!(status(), "unreserved");
    // 13 and 14 do not say by the protocol what a slot keeps.
    let tells = server.postgres().major() >= 15;
    let kept = server.sql("select pg_current_wal_lsn() - restart_lsn from pg_replication_slots").unwrap();
    let (code, said) = lines(&now(&server));
    assert_eq!((code, of(&said, "end").unwrap()["exit_code"].as_u64()), (0, Some(0)));
    let warned = of(&said, "slot_unreserved");
    assert_eq!(warned.is_some(), tells, "{said:?}");
    if let Some(warned) = warned {
        let (keeps, allowed) = (warned["retained_bytes"].as_u64().unwrap(), warned["allowed_bytes"].as_u64());
        assert!(keeps > 2 << 20 && keeps <= kept.trim().parse().unwrap(), "{warned} {kept}");
        assert_eq!((allowed, warned["slot"].as_str()), (Some(2 << 20), Some("own")));
    }
    // It was shipped in time.
    assert_eq!(status(), "reserved");
    server.sql("checkpoint").unwrap();
    let (_, said) = lines(&now(&server));
    assert!(of(&said, "slot_unreserved").is_none(), "{said:?}");
    // In words it is the same; and a checkpoint that comes first makes it true.
    server.sql("insert into t select generate_series(1, 100000)").unwrap();
    let (code, said) = ends(&mut ship(&[&words[..], &["--end", "0/1000000"]].concat()));
    assert_eq!(
        said.contains("slot \"own\" keeps ") && said.contains("the next checkpoint may remove"),
        tells,
        "{said}"
    );
    assert_eq!(code, 0, "{said}");
    is_free(&server);
    server.sql("insert into t select generate_series(1, 100000)").unwrap();
    server.sql("checkpoint").unwrap();
    assert_eq!(status(), "lost");
    let (code, said) = lines(&now(&server));
    let end = of(&said, "end").unwrap();
    assert!(code == 1 && end["exit_code"] == 1, "{said:?}");
    assert!(end["message"].as_str().unwrap().contains("max_slot_wal_keep_size"), "{end}");
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
    comes("two refusals", || shipping.said().matches("again in").count() >= 2);
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
