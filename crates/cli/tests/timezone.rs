//! Times: in which zone they are read and told, why in that one, and how old the last commit is.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{testdata, walproof};
use std::fs;

#[test]
fn times_are_told_in_the_zone_asked_for() {
    let first = |zone: &str| {
        let ran = walproof(&["verify", &testdata("demo/damaged"), "--timezone", zone]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        ran.out.lines().next().unwrap().to_owned()
    };
    assert!(first("UTC").contains("(2026-11-22 03:17:02.474508+00:00, "));
    assert!(first("+05:30").contains("(2026-11-22 08:47:02.474508+05:30, "));
    assert!(first("-04:00").contains("(2026-11-21 23:17:02.474508-04:00, "));
    let ran = walproof(&["verify", &testdata("demo/good"), "--timezone", "Mars/Olympus"]);
    assert!(ran.code == 2 && ran.err.contains("the name of a zone"), "{}", ran.err);
}

#[test]
fn no_answer_mixes_zones() {
    let good = testdata("demo/good");
    for words in [
        vec!["verify", &good],
        vec!["verify", &good, "--max-age", "1s"],
        vec!["verify", &good, "--must-reach", "2026-11-22 23:00"],
        vec!["verify", &good, "--backup", "latest", "--target-time", "2026-11-22 08:47:02.5"],
        vec!["verify", &good, "--backup", "latest", "--target-time", "2026-11-20 08:47"],
        vec!["plan", &good, "--backup", "latest", "--target-time", "2026-11-20 08:47"],
        vec!["when", &good],
        vec!["timelines", &good],
        vec!["stats", &good, "--by", "minute"],
        vec!["dump", &good, "-r", "Transaction"],
        vec!["hex", &good, "0/BF0478"],
    ] {
        let ran = walproof(&[words.as_slice(), &["--timezone", "+05:30"]].concat());
        let other = ran.out.lines().find(|line| {
            let utc = line.contains("+00:00") || line.contains(" UTC") || line.contains(":02Z");
            utc && !line.contains("in UTC") && !line.contains("0/00")
        });
        assert_eq!(other, None, "{words:?}: {}", ran.out);
        let told = ran.out.contains("+05:30 (--timezone)") || ran.out.contains("+0530 (--timezone)");
        assert!(told || words[0] == "dump" || !ran.out.contains("+05:30"), "{words:?}: {}{}", ran.out, ran.err);
    }
}

const CONFIGURED: &str = "timezone = 'Asia/Tokyo'\nmax_connections = 1000\nmax_worker_processes = 100\n\
                          max_wal_senders = 100\nmax_prepared_transactions = 100\nmax_locks_per_transaction = 1000\n";

/// The zone of the backup's configuration is that of the whole answer; a name of a backup has none.
#[test]
fn the_backup_says_the_zone() {
    let place = tempfile::tempdir().unwrap();
    let backup = place.path().join("backup");
    fs::create_dir_all(backup.join("global")).unwrap();
    for file in fs::read_dir(testdata("backup/15")).unwrap().map(Result::unwrap).filter(|f| f.path().is_file()) {
        fs::copy(file.path(), backup.join(file.file_name())).unwrap();
    }
    fs::copy(testdata("backup/15") + "/global/pg_control", backup.join("global/pg_control")).unwrap();
    fs::write(backup.join("postgresql.conf"), CONFIGURED).unwrap();
    let (good, backup) = (testdata("demo/good"), backup.display().to_string());
    let asked = |backup: &str, time: &str| walproof(&["verify", &good, "--backup", backup, "--target-time", time]);
    let ran = asked(&backup, "2026-11-22 12:17:02.5");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let line = "\nTIMES    '2026-11-22 12:17:02.5' is 2026-11-22 12:17:02.5+09:00, in UTC 2026-11-22 03:17:02.5+00:00; \
                read in Asia/Tokyo, as the configuration of the backup has it\n";
    assert!(ran.out.contains(line) && ran.out.contains("(2026-11-22 12:17:02.499236+09:00)"), "{}", ran.out);
    // What lists events reads and tells in the same one.
    let times = ["--since", "2026-11-22 12:17:02.5", "--until", "2026-11-22 12:17"];
    let ran = walproof(&[&["events", &good, "--backup", &backup], &times[..]].concat());
    assert!(ran.code == 2 && ran.err.contains("--since (2026-11-22 12:17:02.5+09:00)"), "{}{}", ran.out, ran.err);
    // The server's own zone for sure, and another one.
    assert!(!ran.out.contains("\nSETTING"), "{}", ran.out);
    let words = ["verify", &good, "--backup", &backup, "--target-time", "2026-11-22 04:17:02.5", "--timezone"];
    let ran = walproof(&[words.as_slice(), &["Europe/Berlin"]].concat());
    assert!(ran.out.contains("\nSETTING  recovery_target_time = '2026-11-22 03:17:02.5+00'"), "{}", ran.out);
    let ran = asked("latest", "2026-11-22 12:17:02.5");
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("read in UTC, the zone of this machine; the server's is not known"), "{}", ran.out);
}

#[test]
fn times_are_read_in_words() {
    let good = testdata("demo/good");
    // The demo is older than a day, and younger than ten years.
    for (time, exit) in [("1d ago", 1), ("3650 days ago", 0), ("yesterday 14:00", 1), ("14:00", 1)] {
        let ran = walproof(&["verify", &good, "--must-reach", time]);
        let line = ran.out.lines().find(|line| line.starts_with("TIMES")).unwrap_or_default();
        assert!(ran.code == exit && line.contains(&format!("'{time}' is 20")), "{time}: {}{}", ran.out, ran.err);
    }
    let ran = walproof(&["when", &good, "3650 days ago"]);
    assert!(ran.out.contains("TIMES    '3650 days ago' is 20") && ran.out.contains("DROPPED"), "{}", ran.out);
    let ran = walproof(&["dump", &good, "--since", "2h ago"]);
    assert!(ran.out.is_empty() && ran.err.contains("times: '2h ago' is 20"), "{}{}", ran.out, ran.err);
    // A zone without which it is read is the one asked for.
    let zoned = ["dump", &good, "-r", "Transaction", "--until", "2026-11-22 12:17:02.47", "--timezone", "Asia/Tokyo"];
    let ran = walproof(&zoned);
    assert!(ran.out.contains("2026-11-22 12:17:02.464938+09:00"), "{}{}", ran.out, ran.err);
    let ran = walproof(&["verify", &good, "--backup", "latest", "--target-time", "3650 days ago"]);
    assert!(ran.code == 1 && ran.out.contains("SETTING  recovery_target_time = '20"), "{}", ran.out);
    let ran =
        walproof(&["dump", &good, "-r", "Transaction", "-n", "1", "--format", "waldump", "--timezone", "Asia/Tokyo"]);
    assert!(ran.out.contains("2026-11-22 12:17:02.464938 JST"), "{}{}", ran.out, ran.err);
    for bad in ["noonish", "2h", "25:00", "2 moons ago"] {
        let ran = walproof(&["verify", &good, "--backup", "latest", "--target-time", bad]);
        assert_eq!(ran.code, 2, "{bad}: {}", ran.out);
    }
}

/// Nothing lies between them: whoever mixed the two up is told, as the two were read.
#[test]
fn a_time_to_begin_at_is_not_later_than_that_to_end_at() {
    let good = testdata("demo/good");
    for command in ["events", "txns", "dump", "stats"] {
        let between = |since: &str, until: &str| {
            walproof(&[command, &good, "--since", since, "--until", until, "--timezone", "Asia/Tokyo"])
        };
        let ran = between("2026-11-22 14:00", "2026-11-22 13:00");
        let said = "--since (2026-11-22 14:00:00+09:00) is later than --until (2026-11-22 13:00:00+09:00)";
        assert!(ran.code == 2 && ran.err.contains(said), "{command}: {} {}", ran.code, ran.err);
        let ran = between("1h ago", "2h ago");
        assert!(ran.code == 2 && ran.err.contains(" is later than --until ("), "{command}: {} {}", ran.code, ran.err);
        // By another zone it is in order; and a moment is one.
        for (since, until) in [("2026-11-22 14:00", "2026-11-22 13:00+00"), ("2026-11-22 14:00", "2026-11-22 14:00")] {
            let ran = between(since, until);
            assert_eq!(ran.code, 0, "{command}: {}", ran.err);
        }
    }
}

/// An archive that stopped long ago does not look healthy, and the file that should have come is named.
#[test]
fn an_old_archive_says_so() {
    let ran = walproof(&["verify", &testdata("demo/good")]);
    let mut lines = ran.out.lines();
    let verdict = lines.next().unwrap();
    assert!(verdict.ends_with(" ago)") || verdict.ends_with("this machine's clock)"), "{verdict}");
    let next = lines.find(|line| line.starts_with("NEXT")).unwrap();
    assert!(next.contains("the next file would be 00000001000000000000000C"), "{next}");
    let ran = walproof(&["verify", &testdata("demo/good"), "--backup", "latest"]);
    assert!(ran.out.contains("\nNEXT     nothing; the next file would be 00000001000000000000000C"), "{}", ran.out);
}
