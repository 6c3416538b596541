//! What is left of old rows, against the files of a real server: their line pointers, read as they lie there.
//!
//! - `WALPROOF_SEEDS`, `WALPROOF_FIRST`: how many seeds (1), from which on (1).

use crate::told::document;
use crate::workload::MASS;
use pgwal::format::Endian;
use pgwal::format::image::line_pointers;
use serde_json::Value;
use std::collections::HashMap;
use walproof_live::{Postgres, Random, Server, gate};

const OLDEST: u32 = 12;
const TABLES: usize = 6;
const STEPS: usize = 60;
const PAGE: usize = 8192;

fn number(name: &str) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

#[test]
fn old_rows_are_those_in_the_files() {
    let Some(postgres) = Postgres::find(OLDEST) else {
        return gate::lacks(&format!("no PostgreSQL {OLDEST} or later found"));
    };
    let first = number("WALPROOF_FIRST");
    let (mut some, mut none, mut all) = (0, 0, 0);
    for seed in first..first + number("WALPROOF_SEEDS") {
        for (left, rows) in of_seed(postgres.clone(), seed) {
            (some, none, all) =
                (some + u64::from(left > 0 && left < rows), none + u64::from(left == 0), all + u64::from(left == rows));
        }
    }
    eprintln!("{all} changes of which all old rows are there, {some} of which some are, {none} of which none is");
    assert!(some > 0 && none > 0 && all > 0, "too tame a workload");
}

/// How many old rows of each mass change are left, and of how many.
fn of_seed(postgres: Postgres, seed: u64) -> Vec<(u64, u64)> {
    let server = Server::start(postgres, "autovacuum = off\n").unwrap();
    let mut random = Random::seeded(seed);
    let sql = |text: &str| server.sql(text).unwrap();
    for table in 0..TABLES {
        sql(&format!(
            "create table t{table}(id int, note text); insert into t{table} select i, 'n' || i from generate_series(1, 600) i"
        ));
    }
    for _ in 0..STEPS {
        let (table, from) = (random.below(TABLES), random.below(500));
        let to = from + 60 + random.below(200);
        let range = format!("id between {from} and {to}");
        let step = match random.weighted(&[5, 4, 4, 3, 3, 2, 1, 1, 2, 2]) {
            0 => format!("delete from t{table} where {range}"),
            1 => format!("update t{table} set note = note || 'x' where {range}"),
            2 => format!("insert into t{table} select i, 'more' from generate_series({from}, {to}) i"),
            // A page that is looked at is pruned where it is nearly full.
            3 => format!("select count(*) from t{table}"),
            4 => format!("vacuum t{table}"),
            5 => "checkpoint".to_owned(),
            6 => format!("vacuum full t{table}"),
            7 => format!("truncate t{table}"),
            8 => format!("begin; delete from t{table} where {range}; rollback"),
            _ => format!(
                "begin; delete from t{table} where id < {from}; savepoint a; delete from t{table} where {range}; rollback to a; \
                 savepoint b; update t{table} set note = 'b' where {range}; commit"
            ),
        };
        sql(&step);
    }
    // Nothing may touch a page between this and the end of WAL.
    sql("checkpoint");
    let mut files: HashMap<String, HashMap<u32, u64>> = HashMap::new();
    for table in 0..TABLES {
        let path = sql(&format!("select pg_relation_filepath('t{table}')"));
        let path = path.trim().to_owned();
        files.insert(
            path.rsplit('/').next().unwrap().to_owned(),
            ended_by(&std::fs::read(server.data().join(&path)).unwrap()),
        );
    }
    server.switch_and_archive().unwrap();
    let found = document(&server.archive(), &["--rows", &MASS.to_string(), "--kind", "delete,update"]);
    let mut out = Vec::new();
    for event in found["events"].as_array().unwrap() {
        if event["outcome"] != "committed" {
            assert!(event["on_disk"].is_null(), "{event}");
            continue;
        }
        let file = event["relations"][0]["file"].as_str().unwrap().rsplit('/').next().unwrap();
        let left = event["on_disk"]["rows"].as_u64();
        let xids = event["subxacts"].as_array().unwrap().iter().chain([&event["xid"]]);
        let there = |xid: &Value| Some(*files.get(file)?.get(&u32::try_from(xid.as_u64()?).ok()?)?);
        let there: u64 = xids.filter_map(there).sum();
        // Deleted and updated by one transaction, its rows are told apart by WAL alone.
        let twins: Vec<&Value> = found["events"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|other| other["xid"] == event["xid"] && other["relations"] == event["relations"])
            .collect();
        let sum: Option<u64> = twins.iter().map(|own| own["on_disk"]["rows"].as_u64()).sum();
        // What it changed besides, fewer rows than make an event, is in the files, too.
        let besides = there.checked_sub(sum.unwrap_or(u64::MAX));
        assert!(
            besides.is_some_and(|rows| rows == 0 || rows < MASS && twins.len() == 1),
            "seed {seed}: {there} are there: {event:#}"
        );
        assert_eq!(event["on_disk"]["first_gone_lsn"].is_string(), left < event["rows"].as_u64(), "{event:#}");
        out.push((left.unwrap(), event["rows"].as_u64().unwrap()));
    }
    out
}

/// How many tuples of a file each transaction ended.
fn ended_by(file: &[u8]) -> HashMap<u32, u64> {
    let mut out = HashMap::new();
    for page in file.chunks(PAGE) {
        for pointer in line_pointers(Endian::Little, page) {
            let xmax = u32::from_le_bytes(page[pointer.at + 4..pointer.at + 8].try_into().unwrap());
            *out.entry(xmax).or_default() += 1;
        }
    }
    out
}
