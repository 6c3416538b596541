//! History files of timelines that have no WAL here: of a promotion that has just been, of a test restore, of another
//! cluster. What a server that follows the latest timeline makes of each.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::walproof;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Files of testdata whose names begin with one of these, unpacked in a folder of its own; and a history.
fn archive(of: &str, names: &[&str], name: &str, history: Option<&str>) -> PathBuf {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("odd-histories-{name}"));
    let _ = fs::remove_dir_all(&to);
    fs::create_dir_all(&to).unwrap();
    for entry in fs::read_dir(walproof_testdata::root().join(of)).unwrap() {
        let path = entry.unwrap().path();
        let plain = walproof_testdata::plain_name(&path);
        if names.iter().any(|begin| plain.starts_with(begin)) {
            fs::write(to.join(plain), walproof_testdata::read_plain(&path).unwrap()).unwrap();
        }
    }
    if let Some(at) = history {
        fs::write(to.join("00000002.history"), format!("1\t{at}\tno recovery target specified\n")).unwrap();
    }
    to
}

/// Exit code, verdict, and each finding as `WP101 info`.
fn told(archive: &Path, options: &[&str]) -> (i32, String, Vec<String>) {
    let words = [&["verify", archive.to_str().unwrap(), "--format", "json"], options].concat();
    let ran = walproof(&words);
    let document: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let all = document["findings"].as_array().unwrap().iter();
    let mut codes: Vec<String> = all.map(|f| format!("{} {}", word(&f["code"]), word(&f["severity"]))).collect();
    codes.sort();
    (ran.code, word(&document["verdict"]), codes)
}

/// Segments 9 to B of timeline 1, to 0/BFFCD8; a backup from 0/900028 to 0/900100.
fn demo(name: &str, left: &str) -> (i32, String, Vec<String>) {
    told(&archive("demo/good", &["0"], name, Some(left)), &[])
}

fn proven(codes: &[&str]) -> (i32, String, Vec<String>) {
    (0, "proven".to_owned(), codes.iter().map(|code| (*code).to_owned()).collect())
}

fn refuted(codes: &[&str]) -> (i32, String, Vec<String>) {
    (1, "refuted".to_owned(), codes.iter().map(|code| (*code).to_owned()).collect())
}

#[test]
fn the_first_segment_behind_a_promotion_is_not_here_yet() {
    let timeline_1 = ["000000010000000000000001", "00000001000000000000005"];
    let wal = archive("15/archive", &[&timeline_1[1..], &["00000002.history"]].concat(), "promoted", None);
    assert_eq!(told(&wal, &[]), proven(&["WP101 info"]));
    let ran = walproof(&["verify", wal.to_str().unwrap(), "--fail-on", "warning"]);
    assert!(ran.code == 0 && ran.out.contains("000000020000000000000060 is not here yet"), "{}", ran.out);
    // How long it has not come, by the newest file.
    let day = std::time::SystemTime::now() - std::time::Duration::from_secs(26 * 3600);
    for file in std::fs::read_dir(&wal).unwrap() {
        std::fs::File::options().write(true).open(file.unwrap().path()).unwrap().set_modified(day).unwrap();
    }
    let verify = |words: &[&str]| {
        let ran = walproof(&[&["verify", wal.to_str().unwrap(), "--format", "json", "--max-age"], words].concat());
        let document: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
        document["findings"].as_array().unwrap().iter().find(|f| f["code"] == "WP101").unwrap().clone()
    };
    let finding = verify(&["99999d"]);
    assert!(finding["message"].as_str().unwrap().ends_with("; the newest file is 1 d 2 h old"), "{finding}");
    assert_eq!(finding["newest_file_seconds"].as_u64().unwrap() / 3600, 26);
    assert_eq!(finding["severity"], "info");
    assert_eq!(verify(&["25h"])["severity"], "warning");
    assert_eq!(verify(&["25h", "--severity", "WP101=info"])["severity"], "info");
    // Later ones are: it never came.
    let names = [&timeline_1[1..], &["00000002.history", "000000020000000000000061"]].concat();
    let (code, verdict, codes) = told(&archive("15/archive", &names, "promoted-gap", None), &[]);
    assert_eq!((code, verdict.as_str()), (1, "refuted"));
    assert!(codes.contains(&"WP101 error".to_owned()), "{codes:?}");
    // WAL of the old timeline is missing in front of it.
    let names = ["00000001000000000000005D", "00000001000000000000005E", "00000002.history"];
    assert_eq!(told(&archive("15/archive", &names, "promoted-far", None), &[]), proven(&["WP101 warning"]));
    // The same where a backup is named, or the one that is known is taken: the server ends where timeline 1 does.
    let label = ["--backup", "000000010000000000000058.00000028.backup"];
    for words in [&[][..], &["--backup", "auto"], &label] {
        let ran = walproof(&[&["verify", wal.to_str().unwrap()], words].concat());
        let next = ran.out.lines().find(|line| line.starts_with("NEXT")).unwrap_or_else(|| panic!("{}", ran.err));
        assert!(next.contains("the next file would be 000000020000000000000060"), "{words:?}: {next}");
        let not_yet = ran.out.contains("000000020000000000000060 is not here yet");
        assert!(ran.code == 0 && not_yet, "{words:?}: {}", ran.out);
    }
    let asked = told(&wal, &[&label[..], &["--target-timeline", "2"]].concat());
    assert_eq!((asked.0, asked.1.as_str()), (1, "refuted"), "{:?}", asked.2);
    // It ended in the last segment that is here.
    assert_eq!(demo("promoted-in", "0/BFFCD8"), proven(&["WP101 info"]));
}

#[test]
fn a_history_that_leaves_inside_of_a_record_is_of_another_cluster() {
    assert_eq!(demo("inside", "0/A000F0"), proven(&["WP121 warning"]));
    // Where the server in use left the timeline farther on, one that follows the file does not come to it.
    let names = ["00000001000000000000005", "000000010000000000000060", "00000002"];
    let wal = archive("15/archive", &names, "inside-beside", None);
    fs::write(wal.join("00000003.history"), "1\t0/5B00310\tno recovery target specified\n").unwrap();
    let (code, verdict, codes) = told(&wal, &[]);
    assert_eq!((code, verdict.as_str(), codes.contains(&"WP121 error".to_owned())), (1, "refuted", true), "{codes:?}");
    let ran = walproof(&["verify", wal.to_str().unwrap()]);
    assert!(
        ran.out.contains("and does not come to timeline 2") && ran.out.contains("replays what was left"),
        "{}",
        ran.out
    );
    let (code, verdict, _) = told(&wal, &["--timeline", "2"]);
    assert_eq!((code, verdict.as_str()), (0, "proven"));
    // Whoever asks for the timeline takes it for this WAL's.
    let wal = archive("demo/good", &["0"], "inside-asked", Some("0/A000F0"));
    let (code, verdict, _) = told(&wal, &["--timeline", "2"]);
    assert_eq!((code, verdict.as_str()), (1, "refuted"));
    // Only from a backup in front of it does a server come to the end.
    let ran = walproof(&["verify", wal.to_str().unwrap()]);
    assert!(ran.out.contains("from a backup in front of that place a server that follows it"), "{}", ran.out);
    // No server can say that of a place between two records.
    assert_eq!(demo("between", "0/A001E0"), refuted(&["WP310 error"]));
    // A failover, or a test restore: bytes cannot tell.
    let wal = archive("demo/good", &["0"], "between-told", Some("0/A001E0"));
    let ran = walproof(&["verify", wal.to_str().unwrap()]);
    for told in ["missing after a failover, or never archived by a test restore", "pg_control_checkpoint()"] {
        assert!(ran.out.contains(told), "{}", ran.out);
    }
    let ran = walproof(&["explain", "WP310"]);
    assert!(ran.out.contains("test restore") && ran.out.contains("pg_control_checkpoint()"), "{}", ran.out);
    // As the advice has it for that case.
    let ran = walproof(&["verify", wal.to_str().unwrap(), "--timeline", "1"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
}

#[test]
fn a_test_restore_from_before_every_backup_keeps_a_server_from_starting() {
    assert_eq!(demo("behind-all", "0/900028"), refuted(&["WP310 info", "WP312 error", "WP411 warning"]));
    assert_eq!(demo("in-front", "0/900100"), refuted(&["WP310 error"]));
}

#[test]
fn a_restore_says_the_same() {
    let backup = walproof_testdata::root().join("field/pitr-18/backup");
    let options = ["--backup", backup.to_str().unwrap()];
    let pitr = |name: &str, left: &str| told(&archive("field/pitr-18/archive", &["0"], name, Some(left)), &options);
    let (code, verdict, codes) = pitr("restore-inside", "0/F536D0");
    assert_eq!((code, verdict.as_str()), (0, "proven"), "{codes:?}");
    assert!(codes.contains(&"WP121 warning".to_owned()), "{codes:?}");
    let (code, verdict, codes) = pitr("restore-between", "0/F536F0");
    assert_eq!((code, verdict.as_str()), (1, "refuted"), "{codes:?}");
    assert!(codes.contains(&"WP310 error".to_owned()), "{codes:?}");
}
