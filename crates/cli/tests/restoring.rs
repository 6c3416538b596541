//! What a restore starts from where nobody named a backup, and what `plan` lists where WAL is missing or not here yet.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{testdata, walproof};
use serde_json::Value;
use std::fs;

const OLDEST: &str = "000000010000000000000058.00000028.backup";
const SECOND: &str = "000000010000000000000059.00000028.backup";
const THIRD: &str = "00000001000000000000005F.00000028.backup";
const NEWEST: &str = "00000003000000000000006B.00000028.backup";

fn json(words: &[&str]) -> (i32, Value) {
    let ran = walproof(&[words, &["--format", "json"]].concat());
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.err)))
}

fn chosen(words: &[&str]) -> (i32, Value) {
    let (exit, document) = json(&[&["verify", &testdata("15/archive")], words].concat());
    (exit, document["restore"]["backup_chosen"].clone())
}

#[test]
fn the_newest_backup_that_reaches_the_target_is_taken() {
    let (exit, choice) = chosen(&["--backup", "auto"]);
    assert_eq!(
        (exit, &choice["backup"], &choice["reaches"], &choice["known"]),
        (0, &NEWEST.into(), &true.into(), &5.into())
    );
    for (lsn, backup) in [("0/5802000", OLDEST), ("0/5900200", SECOND), ("0/5E00200", SECOND), ("0/5F00200", THIRD)] {
        let (exit, choice) = chosen(&["--target-lsn", lsn]);
        assert_eq!((exit, &choice["backup"], &choice["reaches"]), (0, &backup.into(), &true.into()), "{lsn}: {choice}");
        let passed = choice["passed_over"].as_array().unwrap();
        assert!(passed.iter().all(|passed| passed["why"] == "behind_target"), "{choice}");
    }
}

/// Those that are behind the target cost nothing: however many there are, the right one is found.
#[test]
fn twenty_newer_backups_hide_no_older_one() {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(testdata("15/archive")).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
    }
    let text = fs::read(place.path().join(THIRD)).unwrap();
    for n in 0x40..0x54 {
        fs::write(place.path().join(format!("00000001000000000000005F.{n:08X}.backup")), &text).unwrap();
    }
    let wal = place.path().to_str().unwrap();
    let (exit, document) = json(&["verify", wal, "--target-time", "2026-11-22 03:17:17.030946+00"]);
    let choice = &document["restore"]["backup_chosen"];
    assert_eq!((exit, &choice["backup"], &choice["reaches"]), (0, &SECOND.into(), &true.into()), "{choice}");
    assert_eq!((&choice["known"], &choice["untried"]), (&25.into(), &0.into()));
}

/// Each that fails costs all WAL behind it: it is said where the search ends.
#[test]
fn what_was_not_tried_is_said() {
    let place = demo_without(&["00000001000000000000000A"]);
    let file = "000000010000000000000009.00000028.backup";
    let text = fs::read(place.path().join(file)).unwrap();
    for n in 0x40..0x54 {
        fs::write(place.path().join(format!("000000010000000000000009.{n:08X}.backup")), &text).unwrap();
    }
    let wal = place.path().to_str().unwrap();
    let words = ["verify", wal, "--target-lsn", "0/BFF000"];
    let (exit, document) = json(&words);
    assert_eq!((exit, &document["restore"]["backup_chosen"]["untried"]), (1, &9.into()));
    let ran = walproof(&words);
    assert!(ran.out.contains("none of 12 reaches the target; 9 more are known and were not tried"), "{}", ran.out);
}

/// Up to 9.3 a transaction counts more than a time, wherever the lines stand.
#[test]
fn a_target_of_recovery_conf_that_counts_more() {
    let place = tempfile::tempdir().unwrap();
    let conf = place.path().join("recovery.conf");
    let conf_says = |target: &str| fs::write(&conf, format!("restore_command = 'fetch %f %p'\n{target}\n")).unwrap();
    let archive = testdata("9.2/wrap");
    let file = "0000000100000000000000FC.00000020.backup";
    let words = ["verify", &archive, "--backup", file, "--recovery-conf", conf.to_str().unwrap()];
    let (time, xid) = ("2026-11-22 03:52:44.5+00", "679");
    conf_says(&format!("recovery_target_xid = '{xid}'"));
    let (exit, document) = json(&[&words[..], &["--target-time", time]].concat());
    let first = &document["findings"][0];
    assert_eq!((exit, &first["code"], &first["severity"]), (1, &"WP433".into(), &"error".into()), "{first}");
    assert!(first["advice"].as_str().unwrap().contains("out of recovery.conf line 2"), "{first}");
    assert_eq!(document["restore"]["target"]["kind"], "xid", "a server goes to it");
    conf_says(&format!("recovery_target_time = '{time}'"));
    let (exit, document) = json(&[&words[..], &["--target-xid", xid]].concat());
    assert_eq!((exit, &document["restore"]["target"]["kind"]), (0, &"xid".into()));
}

#[test]
fn none_reaches_what_lies_before_all() {
    let (exit, choice) = chosen(&["--target-time", "2020-01-01 00:00+00"]);
    assert_eq!((exit, &choice["backup"], &choice["reaches"]), (1, &OLDEST.into(), &false.into()), "{choice}");
    let archive = testdata("15/archive");
    let ran = walproof(&["verify", &archive, "--target-time", "2020-01-01 00:00+00"]);
    assert!(ran.out.contains("\nBACKUP   000000010000000000000058.00000028.backup"), "{}", ran.out);
    assert!(ran.out.contains("none of 5 reaches the target"), "{}", ran.out);
    assert!(ran.out.contains("\nNEXT     every backup known here ended behind the target"), "{}", ran.out);
}

/// The nearest points in front of it and behind it are told.
#[test]
fn a_target_in_a_hole_between_two_backups_is_approached_from_both_sides() {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(testdata("15/archive")).unwrap().map(Result::unwrap) {
        if entry.file_name() != "00000001000000000000005D.xz" && entry.file_name() != "00000001000000000000005D" {
            fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
        }
    }
    let wal = place.path().to_str().unwrap();
    let words = ["verify", wal, "--target-lsn", "0/5D80000"];
    let (exit, document) = json(&words);
    let restore = &document["restore"];
    assert_eq!((exit, &restore["backup_chosen"]["backup"]), (1, &SECOND.into()), "{restore}");
    let all = restore["alternatives"].as_array().unwrap();
    let kinds: Vec<&str> = all.iter().map(|way| way["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["behind", "earlier"], "{restore}");
    assert_eq!(all[0]["value"], THIRD, "{restore}");
    let text = walproof(&words).out;
    assert!(text.contains("NEXT     find ") && text.contains("00000001000000000000005D"), "{text}");
    let behind = format!("--backup {THIRD} --target-immediate: the nearest point behind the target, 0/05F00");
    assert!(text.contains(&behind), "{text}");
    // Both are what they are said to be.
    assert_eq!(json(&["verify", wal, "--backup", THIRD, "--target-immediate"]).0, 0);
    let earlier = ["verify", wal, "--backup", SECOND, "--target-lsn", all[1]["value"].as_str().unwrap()];
    assert_eq!(json(&earlier).0, 0);
}

#[test]
fn a_place_that_knows_no_backup_says_so() {
    let archive = testdata("15/pg_wal");
    let ran = walproof(&["verify", &archive, "--target-immediate"]);
    assert!(ran.code == 2 && ran.err.contains("knows no backup to choose from"), "{}{}", ran.out, ran.err);
    let ran = walproof(&["verify", &archive, "--set", "hot_standby=off"]);
    assert!(ran.code == 2 && ran.err.contains("--backup, or a target"), "{}", ran.err);
}

#[test]
fn a_plan_chooses_as_well() {
    let (exit, plan) = json(&["plan", &testdata("15/archive"), "--target-lsn", "0/5900200"]);
    assert_eq!(exit, 0);
    assert_eq!((&plan["verdict"], &plan["backup_chosen"]["backup"]), (&"proven".into(), &SECOND.into()));
}

/// A copy of the demo without some of its files.
fn demo_without(gone: &[&str]) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(testdata("demo/good")).unwrap().map(Result::unwrap) {
        if !gone.contains(&entry.file_name().to_str().unwrap()) {
            fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
        }
    }
    place
}

fn names(words: &[&str]) -> (i32, Vec<String>) {
    let ran = walproof(&[&["plan"], words, &["--fetch-list"]].concat());
    (ran.code, ran.out.lines().map(str::to_owned).collect())
}

#[test]
fn a_plan_goes_on_behind_what_is_missing() {
    let place = demo_without(&["00000001000000000000000A"]);
    let archive = place.path().to_str().unwrap();
    let (exit, list) = names(&[archive, "--backup", "latest"]);
    let all = ["000000010000000000000009", "00000001000000000000000A", "00000001000000000000000B"];
    assert_eq!((exit, list), (1, all.map(str::to_owned).to_vec()));
    // A position names what lies behind the last file, too.
    let (exit, list) = names(&[archive, "--backup", "latest", "--target-lsn", "0/D00100"]);
    let all = [&all[..], &["00000001000000000000000C", "00000001000000000000000D"]].concat();
    assert_eq!((exit, list), (1, all.iter().map(|name| (*name).to_owned()).collect()));
    let ran = walproof(&["plan", archive, "--backup", "latest"]);
    assert!(ran.out.contains("Behind the file at which it ends, 1 file more on the way"), "{}", ran.out);
    let (_, plan) = json(&["plan", archive, "--backup", "latest"]);
    assert_eq!(plan["beyond"][0]["name"], "00000001000000000000000B");
    assert_eq!(plan["beyond"][0]["status"], "present");
}

#[test]
fn a_short_list_has_its_reason_in_front() {
    let good = testdata("demo/good");
    let ran = walproof(&["plan", &good, "--backup", "latest", "--target-time", "2026-11-20 03:17+00"]);
    let first = ran.out.lines().next().unwrap();
    assert!(ran.code == 1 && first.contains("cannot end at its target") && first.contains("(WP423)"), "{}", ran.out);
    let damaged = testdata("demo/damaged");
    let ran = walproof(&["plan", &damaged, "--backup", "latest"]);
    let first = ran.out.lines().next().unwrap();
    assert!(ran.code == 1 && first.contains("(WP201)"), "{}", ran.out);
    let (_, list) = names(&[&damaged, "--backup", "latest"]);
    assert_eq!(list.len(), 3, "{list:?}");
}

#[test]
fn a_plan_without_an_archive_names_what_the_backup_tells() {
    let file = testdata("demo/good") + "/000000010000000000000009.00000028.backup";
    assert_eq!(names(&["--backup", &file]), (0, vec!["000000010000000000000009".to_owned()]));
    let (exit, list) = names(&["--backup", &file, "--target-lsn", "0/B00100"]);
    assert_eq!((exit, list.len(), list[2].as_str()), (0, 3, "00000001000000000000000B"));
    let ran = walproof(&["plan", "--backup", &file]);
    assert!(ran.out.contains("1 segment, 1,048,576 bytes") && ran.out.contains("its end at 0/00900100"), "{}", ran.out);
    let (exit, plan) = json(&["plan", "--backup", &file]);
    assert_eq!((exit, &plan["to"], &plan["bytes"]), (0, &"backup_end".into(), &1_048_576.into()));
    let ran = walproof(&["plan", "--backup", "nightly"]);
    assert!(ran.code == 2 && ran.err.contains("only an archive knows a backup by its name"), "{}", ran.err);
    let ran = walproof(&["plan", "--target-lsn", "0/1"]);
    assert_eq!(ran.code, 2, "{}", ran.out);
}

/// An archive with a full backup and two incremental ones, the newest of which builds on the other.
fn with_incremental() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(testdata("15/archive")).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), place.path().join(entry.file_name())).unwrap();
    }
    for (file, from) in [(SECOND, "0/5800028"), (THIRD, "0/5900028"), (NEWEST, "0/5F00028")] {
        let text = fs::read_to_string(place.path().join(file)).unwrap();
        let of = if file == NEWEST { "" } else { "INCREMENTAL FROM TLI: 1\n" };
        fs::write(place.path().join(file), format!("{text}INCREMENTAL FROM LSN: {from}\n{of}")).unwrap();
    }
    place
}

/// By its history file alone an incremental backup (17 and later) looks like a whole one: by itself it is none.
#[test]
fn an_incremental_backup_restores_only_with_those_below_it() {
    let place = with_incremental();
    let wal = place.path().to_str().unwrap();
    // One that is whole by itself counts more, however old.
    let (exit, document) = json(&["verify", wal, "--target-lsn", "0/5F00200"]);
    let choice = &document["restore"]["backup_chosen"];
    assert_eq!((exit, &choice["backup"]), (0, &OLDEST.into()), "{choice}");
    let passed = choice["passed_over"].as_array().unwrap();
    let of = |file: &str| passed.iter().find(|passed| passed["backup"] == file).map(|passed| passed["why"].clone());
    assert_eq!(of(THIRD), Some("incremental".into()), "{choice}");
    assert_eq!(of(NEWEST), Some("behind_target".into()), "{choice}");
    let text = walproof(&["verify", wal, "--target-lsn", "0/5F00200"]);
    assert!(text.out.contains("restores only as what pg_combinebackup makes of it"), "{}", text.out);
    // One that is named is told as what it is, with those that it needs.
    let ran = walproof(&["verify", wal, "--backup", THIRD]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let chain =
        format!("{THIRD} is an incremental backup on the one that starts at 0/05900028 ({SECOND}, on {OLDEST})");
    assert!(ran.out.contains(&chain), "{}", ran.out);
    assert!(ran.out.contains("warning  WP408") && ran.out.contains("NEXT     combine it with"), "{}", ran.out);
    // Without the full one, that is said.
    fs::remove_file(place.path().join(OLDEST)).unwrap();
    let ran = walproof(&["verify", wal, "--backup", THIRD]);
    assert!(ran.out.contains("the one at 0/05800028, on which these build, is not known here"), "{}", ran.out);
}

#[test]
fn backups_and_when_tell_an_incremental_backup() {
    let place = with_incremental();
    let wal = place.path().to_str().unwrap();
    let (_, document) = json(&["backups", wal]);
    let all = document["archives"][0]["backups"].as_array().unwrap();
    let from = |file: &str| all.iter().find(|b| b["file"] == file).unwrap()["incremental_from"].clone();
    assert_eq!((from(THIRD), from(OLDEST)), ("0/05900028".into(), Value::Null));
    let ran = walproof(&["backups", wal]);
    assert!(ran.out.contains("of them once combined with those that they build on"), "{}", ran.out);
    let ran = walproof(&["when", wal, "0/5F00200"]);
    assert!(ran.out.contains(&format!("BACKUP   {OLDEST}\n")), "{}", ran.out);
    let ran = walproof(&["when", wal]);
    assert!(ran.out.contains("incremental on the one at 0/05900028"), "{}", ran.out);
}
