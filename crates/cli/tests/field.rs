//! Situations in which people stood, as they were captured, and what a server did there (`testdata/field`).
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{Ran, testdata, walproof};
use serde_json::Value;

fn json(words: &[&str]) -> (i32, Value) {
    let words: Vec<&str> = words.iter().chain(&["--format", "json"]).copied().collect();
    let ran = walproof(&words);
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {words:?}: {}{}", ran.out, ran.err)))
}

/// Code and severity of each finding.
fn codes(document: &Value) -> Vec<(&str, &str)> {
    let all = document["findings"].as_array().unwrap();
    all.iter().map(|f| (f["code"].as_str().unwrap(), f["severity"].as_str().unwrap())).collect()
}

/// The first line with this label.
fn line<'a>(ran: &'a Ran, label: &str) -> &'a str {
    ran.out.lines().find(|line| line.starts_with(label)).unwrap_or_else(|| panic!("no {label}: {}", ran.out))
}

/// pgBackRest marks the control file when it restores; a server of 16 starts, consistent at 0/800050.
#[test]
fn a_marked_control_file_restores() {
    let (archive, backup) = (testdata("field/pgbackrest-0dead/archive"), testdata("field/pgbackrest-0dead/restored"));
    let (code, document) = json(&["verify", &archive, "--backup", &backup]);
    let restore = &document["restore"];
    assert_eq!((code, &document["verdict"], &restore["consistent_at"]), (0, &"proven".into(), &"0/00800050".into()));
    assert_eq!(codes(&document), [("WP413", "info")]);
    let text = walproof(&["verify", &archive, "--backup", &backup]);
    assert!(text.out.contains("names a checkpoint at 0/0000DEAD, which is none"), "{}", text.out);
}

/// A test restore archived a history file and a segment; production went on on timeline 1 and took a backup there.
#[test]
fn a_backup_behind_a_fork_is_named_with_its_timeline() {
    let archive = testdata("field/backup-behind-fork/archive");
    let (code, document) = json(&["verify", &archive]);
    assert_eq!((code, &document["verdict"], &document["path"]), (0, &"proven".into(), &serde_json::json!([2])));
    assert_eq!(codes(&document), [("WP411", "warning"), ("WP308", "info")]);
    let beside: Vec<_> = document["backups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| (b["wal_complete"].clone(), b["on_path"].clone(), b["target_timeline"].clone()))
        .collect();
    assert_eq!(beside, [(true.into(), true.into(), Value::Null), (true.into(), false.into(), 1.into())]);
    let text = walproof(&["verify", &archive]);
    assert!(line(&text, "NEXT").contains("00000001000000000000000B.00000028.backup with --target-timeline 1"));
    assert!(line(&text, "BACKUPS").contains("timeline 2 left 1 before that: restore it with --target-timeline 1"));
    assert!(!text.out.contains("missing") && !text.out.contains("lacks WAL"), "{}", text.out);
    let (code, document) = json(&["verify", &archive, "--timeline", "1"]);
    assert_eq!((code, &document["verdict"], codes(&document)), (0, &"proven".into(), vec![("WP308", "info")]));
    // When: none on this way, any point on its own.
    let when = walproof(&["when", &archive]);
    assert!(when.out.contains("0B.00000028.backup: none on this way; timeline 2 left 1 before that"), "{}", when.out);
    let (_, when) = json(&["when", &archive, "--timeline", "1"]);
    assert!(when["backups"].as_array().unwrap().iter().all(|b| b["window"].is_object()), "{when:#}");
    // SARIF names the titles of all codes.
    for format in ["nagios", "html", "prometheus", "junit"] {
        let ran = walproof(&["verify", &archive, "--format", format]);
        assert!(!ran.out.contains("is missing"), "{format}: {}", ran.out);
    }
    assert!(walproof(&["verify", &archive, "--format", "nagios"]).out.contains("restore it with --target-timeline 1"));
}

/// A server of 16 says the same of the backup; with its own timeline it comes to the end.
#[test]
fn a_backup_behind_a_fork_does_not_start_on_the_latest_timeline() {
    let archive = testdata("field/backup-behind-fork/archive");
    let backup = testdata("field/backup-behind-fork/backup2");
    let (code, document) = json(&["verify", &archive, "--backup", &backup]);
    let says = "requested timeline 2 is not a child of this server's history";
    assert_eq!((code, &document["restore"]["server_says"]), (1, &says.into()));
    let (code, document) = json(&["verify", &archive, "--backup", &backup, "--target-timeline", "1"]);
    assert_eq!((code, &document["verdict"]), (0, &"proven".into()), "{:#}", document["findings"]);
    // The other one is the way's, and the later backup no gap on it.
    let (code, document) = json(&["verify", &archive, "--backup", "000000010000000000000006.00000028.backup"]);
    assert_eq!((code, &document["verdict"], codes(&document)), (0, &"proven".into(), vec![]));
}

/// The line names timeline 1, on which the position lies: not the latest one, where nothing is behind the fork.
#[test]
fn a_line_is_explained_on_the_timeline_that_it_names() {
    let archive = testdata("field/backup-behind-fork/archive");
    let line = "DETAIL:  Latest checkpoint in file \"backup_label\" is at 0/00B00060 on timeline 1, but in the history of the requested timeline, the server forked off from that timeline at 0/00600100.";
    for line in [line, &line.replace(" in file \"backup_label\"", "")] {
        let ran = walproof(&["explain", line, "-p", &archive]);
        assert!(ran.out.contains("00000001000000000000000B"), "{}{}", ran.out, ran.err);
        assert!(!ran.out.contains("behind the last file here"), "{}", ran.out);
    }
}
