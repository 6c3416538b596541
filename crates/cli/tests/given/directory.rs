//! What a server finds beside the WAL when it is started: its settings, its folders, its `restore_command`. What 12 to
//! 18 did with each was seen by starting them.

use crate::answer::{Answer, FOLDERS, copy, first_files};
use crate::run::walproof;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;
use walproof_testdata::root;
use walproof_testdata::state::{file_map, file_map_of_two};

/// An archive of 15 in `wal`, and a data directory beside it in `data` with every folder that initdb makes.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        copy(&root().join("demo/good"), &place.at("wal"));
        copy(&root().join("backup/15"), &place.at("data"));
        FOLDERS.iter().for_each(|folder| fs::create_dir_all(place.at("data").join(folder)).unwrap());
        for (file, text) in [
            ("data/PG_VERSION", "15\n"),
            ("data/recovery.signal", ""),
            ("data/postgresql.auto.conf", "restore_command = 'sh fetch %f %p'\n"),
        ] {
            place.write(file, text);
        }
        first_files(&place.at("data"));
        place.rights(0o700);
        place
    }

    pub fn rights(&self, mode: u32) {
        fs::set_permissions(self.at("data"), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).unwrap();
    }

    pub fn lines(&self, file: &str, text: &str) {
        let old = fs::read_to_string(self.at(file)).unwrap_or_default();
        self.write(file, &format!("{old}{text}\n"));
    }

    pub fn remove(&self, path: &str) {
        let path = self.at(path);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    pub fn text(&self, words: &[&str]) -> String {
        walproof(&self.words(words)).out
    }

    pub fn words<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        let data = Box::leak(self.at("data").display().to_string().into_boxed_str());
        let wal = Box::leak(self.at("wal").display().to_string().into_boxed_str());
        [&["verify", wal, "--pgdata", data], words].concat()
    }

    pub fn ask(&self, words: &[&str]) -> Answer {
        let ran = walproof(&self.words(&[words, &["--format", "json"]].concat()));
        let document = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
        Answer { exit: ran.code, document }
    }
}

#[test]
fn a_whole_directory_is_proven() {
    let answer = Place::new().ask(&[]);
    assert_eq!((answer.exit, answer.codes()), (0, vec![]), "{:#}", answer.document);
}

#[test]
fn a_folder_that_a_server_does_not_do_without() {
    for (folder, says) in [
        ("pg_wal", "required WAL directory \"pg_wal\" does not exist"),
        ("pg_notify", "could not open directory \"pg_notify\": No such file or directory"),
        ("pg_twophase", "could not open directory \"pg_twophase\": No such file or directory"),
        ("pg_replslot", "could not open directory \"pg_replslot\": No such file or directory"),
        ("pg_tblspc", "could not open directory \"pg_tblspc\": No such file or directory"),
        ("pg_logical/mappings", "could not open directory \"pg_logical/mappings\": No such file or directory"),
        ("pg_subtrans", "could not access status of transaction 0"),
        ("pg_xact", "could not access status of transaction 0"),
        ("pg_multixact/members", "could not open file \"pg_multixact/members\": No such file or directory"),
        (
            "pg_multixact/offsets/0000",
            "pg_multixact/offsets holds no file: a server ends, and what was in it is part of the data",
        ),
    ] {
        let place = Place::new();
        place.remove(&format!("data/{folder}"));
        let answer = place.ask(&[]);
        assert_eq!((answer.exit, answer.says()), (1, says), "{folder}");
        assert_eq!(answer.codes(), ["WP434", "WP420"], "{folder}");
    }
    for folder in ["pg_serial", "pg_snapshots", "pg_dynshmem", "pg_stat", "pg_stat_tmp", "pg_wal/archive_status"] {
        let place = Place::new();
        place.remove(&format!("data/{folder}"));
        assert_eq!(place.ask(&[]).exit, 0, "15 makes {folder} anew, or does without");
    }
    for data in ["base", "pg_xact/0000", "global/pg_filenode.map"] {
        let place = Place::new();
        place.remove(&format!("data/{data}"));
        assert_eq!((place.ask(&[]).exit, place.ask(&[]).codes()), (1, vec!["WP434"]), "it starts, without data");
    }
    // The configuration may lie elsewhere; where it does not, the other half of it is needed as well.
    let place = Place::new();
    place.lines("data/postgresql.conf", "max_prepared_transactions = 100");
    let answer = place.ask(&[]);
    assert_eq!((answer.exit, answer.says()), (1, "could not load pg_hba.conf"));
    place.write("data/pg_hba.conf", "local all all trust\n");
    assert_eq!(place.ask(&[]).exit, 0);
}

#[test]
fn a_link_to_nowhere_is_no_folder() {
    let place = Place::new();
    place.remove("data/pg_wal");
    std::os::unix::fs::symlink("/nowhere/pg_wal", place.at("data/pg_wal")).unwrap();
    let answer = place.ask(&[]);
    assert_eq!((answer.exit, answer.first("code")), (1, "WP434"));
    assert!(answer.first("advice").contains("mkdir"), "{}", answer.first("advice"));
}

#[test]
fn rights_that_a_server_refuses_are_told() {
    let place = Place::new();
    for (mode, told) in [(0o755, true), (0o770, true), (0o704, true), (0o750, false), (0o700, false)] {
        place.rights(mode);
        let answer = place.ask(&[]);
        let codes = if told { vec!["WP434"] } else { vec![] };
        assert_eq!((answer.exit, answer.codes()), (0, codes), "{mode:o}");
        if told {
            assert!(
                answer.first("server_says").ends_with("has invalid permissions"),
                "{}",
                answer.first("server_says")
            );
            assert!(answer.first("advice").starts_with("chmod 700 "), "{}", answer.first("advice"));
        }
    }
    // A copy that is looked at is not yet one that is started.
    place.rights(0o755);
    let (wal, data) = (place.at("wal"), place.at("data"));
    let ran = walproof(&["verify", wal.to_str().unwrap(), "--backup", data.to_str().unwrap(), "--fail-on", "warning"]);
    assert!(ran.code == 0 && ran.out.contains("info     WP434"), "{}", ran.out);
}

#[test]
fn without_its_version_a_directory_is_none_of_data() {
    for change in [None, Some(""), Some("junk\n")] {
        let place = Place::new();
        match change {
            None => place.remove("data/PG_VERSION"),
            Some(text) => place.write("data/PG_VERSION", text),
        }
        let answer = place.ask(&[]);
        assert_eq!((answer.exit, answer.first("code")), (1, "WP434"), "{change:?}");
        assert!(answer.says().ends_with("is not a valid data directory"), "{}", answer.says());
    }
    let place = Place::new();
    place.write("data/PG_VERSION", "11\n");
    let answer = place.ask(&[]);
    assert_eq!((answer.exit, answer.says()), (1, "database files are incompatible with server"));
}

/// A sample of a backup, a few files of it, lacks what nobody copied.
#[test]
fn a_few_files_of_a_backup_are_no_broken_one() {
    let place = Place::new();
    FOLDERS.iter().filter(|f| **f != "global").for_each(|f| {
        let top = place.at("data").join(f.split('/').next().unwrap());
        _ = fs::remove_dir_all(top);
    });
    assert_eq!(place.ask(&[]).exit, 0);
}

#[test]
fn two_targets_end_a_server() {
    let place = Place::new();
    place.write("data/postgresql.auto.conf", "restore_command = 'sh fetch %f %p'\nrecovery_target_name = 'old'\n");
    let answer = place.ask(&["--target-lsn", "0/B00028"]);
    assert_eq!((answer.exit, answer.says()), (1, "multiple recovery targets specified"));
    let advice = answer.first("advice");
    assert!(advice.contains("recovery_target_name out of postgresql.auto.conf line 2"), "{advice}");
    // Of one kind the last one counts: it need only be written where it does.
    let command = "restore_command = 'sh fetch %f %p'";
    place.write("data/postgresql.auto.conf", &format!("recovery_target_lsn = '0/A00028'\n{command}\n"));
    let answer = place.ask(&["--target-lsn", "0/B00028"]);
    assert_eq!((answer.exit, answer.codes()), (0, vec!["WP433"]));
    assert!(answer.first("advice").contains("postgresql.auto.conf line 1"));
    assert_eq!(place.ask(&["--target-lsn", "0/A00028"]).codes(), [""; 0], "it is what is asked for");
    // An empty one is none, if nothing stands in front of it.
    place.write("data/postgresql.auto.conf", &format!("recovery_target_name = ''\n{command}\n"));
    assert_eq!(place.ask(&["--target-lsn", "0/B00028"]).exit, 0);
}

#[test]
fn settings_that_end_a_server() {
    for (line, says) in [
        ("nonsense = 1", "unrecognized configuration parameter \"nonsense\""),
        ("archive_mode = maybe", "invalid value for parameter \"archive_mode\": \"maybe\""),
        ("primary_slot_name = Bad-Name", "invalid value for parameter \"primary_slot_name\": \"Bad-Name\""),
        ("recovery_target_action = nonsense", "invalid value for parameter \"recovery_target_action\": \"nonsense\""),
        ("max_connections = 0", "0 is outside the valid range for parameter \"max_connections\" (1 .. 262143)"),
        ("restore_command = ''", "must specify restore_command when standby mode is not enabled"),
    ] {
        let place = Place::new();
        let (name, value) = line.split_once(" = ").unwrap();
        let set = format!("{name}={}", value.trim_matches('\''));
        assert_eq!(place.ask(&["--set", &set]).says(), says, "--set {set}");
        place.lines("data/postgresql.auto.conf", line);
        let answer = place.ask(&[]);
        assert_eq!((answer.exit, answer.says()), (1, says), "{line}");
        if !line.starts_with("restore_command") {
            let message = answer.first("message");
            assert!(message.ends_with("(postgresql.auto.conf line 2)"), "{message}");
        }
    }
    let place = Place::new();
    place.lines("data/postgresql.auto.conf", "my_extension.anything = 1\narchive_mode = maybe\narchive_mode = on");
    assert_eq!(place.ask(&[]).exit, 0, "a later line takes the place of one that would be refused");
}

#[test]
fn a_command_that_delivers_nothing_of_this_archive() {
    let place = Place::new();
    assert!(place.text(&[]).contains("fetch %f %p (taken to deliver what lies here)"), "it is assumed, and said");
    place.write("data/postgresql.auto.conf", "restore_command = 'false'\n");
    let answer = place.ask(&[]);
    assert_eq!((answer.exit, answer.says()), (1, "could not locate required checkpoint record"));
    assert_eq!((answer.first("code"), answer.first("severity")), ("WP435", "error"));
    // What lies in its own pg_wal a server finds all the same.
    copy(&place.at("wal"), &place.at("data/pg_wal"));
    assert_eq!((place.ask(&[]).exit, place.ask(&[]).codes()), (0, vec!["WP435"]));
    // Of a part of it, the archive has more: the command is why that does not come.
    fs::read_dir(place.at("data/pg_wal")).unwrap().map(|file| file.unwrap().path()).for_each(|path| {
        let is_late = path.file_name().unwrap().to_str().unwrap() > "00000001000000000000000A";
        if is_late && path.is_file() {
            fs::remove_file(path).unwrap();
        }
    });
    let answer = place.ask(&[]);
    assert_eq!((answer.exit, answer.first("code"), answer.first("severity")), (1, "WP435", "error"));
    assert!(answer.codes().contains(&"WP424"), "{:?}", answer.codes());
    place.remove("data/pg_wal");
    fs::create_dir(place.at("data/pg_wal")).unwrap();
    // The first finds nothing on this machine; the last one never does.
    for (command, exit, doubt) in [
        ("cp /nowhere/%f %p", 1, Some("takes files from /nowhere, which is not on this machine")),
        (&format!("cp {}/%f %p", place.at("wal").display()), 0, None),
        (&format!("sh get {}/%f.gz %p", place.at("wal").display()), 0, Some("takes files that end in .gz")),
        (&format!("/opt/get {}/%f %p", place.at("wal").display()), 1, Some("runs /opt/get, which is not on this")),
        (&format!("gunzip < {}/%f.gz > %p", place.at("wal").display()), 1, Some("takes files that end in .gz")),
    ] {
        place.write("data/postgresql.auto.conf", &format!("restore_command = '{command}'\n"));
        let answer = place.ask(&[]);
        assert_eq!((answer.exit, answer.codes().first().copied()), (exit, doubt.map(|_| "WP435")), "{command}");
        assert!(doubt.is_none_or(|doubt| answer.first("message").contains(doubt)), "{}", answer.first("message"));
    }
}

#[test]
fn a_recovery_that_nothing_asks_for() {
    let place = Place::new();
    place.remove("data/recovery.signal");
    let answer = place.ask(&[]);
    assert_eq!((answer.exit, answer.says()), (1, "could not locate required checkpoint record"));
    assert_eq!(answer.first("code"), "WP436");
    assert!(answer.first("advice").contains("recovery.signal"));
    // Its own pg_wal is enough to start, and not what was meant.
    copy(&place.at("wal"), &place.at("data/pg_wal"));
    assert_eq!((place.ask(&[]).exit, place.ask(&[]).codes()), (0, vec!["WP436"]));
    assert_eq!(place.ask(&["--target-lsn", "0/B00028"]).exit, 1, "no target is read");
}

/// 11, 13, 15 and 18, after a crash of the machine and a copy for which there was no room.
#[test]
fn state_that_is_empty_or_cut() {
    let origins = "data/pg_logical/replorigin_checkpoint";
    let cases: [(&str, usize, Option<&str>); 10] = [
        ("data/pg_xact/0000", 0, Some("could not access status of transaction")),
        ("data/pg_xact/0000", 8192, None),
        ("data/pg_multixact/offsets/0000", 0, Some("")),
        ("data/global/pg_filenode.map", 0, Some("")),
        ("data/global/pg_filenode.map", 524, Some("")),
        // Of a database alone it is a warning.
        ("data/base/5/PG_VERSION", 2, None),
        (origins, 0, Some("could not read file \"pg_logical/replorigin_checkpoint\": read 0 of 4")),
        (origins, 100, Some("")),
        ("data/pg_subtrans/0000", 0, None),
        // Beside a label it is a warning: a copy may have caught a file that grew.
        ("data/base/5/16384", 8192, None),
    ];
    for (file, bytes, says) in cases {
        let place = Place::new();
        fs::write(place.at(file), vec![0; bytes]).unwrap();
        let answer = place.ask(&[]);
        let own = file.strip_prefix("data/").unwrap();
        let told = answer.document["findings"].as_array().unwrap().iter().find(|f| f["file"] == own);
        assert_eq!((answer.exit, told.is_some()), (i32::from(says.is_some()), says.is_some()), "{file} {bytes}");
        if let Some(says) = says.filter(|says| !says.is_empty()) {
            assert_eq!(answer.says(), says);
        }
        assert!(
            told.is_none_or(|told| told["code"] == "WP434" && told["advice"].as_str().unwrap().contains("-size 0"))
        );
    }
    let place = Place::new();
    fs::write(place.at("data/base/5/16384_fsm"), vec![0; 10_000]).unwrap();
    let answer = place.ask(&[]);
    let found = answer.document["findings"].as_array().unwrap().iter().find(|f| f["file"] == "base/5/16384_fsm");
    assert_eq!((answer.exit, found.unwrap()["severity"].as_str()), (0, Some("warning")));
    let place = Place::new();
    place.write("data/base/5/PG_VERSION", "");
    let answer = place.ask(&[]);
    let found = answer.document["findings"].as_array().unwrap().iter().find(|f| f["file"] == "base/5/PG_VERSION");
    assert_eq!((answer.exit, found.unwrap()["severity"].as_str()), (0, Some("warning")));
}

/// 15, 17 and 18. What lies behind the checkpoint of a label may be new.
#[test]
fn state_of_transactions_that_is_gone() {
    let ask = |place: &Place, exit: i32, told: &str| {
        let answer = place.ask(&[]);
        let found = answer.document["findings"].as_array().unwrap().iter().find(|f| f["code"] == "WP434");
        let message = found.map_or("", |f| f["message"].as_str().unwrap());
        assert_eq!(answer.exit, exit, "{:#}", answer.document["findings"]);
        assert!(if told.is_empty() { message.is_empty() } else { message.contains(told) }, "{told}: {message}");
    };
    let place = Place::new();
    place.write("data/pg_xact/0001", "");
    ask(&place, 0, "");
    place.write("data/pg_xact/0000", "");
    ask(&place, 1, "pg_xact/0000 has 0 bytes, which lack a page that a server reads");
    let place = Place::new();
    fs::rename(place.at("data/pg_xact/0000"), place.at("data/pg_xact/0005")).unwrap();
    ask(&place, 1, "pg_xact/0000 is missing: a server starts, and takes what");
    // Its checksum is right with 512 bytes, and none else.
    let place = Place::new();
    fs::write(place.at("data/global/pg_filenode.map"), [file_map(), vec![0; 12]].concat()).unwrap();
    ask(&place, 0, "");
    fs::write(place.at("data/global/pg_filenode.map"), file_map().iter().map(|byte| byte ^ 1).collect::<Vec<u8>>())
        .unwrap();
    ask(&place, 1, "is not what its checksum says");
}

/// 15 and 17: a server starts, and no connection comes (`could not read blocks`). Of a catalog that may have been
/// written anew while the backup was taken it is a warning.
#[test]
fn catalogs_that_are_empty() {
    let weight = |empty: &[&str], without_label: bool| {
        let place = Place::new();
        fs::write(place.at("data/base/5/pg_filenode.map"), file_map_of_two()).unwrap();
        for file in ["1259", "16500"] {
            let bytes = if empty.contains(&file) { 0 } else { 8192 };
            fs::write(place.at("data/base/5").join(file), vec![0; bytes]).unwrap();
        }
        if without_label {
            copy(&place.at("wal"), &place.at("data/pg_wal"));
            ["data/backup_label", "data/recovery.signal"].iter().for_each(|path| place.remove(path));
        }
        let answer = place.ask(&[]);
        let all = answer.document["findings"].as_array().unwrap();
        let found = all.iter().find(|f| f["message"].as_str().unwrap().contains("holds a catalog"));
        found.map(|f| (f["file"].as_str().unwrap().to_owned(), f["severity"].as_str().unwrap().to_owned()))
    };
    let told = |file: &str, severity: &str| Some((format!("base/5/{file}"), severity.to_owned()));
    assert_eq!(weight(&[], false), None);
    assert_eq!(weight(&["1259"], false), told("1259", "error"));
    assert_eq!(weight(&["16500"], false), told("16500", "warning"));
    assert_eq!(weight(&["16500"], true), told("16500", "error"));
}

/// 17: what asks for one of those transactions fails. In front of the newest file there is room where somebody gave out
/// other numbers (`pg_resetwal -x`).
#[test]
fn a_hole_in_the_state_of_old_transactions() {
    let severity = |files: &[(&str, usize)]| {
        let place = Place::new();
        place.remove("data/pg_xact/0000");
        // The checkpoint has the next transaction in file 4, and the oldest in file 0.
        let mut control = fs::read(place.at("data/global/pg_control")).unwrap();
        control[0x40..0x48].copy_from_slice(&(4_u64 * (1 << 20) + 5).to_le_bytes());
        let sum = pgwal::crc::castagnoli::append(0, &control[..0x120]);
        control[0x120..0x124].copy_from_slice(&sum.to_le_bytes());
        fs::write(place.at("data/global/pg_control"), control).unwrap();
        for (file, pages) in files {
            fs::write(place.at("data/pg_xact").join(file), vec![0; pages * 8192]).unwrap();
        }
        let answer = place.ask(&[]);
        let found = answer.document["findings"].as_array().unwrap().iter().find(|f| f["code"] == "WP434");
        found.map(|f| f["severity"].as_str().unwrap().to_owned())
    };
    let whole = [("0000", 32), ("0001", 32), ("0002", 32), ("0003", 32), ("0004", 1)];
    let without = |left_out: &[usize]| {
        let all = whole.iter().enumerate().filter(|(at, _)| !left_out.contains(at));
        severity(&all.map(|(_, file)| *file).collect::<Vec<_>>())
    };
    assert_eq!(without(&[]), None);
    assert_eq!(without(&[1]).as_deref(), Some("error"));
    assert_eq!(without(&[0]).as_deref(), Some("error"));
    assert_eq!(without(&[3]).as_deref(), Some("warning"));
    assert_eq!(without(&[2, 3]).as_deref(), Some("warning"));
    let mut cut = whole;
    cut[1].1 = 20;
    assert_eq!(severity(&cut).as_deref(), Some("error"));
}

/// 15 and 18: of the signal a server asks whether it is there, and its target is none.
#[test]
fn settings_in_the_signal_file() {
    for (text, exit, code) in [
        ("# made by hand\n", 0, ""),
        ("recovery_target_timeline = 'latest'\nrecovery_target_lsn = '0/B00028'\n", 1, "WP434"),
        ("recovery_end_command = 'true'\n", 0, "WP434"),
        ("restore_command = 'x'\n", 0, ""),
    ] {
        let place = Place::new();
        place.write("data/recovery.signal", text);
        let answer = place.ask(&[]);
        assert_eq!((answer.exit, answer.first("code")), (exit, code), "{text}: {:#}", answer.document["findings"]);
    }
}

/// 15: `incorrect size of file "pg_twophase/000002D7": 0 bytes`. One that is behind the checkpoint is removed unread.
#[test]
fn prepared_transactions_without_their_state() {
    for (xid, exit) in [("000002D7", 1), ("7FFFFFF0", 0)] {
        let place = Place::new();
        place.lines("data/postgresql.auto.conf", "max_prepared_transactions = 20");
        place.write(&format!("data/pg_twophase/{xid}"), "");
        let answer = place.ask(&[]);
        assert_eq!(answer.exit, exit, "{xid}: {:#}", answer.document["findings"]);
        if exit == 1 {
            assert_eq!(answer.says(), format!("incorrect size of file \"pg_twophase/{xid}\": 0 bytes"));
        }
    }
}

/// 18: a `pg_basebackup` that was killed. Its control file comes last, and nothing is made whole by hand.
#[test]
fn a_backup_that_was_broken_off() {
    let place = Place::new();
    ["data/global/pg_control", "data/pg_tblspc", "data/pg_notify"].iter().for_each(|path| place.remove(path));
    let answer = place.ask(&[]);
    assert_eq!((answer.exit, answer.says()), (1, "postgres: could not find the database system"));
    assert_eq!(answer.first("code"), "WP403", "{:#}", answer.document["findings"]);
    assert!(answer.first("advice").contains("another backup"), "{}", answer.first("advice"));
    assert!(!answer.document["findings"].to_string().contains("mkdir"), "{:#}", answer.document["findings"]);
}
