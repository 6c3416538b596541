//! What is told where a timeline lacks its last segment and the next one is there, and what a gap leaves of each
//! backup.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{testdata, walproof};
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use walproof_testdata::{plain_name, read_plain};

/// The last segment of timeline 1; from 000000020000000000000060 on, timeline 2 has the WAL.
const LAST: &str = "00000001000000000000005F";
const LAST_COMMIT_BEFORE: &str = "2026-11-22T03:17:20.652467Z";
/// In front of it lie 19,872 of the 46,354 records; it has four.
const RECORDS_BEFORE: u64 = 19_872;

/// Timelines 1 > 2 > 3 of a server 15 with a backup before and behind each promotion, as plain files of long ago.
fn archive() -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in fs::read_dir(testdata("15/archive")).unwrap() {
        let path = file.unwrap().path();
        let plain = folder.path().join(plain_name(&path));
        fs::write(&plain, read_plain(&path).unwrap()).unwrap();
        age(&plain);
    }
    folder
}

fn age(file: &Path) {
    let past = SystemTime::now() - Duration::from_secs(7200);
    fs::File::options().write(true).open(file).unwrap().set_modified(past).unwrap();
}

fn json(command: &str, folder: &TempDir, options: &[&str]) -> (i32, Value) {
    let ran = walproof(&[&[command, folder.path().to_str().unwrap(), "--format", "json"], options].concat());
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err)))
}

fn verify(folder: &TempDir, options: &[&str]) -> (i32, Value) {
    json("verify", folder, options)
}

fn text(folder: &TempDir) -> String {
    walproof(&["verify", folder.path().to_str().unwrap()]).out
}

fn cut(folder: &TempDir, file: &str) -> PathBuf {
    let path = folder.path().join(file);
    fs::File::options().write(true).open(&path).unwrap().set_len(100).unwrap();
    path
}

/// Missing, cut, another segment's: what replays is what lies in front of it, and of that it says when and how much.
#[test]
fn replay_ends_where_a_parent_lacks_its_last_segment() {
    type Harm = fn(&TempDir);
    let harms: [(&str, Harm); 3] = [
        ("gap", |folder| fs::remove_file(folder.path().join(LAST)).unwrap()),
        ("size", |folder| age(&cut(folder, LAST))),
        ("misplaced", |folder| {
            _ = fs::copy(folder.path().join("000000010000000000000058"), folder.path().join(LAST)).unwrap()
        }),
    ];
    for (name, harm) in harms {
        let folder = archive();
        harm(&folder);
        let (code, told) = verify(&folder, &[]);
        assert_eq!((code, &told["verdict"], &told["findings"][0]["name"]), (1, &"refuted".into(), &name.into()));
        let replay = &told["replay"];
        assert_eq!(
            (&replay["to"], &replay["records"], &replay["last_commit_time"]),
            (&"0/05F00028".into(), &RECORDS_BEFORE.into(), &LAST_COMMIT_BEFORE.into()),
            "{name}"
        );
        assert!(text(&folder).contains("out of reach"), "{name}");
        // Freshness is that of what replays.
        assert_eq!(
            verify(&folder, &["--must-reach", "2026-11-22 03:17:20+00"]).1["freshness"]["reached"],
            true,
            "{name}"
        );
        assert_eq!(
            verify(&folder, &["--must-reach", "2026-11-22 03:17:28+00"]).1["freshness"]["reached"],
            false,
            "{name}"
        );
    }
}

/// One that is being copied proves nothing of what lies behind it, though the next timeline is whole.
#[test]
fn nothing_is_proven_behind_a_parents_segment_that_is_being_copied() {
    let folder = archive();
    cut(&folder, LAST);
    let (code, told) = verify(&folder, &[]);
    assert_eq!((code, &told["verdict"], &told["findings"][0]["code"]), (2, &"unproven".into(), &"WP115".into()));
    assert_eq!((&told["replay"]["to"], &told["replay"]["records"]), (&"0/05F00028".into(), &RECORDS_BEFORE.into()));
    // At the end of all WAL it is a warning.
    let folder = archive();
    cut(&folder, "00000003000000000000006B");
    let (code, told) = verify(&folder, &[]);
    assert_eq!((code, &told["verdict"], &told["findings"][0]["code"]), (0, &"proven".into(), &"WP115".into()));
}

/// Damage and cut files there as much as gaps: no backup leads through them.
#[test]
fn what_lies_in_front_of_every_backup_refutes_nothing() {
    let damaged = "00000001000000000000005C";
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 3] = [
        ("record-crc", |path| {
            let mut bytes = fs::read(path).unwrap();
            bytes[300_000] ^= 0xFF;
            fs::write(path, bytes).unwrap();
        }),
        ("size", |path| fs::File::options().write(true).open(path).unwrap().set_len(100_000).unwrap()),
        ("gap", |path| fs::remove_file(path).unwrap()),
    ];
    for (name, harm) in harms {
        let folder = archive();
        harm(&folder.path().join(damaged));
        if name != "gap" {
            age(&folder.path().join(damaged));
        }
        let of_it = |told: &Value| {
            let own = told["findings"].as_array().unwrap().iter().find(|own| own["name"] == name).unwrap();
            own["severity"].as_str().unwrap().to_owned()
        };
        // Two backups lie in front of it, and three behind it.
        let (code, told) = verify(&folder, &[]);
        let expected = if name == "gap" { (0, "warning") } else { (1, "error") };
        assert_eq!((code, of_it(&told).as_str()), expected, "{name}");
        for backup in ["000000010000000000000058.00000028.backup", "000000010000000000000059.00000028.backup"] {
            fs::remove_file(folder.path().join(backup)).unwrap();
        }
        let (code, told) = verify(&folder, &[]);
        let expected = if name == "gap" { "info" } else { "warning" };
        assert_eq!((code, &told["verdict"], of_it(&told).as_str()), (0, &"proven".into(), expected), "{name}");
        let from = if name == "record-crc" { "0/05C" } else { "0/05D00" };
        assert!(told["replay"]["from"].as_str().unwrap().starts_with(from), "{name}: {}", told["replay"]);
        assert_eq!(told["replay"]["to"], "0/06B00118", "{name}");
        assert!(text(&folder).contains(", in front of every backup that is known"), "{name}");
        assert_eq!(verify(&folder, &["--fail-on", "warning"]).0, i32::from(name != "gap"), "{name}");
        // Whoever asks for what lies there, and a restore from an older backup, come to it.
        if name != "gap" {
            for more in
                [&["--start", "0/05900000"][..], &["--timeline", "all"], &["--backup", &testdata("backup/15_late")]]
            {
                let (code, told) = verify(&folder, more);
                assert_eq!((code, of_it(&told).as_str()), (1, "error"), "{name} {more:?}");
            }
        }
    }
}

/// A file there that cannot be taken, or that another one of its segment differs from, stands in no backup's way; one
/// behind a backup's start does.
#[test]
fn nor_does_a_file_there_that_cannot_be_taken() {
    type Harm = fn(&Path);
    let harms: [(&str, i32, Harm); 4] = [
        ("no-file", 1, |path| {
            fs::remove_file(path).unwrap();
            symlink("nowhere", path).unwrap();
        }),
        ("no-file", 1, |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("unreadable", 2, |path| {
            fs::remove_file(path).unwrap();
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
        ("copies-differ", 1, |path| {
            let other = path.with_file_name("00000001000000000000005D");
            let file = fs::File::create(path.with_extension("gz")).unwrap();
            let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            packed.write_all(&fs::read(other).unwrap()).unwrap();
            packed.finish().unwrap();
        }),
    ];
    for (name, refused, harm) in harms {
        let folder = archive();
        harm(&folder.path().join("00000001000000000000005C"));
        let severity = |told: &Value| {
            let own = told["findings"].as_array().unwrap().iter().find(|own| own["name"] == name);
            own.unwrap_or_else(|| panic!("{name}: {:#}", told["findings"]))["severity"].clone()
        };
        let (code, told) = verify(&folder, &[]);
        assert_eq!((code, severity(&told)), (refused, "error".into()), "{name}");
        for backup in ["000000010000000000000058.00000028.backup", "000000010000000000000059.00000028.backup"] {
            fs::remove_file(folder.path().join(backup)).unwrap();
        }
        let (code, told) = verify(&folder, &[]);
        assert_eq!((code, severity(&told), &told["verdict"]), (0, "warning".into(), &"proven".into()), "{name}");
        let (code, told) = verify(&folder, &["--timeline", "all"]);
        assert_eq!((code, severity(&told)), (refused, "error".into()), "{name}");
    }
}

/// Pages alone tell no record behind damage: a page that is wrong in front of every backup ends where the next begins.
#[test]
fn nor_do_pages_there() {
    let folder = archive();
    let damaged = folder.path().join("00000001000000000000005C");
    let mut bytes = fs::read(&damaged).unwrap();
    bytes[16_384] ^= 0xFF;
    fs::write(&damaged, bytes).unwrap();
    let (code, told) = verify(&folder, &["--depth", "pages"]);
    assert_eq!((code, &told["findings"][0]["severity"]), (1, &"error".into()));
    for backup in ["000000010000000000000058.00000028.backup", "000000010000000000000059.00000028.backup"] {
        fs::remove_file(folder.path().join(backup)).unwrap();
    }
    let (code, told) = verify(&folder, &["--depth", "pages"]);
    assert_eq!((code, &told["findings"][0]["severity"]), (0, &"warning".into()), "{:#}", told["findings"]);
}

/// A server reads the header of the page in which a backup starts, and of the first page of that segment.
#[test]
fn the_page_in_which_the_oldest_backup_starts_is_its_own() {
    let folder = archive();
    for backup in ["000000010000000000000058.00000028.backup", "000000010000000000000059.00000028.backup"] {
        fs::remove_file(folder.path().join(backup)).unwrap();
    }
    let path = folder.path().join(LAST);
    let mut bytes = fs::read(&path).unwrap();
    // The identifier of the system, in the header.
    bytes[25] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let (code, told) = verify(&folder, &[]);
    assert_eq!((code, &told["verdict"]), (1, &"refuted".into()), "{:#}", told["findings"]);
    // Where no backup leads to the timeline that is asked for, all of it counts.
    let folder = archive();
    for backup in fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()) {
        if backup.to_str().unwrap().contains("/00000001") && backup.to_str().unwrap().ends_with(".backup") {
            fs::remove_file(backup).unwrap();
        }
    }
    age(&cut(&folder, "00000001000000000000005C"));
    assert_eq!(verify(&folder, &["--timeline", "1"]).0, 1);
    assert_eq!(verify(&folder, &[]).0, 0);
}

/// Only older backups need it: a warning, and the report says which restore it ends, and where.
#[test]
fn a_gap_between_backups_has_an_impact() {
    let folder = archive();
    fs::remove_file(folder.path().join("00000003000000000000006A")).unwrap();
    let (code, told) = verify(&folder, &[]);
    assert_eq!((code, &told["verdict"]), (0, &"proven".into()));
    assert_eq!(verify(&folder, &["--fail-on", "warning"]).0, 1);
    let text = text(&folder);
    let impact = text.lines().find(|line| line.starts_with("IMPACT")).unwrap();
    assert!(impact.contains("a base backup older than the gap stops at 0/069FE080"), "{impact}");
    // `when` knows the times of what they reach.
    let (_, when) = json("when", &folder, &[]);
    let windows: Vec<&Value> = when["backups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| &b["window"])
        .filter(|w| w["to_lsn"] == "0/069FE080")
        .collect();
    assert_eq!(windows.len(), 4);
    for window in windows {
        assert_eq!(window["last"]["time"], "2026-11-22T03:17:29.169620Z", "{window}");
        assert!(window["first"]["time"].as_str().unwrap() < "2026-11-22T03:17:28", "{window}");
    }
    // And what lies in such a window can be recovered to, whichever way it is asked for.
    for position in ["0/6800000", "2026-11-22 03:17:29+00", LAST_COMMIT_BEFORE, "xid:1155346"] {
        let (code, when) = json("when", &folder, &[position]);
        assert_eq!((code, &when["position"]["reachable"]), (0, &true.into()), "{position}: {when:#}");
    }
    for position in ["0/6A00100", "2026-11-22 03:17:30+00"] {
        assert_eq!(json("when", &folder, &[position]).1["position"]["reachable"], false, "{position}");
    }
}

/// Damage in the middle of a segment: nothing behind it is reached, though the segment holds it.
#[test]
fn when_ends_where_replay_stops() {
    let (_, told) = {
        let ran = walproof(&["when", &testdata("demo/damaged"), "--format", "json"]);
        (ran.code, serde_json::from_str::<Value>(&ran.out).unwrap())
    };
    let end = told["reach"]["to_lsn"].as_str().unwrap();
    let last = &told["reach"]["last"];
    assert_eq!((end, &last["xid"], &last["time"]), ("0/00AAC690", &733.into(), &"2026-11-22T03:17:02.474508Z".into()));
    assert_eq!(&told["reach"]["latest_time"], &last["time"]);
    assert_eq!(&told["backups"][0]["window"]["last"], last);
    for (xid, code) in [("xid:733", "KEPT"), ("xid:737", "out of reach")] {
        assert!(walproof(&["when", &testdata("demo/damaged"), xid]).out.contains(code), "{xid}");
    }
}

/// What nobody read is not to blame where something else is known to be wrong.
#[test]
fn the_headline_names_what_is_wrong_and_not_what_was_not_read() {
    let folder = archive();
    let unread = folder.path().join("00000001000000000000005B");
    fs::remove_file(&unread).unwrap();
    std::os::unix::fs::symlink(&unread, &unread).unwrap();
    assert!(text(&folder).starts_with("VERDICT  UNPROVEN"), "{}", text(&folder));
    fs::remove_file(folder.path().join(LAST)).unwrap();
    let text = text(&folder);
    assert!(text.starts_with("VERDICT  REFUTED: on timeline 1 replay stops at 0/05F00028"), "{text}");
    assert!(text.lines().nth(1).unwrap().contains("5F is missing (WP101)"), "{text}");
    // Nor does a backup reach beyond it.
    let (_, told) = verify(&folder, &[]);
    let reaches = |at: usize| told["backups"][at]["reaches_lsn"].as_str().unwrap();
    assert_eq!((reaches(0), reaches(1)), ("0/05B00000", "0/05B00000"));
}

/// A server runs the command in its own folder, through a shell.
#[test]
fn the_restore_command_works_from_anywhere() {
    let folder = archive();
    let odd = folder.path().join("it's $HOME 5%");
    fs::create_dir(&odd).unwrap();
    for name in ["00000003000000000000006A", "00000003000000000000006B", "00000003000000000000006B.00000028.backup"] {
        fs::copy(folder.path().join(name), odd.join(name)).unwrap();
    }
    let ran = walproof(&["when", odd.to_str().unwrap(), "0/6B00100"]);
    let setting = ran
        .out
        .lines()
        .find_map(|line| line.strip_prefix("restore_command = '")?.strip_suffix('\''))
        .unwrap_or_else(|| panic!("{}", ran.out));
    // As a server reads its configuration, then the command.
    let command = setting.replace("''", "'").replace("\\\\", "\\");
    let (file, to) = ("00000003000000000000006B", folder.path().join("fetched"));
    let command =
        command.replace("%%", "\u{1}").replace("%f", file).replace("%p", to.to_str().unwrap()).replace('\u{1}', "%");
    assert!(
        std::process::Command::new("sh").args(["-c", &command]).current_dir("/").status().unwrap().success(),
        "{command}"
    );
    assert_eq!(fs::read(to).unwrap(), fs::read(odd.join(file)).unwrap());
    let packed = walproof(&["when", &testdata("15/archive"), "0/6B00100"]).out;
    let setting = packed.lines().find_map(|line| line.strip_prefix("restore_command = '")?.strip_suffix('\''));
    assert!(packed.contains("# walproof is to be in the PATH"), "{packed}");
    let to = folder.path().join("unpacked");
    let command = setting.unwrap_or_else(|| panic!("{packed}")).replace("%f", file).replace("%p", to.to_str().unwrap());
    let own = std::path::Path::new(env!("CARGO_BIN_EXE_walproof")).parent().unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &command]).current_dir("/").env("PATH", format!("{}:/usr/bin:/bin", own.display()));
    assert!(shell.status().unwrap().success(), "{command}");
    assert_eq!(fs::read(to).unwrap().len(), 1 << 20);
}

/// A backup history file proves that WAL went at least so far: it ends too early also where the files are there by
/// their names.
#[test]
fn wal_that_ends_inside_a_backup_is_damage() {
    let harms: [fn(&TempDir); 3] = [
        |folder| {
            let last = folder.path().join("00000003000000000000006B");
            let mut bytes = fs::read(&last).unwrap();
            bytes[0xD8..].fill(0);
            fs::write(last, bytes).unwrap();
        },
        |folder| {
            _ = fs::copy(folder.path().join("000000020000000000000061"), folder.path().join("00000003000000000000006B"))
                .unwrap()
        },
        |folder| {
            for file in ["00000003000000000000006A", "00000003000000000000006B"] {
                fs::copy(folder.path().join("000000020000000000000061"), folder.path().join(file)).unwrap();
            }
        },
    ];
    for (nth, harm) in harms.into_iter().enumerate() {
        let folder = archive();
        harm(&folder);
        let (code, told) = verify(&folder, &[]);
        assert_eq!(
            (code, &told["verdict"], &told["findings"][0]["code"]),
            (1, &"refuted".into(), &"WP410".into()),
            "{nth}"
        );
        assert!(
            text(&folder).contains("00000003000000000000006B.00000028.backup needs it up to 0/06B00100 (WP410)"),
            "{nth}"
        );
    }
}

/// Of what lies between them nothing can be read: replay ends in front of the first, and a backup behind the last is
/// whole.
#[test]
fn neighbours_that_cannot_be_used_end_replay_in_front_of_the_first() {
    type Harm = fn(&TempDir, &str);
    let remove: Harm = |folder, file| fs::remove_file(folder.path().join(file)).unwrap();
    let empty: Harm = |folder, file| age(&cut(folder, file));
    let older: Harm =
        |folder, file| _ = fs::copy(folder.path().join("000000020000000000000060"), folder.path().join(file)).unwrap();
    for (first, second) in [(remove, empty), (empty, remove), (empty, empty), (older, empty)] {
        let folder = archive();
        first(&folder, "000000020000000000000061");
        second(&folder, "000000020000000000000062");
        let (code, told) = verify(&folder, &[]);
        let to = told["replay"]["to"].as_str().unwrap();
        assert_eq!(
            (code, to, &told["replay"]["last_commit_time"]),
            (1, "0/060FFE90", &"2026-11-22T03:17:23.913699Z".into())
        );
        let newer: Vec<&Value> = told["backups"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|b| b["start_lsn"].as_str() > Some("0/06300000"))
            .collect();
        assert!(
            newer.len() == 2 && newer.iter().all(|b| b["wal_complete"] == true && b["reaches_lsn"] == "0/06B00118"),
            "{newer:?}"
        );
    }
}

/// The end of replay lies in the segment that is missing: what is kept is the last commit in front of it.
#[test]
fn a_position_in_a_missing_segment_keeps_what_lies_in_front_of_it() {
    let folder = archive();
    fs::remove_file(folder.path().join(LAST)).unwrap();
    let (_, told) = json("when", &folder, &["0/5F00028"]);
    assert_eq!(told["position"]["last_kept"]["time"], LAST_COMMIT_BEFORE);
    assert!(told["position"]["first_dropped"].is_null());
}
