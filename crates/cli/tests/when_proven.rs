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
        is_proven_as_typed(&said);
    }
    assert!(tried >= 15, "only {tried} of {} are in reach", positions.len());
    // No record starts at the very end, or inside the last one, that would stop a server.
    for end in positions.iter().take(3).skip(1) {
        let (_, answer) = json(&["when", &wal, end]);
        assert!(!answer["position"]["settings"].as_object().unwrap().contains_key("recovery_target_lsn"), "{end}");
    }
}

/// A backup that ends behind the last commit that is kept reaches every time in front of the next one.
#[test]
fn a_time_between_the_end_of_a_backup_and_the_next_commit_is_in_reach() {
    let folder = tempfile::tempdir().unwrap();
    for number in ["9", "A", "B"] {
        let name = format!("00000001000000000000000{number}");
        std::fs::copy(testdata(&format!("demo/good/{name}")), folder.path().join(name)).unwrap();
    }
    let backup = "00000001000000000000000A.000E4A00.backup";
    let text = "START WAL LOCATION: 0/AE4A00 (file 00000001000000000000000A)\n\
                STOP WAL LOCATION: 0/B00028 (file 00000001000000000000000B)\n\
                CHECKPOINT LOCATION: 0/AE4A00\nBACKUP METHOD: streamed\nBACKUP FROM: primary\n\
                START TIME: 2026-11-22 03:17:02 UTC\nLABEL: base\nSTART TIMELINE: 1\n\
                STOP TIME: 2026-11-22 03:17:02 UTC\nSTOP TIMELINE: 1\n";
    std::fs::write(folder.path().join(backup), text).unwrap();
    let place = folder.path().to_str().unwrap();
    // 737 commits in front of the backup, 738 behind its end.
    let (code, answer) = json(&["when", place, "2026-11-22 03:17:02.48+00"]);
    let own = &answer["position"];
    assert_eq!((code, own["lsn"].as_str(), own["backup"].as_str()), (0, Some("0/00AE49B8"), Some(backup)), "{own:#}");
    assert_eq!(own["settings"]["recovery_target_time"], "2026-11-22 03:17:02.48+00", "{own:#}");
    let said = walproof(&["when", place, "2026-11-22 03:17:02.48+00"]).out;
    assert!(said.contains(&format!("BACKUP   {backup}\nCHECK ")), "{said}");
    // In front of 737 it does not get, and not to its commit record.
    for position in ["2026-11-22 03:17:02.4794+00", "xid:737", "0/00AE49B8"] {
        assert_eq!(json(&["when", place, position]).0, 1, "{position}");
    }
}

/// What is to be typed is quoted as a shell wants it, the archive too.
#[test]
fn an_archive_with_an_odd_name_is_typed_as_it_is() {
    for name in ["my wal", "my wal's", "a\"b", "back\\slash", "$HOME"] {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join(name);
        std::fs::create_dir(&place).unwrap();
        for file in std::fs::read_dir(testdata("demo/good")).unwrap() {
            let path = file.unwrap().path();
            std::fs::copy(&path, place.join(path.file_name().unwrap())).unwrap();
        }
        let said = walproof(&["when", place.to_str().unwrap(), "xid:737"]).out;
        is_proven_as_typed(&said);
    }
}

/// A number of another timeline's transaction is asked for there.
#[test]
fn what_is_typed_next_stays_on_the_timeline() {
    let (_, all) = json(&["when", &testdata("15/archive"), "-t", "1"]);
    let position = format!("xid:{}", all["reach"]["last"]["xid"]);
    let said = |words: &[&str]| walproof(&[&["when", &testdata("15/archive"), &position], words].concat()).out;
    let next =
        |said: &str| said.lines().find(|line| line.starts_with("NEXT ")).unwrap_or_else(|| panic!("{said}")).to_owned();
    assert!(next(&said(&["-t", "1"])).contains(" -t 1 --before "), "{}", said(&["-t", "1"]));
    assert!(!next(&said(&[])).contains(" -t "), "{}", said(&[]));
}

/// The line that `when` prints to be typed first, given to a shell.
fn is_proven_as_typed(said: &str) {
    let typed =
        said.lines().find_map(|line| line.strip_prefix("CHECK    walproof ")).unwrap_or_else(|| panic!("{said}"));
    let line = format!("'{}' {typed}", env!("CARGO_BIN_EXE_walproof"));
    let ran = std::process::Command::new("sh").args(["-c", &line]).env("TZ", "UTC").output().unwrap();
    let proven = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success() && proven.starts_with("VERDICT  PROVEN: this restores to "), "{line}: {proven}");
}
