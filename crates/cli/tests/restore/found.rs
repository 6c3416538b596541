//! Data directories as they lie that servers of 11 to 18 were started on, and that they took otherwise than it was
//! foretold. What they did is beside each.

use crate::laid::{COPY, Laid, errors};
use serde_json::json;
use std::fs;

/// What a server of 17 left in `pg_replslot`, by the bytes that are not zero.
type SlotBytes = &'static [(usize, &'static [u8])];

const LOGICAL: SlotBytes = &[
    (0, b"\xa1\x1c\x05\x01@\xd8\x93O\x05\x00\x00\x00\xb8\x00\x00\x00lg"),
    (80, b"\x05"),
    (92, b"\xe2\x02\x00\x00\xe0\xa9W"),
    (112, b"\x18\xaaW"),
    (129, b"test_decoding"),
];
const PHYSICAL: SlotBytes = &[(0, b"\xa1\x1c\x05\x01\x98W\x18;\x05\x00\x00\x00\xb8\x00\x00\x00ph"), (96, b"0\xa9W")];

impl Laid {
    fn slot(&self, name: &str, bytes: SlotBytes) {
        let mut state = vec![0; 200];
        bytes.iter().for_each(|(at, bytes)| state[*at..at + bytes.len()].copy_from_slice(bytes));
        let folder = self.at("data/pg_replslot").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("state"), state).unwrap();
    }

    /// What the server says, where it does not start, with the code of that.
    fn dies(&self, settings: &[&str]) -> Option<(String, String)> {
        let (code, document) = self.set(&[&[COPY], settings].concat()).verify(&[]);
        let restore = &document["restore"];
        let Some(says) = restore["server_says"].as_str() else {
            assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
            return None;
        };
        assert_eq!((code, errors(&document)), (1, vec!["WP420"]), "{:#}", document["findings"]);
        Some((restore["outcome"].as_str().unwrap().to_owned(), says.to_owned()))
    }
}

fn fatal(says: &str) -> Option<(String, String)> {
    Some(("fatal".to_owned(), says.to_owned()))
}

/// 11 to 18, with and without `recovery.signal`; those before 17 quote no names of settings, and 11 ends with a PANIC
/// for one slot too many.
#[test]
fn a_slot_that_the_settings_do_not_allow() {
    let laid = Laid::new();
    laid.slot("lg", LOGICAL);
    assert_eq!(laid.dies(&[]), fatal("logical replication slot \"lg\" exists, but \"wal_level\" < \"logical\""));
    assert!(laid.line("NEXT").contains("set wal_level = logical for this server"), "{}", laid.line("NEXT"));
    assert_eq!(laid.dies(&["wal_level = logical"]), None);
    assert_eq!(laid.dies(&["wal_level = logical", "max_replication_slots = 1"]), None);
    let too_many = "too many replication slots active before shutdown";
    assert_eq!(laid.dies(&["wal_level = logical", "max_replication_slots = 0"]), fatal(too_many));
    // By whatever name its folder goes, but one that was not finished.
    fs::rename(laid.at("data/pg_replslot/lg"), laid.at("data/pg_replslot/other")).unwrap();
    assert!(laid.dies(&[]).is_some_and(|(_, says)| says.contains("slot \"lg\"")));
    fs::rename(laid.at("data/pg_replslot/other"), laid.at("data/pg_replslot/lg.tmp")).unwrap();
    assert_eq!(laid.dies(&["max_replication_slots = 0"]), None);
    let minimal = ["wal_level = minimal", "max_wal_senders = 0"];
    assert_eq!(laid.dies(&minimal), None);
    laid.slot("ph", PHYSICAL);
    assert_eq!(laid.dies(&[]), None);
    let says = "physical replication slot \"ph\" exists, but \"wal_level\" < \"replica\"";
    assert_eq!(laid.dies(&minimal), fatal(says));
}

/// 11 to 18.
#[test]
fn what_is_no_state_of_a_slot() {
    let laid = Laid::new();
    let says = |change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        laid.slot("ph", PHYSICAL);
        let path = laid.at("data/pg_replslot/ph/state");
        fs::write(&path, change(fs::read(&path).unwrap())).unwrap();
        let (outcome, says) = laid.dies(&[]).unwrap();
        assert_eq!(outcome, "panic");
        says
    };
    let with = |at: usize| {
        move |mut bytes: Vec<u8>| {
            bytes[at] = b'x';
            bytes
        }
    };
    let file = "replication slot file \"pg_replslot/ph/state\"";
    assert_eq!(says(&with(0)), format!("{file} has wrong magic number: 17112184 instead of 17112225"));
    assert_eq!(says(&with(8)), format!("{file} has unsupported version 120"));
    assert_eq!(says(&with(12)), format!("{file} has corrupted length 120"));
    assert!(says(&with(30)).starts_with(&format!("checksum mismatch for {file}: is ")));
    assert!(says(&|_| Vec::new()).starts_with("could not read file \"pg_replslot/ph/state\""));
    fs::remove_file(laid.at("data/pg_replslot/ph/state")).unwrap();
    let (outcome, says) = laid.dies(&[]).unwrap();
    assert_eq!((outcome.as_str(), says.starts_with("could not open file \"pg_replslot/ph/state\"")), ("panic", true));
    // A file beside the folders is none of its.
    fs::remove_dir(laid.at("data/pg_replslot/ph")).unwrap();
    fs::write(laid.at("data/pg_replslot/state"), "x").unwrap();
    assert_eq!(laid.dies(&[]), None);
}

/// 12, 15 and 18: a server asks only whether there is something of that name, and dies when it is to remove it.
#[test]
fn a_signal_that_is_a_folder() {
    let laid = Laid::new();
    let (_, right) = laid.set(&[COPY]).verify(&[]);
    fs::remove_file(laid.at("data/recovery.signal")).unwrap();
    fs::create_dir(laid.at("data/recovery.signal")).unwrap();
    let (code, document) = laid.verify(&[]);
    assert_eq!((code, errors(&document)), (1, vec!["WP421"]), "{:#}", document["findings"]);
    let restore = &document["restore"];
    assert_eq!(restore["server_says"], "could not remove file \"recovery.signal\": Is a directory");
    assert_eq!((&restore["outcome"], &restore["replay_end"]), (&json!("fatal"), &right["restore"]["replay_end"]));
    // The history of the old timeline is asked for behind that.
    let asked = |document: &serde_json::Value| document["restore"]["files"].as_array().unwrap().len();
    assert_eq!(asked(&document) + 1, asked(&right));
    assert!(laid.line("NEXT").contains("rmdir recovery.signal && touch recovery.signal"), "{}", laid.line("NEXT"));
    // A backup that is yet to be set up gets its file then.
    let ran = crate::run::walproof(&["verify", &laid.text("archive"), "--backup", &laid.text("data")]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    // A standby waits, and removes nothing.
    fs::rename(laid.at("data/recovery.signal"), laid.at("data/standby.signal")).unwrap();
    let (code, document) = laid.verify(&[]);
    assert_eq!((code, &document["restore"]["outcome"]), (0, &json!("waits")), "{:#}", document["findings"]);
}

/// 15 and 18 wait for no end of the backup: `consistent recovery state reached` where replay starts. 11 and 14 wait.
#[test]
fn a_label_that_does_not_say_how_the_backup_was_taken() {
    let cut = |laid: &Laid, method: &str| {
        let label = fs::read_to_string(laid.at("data/backup_label")).unwrap();
        let lines: Vec<&str> = label.lines().filter(|line| !line.starts_with("BACKUP METHOD")).collect();
        let at = lines.iter().position(|line| line.starts_with("CHECKPOINT")).unwrap() + 1;
        fs::write(laid.at("data/backup_label"), [&lines[..at], &[method], &lines[at..]].concat().join("\n") + "\n")
            .unwrap();
    };
    let warned = |document: &serde_json::Value| {
        let all = document["findings"].as_array().unwrap();
        all.iter().any(|f| f["code"] == "WP402" && f["severity"] == "warning")
    };
    let hot = ["--set", "hot_standby=on", "--set", "max_prepared_transactions=64"];
    for method in ["BACKUP METHOD: pg_start_backup", "START TIME: now"] {
        let laid = Laid::new();
        let (_, right) = laid.set(&[COPY]).verify(&[]);
        assert!(!warned(&right));
        cut(&laid, method);
        let (code, document) = laid.verify(&[]);
        assert_eq!((code, errors(&document)), (0, vec![]), "{:#}", document["findings"]);
        let restore = &document["restore"];
        assert_eq!((&restore["consistent_at"], warned(&document)), (&json!("0/00800028"), true), "{restore:#}");
        assert_eq!(restore["replay_end"], right["restore"]["replay_end"]);
        let (code, document) = laid.verify(&[&hot[..], &["--target-immediate"]].concat());
        assert_eq!((code, errors(&document)), (1, vec!["WP422"]), "{:#}", document["findings"]);
        let restore = &document["restore"];
        assert_eq!(restore["server_says"], "WAL ends before end of online backup", "{restore:#}");
        assert_eq!(restore["replay_end"], "0/00800028");
        // 15 and 18 pause there, and answer: rows of that copy are of no one moment.
        let (code, document) =
            laid.verify(&[&hot[..], &["--target-inclusive", "off", "--target-lsn", "0/8000F8"]].concat());
        assert_eq!((code, errors(&document)), (1, vec!["WP402"]), "{:#}", document["findings"]);
        assert_eq!(document["restore"]["outcome"], "pauses", "{:#}", document["restore"]);
        // Behind the end of the backup they are.
        let (code, document) = laid.verify(&[&hot[..], &["--target-lsn", "0/9000C8"]].concat());
        assert_eq!((code, errors(&document), warned(&document)), (0, vec![], true), "{:#}", document["findings"]);
    }
}
