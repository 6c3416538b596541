//! Servers that do not answer, or not to this role.

use crate::run::walproof;
use crate::site::{Site, conninfo};
use std::net::TcpListener;
use std::process::Command;

/// What a role may not see is told, and is nothing that is fine.
pub fn roles(site: &Site<'_>) {
    site.primary.sql("create role watcher login").unwrap();
    let asked = conninfo(site.primary.data().parent().unwrap()).replace("user=postgres", "user=watcher");
    let ran = walproof(&["lag", "--primary", &asked]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("this role may not see it: grant pg_monitor"), "{}", ran.out);
    assert!(ran.out.contains("which segments wait is not known: ERROR:  permission denied"), "{}", ran.out);
    site.primary.sql("grant pg_monitor to watcher").unwrap();
    let ran = walproof(&["lag", "--primary", &asked]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("ARCHIVE  no segment waits"), "{}", ran.out);
}

/// A standby that was promoted follows nobody any more.
pub fn promoted(site: &Site<'_>) {
    site.standby.promote().unwrap();
    let (lag, code) = site.lag(&["--standby", &site.standby_conninfo()]);
    let standbys = lag["live"]["standbys"].as_array().unwrap();
    let asked = standbys.iter().find(|standby| standby["told_by"] == "standby").unwrap();
    assert_eq!((code, &asked["status"]), (2, &"unknown".into()), "{lag}");
    assert!(asked["error"].as_str().unwrap().contains("it is no standby"), "{lag}");
    // One that is down is told, and the rest is told all the same.
    let (lag, code) = site.lag(&["--standby", "host=/nowhere user=postgres"]);
    assert_eq!((code, lag["live"]["standbys"].as_array().unwrap().len()), (2, 1), "{lag}");
}

#[test]
fn a_server_that_is_not_there() {
    for (conninfo, why) in [
        ("host=/nowhere user=postgres", "/nowhere"),
        ("host=localhost password=x", "does not belong on the command line"),
        ("postgresql://me:x@localhost/db", "does not belong on the command line"),
        ("postgresql://localhost/?p%61ssword=x", "does not belong on the command line"),
        ("host=localhost nonsense=1", "nonsense"),
    ] {
        let ran = walproof(&["lag", "--primary", conninfo]);
        assert!(ran.code == 2 && ran.out.is_empty() && ran.err.contains(why), "{conninfo}: {}", ran.err);
        let plugin = walproof(&["lag", "--primary", conninfo, "--format", "nagios"]);
        if !conninfo.contains(":x@") && !conninfo.contains("password") {
            assert!(plugin.code == 3 && plugin.out.starts_with("WALPROOF UNKNOWN - "), "{}", plugin.out);
        }
    }
    let metrics = walproof(&["lag", "--primary", "host=/nowhere", "--format", "prometheus"]);
    assert!(metrics.code == 2 && metrics.out.contains("walproof_lag_success{primary=\"host=/nowhere\"} 0"));
}

/// One that takes the connection and says nothing.
#[test]
fn a_server_that_hangs() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let output = Command::new(env!("CARGO_BIN_EXE_walproof"))
        .args(["lag", "--primary", &format!("host=127.0.0.1 port={port} user=me")])
        .env("PGCONNECT_TIMEOUT", "2")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did not answer"), "{output:?}");
    drop(listener);
}

#[test]
fn options_that_do_not_go_together() {
    for words in [
        &["lag"][..],
        &["lag", "0/1"],
        &["lag", "0/1", "0/0", "--primary", "host=a"],
        &["lag", "--standby", "host=a"],
        &["lag", "--watch"],
        &["lag", "--primary", "host=a", "--as", "15"],
        &["lag", "--primary", "host=a", "--watch", "1", "--format", "nagios"],
        &["lag", "--primary", "host=a", "--crit", "many"],
        &["lag", "0/1", "0/0", "--format", "prometheus"],
    ] {
        let ran = walproof(words);
        let unknown = if words.contains(&"nagios") { 3 } else { 2 };
        assert!(ran.code == unknown || ran.code == 2, "{words:?}: {}", ran.code);
        assert!(!ran.err.is_empty() || !ran.out.is_empty());
    }
    let output = Command::new(env!("CARGO_BIN_EXE_walproof"))
        .args(["lag", "--primary", "host=a"])
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is none in PATH"));
}
