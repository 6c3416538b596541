//! Situations in which people stood, as they were captured, and what a server did there (`testdata/field`).
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{Ran, testdata, walproof};
use serde_json::Value;
use std::path::Path;

fn json(words: &[&str]) -> (i32, Value) {
    let words: Vec<&str> = words.iter().chain(&["--format", "json"]).copied().collect();
    let ran = walproof(&words);
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {words:?}: {}{}", ran.out, ran.err)))
}

/// The archive of `backup-behind-fork`, the files that are wanted, in a folder of its own.
fn unpacked(name: &str, is_wanted: &dyn Fn(&str) -> bool) -> String {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("field-{name}"));
    let _ = std::fs::remove_dir_all(&to);
    std::fs::create_dir_all(&to).unwrap();
    let from = walproof_testdata::root().join("field/backup-behind-fork/archive");
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let plain = walproof_testdata::plain_name(&path);
        if is_wanted(&plain) {
            std::fs::write(to.join(plain), walproof_testdata::read_plain(&path).unwrap()).unwrap();
        }
    }
    to.to_str().unwrap().to_owned()
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
    assert!(when.out.contains("BACKUP   00000001000000000000000B.00000028.backup"), "{}", when.out);
    assert!(when.out.contains(": none on this way; timeline 2 left 1 before that"), "{}", when.out);
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
    // The other one is the way's, and the later backup no gap on it; production went on with newer commits.
    let (code, document) = json(&["verify", &archive, "--backup", "000000010000000000000006.00000028.backup"]);
    assert_eq!((code, &document["verdict"], codes(&document)), (0, &"proven".into(), vec![("WP417", "warning")]));
}

/// The same before production's newest segments have come: the one commit of the test restore is the newest of all, and
/// production has two behind the fork.
#[test]
fn a_short_test_restore_with_the_newest_commit_does_not_hide_production() {
    let wal = |name: &str, last: &str| unpacked(name, &|file| !file.starts_with("00000001") || file <= last);
    let warned =
        |document: &Value| codes(document).iter().filter(|f| f.1 != "info").map(|f| f.0.to_owned()).collect::<Vec<_>>();
    let archive = wal("more", "000000010000000000000008");
    let label = "000000010000000000000006.00000028.backup";
    let ran = walproof(&["verify", &archive, "--backup", label, "--timezone", "UTC"]);
    assert!(ran.code == 0 && line(&ran, "VERDICT").contains("PROVEN"), "{}", ran.out);
    assert!(line(&ran, "NEXT").contains("--target-timeline 1"), "{}", ran.out);
    assert!(line(&ran, "BESIDE").contains("timeline 1 goes on behind 0/00600100 with more commits"), "{}", ran.out);
    assert!(line(&ran, "warning").contains("with 2 commits of its own, 731 of 2026-11-28 14:56:05"), "{}", ran.out);
    assert!(line(&ran, "warning").contains("keeps 1 behind that point"), "{}", ran.out);
    // Asked for, it is restored, and nothing is told.
    let (code, document) = json(&["verify", &archive, "--backup", label, "--target-timeline", "1"]);
    assert!(code == 0 && warned(&document).is_empty(), "{document}");
    // What lies on it alone is found there.
    let ran = walproof(&["when", &archive, "xid:732"]);
    assert!(ran.code == 1 && ran.out.contains("on timeline 1 at 0/00"), "{}", ran.out);
    assert!(ran.out.contains("(--timeline 1)") && !ran.out.contains("does not exist"), "{}", ran.out);
    // With no more commits than the other one has, it may as well have been given up on purpose.
    let (code, document) = json(&["verify", &wal("as-many", "000000010000000000000007"), "--backup", label]);
    assert!(code == 0 && warned(&document).is_empty(), "{document}");
}

/// Of the two backups the newer one is the test restore's, on timeline 2, and does not come to what production wrote;
/// the older one does, on timeline 1.
#[test]
fn a_target_on_another_timeline_is_reached_from_another_backup() {
    let archive = unpacked("other-backup", &|name| name != "00000001000000000000000B.00000028.backup");
    let label = "START WAL LOCATION: 0/600100 (file 000000020000000000000006)\n\
                 STOP WAL LOCATION: 0/64E760 (file 000000020000000000000006)\nCHECKPOINT LOCATION: 0/600100\n\
                 BACKUP METHOD: streamed\nBACKUP FROM: primary\nSTART TIME: 2026-11-28 14:56:07 UTC\nLABEL: of the test\n\
                 START TIMELINE: 2\nSTOP TIME: 2026-11-28 14:56:08 UTC\nSTOP TIMELINE: 2\n";
    std::fs::write(Path::new(&archive).join("000000020000000000000006.00000100.backup"), label).unwrap();
    let words = ["verify", &archive, "--target-time", "2026-11-28 14:56:11+00", "--timezone", "UTC"];
    let ran = walproof(&words);
    let options = ["--backup", "000000010000000000000006.00000028.backup", "--target-timeline", "1"];
    let told = options.join(" ");
    assert!(ran.code == 1 && line(&ran, "INSTEAD").contains(&told), "{}", ran.out);
    assert!(line(&ran, "NEXT").contains(&told), "{}", ran.out);
    let ran = walproof(&[&words[..], &options].concat());
    assert!(ran.code == 0 && line(&ran, "VERDICT").contains("PROVEN"), "{}", ran.out);
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

/// 17 archived, pg_upgrade, 18 archives into the same folder. A server of 17 replays its backup to 0/B00000 and
/// promotes.
#[test]
fn two_versions_in_one_folder_are_judged_apart() {
    let archive = testdata("field/pg-upgrade-one-folder/archive");
    let (code, document) = json(&["verify", &archive]);
    assert_eq!((code, &document["verdict"], &document["version"]), (0, &"proven".into(), &"18".into()));
    assert_eq!(codes(&document), [("WP119", "warning"), ("WP213", "info")]);
    let lines: Vec<_> = document["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (l["version"].clone(), l["from"].clone(), l["to"].clone(), l["verdict"].clone(), l["decides"].clone()))
        .collect();
    let line = |version: &str, from: &str, to: &str, decides: bool| {
        (version.into(), from.into(), to.into(), "proven".into(), decides.into())
    };
    assert_eq!(lines, [line("18", "0/01000000", "0/0174E610", true), line("17", "0/00500000", "0/00A000B8", false)]);
    for (backup, end) in [("backup17", "0/00B00000"), ("backup18", "0/01800000")] {
        let backup = testdata(&format!("field/pg-upgrade-one-folder/{backup}"));
        let (code, document) = json(&["verify", &archive, "--backup", &backup]);
        assert_eq!((code, &document["restore"]["replay_end"]), (0, &end.into()), "{backup}");
        assert_eq!(codes(&document), [("WP119", "info")], "{backup}");
    }
    let (code, document) = json(&["verify", &archive, "--backup", "000000010000000000000006.00000028.backup"]);
    assert_eq!((code, &document["version"]), (0, &"17".into()));
    // A position of the old line is looked up there.
    let dump = walproof(&["dump", &archive, "-s", "0/600028", "-n", "1"]);
    assert!(dump.out.contains("\n0/00600028") || dump.out.starts_with("0/00600028"), "{}", dump.out);
    assert!(!dump.out.contains("WP107") && dump.code == 0, "{}{}", dump.out, dump.err);
    let line = "LOG:  invalid record length at 0/9000A0: wanted 24, got 0";
    let explained = walproof(&["explain", "-p", &archive, line]);
    assert!(!explained.out.contains("WP107"), "{}", explained.out);
}

/// The server of 16 ends with FATAL at 0/9000A0, whatever the target behind it.
#[test]
fn minimal_wal_ends_replay_from_the_backup_that_is_known() {
    let archive = testdata("field/wal-level-minimal/archive");
    let (code, document) = json(&["verify", &archive]);
    assert_eq!((code, &document["replay"]["to"]), (1, &"0/009000A0".into()));
    assert_eq!(codes(&document), [("WP133", "error")]);
    let backup = &document["backups"][0];
    assert_eq!((&backup["reaches_lsn"], &backup["stopped_at"]), (&"0/009000A0".into(), &"0/009000A0".into()));
    let when = walproof(&["when", &archive]);
    assert!(when.out.contains("to 0/009000A0") && !when.out.contains("0/00B000F0"), "{}", when.out);
    let plugin = walproof(&["verify", &archive, "--format", "nagios"]);
    assert_eq!(plugin.code, 2, "{}", plugin.out);
    // Every record is there to be listed.
    assert_eq!(walproof(&["dump", &archive, "-n", "1"]).code, 0);
    assert!(!walproof(&["stats", &archive]).out.contains("PARTIAL"));
}

#[test]
fn causes_are_named_where_the_bytes_show_them() {
    let reset = walproof(&["verify", &testdata("field/resetwal/archive")]);
    assert!(
        line(&reset, "WHY").contains("0/00E00028: the checkpoint there names no record before it"),
        "{}",
        reset.out
    );
    assert!(line(&reset, "NEXT").contains("take a new base backup now"), "{}", reset.out);
    assert!(line(&reset, "VERDICT").contains("stops at 0/00CFFF70"), "{}", reset.out);
    // Who restores may have no server any more.
    let restore = walproof(&["verify", &testdata("field/resetwal/archive"), "--backup", "auto"]);
    let next = line(&restore, "NEXT");
    assert!(next.contains("choose a target in front of that place, which is 0/00CFFF70"), "{}", restore.out);
    assert!(next.contains("where the server still runs, take a new base backup"), "{}", restore.out);
    let split = walproof(&["verify", &testdata("field/split-brain/archive")]);
    assert!(line(&split, "WHY").contains("two histories of timeline 1 meet, commits go back from"), "{}", split.out);
    assert!(!line(&split, "NEXT").contains("find a good copy"), "{}", split.out);
    let said = "LOG:  record with incorrect prev-link 0/A758C0 at 0/B00028";
    let explained = walproof(&["explain", "-p", &testdata("field/split-brain/archive"), said]);
    assert!(explained.out.contains("WP214") && !explained.out.contains("this copy is right"), "{}", explained.out);
}

/// The segments of timelines 2 and 3 are gone, their history files are not, and the old primary went on: servers of 10
/// to 18 replay timeline 1 behind the fork without a word.
#[test]
fn a_branch_that_was_left_is_proven_only_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for from in ["15/archive", "damaged-15/diverged"] {
        for file in std::fs::read_dir(testdata(from)).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let lost = !name.starts_with("00000001") && !name.ends_with(".history");
            if !lost {
                std::fs::copy(&path, folder.path().join(name)).unwrap();
            }
        }
    }
    let archive = folder.path().to_str().unwrap();
    let (code, document) = json(&["verify", archive]);
    assert_eq!((code, &document["replay"]["to"]), (1, &"0/0605ABE0".into()));
    assert!(codes(&document).contains(&("WP310", "error")), "{document}");
    let timelines = walproof(&["timelines", archive]);
    assert!(timelines.out.contains("a server goes on here from 0/0605ABE0 to 0/06201250"), "{}", timelines.out);
    let backup = "000000010000000000000058.00000028.backup";
    let restore = |words: &[&str]| json(&[&["verify", archive, "--backup", backup], words].concat());
    for behind in [&[][..], &["--target-time", "2026-11-22T03:30:00Z"], &["--target-lsn", "0/6100000"]] {
        let (code, document) = restore(behind);
        assert_eq!((code, &document["verdict"]), (1, &"refuted".into()), "{behind:?}");
        assert_eq!(document["restore"]["left_branch"]["fork"], "0/0605ABE0", "{behind:?}");
        assert_eq!(document["replay"]["to"], "0/0605ABE0", "{behind:?}");
        let others = document["restore"]["alternatives"].as_array().unwrap();
        assert!(others.iter().any(|a| a["kind"] == "before" && a["value"] == "0/0605ABE0"), "{others:?}");
        assert!(others.iter().all(|a| a["replay_end"].as_str().unwrap() <= "0/0605ABE0"), "{others:?}");
    }
    for proven in [&["--target-timeline", "1"][..], &["--target-lsn", "0/605A000"]] {
        let (code, document) = restore(proven);
        assert_eq!((code, &document["verdict"]), (0, &"proven".into()), "{proven:?}");
    }
}

/// One missing history file hides all behind it; one that was cut is disproved by the first record of its timeline.
#[test]
fn a_history_file_that_is_missing_or_cut_is_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for file in std::fs::read_dir(testdata("15/archive")).unwrap() {
        let path = file.unwrap().path();
        std::fs::copy(&path, at(path.file_name().unwrap().to_str().unwrap())).unwrap();
    }
    let archive = folder.path().to_str().unwrap();
    let whole = std::fs::read_to_string(at("00000003.history")).unwrap();
    std::fs::write(at("00000003.history"), whole.lines().next().unwrap().to_owned() + "\n").unwrap();
    let (code, document) = json(&["verify", archive]);
    // WAL of timeline 1 is here up to the segment of the fork, which the old primary did not archive.
    assert_eq!((code, &document["replay"]["to"]), (1, &"0/06000028".into()));
    let told = codes(&document);
    assert!(told.contains(&("WP311", "error")) && told.iter().all(|(code, _)| *code != "WP101"), "{told:?}");
    std::fs::write(at("00000003.history"), whole).unwrap();
    std::fs::remove_file(at("00000002.history")).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("000000020000") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let (code, document) = json(&["verify", archive]);
    assert_eq!((code, &document["verdict"]), (1, &"refuted".into()));
    assert!(codes(&document).contains(&("WP301", "error")), "{document}");
    let text = walproof(&["verify", archive]);
    assert!(text.out.contains("00000002.history is missing and hides timeline 3"), "{}", text.out);
}

/// A recovery to a position before timeline 2 began, with the latest timeline as its target: a server of 16 names 2 as
/// the parent of 3, with a position before 2 began, and 1 in the first record of 3. That is no cut history.
#[test]
fn a_recovery_that_ends_before_the_latest_timeline_began_names_that_all_the_same() {
    let archive = testdata("field/pitr-before-latest");
    let (code, document) = json(&["verify", &archive]);
    assert_eq!((code, &document["verdict"], &document["path"]), (0, &"proven".into(), &serde_json::json!([1, 3])));
    let told = codes(&document);
    assert!(told.iter().all(|(code, severity)| *severity == "info" && !["WP310", "WP311"].contains(code)), "{told:?}");
}

/// Two restores promoted to one number: a server of 15 that recovers to the latest timeline takes the one of the
/// history file, and what the other one archived is in nobody's way.
#[test]
fn two_promotions_to_one_number_are_told_apart() {
    let archive = testdata("field/two-promotions");
    let (code, document) = json(&["verify", &archive]);
    assert_eq!((code, &document["verdict"], &document["path"]), (0, &"proven".into(), &serde_json::json!([1, 2])));
    assert!(codes(&document).contains(&("WP306", "warning")), "{document}");
    let ran = walproof(&["verify", &archive]);
    assert!(line(&ran, "PROVEN").contains(" to 0/01200068, timelines 1>2"), "{}", ran.out);
    let two = "two promotions made timeline 2: the one of 00000002.history begins at 0/01000068, another at 0/00A00068";
    assert!(
        ran.out.contains(two) && line(&ran, "NEXT").contains("move away what the other one archived"),
        "{}",
        ran.out
    );
    // Without the files of the one that counts, replay goes on along timeline 1.
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(&archive).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.starts_with("00000002000000000000001") {
            std::fs::copy(&path, folder.path().join(name)).unwrap();
        }
    }
    let (code, document) = json(&["verify", folder.path().to_str().unwrap()]);
    assert_eq!((code, codes(&document).contains(&("WP310", "error"))), (1, true), "{document}");
    let left = walproof(&["verify", folder.path().to_str().unwrap()]);
    assert!(line(&left, "VERDICT").contains("on timeline 1 replay stops at 0/01000068"), "{}", left.out);
    // To a third timeline, it is where the history of that one says that counts.
    for (third, second, code, place) in [
        ("1\t0/1000068\n\n2\t0/1300000\n", "1\t0/A00068\n", 0, ""),
        ("1\t0/A00068\n\n2\t0/D00000\n", "1\t0/1000068\n", 1, "on timeline 1 replay stops at 0/00A00068"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(&archive).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if code == 0 || !name.starts_with("00000002000000000000000") {
                std::fs::copy(&path, folder.path().join(name)).unwrap();
            }
        }
        for (name, text) in [("00000002.history", second), ("00000003.history", third)] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let ran = walproof(&["verify", folder.path().to_str().unwrap()]);
        assert_eq!((ran.code, line(&ran, "VERDICT").contains(place)), (code, true), "{}", ran.out);
    }
}
