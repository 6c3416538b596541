//! `walproof txns`: which transactions there were, from when to when, and what they wrote.

use crate::crafted::{HEAP_DELETE, of_crafted, touched};
use crate::run::{testdata, walproof};
use pgwal::format::rmgr::{TRANSACTION, XLOG};
use pgwal_craft::{Builder, Rec};
use serde_json::Value;

fn txns(words: &[&str]) -> Value {
    let ran = walproof(&[&["txns"], words, &["--format", "json"]].concat());
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err))
}

fn xids(document: &Value) -> Vec<u64> {
    document["transactions"].as_array().unwrap().iter().map(|xact| xact["xid"].as_u64().unwrap()).collect()
}

fn delete(wal: &mut Builder, xid: u32) {
    touched(wal, HEAP_DELETE, xid, 16384, 7);
}

/// Bytes of transactions are those of records with their numbers, as `stats` counts them.
#[test]
fn bytes_are_those_of_stats() {
    for story in ["8.2/promotion", "9.4/promotion", "19/archive", "demo/damaged"] {
        let folder = testdata(story);
        let ran = walproof(&["stats", &folder, "--by", "xid", "--format", "json"]);
        let stats: Value = serde_json::from_str(&ran.out).unwrap();
        let groups = stats["groups"].as_array().unwrap();
        let of_xacts = groups.iter().filter(|group| group["xid"].as_u64() >= Some(3));
        let bytes: u64 = of_xacts.map(|group| group["bytes"].as_u64().unwrap()).sum();
        let all = txns(&[&folder]);
        assert_eq!((all["totals"]["bytes"].as_u64(), all["left_out"].as_u64()), (Some(bytes), Some(0)), "{folder}");
        let listed = all["transactions"].as_array().unwrap();
        assert_eq!(listed.iter().map(|xact| xact["bytes"].as_u64().unwrap()).sum::<u64>(), bytes, "{folder}");
        for xact in listed {
            let bounds = [&xact["seconds_least"], &xact["seconds_most"]].map(Value::as_f64);
            assert!(matches!(bounds, [Some(least), Some(most)] if least <= most) || bounds.contains(&None), "{xact}");
        }
    }
}

/// With the epoch in front, as a server prints it (3 × 2^32 + 1002), a number is that of the same transaction.
#[test]
fn a_number_of_64_bits_is_taken() {
    let folder = of_crafted(|wal| {
        delete(wal, 1002);
        wal.commit(1002, 900_000_000_000_000);
    });
    let place = folder.path().to_str().unwrap();
    assert_eq!(xids(&txns(&[place, "-x", "12884902890"])), [1002]);
    let said = |words: &[&str]| walproof(words).out;
    for option in ["--xid", "--transaction"] {
        let dumped = said(&["dump", place, option, "12884902890"]);
        assert!(dumped.contains("COMMIT"), "{option}: {dumped}");
    }
    assert!(said(&["when", place, "xid:12884902890"]).contains("commit of transaction 1002 at "));
    let before = said(&["events", place, "--rows", "1", "--before", "12884902890"]);
    assert!(before.contains("BEFORE   transaction 1002, "), "{before}");
    assert_eq!(walproof(&["txns", place, "-x", "99999999999999999999"]).code, 2);
}

/// The time of a checkpoint is that of its begin, in whole seconds: who had begun by then it does not say.
#[test]
fn a_checkpoint_bounds_no_begin() {
    let seconds = |n: i64| n * 1_000_000;
    // `CHECKPOINT_ONLINE` of 15, begun a hundred seconds before the first commit: redo, timelines, …, time.
    let mut checkpoint = vec![0; 88];
    checkpoint[8..16].copy_from_slice(&[1, 0, 0, 0, 1, 0, 0, 0]);
    checkpoint[64..72].copy_from_slice(&(946_684_800 + 900_000_000 - 100i64).to_le_bytes());
    let folder = of_crafted(|wal| {
        wal.commit(1000, seconds(900_000_000));
        delete(wal, 1002);
        wal.record(&Rec { rmid: XLOG, info: 0x10, main: &checkpoint, ..Rec::default() });
        wal.commit(1002, seconds(900_000_030));
    });
    let found = txns(&[folder.path().to_str().unwrap(), "-x", "1002"]);
    let xact = &found["transactions"][0];
    assert_eq!((xact["seconds_least"].as_f64(), xact["seconds_most"].as_f64()), (Some(0.0), Some(30.0)), "{found:#}");
}

/// Times of others bound when a transaction began, and its parts are found by their numbers.
#[test]
fn bounds_parts_and_those_that_were_open() {
    let seconds = |n: i64| n * 1_000_000;
    // A time, that there are subtransactions, how many, they.
    let mut parts = [&seconds(50).to_le_bytes()[..], &2u32.to_le_bytes(), &2u32.to_le_bytes()].concat();
    parts.extend([1004u32, 1005].into_iter().flat_map(u32::to_le_bytes));
    let folder = of_crafted(|wal| {
        wal.commit(1000, seconds(10));
        delete(wal, 1001);
        delete(wal, 1002);
        wal.commit(1002, seconds(20));
        delete(wal, 1003);
        delete(wal, 1004);
        delete(wal, 1005);
        wal.commit(1001, seconds(40));
        wal.record(&Rec { rmid: TRANSACTION, info: 0x80, xid: 1003, main: &parts, ..Rec::default() });
        delete(wal, 1006);
    });
    let place = folder.path().to_str().unwrap();
    let all = txns(&[place]);
    assert_eq!(xids(&all), [1000, 1002, 1001, 1003, 1006], "{all}");
    let outcome = |at: usize| all["transactions"][at]["outcome"].as_str().unwrap();
    assert_eq!([outcome(0), outcome(3), outcome(4)], ["committed", "committed", "crashed"]);
    let took = |at: usize| {
        let xact = &all["transactions"][at];
        (xact["seconds_least"].as_f64(), xact["seconds_most"].as_f64())
    };
    assert_eq!(
        [took(1), took(2), took(3)],
        [(Some(0.0), Some(10.0)), (Some(20.0), Some(30.0)), (Some(10.0), Some(30.0))]
    );
    // A part leads to its transaction, which has the rows of all parts.
    let part = txns(&[place, "--xid", "1005"]);
    let xact = &part["transactions"][0];
    assert_eq!((xids(&part), xact["deleted"].as_u64()), (vec![1003], Some(3)), "{xact}");
    assert_eq!(xact["subxacts"], serde_json::json!([1004, 1005]));
    let position = all["transactions"][1]["end_lsn"].as_str().unwrap();
    assert_eq!(xids(&txns(&[place, "--open-at", position])), [1001]);
    assert_eq!(xids(&txns(&[place, "--open-at", "2000-01-01 00:00:30+00"])), [1001, 1003]);
    assert_eq!(xids(&txns(&[place, "--longer-than", "15s"])), [1001]);
    assert_eq!(xids(&txns(&[place, "--by", "duration", "--limit", "2"])), [1001, 1003]);
    assert_eq!(xids(&txns(&[place, "--by", "rows", "--limit", "1"])), [1003]);
    assert_eq!(xids(&txns(&[place, "--since", "2000-01-01 00:00:40+00"])), [1001, 1003, 1006]);
}

/// What is left out of a list is counted, and the sums are of all.
#[test]
fn the_first_of_many() {
    let good = testdata("demo/good");
    let (all, few) = (txns(&[&good]), txns(&[&good, "--by", "bytes", "-n", "3"]));
    assert_eq!(all["totals"], few["totals"]);
    let count = all["totals"]["transactions"].as_u64().unwrap();
    assert_eq!((few["more_transactions"].as_u64(), xids(&few).len()), (Some(count - 3), 3));
    let mut bytes: Vec<u64> =
        all["transactions"].as_array().unwrap().iter().map(|xact| xact["bytes"].as_u64().unwrap()).collect();
    bytes.sort_unstable_by(|a, b| b.cmp(a));
    let first = few["transactions"].as_array().unwrap().iter().map(|xact| xact["bytes"].as_u64().unwrap());
    assert_eq!(first.collect::<Vec<_>>(), bytes[..3]);
}

#[test]
fn words_and_values() {
    let good = testdata("demo/good");
    let text = walproof(&["txns", &good, "--timezone", "UTC"]);
    assert_eq!(text.code, 0);
    assert!(text.out.contains("a transaction that only reads leaves nothing in WAL"), "{}", text.out);
    assert!(text.out.contains("LISTED   the 20 that ended last"), "{}", text.out);
    let csv = walproof(&["txns", &good, "--format", "csv"]);
    let columns: Vec<usize> = csv.out.lines().map(|line| line.split(',').count()).collect();
    assert!(columns.len() > 20 && columns.iter().all(|&n| n == columns[0]), "{}", csv.out);
    assert_eq!(walproof(&["txns", &good, "--open-at", "noon"]).code, 2);
}
