//! Whatever `when` prints as settings, a restore with them is proven and gets there.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{testdata, walproof};
use serde_json::Value;

fn json(words: &[&str]) -> (i32, Value) {
    let ran = walproof(&[words, &["--format", "json"]].concat());
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{words:?}: {error}: {}", ran.err)))
}

#[test]
fn what_is_printed_is_reached() {
    let (wal, backup) = (testdata("demo/good"), testdata("backup/15"));
    let list = walproof(&["dump", &wal, "--format", "jsonl"]);
    let records: Vec<Value> = list.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |record: &Value, field: &str| record[field].as_str().unwrap_or_default().to_owned();
    let records: Vec<&Value> = records.iter().filter(|record| record["type"] == "record").collect();
    let last = records.last().unwrap();
    // Its start, its middle, and where WAL ends.
    let inside = of(last, "lsn").parse::<pgwal::format::Lsn>().unwrap().plus_within(8).to_string();
    let mut positions = vec![of(last, "lsn"), inside, of(last, "end_lsn")];
    positions.extend(records.iter().step_by(records.len() / 12).map(|record| of(record, "lsn")));
    positions.extend(records.iter().step_by(records.len() / 7).map(|record| of(record, "end_lsn")));
    let (_, all) = json(&["when", &wal]);
    for end in ["first", "last"] {
        let end = &all["reach"][end];
        positions.extend([of(end, "lsn"), of(end, "time"), format!("xid:{}", end["xid"])]);
    }
    let points = all["reach"]["restore_points"].as_array().unwrap();
    positions.extend(points.iter().map(|point| format!("name:{}", of(point, "name"))));
    positions.extend(["00000001000000000000000A", "00000001000000000000000B+8192"].map(str::to_owned));
    let mut tried = 0;
    for position in &positions {
        let (code, answer) = json(&["when", &wal, position]);
        let place = &answer["position"];
        if place["reachable"] != true {
            assert_eq!(code, 1, "{position}");
            continue;
        }
        let mut words = vec!["verify".to_owned(), wal.clone(), "--backup".to_owned(), backup.clone()];
        let settings = place["settings"].as_object().unwrap();
        for (name, value) in settings {
            let option = name.strip_prefix("recovery_").unwrap().replace('_', "-");
            words.extend([format!("--{option}"), value.as_str().unwrap().to_owned()]);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (code, restore) = json(&words);
        assert_eq!((code, &restore["verdict"]), (0, &"proven".into()), "{position}: {settings:?}");
        let aims = settings.keys().any(|name| name.starts_with("recovery_target_") && !name.ends_with("timeline"));
        assert!(!aims || restore["restore"]["target"]["reached"] == true, "{position}: {settings:?}");
        tried += 1;
    }
    for position in ["2026-11-22 03:17:02.48", "0/00AE49B8", "xid:737"] {
        // What is to be typed first is typed.
        let said = walproof(&["when", &wal, position]).out;
        let typed =
            said.lines().find_map(|line| line.strip_prefix("CHECK    walproof ")).unwrap_or_else(|| panic!("{said}"));
        let line = format!("'{}' {typed}", env!("CARGO_BIN_EXE_walproof"));
        let ran = std::process::Command::new("sh").args(["-c", &line]).env("TZ", "UTC").output().unwrap();
        let proven = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success() && proven.starts_with("VERDICT  PROVEN: this restores to "), "{line}: {proven}");
    }
    assert!(tried >= 15, "only {tried} of {} are in reach", positions.len());
    // No record starts at the very end, or inside the last one, that would stop a server.
    for end in positions.iter().take(3).skip(1) {
        let (_, answer) = json(&["when", &wal, end]);
        assert!(!answer["position"]["settings"].as_object().unwrap().contains_key("recovery_target_lsn"), "{end}");
    }
}

#[test]
fn what_is_to_be_typed_names_a_folder_with_a_blank() {
    let folder = tempfile::tempdir().unwrap();
    let wal = folder.path().join("my wal's");
    std::fs::create_dir(&wal).unwrap();
    for file in std::fs::read_dir(testdata("demo/good")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), wal.join(file.file_name())).unwrap();
    }
    let said = walproof(&["when", wal.to_str().unwrap(), "xid:737"]).out;
    let typed = said.lines().find_map(|line| line.strip_prefix("CHECK    walproof ")).unwrap();
    let line = format!("'{}' {typed}", env!("CARGO_BIN_EXE_walproof"));
    let ran = std::process::Command::new("sh").args(["-c", &line]).env("TZ", "UTC").output().unwrap();
    assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
}
