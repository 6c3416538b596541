//! Targets of recoveries, and what is said beside their verdicts; the archive of a server of 18
//! (`testdata/field/pitr-18`).
//!
//! | transaction | |
//! |---|---|
//! | 755 | commits in front of the backup |
//! | 768 | a subtransaction of 767, listed by its commit |
//! | 769 | rolled back, the last one in its segment |
//! | 770 | CREATE DATABASE, over several segments |
//! | 774 | DROP DATABASE |
//!
//! And of one of 17 that crashed (`testdata/field/xids-17`): 740 was open then, 741 stays prepared, 742 was prepared
//! and committed behind it, 743 and 745 are subtransactions of 742 and 744.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

#[path = "run/mod.rs"]
mod run;

use serde_json::Value;
use std::path::{Path, PathBuf};

/// The archive, unpacked in a folder of its own.
fn archive(name: &str) -> PathBuf {
    unpacked("pitr-18", name)
}

fn unpacked(case: &str, name: &str) -> PathBuf {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{case}-{name}"));
    let _ = std::fs::remove_dir_all(&to);
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(walproof_testdata::root().join(format!("field/{case}/archive"))).unwrap() {
        let path = entry.unwrap().path();
        let bytes = walproof_testdata::read_plain(&path).unwrap();
        std::fs::write(to.join(walproof_testdata::plain_name(&path)), bytes).unwrap();
    }
    to
}

fn ran(command: &str, archive: &Path, options: &[&str]) -> (i32, String) {
    restored(command, archive, "pitr-18", options)
}

fn restored(command: &str, archive: &Path, case: &str, options: &[&str]) -> (i32, String) {
    let backup = walproof_testdata::root().join(format!("field/{case}/backup"));
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
    // It is marked, and has its files.
    let (code, text) = ran("verify", &wal, &["--target-lsn", "0/F536C8", "--target-inclusive", "off"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("WP430 database 16392 is marked as one that goes away at 0/00F532A8"), "{text}");
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
    assert!(line(&text, "INSTEAD").contains("--partial', which takes 00000001000000000000000F.partial"), "{text}");
}

#[test]
fn what_became_of_a_transaction() {
    let wal = unpacked("xids-17", "all");
    for (xid, why) in [
        ("739", "committed at 0/007EC778, before this backup"),
        ("740", "has no end: its last record is at 0/009000C8, and at 0/00A00028 it does not run any more"),
        ("741", "was prepared at 0/009001D0 as 'my gid', and is neither committed nor rolled back here"),
        ("743", "is a subtransaction of 742, whose commit at 0/00A0E0C0 lists it"),
        ("745", "is a subtransaction of 744, whose commit at 0/00902568 lists it"),
        ("753", "does not exist yet where WAL ends: the last one is 752"),
    ] {
        let (code, text) = restored("verify", &wal, "xids-17", &["--target-xid", xid]);
        assert_eq!(code, 1, "{text}");
        assert!(line(&text, "WHY").contains(&format!("transaction {xid} {why}")), "{text}");
    }
    let (code, text) = restored("verify", &wal, "xids-17", &["--target-xid", "742"]);
    assert_eq!(code, 0, "{text}");
    // Where WAL ends before the crash, it may still come.
    std::fs::remove_file(wal.join("00000001000000000000000A")).unwrap();
    let (_, text) = restored("verify", &wal, "xids-17", &["--target-xid", "740"]);
    assert!(
        line(&text, "WHY").contains("still runs where WAL ends") && text.contains("00000001000000000000000A"),
        "{text}"
    );
}

#[test]
fn a_time_is_read_as_the_place_takes_it_where_it_stands() {
    let wal = archive("times");
    for time in ["2026-11-28T14:57:50.7Z", "2026-11-28 06:57:50.7 PST", "Nov 28 2026 14:57:50.7 UTC"] {
        let (code, text) = ran("verify", &wal, &["--target-time", time]);
        assert_eq!(code, 0, "{text}");
        assert!(line(&text, "VERDICT").contains("0/00F53280"), "{text}");
        let respelled = line(&text, "SETTING").contains("recovery_target_time = '2026-11-28 14:57:50.7+00'");
        assert_eq!(respelled, !time.contains("UTC"), "{text}");
    }
    for (setting, says) in [
        ("recovery_target_time=2026-11-28T14:57:50.7Z", "invalid value for parameter \"recovery_target_time\""),
        ("recovery_target_time=2026-11-28 14:57:50 CEST", "invalid value for parameter \"recovery_target_time\""),
        ("recovery_target_lsn=0/F532A8 ", "invalid value for parameter \"recovery_target_lsn\": \"0/F532A8 \""),
    ] {
        let (code, text) = ran("verify", &wal, &["--set", setting]);
        assert_eq!(code, 1, "{text}");
        assert!(line(&text, "WHY").contains(says), "{text}");
    }
    let (code, text) = ran("verify", &wal, &["--set", "recovery_target_time=2026-11-28 04:57:50.7 HST"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_target_in_front_of_what_the_backup_can_be() {
    let wal = archive("early");
    let (code, text) = ran("verify", &wal, &["--target-time", "2026-11-28 14:57:47.1+00"]);
    assert_eq!(code, 1);
    assert!(line(&text, "NEXT").contains("restore a backup that ended before the target"), "{text}");
    assert!(line(&text, "INSTEAD").contains("--target-immediate"), "{text}");
}

#[test]
fn when_warns_of_what_its_settings_leave_out() {
    let wal = archive("warns");
    let ran = run::walproof(&["when", wal.to_str().unwrap(), "time:2026-11-28 14:57:51.151637+00"]);
    assert!(line(&ran.out, "WARNING").contains("the files of database 16392 are removed at 0/00F536C8"), "{}", ran.out);
    let ran = run::walproof(&["when", wal.to_str().unwrap(), "xid:774"]);
    assert!(!ran.out.contains("WARNING"), "{}", ran.out);
}

/// Some tools pack without a suffix.
#[test]
fn a_restore_command_is_one_that_works() {
    let wal = archive("packed");
    let settings = |wal: &Path| run::walproof(&["when", wal.to_str().unwrap(), "xid:767"]).out;
    assert!(settings(&wal).contains("restore_command = 'cp "), "{}", settings(&wal));
    let before =
        format!("767 itself is kept; to get back to before it: walproof events {} --before 767", wal.display());
    assert!(settings(&wal).contains(&before), "{}", settings(&wal));
    let name = "00000001000000000000000A";
    let from = walproof_testdata::root().join(format!("field/pitr-18/archive/{name}.xz"));
    std::fs::copy(from, wal.join(name)).unwrap();
    let text = settings(&wal);
    assert!(!text.contains("'cp ") && text.contains("restore_command = 'walproof archive-get %f "), "{text}");
    assert!(text.contains("THEN     the server pauses there (hot_standby = on)"), "{text}");
    assert!(text.contains("SELECT pg_wal_replay_resume() ends recovery"), "{text}");
}
