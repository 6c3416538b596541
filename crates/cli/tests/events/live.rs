//! A real server: what it was told to do is found, with transaction, outcome, names, rows and time of commit, and
//! nothing else.

use crate::run::walproof;
use crate::told::{document, told};
use crate::workload::{MASS, Workload};
use std::collections::HashMap;
use walproof_live::{Postgres, Server, gate};

/// The oldest server of which the tests know that all steps are possible.
const OLDEST: u32 = 12;
const STEPS: usize = 60;
const KINDS: [&str; 6] = ["create", "drop", "truncate", "rewrite", "delete", "update"];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn what_a_server_did_is_found_and_nothing_else() {
    let Some(postgres) = Postgres::find(OLDEST) else {
        return gate::lacks(&format!("no PostgreSQL {OLDEST} or later found"));
    };
    let (seeds, first) = (number("WALPROOF_SEEDS", 1), number("WALPROOF_FIRST", 1));
    for seed in first..first + seeds {
        eprintln!("seed {seed} with PostgreSQL {}", postgres.major());
        one(postgres.clone(), seed);
    }
}

fn one(postgres: Postgres, seed: u64) {
    let server =
        Server::start(postgres, "autovacuum = off\ntrack_commit_timestamp = on\nmax_prepared_transactions = 5\n")
            .unwrap();
    let mut workload = Workload::new(&server, seed);
    for step in 0..STEPS {
        workload.step();
        // Not every page has its image behind a checkpoint again.
        if step % 20 == 13 {
            server.sql("checkpoint").unwrap();
        }
    }
    let mut expected = workload.expected;
    expected.sort();
    server.switch_and_archive().unwrap();
    let found = document(&server.archive(), &["--rows", &MASS.to_string()]);
    let told = told(&found, &KINDS);
    let (missing, invented): (Vec<_>, Vec<_>) = (
        expected.iter().filter(|event| !told.contains(event)).collect(),
        told.iter().filter(|event| !expected.contains(event)).collect(),
    );
    assert!(missing.is_empty() && invented.is_empty(), "seed {seed}: not told {missing:#?}, invented {invented:#?}");
    times_are_those_of_the_server(&server, &found);
    transactions_are_those_of_the_server(&server);
}

/// Of a transaction, a part of which is rolled back, a prepared one and one that is open: rows, names, bounds of time.
fn transactions_are_those_of_the_server(server: &Server) {
    server.sql("create table public.kept(id int primary key, note text); create table public.other(id int)").unwrap();
    let script = "begin; insert into kept select i, 'n' from generate_series(1, 100) i; savepoint a; \
                  delete from kept where id <= 40; rollback to a; savepoint b; update kept set note = 'm' where id <= 30; \
                  select 'x', txid_current(), clock_timestamp(); select pg_sleep(0.5); commit;";
    let long = server.session(script).unwrap();
    server.sql("select pg_sleep(0.2); insert into other values (1)").unwrap();
    let (said, complaints) = long.finish().unwrap();
    let xid = said.lines().find_map(|line| line.strip_prefix("x|")?.split('|').next()).expect(&complaints).to_owned();
    server.sql("begin; insert into other values (2); prepare transaction 'first'").unwrap();
    server.sql("begin; insert into other values (3); prepare transaction 'second'").unwrap();
    server.sql("commit prepared 'first'").unwrap();
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    let txns = |more: &[&str]| -> serde_json::Value {
        let ran = walproof(&[&["txns", archive.to_str().unwrap(), "--format", "json"], more].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    };
    let one = txns(&["-x", &xid]);
    let xact = &one["transactions"][0];
    let figures = ["inserted", "updated", "deleted"].map(|name| xact[name].as_u64().unwrap());
    assert_eq!((xact["outcome"].as_str(), figures), (Some("committed"), [100, 30, 0]), "{xact}");
    assert!(xact["begin_known"] == true && xact["seconds_least"].as_f64() > Some(0.1), "{xact}");
    let relations = xact["relations"].as_array().unwrap();
    let named = |name: &str| relations.iter().find(|relation| relation["name"] == name).unwrap();
    assert_eq!(named("postgres.public.kept")["inserted"], 100, "{xact}");
    assert!(named("postgres.public.kept_pkey")["kind"] == "index", "{xact}");
    // The part that was rolled back is one of its own.
    let part = txns(&["-R", "public.kept"]);
    let aborted = part["transactions"].as_array().unwrap().iter().find(|xact| xact["outcome"] == "aborted").unwrap();
    assert_eq!(aborted["deleted"], 40, "{part}");
    let other = txns(&["-R", "other"]);
    let by_name = |gid: &str| {
        let all = other["transactions"].as_array().unwrap();
        all.iter().find(|xact| xact["prepared"]["gid"] == gid).unwrap()["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!([by_name("first"), by_name("second")], ["committed", "prepared"]);
    server.sql("rollback prepared 'second'").unwrap();
}

fn times_are_those_of_the_server(server: &Server, found: &serde_json::Value) {
    let mut times: HashMap<u64, String> = HashMap::new();
    for event in found["events"].as_array().unwrap().iter().filter(|event| event["outcome"] == "committed") {
        let own = (event["xid"].as_u64().unwrap(), event["time"].as_str().unwrap().to_owned());
        times.insert(own.0, own.1);
    }
    let mut compared = 0;
    for (xid, time) in times {
        let said = server.sql(&format!(
            "select to_char(pg_xact_commit_timestamp('{xid}') at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        ));
        let said = said.unwrap();
        // Of what was committed before the server began to keep times (initdb) it knows none.
        if !said.trim().is_empty() {
            assert_eq!(said.trim(), time, "{xid}");
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared}");
}
