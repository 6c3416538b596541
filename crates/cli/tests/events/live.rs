//! A real server: what it was told to do is found, with transaction, outcome, names, rows and time of commit, and
//! nothing else.

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
    let server = Server::start(postgres, "autovacuum = off\ntrack_commit_timestamp = on\n").unwrap();
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
