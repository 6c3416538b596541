//! Ranges, filters, holes and formats.

use crate::run::{testdata, walproof};
use serde_json::Value;

fn events(words: &[&str]) -> (i32, Value) {
    let ran = walproof(&[&["events"], words, &["--format", "json"]].concat());
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err)))
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

#[test]
fn filters_leave_what_they_say() {
    let good = testdata("demo/good");
    let (_, all) = events(&[&good, "--rows", "1"]);
    let of = |document: &Value| -> Vec<String> {
        document["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap().to_owned()).collect()
    };
    let kinds = of(&all);
    assert!(!kinds.is_empty());
    for kind in ["delete", "update", "drop"] {
        let (code, some) = events(&[&good, "--rows", "1", "--kind", kind]);
        let own = kinds.iter().filter(|own| *own == kind).count();
        assert_eq!((code, of(&some)), (0, vec![kind.to_owned(); own]));
    }
    let (_, none) = events(&[&good, "--rows", "1", "--since", "2099-01-01 00:00+00"]);
    assert_eq!(of(&none).len(), 0);
    let (_, other) = events(&[&good, "--rows", "1", "-R", "nobody.knows"]);
    assert_eq!(of(&other).len(), 0);
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
    assert_eq!(walproof(&["events", &testdata("demo/good"), "--start", "F/0"]).code, 2);
}
