//! A `restore_command` that takes files by name, and archives in which some lie under another. A server gets what the
//! command delivers, and nothing else: servers of 12, 15 and 17 ended in front of the first such file, or went along
//! the old timeline, without a word.

use crate::laid::{COPY, Laid, errors};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;

const NEWEST: &str = "00000001000000000000000A";

/// `xids-17`, packed with xz, the newest segment plain.
fn newest_plain() -> Laid {
    let laid = Laid::of("field/xids-17", false);
    let plain = Laid::new();
    fs::remove_file(laid.at(&format!("archive/{NEWEST}.xz"))).unwrap();
    fs::copy(plain.at(&format!("archive/{NEWEST}")), laid.at(&format!("archive/{NEWEST}"))).unwrap();
    laid
}

fn finding<'a>(document: &'a Value, code: &str) -> &'a Value {
    document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["code"] == code)
        .unwrap_or_else(|| panic!("{document:#}"))
}

#[test]
fn the_newest_segment_is_not_yet_packed() {
    let laid = newest_plain();
    let (code, document) = laid.set(&["restore_command = 'unxz < ARCHIVE/%f.xz > %p'"]).verify(&[]);
    assert_eq!((code, errors(&document)[0]), (1, "WP435"), "{:#}", document["findings"]);
    let found = finding(&document, "WP435");
    let says = format!("takes {NEWEST}.xz, and what lies here is {NEWEST}: the server does not get it");
    assert!(found["message"].as_str().unwrap().ends_with(&says), "{found:#}");
    let own = format!("walproof archive-get %f \"%p\" --from {}", laid.text("archive"));
    assert!(found["advice"].as_str().unwrap().ends_with(&own), "{found:#}");
    assert_eq!(document["restore"]["replay_end"], json!("0/00A00000"));
    // Both ways, or one that knows both: all of it.
    for command in [
        "unxz < ARCHIVE/%f.xz > %p || cp ARCHIVE/%f %p",
        "if test -f ARCHIVE/%f; then cp ARCHIVE/%f %p; else xz -dc ARCHIVE/%f.xz > %p; fi",
    ] {
        let (code, document) = laid.set(&[&format!("restore_command = '{command}'")]).verify(&[]);
        assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{command}: {:#}", document["findings"]);
    }
    // In front of it a target is reached.
    laid.set(&["restore_command = 'unxz < ARCHIVE/%f.xz > %p'"]);
    let (code, document) = laid.verify(&["--target-lsn", "0/900028"]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
    // Behind it, it is not.
    let (code, document) = laid.verify(&["--target-lsn", "0/A00100"]);
    assert_eq!((code, errors(&document).contains(&"WP435")), (1, true), "{:#}", document["findings"]);
}

/// 13 and 17 come to the same end with each.
#[test]
fn what_only_runs_the_command_changes_nothing() {
    let laid = newest_plain();
    for command in [
        "sh -c \"unxz < ARCHIVE/%f.xz > %p\"",
        "LC_ALL=C nice -n 10 timeout 60 xz -dc ARCHIVE/%f.xz > %p",
        "echo asked for %f >&2; unxz < ARCHIVE/%f.xz > %p; exit $?",
        "xz -dc ARCHIVE/%f.xz > %p.tmp && mv %p.tmp %p && chmod 600 %p",
        "if [ -f ARCHIVE/%f.xz ]; then unxz < ARCHIVE/%f.xz > %p; else exit 1; fi",
        "unxz < ARCHIVE/%f.xz > %p # || cp ARCHIVE/%f %p",
    ] {
        let (code, document) = laid.set(&[&format!("restore_command = '{command}'")]).verify(&[]);
        assert_eq!((code, errors(&document)[0]), (1, "WP435"), "{command}: {:#}", document["findings"]);
        assert_eq!(document["restore"]["replay_end"], json!("0/00A00000"), "{command}");
    }
}

#[test]
fn the_newest_segment_is_packed_already() {
    let laid = Laid::new();
    let packed = Laid::of("field/xids-17", false);
    fs::remove_file(laid.at(&format!("archive/{NEWEST}"))).unwrap();
    fs::copy(packed.at(&format!("archive/{NEWEST}.xz")), laid.at(&format!("archive/{NEWEST}.xz"))).unwrap();
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    assert_eq!((code, errors(&document)[0]), (1, "WP435"), "{:#}", document["findings"]);
    let says = format!("takes {NEWEST}, and what lies here is {NEWEST}.xz: the server does not get it");
    assert!(finding(&document, "WP435")["message"].as_str().unwrap().ends_with(&says));
}

/// Without a suffix, the name does not say it.
#[test]
fn a_program_that_unpacks_fails_on_what_is_plain() {
    let laid = Laid::of("field/xids-17", false);
    for file in fs::read_dir(laid.at("archive")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|suffix| suffix == "xz") {
            fs::rename(&path, path.with_extension("")).unwrap();
        }
    }
    let unpack = "restore_command = 'unxz < ARCHIVE/%f > %p'";
    let (code, document) = laid.set(&[unpack]).verify(&[]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
    fs::copy(Laid::new().at(&format!("archive/{NEWEST}")), laid.at(&format!("archive/{NEWEST}"))).unwrap();
    let (code, document) = laid.verify(&[]);
    assert_eq!((code, errors(&document)[0]), (1, "WP435"), "{:#}", document["findings"]);
    let says = format!("takes {NEWEST}, and {NEWEST} is not packed as that expects it: the server does not get it");
    assert!(finding(&document, "WP435")["message"].as_str().unwrap().ends_with(&says), "{document:#}");
    // One that lets pass what is plain.
    let (code, document) = laid.set(&["restore_command = 'xz -dcf ARCHIVE/%f > %p'"]).verify(&[]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
}

/// `pg_receivewal --compress` packs segments, and leaves history files as they are: a server that unpacks all of them
/// stays on the old timeline.
#[test]
fn a_history_file_under_another_name_hides_its_timeline() {
    let laid = Laid::of_15(false);
    let (code, document) = laid.set(&["restore_command = 'unxz < ARCHIVE/%f.xz > %p'"]).verify(&[]);
    assert_eq!((code, errors(&document)[0]), (1, "WP435"), "{:#}", document["findings"]);
    let says = "takes 00000002.history.xz, and what lies here is 00000002.history: the server does not get it";
    assert!(finding(&document, "WP435")["message"].as_str().unwrap().ends_with(says), "{document:#}");
    assert_eq!(document["restore"]["timeline"], 1);
    let both = "restore_command = 'unxz < ARCHIVE/%f.xz > %p || cp ARCHIVE/%f %p'";
    let (code, document) = laid.set(&[both]).verify(&[]);
    assert_eq!((code, &document["restore"]["timeline"]), (0, &json!(3)), "{:#}", document["findings"]);
    // Who asks for the old one does not miss it.
    let (_, document) = laid
        .set(&["restore_command = 'unxz < ARCHIVE/%f.xz > %p'", "recovery_target_timeline = 'current'"])
        .verify(&["--target-lsn", "0/5A000028"]);
    assert!(!errors(&document).contains(&"WP435"), "{:#}", document["findings"]);
}

/// Barman's `wals` has segments in folders, history files beside them.
#[test]
fn segments_lie_in_folders_below_the_one_that_is_named() {
    let laid = Laid::new();
    let below = laid.at("archive/0000000100000000");
    fs::create_dir(&below).unwrap();
    for file in fs::read_dir(laid.at("archive")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_file() && name.len() == 24 {
            fs::rename(&path, below.join(name)).unwrap();
        }
    }
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    assert_eq!((code, errors(&document)[0]), (1, "WP435"), "{:#}", document["findings"]);
    assert_eq!(document["restore"]["server_says"], "could not locate required checkpoint record at 0/800080");
    // Under the folder's own name they are had.
    let own = "restore_command = 'cp ARCHIVE/0000000100000000/%f %p'";
    let (code, document) = laid.set(&[own]).verify(&[]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
}

/// What a second place has is not had by a command that names the first alone.
#[test]
fn a_command_names_one_of_two_places() {
    let laid = Laid::new();
    fs::create_dir(laid.at("second")).unwrap();
    fs::rename(laid.at(&format!("archive/{NEWEST}")), laid.at(&format!("second/{NEWEST}"))).unwrap();
    let (archive, second, data) = (laid.text("archive"), laid.text("second"), laid.text("data"));
    let ask = || {
        let words = ["verify", &archive, &second, "--pgdata", &data, "--format", "json"];
        let ran = crate::run::walproof(&words);
        (ran.code, serde_json::from_str::<Value>(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.err)))
    };
    laid.set(&[COPY]);
    let (code, document) = ask();
    assert_eq!((code, errors(&document)[0]), (1, "WP435"), "{:#}", document["findings"]);
    laid.set(&[&format!("restore_command = 'cp ARCHIVE/%f %p || cp {second}/%f %p'")]);
    let (code, document) = ask();
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
}

/// `cp` of a file that is cut succeeds: a server of 17 dies of it, whatever lies in the second place.
#[test]
fn the_first_file_that_is_there_is_copied_good_or_bad() {
    let laid = Laid::new();
    fs::create_dir(laid.at("second")).unwrap();
    for file in fs::read_dir(laid.at("archive")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), laid.at("second").join(file.file_name())).unwrap();
    }
    let cut = laid.at(&format!("archive/{NEWEST}"));
    let bytes = fs::read(&cut).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    // Not one that is still being copied.
    let hour = std::time::Duration::from_secs(3600);
    fs::File::options().write(true).open(&cut).unwrap().set_modified(std::time::SystemTime::now() - hour).unwrap();
    let (archive, second, data) = (laid.text("archive"), laid.text("second"), laid.text("data"));
    let bad_first = format!("restore_command = 'cp ARCHIVE/%f %p || cp {second}/%f %p'");
    let good_first = format!("restore_command = 'cp {second}/%f %p || cp ARCHIVE/%f %p'");
    // What lies in a folder that is no place is not known.
    fs::create_dir(laid.at("third")).unwrap();
    let elsewhere = format!("restore_command = 'cp {}/%f %p'", laid.text("third"));
    let all = [(bad_first, 1, "fatal"), (good_first, 0, "promotes"), (elsewhere, 0, "promotes")];
    for (command, exit, outcome) in all {
        laid.set(&[&command]);
        for places in [[&archive, &second], [&second, &archive]] {
            let words = ["verify", places[0], places[1], "--pgdata", &data, "--format", "json"];
            let ran = crate::run::walproof(&words);
            let document: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.err));
            let told = (ran.code, document["restore"]["outcome"].as_str().unwrap());
            assert_eq!(told, (exit, outcome), "{command} {places:?}: {:#}", document["findings"]);
            assert!(!errors(&document).contains(&"WP435"), "{:#}", document["findings"]);
        }
    }
}

/// On this machine a server would get nothing; where the folder is, it may get all of it.
#[test]
fn a_folder_that_is_not_here_is_told() {
    let laid = Laid::new();
    let (code, document) = laid.set(&["restore_command = 'cp /walproof-nowhere/%f %p'"]).verify(&[]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
    assert_eq!(finding(&document, "WP435")["severity"], "warning");
    let message = finding(&document, "WP435")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("takes files from /walproof-nowhere, which is not on this machine"), "{message}");
    // Another folder that is here may hold the same.
    let other = tempfile::tempdir().unwrap();
    let other = format!("restore_command = 'cp {}/%f %p'", other.path().display());
    let (code, document) = laid.set(&[&other]).verify(&[]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
    assert_eq!(finding(&document, "WP435")["severity"], "warning");
}

/// 15 and 18 take the first that is there and unpacks, in the order of the command.
#[test]
fn the_first_of_two_copies_that_the_command_gets_counts() {
    let laid = Laid::new();
    let packed = Laid::of("field/xids-17", false);
    let (plain, own) = (laid.at("archive/000000010000000000000009"), laid.at("archive/000000010000000000000009.xz"));
    let both = ["unxz < ARCHIVE/%f.xz > %p || cp ARCHIVE/%f %p", "cp ARCHIVE/%f %p || unxz < ARCHIVE/%f.xz > %p"];
    let ask = |command: &str| {
        let (code, document) = laid.set(&[&format!("restore_command = '{command}'")]).verify(&[]);
        (code, document["restore"]["replay_end"].clone())
    };
    let whole = ask(both[0]);
    assert_eq!(whole.0, 0);
    // The plain one is damaged, the packed one is not.
    fs::copy(packed.at("archive/000000010000000000000009.xz"), &own).unwrap();
    let good = fs::read(&plain).unwrap();
    let mut bad = good.clone();
    bad[60..160].fill(0x55);
    fs::write(&plain, &bad).unwrap();
    assert_eq!(ask(both[0]), whole);
    let (code, end) = ask(both[1]);
    assert_eq!((code, end != whole.1), (1, true));
    // The packed one is cut off: its program fails, and the next one is tried.
    fs::write(&plain, &good).unwrap();
    let cut = fs::read(&own).unwrap();
    fs::write(&own, &cut[..cut.len() / 2]).unwrap();
    assert_eq!((ask(both[0]).1, ask(both[1]).1), (whole.1.clone(), whole.1));
}

/// 15 and 18 replay what is in it, where the command takes it.
#[test]
fn a_command_that_takes_unfinished_segments() {
    let laid = Laid::new();
    fs::rename(laid.at(&format!("archive/{NEWEST}")), laid.at(&format!("archive/{NEWEST}.partial"))).unwrap();
    let ask = |command: &str| {
        let (code, document) = laid.set(&[&format!("restore_command = '{command}'")]).verify(&[]);
        (code, document["restore"]["replay_end"].as_str().unwrap().to_owned())
    };
    let (code, end) = ask("cp ARCHIVE/%f %p");
    assert_eq!((code, end.as_str()), (0, "0/00A00000"));
    let (code, end) = ask("cp ARCHIVE/%f %p || cp ARCHIVE/%f.partial %p");
    assert_eq!((code, end.as_str() > "0/00A00000"), (0, true), "{end}");
}

/// `pg_receivewal --compress=gzip` leaves `.gz.partial`: whole as gzip, and short as a segment. 17 dies of it.
#[test]
fn a_command_that_takes_unfinished_segments_that_are_packed() {
    let laid = Laid::new();
    let newest = laid.at(&format!("archive/{NEWEST}"));
    let bytes = fs::read(&newest).unwrap();
    fs::remove_file(&newest).unwrap();
    let put = |bytes: &[u8]| {
        let file = fs::File::create(laid.at(&format!("archive/{NEWEST}.gz.partial"))).unwrap();
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap();
    };
    let ask = |command: &str| {
        let (code, document) = laid.set(&[&format!("restore_command = '{command}'")]).verify(&[]);
        (code, document["restore"]["outcome"].as_str().unwrap().to_owned(), errors(&document).join(" "))
    };
    let takes = "cp ARCHIVE/%f %p || gunzip -c ARCHIVE/%f.gz.partial > %p";
    put(&bytes);
    assert_eq!(ask(takes), (0, "promotes".to_owned(), String::new()));
    put(&bytes[..bytes.len() / 4]);
    let (code, outcome, _) = ask(takes);
    assert_eq!((code, outcome.as_str()), (1, "fatal"));
    assert_eq!(ask("cp ARCHIVE/%f %p").1, "promotes");
}

/// 16 and 18: `invalid value for parameter "restore_command"`; 15 and before hand it to the shell.
#[test]
fn a_placeholder_that_stands_for_nothing() {
    let laid = Laid::new();
    for (command, refused) in [("cp ARCHIVE/%f %p # %x", true), ("cp ARCHIVE/%f %p # 100%%", false)] {
        let (code, document) = laid.set(&[&format!("restore_command = '{command}'")]).verify(&[]);
        assert_eq!(code, i32::from(refused), "{command}: {:#}", document["findings"]);
        if refused {
            let says = document["restore"]["server_says"].as_str().unwrap();
            assert!(says.starts_with("invalid value for parameter \"restore_command\": \"cp "), "{says}");
        }
    }
    let laid = Laid::of_15(true);
    assert_eq!(laid.set(&["restore_command = 'cp ARCHIVE/%f %p # %x'"]).verify(&[]).0, 0);
}

#[test]
fn a_program_that_is_not_here_is_told() {
    let laid = Laid::new();
    for (command, told) in [
        ("/opt/walproof-nowhere/get %f %p", true),
        ("walproof-nowhere %f \"%p\" 2>> /tmp/log", true),
        ("sh get.sh %f %p", false),
        ("bin/get %f %p", false),
    ] {
        let (code, document) = laid.set(&[&format!("restore_command = '{command}'")]).verify(&[]);
        assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{command}");
        let all = document["findings"].as_array().unwrap();
        assert_eq!(all.iter().any(|f| f["code"] == "WP435" && f["severity"] == "warning"), told, "{command}");
    }
}

/// A server runs as the owner of its directory, and `cp` as that server: `Permission denied`, and recovery ends in
/// front of the file. Root, who looks at it, reads everything.
#[test]
fn a_file_that_the_servers_user_may_not_read() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let laid = Laid::new();
    if laid.at("data").metadata().unwrap().uid() != 0 {
        eprintln!("passed over: only root gives files to others");
        return;
    }
    fn give(path: &Path, owner: u32) {
        chown(path, Some(owner), None).unwrap();
        fs::read_dir(path).into_iter().flatten().for_each(|entry| give(&entry.unwrap().path(), owner));
    }
    let newest = laid.at(&format!("archive/{NEWEST}"));
    let ask = |mode: u32, owner: u32, command: &str| {
        fs::set_permissions(&newest, fs::Permissions::from_mode(mode)).unwrap();
        laid.set(&[command]);
        give(&laid.at("data"), owner);
        let (code, document) = laid.verify(&[]);
        let all = document["findings"].as_array().unwrap().clone();
        (code, all.iter().find(|f| f["code"] == "WP435").map(|f| f["severity"].as_str().unwrap().to_owned()))
    };
    let server = 65_000;
    assert_eq!(ask(0o600, server, COPY), (1, Some("error".to_owned())));
    // 12, 16: it ends where that file begins.
    assert_eq!(laid.verify(&[]).1["restore"]["replay_end"], json!("0/00A00000"));
    // Our own program reads as that user does, and ends recovery.
    let own = "restore_command = 'walproof archive-get %f %p --from ARCHIVE'";
    assert_eq!(ask(0o600, server, own), (1, Some("error".to_owned())));
    // What else runs may be allowed more.
    assert_eq!(ask(0o600, server, "restore_command = 'sh get %f %p'"), (0, None));
    // Root's group is no server's; of another one it is not known who is in it.
    assert_eq!(ask(0o640, server, COPY), (1, Some("error".to_owned())));
    chown(&newest, None, Some(65_001)).unwrap();
    for (mode, owner) in [(0o644, server), (0o640, server), (0o600, 0)] {
        assert_eq!(ask(mode, owner, COPY), (0, None), "{mode:o} {owner}");
    }
}
