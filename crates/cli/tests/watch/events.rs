//! What is told, and when it goes away.

use crate::started::{Started, copied, text};
use std::fs;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

const MIDDLE: &str = "00000001000000000000000A";

#[test]
fn a_gap_comes_and_goes() {
    let (folder, archive) = copied("demo/good");
    let textfile = folder.path().join("wal.prom");
    let watch = Started::of(&[text(&archive), "--listen", "0", "--textfile", text(&textfile)]);
    let state = watch.until("state", 1);
    assert_eq!(state["state"]["wal"]["verdict"], "proven");
    assert_eq!(state["state"]["wal"]["verified_lsn"], "0/00BFFCD8");
    assert_eq!(state["state"]["wal"]["recovery_point"], "2026-11-22T03:17:02.513016Z");
    assert_eq!(state["state"]["wal"]["oldest_restorable_lsn"], "0/00900100");
    assert!(watch.health("200").ends_with("ok\n"));
    let aside = folder.path().join(MIDDLE);
    fs::rename(archive.join(MIDDLE), &aside).unwrap();
    let told = watch.until("appeared", 1);
    assert_eq!((&told["finding"]["code"], &told["finding"]["file"]), (&"WP101".into(), &MIDDLE.into()));
    let said = watch.health("503");
    assert!(said.contains("refuted behind 0/") && said.contains("on timeline 1: 1 error"), "{said}");
    let metrics = fs::read_to_string(&textfile).unwrap();
    assert!(metrics.contains("verdict=\"refuted\"} 1\n") && metrics.contains("walproof_watch_gaps"), "{metrics}");
    fs::rename(&aside, archive.join(MIDDLE)).unwrap();
    assert_eq!(watch.until("gone", 1)["finding"]["code"], "WP101");
    watch.health("200");
    watch.looks(3);
    assert_eq!(watch.appeared(), ["WP101"]);
}

/// Something is wrong already, and then replay comes less far: whoever reads the last state would think it still did.
#[test]
fn a_reach_that_falls_while_something_else_is_wrong() {
    let (folder, archive) = copied("demo/good");
    let watch = Started::of(&[text(&archive), "--max-age", "20s"]);
    let state = watch.until("state", 1);
    assert_eq!(state["state"]["wal"]["verdict"], "refuted", "{state:#}");
    assert_eq!(state["state"]["wal"]["verified_lsn"], "0/00BFFCD8");
    let aside = folder.path().join(MIDDLE);
    fs::rename(archive.join(MIDDLE), &aside).unwrap();
    let state = watch.until("state", 2);
    assert!(state["state"]["wal"]["verified_lsn"].as_str().is_some_and(|at| at < "0/00B00000"), "{state:#}");
    fs::rename(&aside, archive.join(MIDDLE)).unwrap();
    assert_eq!(watch.until("state", 3)["state"]["wal"]["verified_lsn"], "0/00BFFCD8");
}

/// What was proven is read again where it is written again.
#[test]
fn damage_to_what_was_proven() {
    let (_folder, archive) = copied("demo/good");
    let watch = Started::of(&[text(&archive), "--listen", "0"]);
    watch.until("state", 1);
    watch.looks(3);
    let file = fs::OpenOptions::new().write(true).open(archive.join(MIDDLE)).unwrap();
    file.write_at(&[0xAA; 64], 0xC_0000).unwrap();
    drop(file);
    watch.until("appeared", 1);
    let codes = watch.appeared();
    assert!(codes.iter().any(|code| code.starts_with("WP2") || code == "WP118"), "{codes:?}");
    watch.health("503");
}

#[test]
fn an_archive_out_of_reach() {
    let (folder, archive) = copied("demo/good");
    let (_other, second) = copied("demo/good");
    let watch = Started::of(&[text(&archive), text(&second), "--listen", "0"]);
    watch.until("state", 2);
    let away = folder.path().join("away");
    fs::rename(&archive, &away).unwrap();
    let told = watch.until("out_of_reach", 1);
    assert_eq!(told["archive"], text(&archive));
    let metrics = watch.get("/metrics");
    assert!(metrics.contains(&format!("walproof_watch_up{{archive=\"{}\"}} 0\n", text(&archive))), "{metrics}");
    assert!(metrics.contains(&format!("walproof_watch_up{{archive=\"{}\"}} 1\n", text(&second))), "{metrics}");
    watch.looks(2);
    fs::rename(&away, &archive).unwrap();
    watch.until("in_reach", 1);
    watch.health("200");
    let told: Vec<String> = watch.events().iter().map(|told| told["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, ["started", "state", "state", "out_of_reach", "in_reach"]);
}

/// What is wrong in one of several is told of that one, and of no other.
#[test]
fn what_comes_and_goes_in_one_of_two() {
    let (_folder, first) = copied("demo/good");
    let (folder, second) = copied("demo/good");
    let watch = Started::of(&[text(&first), text(&second), "--listen", "0"]);
    watch.until("state", 2);
    watch.health("200");
    let aside = folder.path().join(MIDDLE);
    fs::rename(second.join(MIDDLE), &aside).unwrap();
    let told = watch.until("appeared", 1);
    assert_eq!((&told["finding"]["code"], &told["archive"]), (&"WP101".into(), &text(&second).into()));
    let said = watch.health("503");
    assert!(
        said.contains(text(&second)) && said.lines().filter(|line| line.contains("refuted")).count() == 1,
        "{said}"
    );
    let metrics = watch.get("/metrics");
    for (archive, verdict) in [(&first, "proven"), (&second, "refuted")] {
        let line = |line: &str| line.contains(text(archive)) && line.contains(verdict) && line.ends_with(" 1");
        assert!(metrics.lines().any(line), "{verdict}: {metrics}");
    }
    fs::rename(&aside, second.join(MIDDLE)).unwrap();
    assert_eq!(watch.until("gone", 1)["archive"], text(&second));
    watch.health("200");
    let of_first: Vec<String> = watch
        .events()
        .iter()
        .filter(|told| told["archive"] == text(&first))
        .map(|told| told["event"].to_string())
        .collect();
    assert_eq!(of_first, ["\"state\""]);
}

/// It may be mounted later, and it may be empty for now.
#[test]
fn an_archive_that_is_yet_to_come() {
    let (folder, archive) = copied("demo/good");
    let place = folder.path().join("later");
    let watch = Started::of(&[text(&place), "--listen", "0"]);
    watch.until("out_of_reach", 1);
    fs::rename(&archive, &place).unwrap();
    watch.until("in_reach", 1);
    assert_eq!(watch.until("state", 1)["state"]["wal"]["verdict"], "proven");
}

/// Segments come one by one, and go one by one.
#[test]
fn an_archive_that_grows_and_expires() {
    let (folder, archive) = copied("demo/good");
    let names = ["000000010000000000000009", MIDDLE, "00000001000000000000000B"];
    let aside = |name: &str| folder.path().join(name);
    let backups: Vec<_> = fs::read_dir(&archive).unwrap().map(|f| f.unwrap().path()).collect();
    backups.iter().filter(|f| f.extension().is_some_and(|e| e == "backup")).for_each(|f| fs::remove_file(f).unwrap());
    for name in &names[1..] {
        fs::rename(archive.join(name), aside(name)).unwrap();
    }
    let watch = Started::of(&[text(&archive), "--listen", "0"]);
    watch.until("state", 1);
    for name in &names[1..] {
        fs::rename(aside(name), archive.join(name)).unwrap();
        watch.looks(2);
    }
    for name in &names[..1] {
        fs::remove_file(archive.join(name)).unwrap();
        watch.looks(2);
    }
    assert_eq!(watch.appeared(), Vec::<String>::new());
    watch.health("200");
}

#[test]
fn systemd_is_told() {
    let (folder, archive) = copied("demo/good");
    let name = folder.path().join("notify");
    let socket = UnixDatagram::bind(&name).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let environment = [("NOTIFY_SOCKET", text(&name)), ("WATCHDOG_USEC", "200000")];
    let mut watch = Started::with(&[text(&archive)], &environment);
    let until = |what: &str| {
        let mut said = [0; 512];
        loop {
            let length = socket.recv(&mut said).unwrap_or_else(|error| panic!("{what}: {error}"));
            if said[..length].starts_with(what.as_bytes()) {
                break;
            }
        }
    };
    until("READY=1\n");
    until("STATUS=ok\n");
    until("WATCHDOG=1\n");
    until("WATCHDOG=1\n");
    assert_eq!(watch.signal("-TERM").code(), Some(0));
    until("STOPPING=1\n");
}

/// The second run takes from the index what the first one proved.
#[test]
fn an_index_is_kept() {
    let (folder, archive) = copied("demo/good");
    let index = folder.path().join("index");
    let words = [text(&archive), "--index", text(&index), "--listen", "0"];
    let mut watch = Started::of(&words);
    watch.until("state", 1);
    watch.looks(4);
    assert_eq!(watch.signal("-TERM").code(), Some(0));
    let output = Command::new(env!("CARGO_BIN_EXE_walproof"))
        .args(["verify", text(&archive), "--index", text(&index), "--format", "json"])
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(told["index"]["segments_taken"].as_u64().unwrap() > 0, "{}", told["index"]);
}

#[test]
fn what_cannot_be_begun() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for words in [
        &["watch"][..],
        &["watch", "-"],
        &["watch", ".", "--listen", &port],
        &["watch", ".", "--listen", "nowhere"],
        &["watch", ".", "--interval", "0"],
        &["watch", ".", "..", "--index", "x"],
        &["watch", ".", "--from", ".."],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_walproof")).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{words:?}");
    }
}

/// What is accepted is not told, and does not count; what is lost beside it does.
#[test]
fn what_is_accepted_does_not_count() {
    let (folder, archive) = copied("demo/good");
    fs::remove_file(archive.join(MIDDLE)).unwrap();
    let list = folder.path().join("known");
    let program = || Command::new(env!("CARGO_BIN_EXE_walproof"));
    let written = program().args(["verify", "-q", text(&archive), "--write-known", text(&list)]).status().unwrap();
    assert_eq!(written.code(), Some(1));
    let watch = Started::of(&[text(&archive), "--known", text(&list), "--listen", "0"]);
    assert_eq!(watch.until("state", 1)["state"]["wal"]["verdict"], "proven");
    watch.looks(2);
    watch.health("200");
    assert_eq!(watch.appeared(), Vec::<String>::new());
    let file = fs::OpenOptions::new().write(true).open(archive.join("00000001000000000000000B")).unwrap();
    file.write_at(&[0xAA; 64], 0x40_0000).unwrap();
    drop(file);
    watch.until("appeared", 1);
    watch.health("503");
    // Of several archives, and of another cluster's list, nothing can be begun.
    let (_other, second) = copied("demo/good");
    let refused = |words: &[&str]| {
        let ran = program().arg("watch").args(words).args(["--known", text(&list)]).output().unwrap();
        (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    let (code, said) = refused(&[text(&archive), text(&second)]);
    assert!(code == Some(2) && said.contains("is of one archive"), "{said}");
    let other = fs::read_to_string(&list).unwrap();
    let own: serde_json::Value = serde_json::from_str(&other).unwrap();
    let own = own["system_identifier"].as_str().unwrap();
    fs::write(&list, other.replace(own, "7000000000000000001")).unwrap();
    let (code, said) = refused(&[text(&archive)]);
    assert!(code == Some(2) && said.contains("7000000000000000001"), "{said}");
    // What comes in while it is watched ends nothing.
    let (_later, empty) = copied("demo/good");
    let aside = empty.with_file_name("aside");
    fs::rename(&empty, &aside).unwrap();
    fs::create_dir(&empty).unwrap();
    let watch = Started::of(&[text(&empty), "--known", text(&list), "--listen", "0"]);
    watch.looks(1);
    for file in fs::read_dir(&aside).unwrap() {
        let file = file.unwrap();
        fs::rename(file.path(), empty.join(file.file_name())).unwrap();
    }
    watch.until("state", 1);
    watch.looks(2);
    assert!(watch.errors().contains("7000000000000000001"));
}

/// The first segment behind a promotion is no event until it is overdue.
#[test]
fn a_segment_that_is_not_here_yet_is_told_once_it_is_overdue() {
    let (_folder, archive) = copied("demo/good");
    fs::write(archive.join("00000002.history"), "1\t0/BFFCD8\tno recovery target specified\n").unwrap();
    let day = std::time::SystemTime::now() - std::time::Duration::from_secs(26 * 3600);
    for file in fs::read_dir(&archive).unwrap() {
        fs::File::options().write(true).open(file.unwrap().path()).unwrap().set_modified(day).unwrap();
    }
    for (allowed, told) in [("999999d", &[][..]), ("25h", &["WP101", "WP131"])] {
        let watch = Started::of(&[text(&archive), "--max-age", allowed, "--listen", "0"]);
        watch.until("state", 1);
        watch.looks(2);
        let mut all = watch.appeared();
        all.sort();
        assert_eq!(all, told, "{allowed}");
    }
}

#[test]
fn a_last_commit_that_is_too_old() {
    let (_folder, archive) = copied("demo/good");
    let watch = Started::of(&[text(&archive), "--max-age", "0s", "--listen", "0"]);
    assert_eq!(watch.until("state", 1)["state"]["wal"]["verdict"], "refuted");
    watch.until("appeared", 1);
    watch.health("503");
    watch.looks(2);
    // Once, however it ages.
    assert_eq!(watch.appeared(), ["WP131"]);
    let watch = Started::of(&[text(&archive), "--max-age", "999999d", "--listen", "0"]);
    assert_eq!(watch.until("state", 1)["state"]["wal"]["verdict"], "proven");
    watch.health("200");
}
