//! `walproof lag -p`: what lies between two positions of an archive.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{testdata, walproof};
use serde_json::Value;

fn lag(a: &str, b: &str, folder: &str) -> (Value, i32) {
    let ran = walproof(&["lag", a, b, "-p", &testdata(folder), "--format", "json"]);
    (serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err)), ran.code)
}

fn records(folder: &str) -> Vec<Value> {
    let listed = walproof(&["dump", &testdata(folder), "--format", "jsonl"]).out;
    listed.lines().map(|line| serde_json::from_str(line).unwrap()).filter(|d: &Value| d["type"] == "record").collect()
}

#[test]
fn records_and_commits_are_those_between() {
    let all = records("demo/good");
    let is_commit =
        |d: &&Value| d["rmgr"] == "Transaction" && matches!(d["record"].as_str(), Some("COMMIT" | "COMMIT_PREPARED"));
    let lsn = |i: usize| all[i]["lsn"].as_str().unwrap();
    for (low, high) in [(0, all.len() - 1), (100, 200), (5000, 19000), (7, 7)] {
        let (forth, code) = lag(lsn(high), lsn(low), "demo/good");
        assert_eq!((code, &forth["complete"]), (0, &true.into()));
        assert_eq!(forth["records"], high - low);
        assert_eq!(forth["commits"], all[low..high].iter().filter(is_commit).count());
        let (back, _) = lag(lsn(low), lsn(high), "demo/good");
        assert_eq!(back["records"].as_i64(), forth["records"].as_i64().map(|n| -n));
        assert_eq!(back["seconds"].as_f64().map(f64::abs), forth["seconds"].as_f64());
    }
}

/// Behind the end of WAL its last segment is read again, to say what lies there: its records count once.
#[test]
fn an_unfinished_segment_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["000000010000000000000009", "00000001000000000000000A", "00000001000000000000000B"] {
        let mut bytes = std::fs::read(testdata(&format!("demo/good/{file}"))).unwrap();
        if file.ends_with('B') {
            bytes[0xA8000..].fill(0);
        }
        std::fs::write(folder.path().join(file), bytes).unwrap();
    }
    let (low, high) = ("0/00A80000", "0/00BA7F00");
    let folder = folder.path().to_str().unwrap();
    let listed = walproof(&["dump", folder, "-s", low, "-e", high]).out;
    let ran = walproof(&["lag", "-p", folder, high, low, "--format", "json"]);
    let lag: Value = serde_json::from_str(&ran.out).unwrap();
    // The one that goes on over the higher position starts before it.
    assert_eq!(lag["records"].as_u64().unwrap(), listed.lines().count() as u64 + 1, "{}", ran.out);
}

#[test]
fn the_archive_may_stand_in_front() {
    let folder = testdata("demo/good");
    let by_option = walproof(&["lag", "0/BFFCD8", "0/AAC690", "-p", &folder]);
    assert_eq!(walproof(&["lag", &folder, "0/BFFCD8", "0/AAC690"]).out, by_option.out);
    assert_eq!(walproof(&["lag", "0/BFFCD8", "0/AAC690", "-t", "1"]).code, 2);
}

#[test]
fn time_is_between_the_last_commits_at_or_before_each() {
    let whole: Value =
        serde_json::from_str(&walproof(&["verify", &testdata("demo/good"), "--format", "json"]).out).unwrap();
    let t = &whole["timelines"][0];
    let all = records("demo/good");
    let first = all.iter().find(|d| d["rmgr"] == "Transaction" && d["record"] == "COMMIT").unwrap();
    let (lag_of_all, _) = lag(t["to"].as_str().unwrap(), first["end_lsn"].as_str().unwrap(), "demo/good");
    let micros = |field: &str| t[field].as_str().unwrap()[17..26].parse::<f64>().unwrap();
    assert!(
        (lag_of_all["seconds"].as_f64().unwrap() - (micros("last_commit_time") - micros("first_commit_time"))).abs()
            < 1e-6
    );
    // No commit lies before the first one.
    let (unknown, _) = lag(t["to"].as_str().unwrap(), all[0]["lsn"].as_str().unwrap(), "demo/good");
    assert!(unknown["seconds"].is_null());
}

#[test]
fn the_archive_tells_how_positions_are_counted() {
    let (answer, code) = lag("1/00000000", "0/FEFFFFF8", "8.2/wrap");
    assert_eq!((code, &answer["scheme"], &answer["bytes"]), (0, &"split".into(), &8.into()));
    let ran = walproof(&["lag", "1/0", "0/0", "--as", "15", "-p", &testdata("8.2/wrap")]);
    assert_eq!(ran.code, 2, "{}", ran.out);
}

#[test]
fn damage_in_between_is_1_and_an_end_in_between_is_not() {
    assert_eq!(lag("0/BFFCD8", "0/AAC690", "demo/damaged").1, 1);
    assert_eq!(lag("0/AAC690", "0/A00028", "demo/damaged").1, 0);
    let (answer, code) = lag("0/D00000", "0/B00000", "demo/good");
    assert_eq!((code, &answer["complete"]), (0, &false.into()));
    assert_eq!(walproof(&["lag", "5/0", "4/0", "-p", &testdata("demo/good")]).code, 2);
}
