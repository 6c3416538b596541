//! Ranges, filters, holes and formats.

use crate::crafted;
use crate::run::{testdata, walproof};
use pgwal::format::TimelineId;
use pgwal::format::rmgr::{DATABASE, STORAGE, TRANSACTION};
use pgwal_craft::{Builder, Opening, Rec};
use serde_json::{Value, json};

fn events(words: &[&str]) -> (i32, Value) {
    let ran = walproof(&[&["events"], words, &["--format", "json"]].concat());
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err)))
}

fn kinds_of(document: &Value) -> Vec<String> {
    document["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap().to_owned()).collect()
}

/// What is told of records of 15 between two checkpoints of a server that stops.
fn of_crafted(write: impl FnOnce(&mut Builder)) -> Value {
    let folder = crafted::of_crafted(write);
    events(&[folder.path().to_str().unwrap(), "--rows", "1"]).1
}

fn delete(wal: &mut Builder, xid: u32) {
    crafted::touched(wal, crafted::HEAP_DELETE, xid, 16384, 7);
}

/// ALTER DATABASE … SET TABLESPACE moves files without a transaction.
#[test]
fn what_has_no_transaction_is_told_without_one() {
    let words = |numbers: &[u32]| -> Vec<u8> { numbers.iter().flat_map(|n| n.to_le_bytes()).collect() };
    let (copied, dropped) = (words(&[16384, 16390, 16384, 1663]), words(&[16384, 1, 1663]));
    let document = of_crafted(|wal| {
        wal.record(&Rec { rmid: DATABASE, info: 0, main: &copied, ..Rec::default() });
        wal.record(&Rec { rmid: DATABASE, info: 0x20, main: &dropped, ..Rec::default() });
    });
    assert_eq!(kinds_of(&document), ["shutdown", "create-database", "drop-database", "shutdown"], "{document}");
    for (at, tablespace) in [(1usize, 16390), (2, 1663)] {
        let event = &document["events"][at];
        assert!(event["xid"].is_null() && event["outcome"].is_null() && event["end_lsn"].is_null(), "{event}");
        assert_eq!(event["database_oid"], 16384, "{event}");
        assert_eq!(event["files_in_tablespaces"], serde_json::json!([tablespace]), "{event}");
    }
}

/// A whole schema may be restored by one transaction; what there is no room for of catalogs is no WAL that was not
/// read.
#[test]
fn a_transaction_that_makes_very_many_files() {
    let made_by_one = |files: u32| {
        crafted::of_crafted(|wal| {
            for file in 0..files {
                let made: Vec<u8> = [1663, 5, 20_000 + file, 0u32].iter().flat_map(|n| n.to_le_bytes()).collect();
                wal.record(&Rec { rmid: STORAGE, info: 0x10, xid: 1001, main: &made, ..Rec::default() });
            }
            wal.commit(1001, 900_000_000_000_000);
            delete(wal, 1002);
            wal.commit(1002, 900_000_001_000_000);
        })
    };
    let folder = made_by_one(30_000);
    let (_, document) = events(&[folder.path().to_str().unwrap(), "--kind", "create"]);
    let relations = document["events"][0]["relations"].as_array().unwrap().len();
    assert_eq!((relations, document["left_out"].as_u64()), (30_000, Some(0)));
    let folder = made_by_one(400_010);
    let ran =
        walproof(&["events", folder.path().to_str().unwrap(), "--kind", "delete", "--rows", "1", "--before", "last"]);
    assert!(ran.out.contains("LEFT OUT 10 details of transactions and catalogs"), "{}", ran.out);
    assert!(ran.out.contains("LOST     1 commit behind it") && !ran.out.contains("not all WAL"), "{}", ran.out);
    // Whoever asks for a name learns that it may be among them.
    let ran = walproof(&["events", folder.path().to_str().unwrap(), "-R", "t2999"]);
    assert!(ran.code == 2 && ran.err.contains("10 details of catalogs were left out"), "{}", ran.err);
}

/// ALTER TABLE … SET TABLESPACE copies pages as they are, old rows too; what rewrites a table leaves them behind.
#[test]
fn what_moves_to_another_tablespace_takes_its_old_rows_along() {
    let words = |numbers: &[u32]| -> Vec<u8> { numbers.iter().flat_map(|n| n.to_le_bytes()).collect() };
    // A time, that files are dropped, how many, which.
    let commit = [&[0; 8][..], &words(&[4, 1, 1663, 5, 16384])].concat();
    // 0: it had no number when it made the file.
    for (tablespace, maker, left) in [(1663, 1001, json!(0)), (16390, 1001, json!(null)), (16390, 0, json!(null))] {
        let made = words(&[tablespace, 5, 16500, 0]);
        let document = of_crafted(|wal| {
            delete(wal, 1000);
            wal.commit(1000, 900_000_000_000_000);
            wal.record(&Rec { rmid: STORAGE, info: 0x10, xid: maker, main: &made, ..Rec::default() });
            wal.record(&Rec { rmid: TRANSACTION, info: 0x80, xid: 1001, main: &commit, ..Rec::default() });
        });
        let event = document["events"].as_array().unwrap().iter().find(|event| event["kind"] == "delete").unwrap();
        assert_eq!(event["on_disk"]["rows"], left, "{tablespace} {maker}: {event:#}");
    }
    // The same of a whole database.
    let (copied, dropped) = (words(&[5, 16390, 5, 1663]), words(&[5, 1, 1663]));
    let document = of_crafted(|wal| {
        delete(wal, 1000);
        wal.commit(1000, 900_000_000_000_000);
        wal.record(&Rec { rmid: DATABASE, info: 0, main: &copied, ..Rec::default() });
        wal.record(&Rec { rmid: DATABASE, info: 0x20, main: &dropped, ..Rec::default() });
    });
    let event = document["events"].as_array().unwrap().iter().find(|event| event["kind"] == "delete").unwrap();
    assert_eq!(event["on_disk"]["rows"], json!(null), "{event:#}");
}

/// Of many subtransactions some are listed, and the rest is counted.
#[test]
fn subtransactions_are_capped() {
    // A time, that there are subtransactions, how many, they.
    let mut main = [[0u8; 8].as_slice(), &2u32.to_le_bytes(), &150u32.to_le_bytes()].concat();
    main.extend((1001..1151u32).flat_map(u32::to_le_bytes));
    let document = of_crafted(|wal| {
        delete(wal, 1000);
        delete(wal, 1150);
        wal.record(&Rec { rmid: TRANSACTION, info: 0x80, xid: 1000, main: &main, ..Rec::default() });
    });
    let event = document["events"].as_array().unwrap().iter().find(|event| event["kind"] == "delete").unwrap();
    assert_eq!((event["xid"].as_u64(), event["rows"].as_u64()), (Some(1000), Some(2)), "{event}");
    let listed = event["subxacts"].as_array().unwrap();
    assert_eq!((listed.len(), event["subxacts_more"].as_u64()), (100, Some(50)), "{event}");
}

/// The numbers of initdb are no transactions that a crash ends.
#[test]
fn a_bootstrap_is_no_crash() {
    for (xid, told) in [(1, "shutdown"), (2, "shutdown"), (3, "crash")] {
        let document = of_crafted(|wal| delete(wal, xid));
        assert_eq!(kinds_of(&document).last().map(String::as_str), Some(told), "{xid}: {document}");
    }
}

/// From 9.2 to 9.4 most commits are compact; up to 9.2 a checkpoint does not name the timeline before its own.
#[test]
fn old_commits_and_promotions() {
    for version in ["9.2", "9.4"] {
        let (code, document) = events(&[&testdata(&format!("{version}/promotion")), "--rows", "1"]);
        let all = document["events"].as_array().unwrap();
        assert!(code == 0 && all.iter().any(|event| event["outcome"] == "committed"), "{document}");
        assert!(all.iter().all(|event| event["outcome"] != "crashed" && event["kind"] != "crash"), "{document}");
        let begun: Vec<&Value> = all.iter().filter(|event| event["kind"] == "promotion").collect();
        let [begun] = begun[..] else { panic!("{version}: {document}") };
        assert_eq!((begun["from_timeline"].as_u64(), begun["to_timeline"].as_u64()), (Some(1), Some(2)));
    }
}

/// Whoever reads a document gets one, of nothing, too.
#[test]
fn a_document_of_nothing() {
    let (code, document) = events(&[&testdata("demo/good"), "--start", "F/0"]);
    assert_eq!((code, document["events"].as_array().map(Vec::len)), (2, Some(0)));
    assert!(document["from_lsn"].is_null() && document["to_lsn"].is_null(), "{document}");
}

/// Between what is on both sides of a hole nothing is known, and the exit code says that WAL is missing.
#[test]
fn a_hole_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["000000010000000000000009", "00000001000000000000000B"] {
        std::fs::copy(testdata(&format!("demo/good/{file}")), folder.path().join(file)).unwrap();
    }
    let (code, document) = events(&[folder.path().to_str().unwrap()]);
    assert_eq!((code, document["complete"].as_bool()), (1, Some(false)));
    assert_eq!(document["holes"].as_array().unwrap().len(), 1, "{document}");
    let whole = events(&[&testdata("demo/good")]);
    assert_eq!((whole.0, whole.1["holes"].as_array().unwrap().len()), (0, 0));
}

/// A test restore's timeline is the latest: that the primary's goes on behind it is told, and how to ask for it.
#[test]
fn a_timeline_that_goes_on_behind_a_fork_is_told() {
    let seconds = |n: i64| n * 1_000_000;
    let folder = crafted::of_crafted(|wal| {
        delete(wal, 1000);
        wal.commit(1000, seconds(900_000_000));
        wal.switch();
        delete(wal, 1001);
        wal.commit(1001, seconds(900_000_060));
    });
    let place = folder.path().to_str().unwrap();
    let restored = crafted::of_crafted(|wal| {
        delete(wal, 1000);
        wal.commit(1000, seconds(900_000_000));
        wal.switch();
        wal.timeline_switch(TimelineId(2), Opening::EndOfRecovery);
    });
    for file in std::fs::read_dir(restored.path()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("00000002") {
            std::fs::copy(&path, folder.path().join(name)).unwrap();
        }
    }
    let (code, document) = events(&[place, "--rows", "1"]);
    let aside = &document["asides"][0];
    assert_eq!((code, document["asides"].as_array().unwrap().len()), (0, 1), "{document:#}");
    assert_eq!((aside["timeline"].as_u64(), aside["left_by"].as_u64()), (Some(1), Some(2)), "{aside}");
    assert_eq!(aside["newer_commit_time"], "2028-07-08T16:01:00.000000Z", "{aside}");
    let (from, to) = (aside["from_lsn"].as_str().unwrap(), aside["to_lsn"].as_str().unwrap());
    let told = format!(
        "BESIDE   timeline 1 goes on to {to} behind {from}, where timeline 2 left it, with newer commits than these, up to \
         2028-07-08 16:01:00+00:00: "
    );
    for (words, option) in [
        (&["events", place][..], "-t 1"),
        (&["txns", place], "-t 1"),
        (&["top", place], "-t 1"),
        (&["blame", place, "1663/5/16384:7"], "-t 1"),
        (&["when", place], "--timeline 1"),
        (&["when", place, "2028-07-08 16:01:00"], "--timeline 1"),
        (&["verify", place], "--timeline 1"),
    ] {
        let ran = walproof(&[words, &["--timezone", "UTC"]].concat());
        assert!(ran.out.contains(&format!("{told}{option}\n")), "{words:?}: {}", ran.out);
    }
    // Whoever asks for it is told of nothing that is not there.
    let (_, document) = events(&[place, "--rows", "1", "-t", "1"]);
    assert_eq!(kinds_of(&document).iter().filter(|kind| *kind == "delete").count(), 2, "{document:#}");
    let ran = walproof(&["events", place, "-t", "1"]);
    assert!(!ran.out.contains("BESIDE"), "{}", ran.out);
}

/// Nothing that is found outside of what the WAL spans is no answer.
#[test]
fn what_lies_outside_of_this_wal_is_told() {
    let good = testdata("demo/good");
    let said = |words: &[&str]| walproof(&[words, &["--timezone", "UTC"]].concat()).out;
    let late = "OUTSIDE  the last time in this WAL is 2026-11-22 03:17:02.5";
    let early = "OUTSIDE  the first time in this WAL is 2026-11-22 03:17:0";
    for (words, told) in [
        (&["events", &good, "--since", "2026-11-30 14:00"][..], late),
        (&["events", &good, "--until", "2026-11-01"], early),
        (&["txns", &good, "--open-at", "2026-11-30 14:00"], late),
        (&["txns", &good, "--until", "2026-11-01"], early),
        (
            &["txns", &good, "--open-at", "5/0"],
            "OUTSIDE  this WAL has records from 0/00900028 to 0/00BFFC98, and none at 5/0",
        ),
    ] {
        let out = said(words);
        assert!(out.contains(told), "{words:?}: {out}");
    }
    for words in [&["events", &good, "--since", "2026-11-22 03:17:02"][..], &["txns", &good, "--open-at", "0/AAC690"]] {
        assert!(!said(words).contains("OUTSIDE"), "{words:?}");
    }
    let (_, document) = events(&[&good]);
    assert!(document["times"]["last"].as_str().unwrap().starts_with("2026-11-22T03:17:02.5"), "{}", document["times"]);
}

#[test]
fn filters_leave_what_they_say() {
    let good = testdata("demo/good");
    let (_, all) = events(&[&good, "--rows", "1"]);
    let kinds = kinds_of(&all);
    assert!(!kinds.is_empty());
    for kind in ["delete", "update", "drop"] {
        let (code, some) = events(&[&good, "--rows", "1", "--kind", kind]);
        let own = kinds.iter().filter(|own| *own == kind).count();
        assert_eq!((code, kinds_of(&some)), (0, vec![kind.to_owned(); own]));
    }
    let (_, none) = events(&[&good, "--rows", "1", "--since", "2099-01-01 00:00+00"]);
    assert_eq!(kinds_of(&none).len(), 0);
    let unknown = walproof(&["events", &good, "--rows", "1", "-R", "nobody.knows"]);
    assert!(unknown.code == 2 && unknown.err.contains("no relation is called nobody.knows"), "{}", unknown.err);
}

/// A list of rows has as many columns everywhere.
#[test]
fn rows_of_values() {
    let ran = walproof(&["events", &testdata("demo/good"), "--rows", "1", "--format", "csv"]);
    let columns: Vec<usize> = ran.out.lines().map(|line| line.split(',').count()).collect();
    assert!(columns.len() > 1 && columns.iter().all(|&n| n >= columns[0]), "{}", ran.out);
}

#[test]
fn words_for_people_say_what_wal_does_not_know() {
    let ran = walproof(&["events", &testdata("demo/good"), "--rows", "1", "--timezone", "UTC"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("WAL knows no role, no client and no statement"), "{}", ran.out);
    assert_eq!(walproof(&["events", &testdata("demo/good"), "--kind", "theft"]).code, 2);
    // A checkpoint that ends a recovery from a crash is no other one.
    let folder = crafted::of_crafted(|_| {});
    let ran = walproof(&["events", folder.path().to_str().unwrap(), "--kind", "shutdown"]);
    assert!(ran.out.contains("  SHUTDOWN  or the end of a recovery from a crash "), "{}", ran.out);
    assert_eq!(walproof(&["events", &testdata("demo/good"), "--start", "F/0"]).code, 2);
}

/// Names of a list count where WAL tells none; a relation is asked for by its name.
#[test]
fn names_of_a_list() {
    let (good, folder) = (testdata("demo/good"), tempfile::tempdir().unwrap());
    let file = folder.path().join("names");
    // WAL knows the first file itself, but not what schema and database are called.
    let list =
        "5\tpostgres\t2200\tpublic\tlisted\t16393\tr\t1663\t16393\n5\tpostgres\t2200\tpublic\tother\t77\tr\t1663\t77\n";
    std::fs::write(&file, list).unwrap();
    let run = |words: &[&str]| walproof(&[words, &["--names", file.to_str().unwrap()]].concat());
    let text = run(&["dump", &good, "-R", "postgres.public.h", "-n", "3", "-r", "Heap"]);
    assert!(text.code == 0 && text.out.contains("  postgres.public.h (1663/5/16393:"), "{} {}", text.out, text.err);
    let lines = run(&["dump", &good, "-R", "h", "-n", "3", "--format", "jsonl"]);
    assert!(lines.out.contains("\"name\":\"postgres.public.h\""), "{}", lines.out);
    let own = walproof(&["dump", &good, "-R", "1663/5/16393", "-n", "3", "--format", "waldump"]);
    let named = run(&["dump", &good, "-R", "h", "-n", "3", "--format", "waldump"]);
    assert_eq!((named.code, &named.out), (0, &own.out), "as pg_waldump prints it");
    let none = run(&["dump", &good, "-R", "listed"]);
    assert!(none.code == 2 && none.err.contains("no relation is called listed"), "{}", none.err);
    let stats = run(&["stats", &good, "--by", "relation", "--format", "csv"]);
    assert!(stats.out.lines().any(|line| line.contains(",16393,main,postgres.public.h,")), "{}", stats.out);
    assert_eq!(walproof(&["dump", &good, "--names", "/nowhere/at/all"]).code, 2);
    assert_eq!(walproof(&["dump", &good, "--backup", "/nowhere/at/all"]).code, 2);
}
