//! Targets of recoveries, and what is said beside their verdicts; the archive of a server of 18 (`testdata/field/pitr-18`).
//!
//! | transaction | |
//! |---|---|
//! | 755 | commits in front of the backup |
//! | 768 | a subtransaction of 767, listed by its commit |
//! | 769 | rolled back, the last one in its segment |
//! | 770 | CREATE DATABASE, over several segments |
//! | 774 | DROP DATABASE |
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

#[path = "run/mod.rs"]
mod run;

use serde_json::Value;
use std::path::{Path, PathBuf};

/// The archive, unpacked in a folder of its own.
fn archive(name: &str) -> PathBuf {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pitr-{name}"));
    let _ = std::fs::remove_dir_all(&to);
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(walproof_testdata::root().join("field/pitr-18/archive")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = walproof_testdata::read_plain(&path).unwrap();
        std::fs::write(to.join(walproof_testdata::plain_name(&path)), bytes).unwrap();
    }
    to
}

fn ran(command: &str, archive: &Path, options: &[&str]) -> (i32, String) {
    let backup = walproof_testdata::root().join("field/pitr-18/backup");
    let words = [command, archive.to_str().unwrap(), "--backup", backup.to_str().unwrap(), "--timezone", "UTC"];
    let words: Vec<&str> = words.iter().chain(options).copied().collect();
    let ran = run::walproof(&words);
    (ran.code, ran.out)
}

fn line(text: &str, label: &str) -> String {
    text.lines().find(|line| line.starts_with(label)).unwrap_or_default().to_owned()
}

#[test]
fn a_target_that_no_wal_would_bring() {
    let wal = archive("never");
    for (xid, why, next) in [
        ("768", "transaction 768 is a subtransaction of 767, whose commit at 0/00A4C178 lists it", "--target-xid 767"),
        ("755", "transaction 755 committed at 0/008833D8, before this backup", "restore a backup that ended before"),
    ] {
        let (code, text) = ran("verify", &wal, &["--target-xid", xid]);
        assert_eq!(code, 1);
        assert!(line(&text, "WHY").contains(why) && line(&text, "NEXT").contains(next), "{text}");
        assert!(!text.contains("000000010000000000000010"), "a file that would not help: {text}");
    }
    let (_, text) = ran("verify", &wal, &["--target-xid", "999"]);
    assert!(line(&text, "WHY").contains("does not exist yet where WAL ends: the last one is 775"), "{text}");
    assert!(line(&text, "NEXT").contains("000000010000000000000010"), "more WAL may bring it: {text}");
    let (_, text) = ran("verify", &wal, &["--target-name", "before release"]);
    assert!(line(&text, "WHY").contains("those that are: before_release"), "{text}");
}

#[test]
fn when_says_the_same() {
    let wal = archive("when");
    let ran = run::walproof(&["when", wal.to_str().unwrap(), "xid:768"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("a subtransaction of 767") && ran.out.contains("xid:767"), "{}", ran.out);
    let ran = run::walproof(&["when", wal.to_str().unwrap(), "xid:768", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["position"]["instead"], "xid:767");
}

#[test]
fn a_short_segment_behind_the_target() {
    let wal = archive("ahead");
    let file = std::fs::File::options().write(true).open(wal.join("00000001000000000000000B")).unwrap();
    file.set_len(65536).unwrap();
    let (code, text) = ran("verify", &wal, &["--target-xid", "769"]);
    assert_eq!(code, 1, "{text}");
    assert!(line(&text, "WHY").contains("WP428") && line(&text, "NEXT").contains("recovery_prefetch"), "{text}");
    assert!(line(&text, "INSTEAD").contains("--set recovery_prefetch=off: reaches the target"), "{text}");
    for off in ["recovery_prefetch=off", "maintenance_io_concurrency=0"] {
        let (code, text) = ran("verify", &wal, &["--target-xid", "769", "--set", off]);
        assert_eq!(code, 0, "{text}");
    }
    // Too far in front of it: the segment between them is full of blocks.
    let wal = archive("ahead-far");
    let file = std::fs::File::options().write(true).open(wal.join("00000001000000000000000C")).unwrap();
    file.set_len(65536).unwrap();
    let (code, text) = ran("verify", &wal, &["--target-xid", "769"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_plan_has_what_is_asked_for_ahead() {
    let wal = archive("plan");
    let status = |options: &[&str]| {
        let (_, text) = ran("plan", &wal, &[&["--target-xid", "769", "--format", "json"], options].concat());
        let document: Value = serde_json::from_str(&text).unwrap();
        let file = |f: &&Value| f["name"] == "00000001000000000000000B";
        document["files"].as_array().unwrap().iter().find(file).map(|f| f["status"].clone())
    };
    assert_eq!(status(&[]), Some("unneeded".into()));
    assert_eq!(status(&["--set", "recovery_prefetch=off"]), None);
}

#[test]
fn what_acts_before_its_commit() {
    let wal = archive("acts");
    let (code, text) = ran("verify", &wal, &["--target-time", "2026-11-28 14:57:51.151637+00"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("the files of database 16392 are removed at 0/00F536C8 by transaction 774"), "{text}");
    assert!(line(&text, "NEXT").contains("--target-lsn 0/00F532A8 --target-inclusive off"), "{text}");
    // Its commit is replayed, or its record is not.
    for target in [["--target-xid", "774"], ["--target-xid", "773"]] {
        assert!(!ran("verify", &wal, &target).1.contains("WP430"));
    }
    // The commit of CREATE DATABASE lies segments behind its record.
    let (code, text) = ran("verify", &wal, &["--target-lsn", "0/E00000"]);
    assert_eq!(code, 0);
    assert!(text.contains("info     WP430 files of the new database 16392 are made at 0/00B00498"), "{text}");
    let ran = run::walproof(&["dump", wal.to_str().unwrap(), "--drops", "--format", "csv", "--fields", "lsn,record"]);
    assert!(ran.out.contains("0/00F536C8,DROP"), "{}", ran.out);
}

#[test]
fn a_restore_point_that_is_there_twice() {
    let wal = archive("points");
    let (code, text) = ran("verify", &wal, &["--target-name", "before_release"]);
    assert_eq!(code, 0);
    assert!(text.contains("there more than once; the first one counts, the others are at 0/00A000F8"), "{text}");
}

#[test]
fn commits_that_only_a_partial_has() {
    let wal = archive("partial");
    let name = "00000001000000000000000F";
    std::fs::rename(wal.join(name), wal.join(format!("{name}.partial"))).unwrap();
    let (code, text) = ran("verify", &wal, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(line(&text, "COMMITS").ends_with("none but in 00000001000000000000000F.partial"), "{text}");
    assert!(line(&text, "INSTEAD").contains("copy 00000001000000000000000F.partial"), "{text}");
}
