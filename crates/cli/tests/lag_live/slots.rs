//! Replication slots: what is kept for them, and one that its server gave up.

use crate::run::walproof;
use crate::site::{conninfo, primary_with};
use crate::validator::Schema;
use serde_json::Value;
use walproof_live::Server;

fn run(server: &Server, format: &str) -> (String, i32) {
    let from = conninfo(server.data().parent().unwrap());
    let ran = walproof(&["lag", "--primary", &from, "--format", format]);
    (ran.out, ran.code)
}

fn live(server: &Server) -> (Value, i32) {
    let (out, code) = run(server, "json");
    let mut lag: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(Schema::named("lag.json").problems(&lag), Vec::<String>::new(), "{lag}");
    (lag["live"].take(), code)
}

fn metric(server: &Server, name: &str) -> Option<f64> {
    let (out, _) = run(server, "prometheus");
    let is_it = |line: &&str| line.starts_with(&format!("walproof_{name}{{")) && line.contains("slot=\"own\"");
    out.lines().find(is_it).and_then(|line| line.rsplit(' ').next()?.parse().ok())
}

#[test]
fn slots_and_what_they_have_lost() {
    let small = "max_wal_size = '3MB'\nmin_wal_size = '2MB'\nwal_keep_size = 0\nmax_slot_wal_keep_size = '2MB'\n";
    let Some(server) = primary_with(&format!("{small}archive_mode = off\n")) else { return };
    let (lag, code) = live(&server);
    assert_eq!((lag["slots"].as_array().map(Vec::len), code), (Some(0), 0));
    server.sql("select pg_create_physical_replication_slot('own', true)").unwrap();
    server.sql("select pg_create_physical_replication_slot('unused')").unwrap();
    server.sql("insert into t select generate_series(1, 1000)").unwrap();
    let (lag, code) = live(&server);
    let slot = &lag["slots"][0];
    assert_eq!(
        (slot["name"].as_str(), slot["type"].as_str(), slot["active"].as_bool()),
        (Some("own"), Some("physical"), Some(false))
    );
    assert_eq!(
        (slot["wal_status"].as_str(), slot["status"].as_str(), code),
        (Some("reserved"), Some("ok"), 0),
        "{slot}"
    );
    let [from, to] = [&slot["restart_lsn"], &lag["primary"]["lsn"]].map(|lsn| lsn.as_str().unwrap());
    let kept = server.sql(&format!("select pg_wal_lsn_diff('{to}', '{from}')")).unwrap();
    assert_eq!(slot["retained_bytes"].to_string(), kept.trim());
    assert_eq!(lag["slots"][1]["retained_bytes"], Value::Null);
    let (text, _) = run(&server, "text");
    assert!(text.contains("SLOT     own (physical, not in use"), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("SLOT")).collect();
    assert!(
        lines[0].contains(&format!("): keeps WAL from {from} on, ")) && lines[0].contains("; given up after "),
        "{text}"
    );
    assert!(
        lines[1].starts_with("SLOT     unused (physical, not in use") && lines[1].ends_with(": keeps no WAL yet"),
        "{text}"
    );
    assert_eq!((metric(&server, "slot_lost"), metric(&server, "slot_active")), (Some(0.), Some(0.)));
    assert!(metric(&server, "slot_retained_bytes").is_some_and(|bytes| bytes > 0.));
    for _ in 0..8 {
        server.sql("insert into t select generate_series(1, 30000)").unwrap();
        server.sql("select pg_switch_wal()").unwrap();
        server.sql("checkpoint").unwrap();
    }
    let (lag, code) = live(&server);
    let slot = &lag["slots"][0];
    assert_eq!((slot["wal_status"].as_str(), slot["status"].as_str()), (Some("lost"), Some("critical")), "{slot}");
    // Whoever uses it has to be made anew: 1, and 2 of a plugin.
    assert_eq!((lag["status"].as_str(), code), (Some("critical"), 1));
    let says = "Slot own was given up: WAL that it needs is gone.";
    let (line, code) = run(&server, "nagios");
    assert!(code == 2 && line.contains("CRITICAL") && line.contains(says), "{code} {line}");
    let (text, code) = run(&server, "text");
    assert!(code == 1 && text.contains(says) && text.contains("the server gave it up"), "{code} {text}");
    assert_eq!(metric(&server, "slot_lost"), Some(1.));
    if server.postgres().major() >= 17 {
        assert_eq!(slot["invalidation_reason"].as_str(), Some("wal_removed"));
        assert!(text.contains("not in use for") && text.contains("(wal_removed)"), "{text}");
    }
    // A limit of which nothing is known does not hide it.
    let from = conninfo(server.data().parent().unwrap());
    let ran = walproof(&["lag", "--primary", &from, "--format", "nagios", "--crit", "1GB"]);
    assert!(ran.code == 2 && ran.out.contains("CRITICAL"), "{} {}{}", ran.code, ran.out, ran.err);
    server.sql("select pg_drop_replication_slot('own')").unwrap();
    assert_eq!(live(&server).0["status"].as_str(), Some("ok"));
}

/// What is about to go is worth a warning while it is there.
#[test]
fn a_slot_that_is_about_to_be_given_up() {
    // No checkpoint comes by itself.
    let settings = "max_wal_size = '1GB'\nwal_keep_size = 0\nmax_slot_wal_keep_size = '2MB'\narchive_mode = off\n";
    let Some(server) = primary_with(settings) else { return };
    server.sql("select pg_create_physical_replication_slot('own', true)").unwrap();
    server.sql("insert into t select generate_series(1, 100000)").unwrap();
    let (lag, code) = live(&server);
    let slot = &lag["slots"][0];
    assert_eq!((slot["wal_status"].as_str(), slot["status"].as_str()), (Some("unreserved"), Some("warning")), "{slot}");
    assert_eq!((lag["status"].as_str(), code), (Some("warning"), 0));
    let says = "Slot own is about to be given up.";
    let (line, code) = run(&server, "nagios");
    assert!(code == 1 && line.contains("WARNING") && line.contains(says), "{code} {line}");
    let (text, code) = run(&server, "text");
    assert!(code == 0 && text.contains(says) && text.contains("the next checkpoints may remove it"), "{code} {text}");
    assert_eq!(metric(&server, "slot_lost"), Some(1.));
    server.sql("checkpoint").unwrap();
    assert_eq!(live(&server).0["slots"][0]["wal_status"].as_str(), Some("lost"));
}
