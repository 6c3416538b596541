//! What ends a recovery in front of what the archive holds, and pages at which it ends.

use crate::laid::{COPY, Laid, errors};
use serde_json::{Value, json};
use std::fs;

const ENDS: &str = "restore_command = 'cp ARCHIVE/%f %p || exit 255'";

fn says(document: &Value) -> &str {
    document["restore"]["server_says"].as_str().unwrap_or("")
}

/// 11 to 18: a server takes each exit code above 125 for a command that was killed or not found.
#[test]
fn a_command_that_ends_with_255_where_a_file_is_missing() {
    let laid = Laid::new();
    let died = |lines: &[&str], file: &str, words: &[&str]| {
        let (code, document) = laid.set(&[&[ENDS], lines].concat()).verify(words);
        assert_eq!((code, errors(&document)[0]), (1, "WP435"), "{lines:?}: {:#}", document["findings"]);
        let own = format!("could not restore file \"{file}\" from archive: child process exited with exit code 255");
        assert_eq!((says(&document), &document["restore"]["outcome"]), (own.as_str(), &json!("fatal")), "{lines:?}");
    };
    died(&[], "00000002.history", &[]);
    let current = "recovery_target_timeline = 'current'";
    died(&[current], "00000001000000000000000B", &[]);
    // It is looked for once the target is reached, too.
    died(&[current], "00000002.history", &["--target-lsn", "0/900028", "--target-action", "promote"]);
    let why = laid.line("WHY");
    assert!(why.contains("ends with 255 where a file is missing"), "{why}");
    assert!(laid.line("NEXT").contains("exit 1;"), "{}", laid.line("NEXT"));
    let (code, document) = laid.verify(&["--target-lsn", "0/900028", "--target-action", "shutdown"]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
    // A standby ends as well.
    fs::rename(laid.at("data/recovery.signal"), laid.at("data/standby.signal")).unwrap();
    died(&[], "00000002.history", &[]);
    for (exit, said) in [("126", "command not executable"), ("127", "command not found")] {
        let (code, document) = laid.set(&[&ENDS.replace("255", exit)]).verify(&[]);
        assert_eq!((code, says(&document).ends_with(said)), (1, true), "{exit}: {}", says(&document));
    }
    // It takes 143 for a request to stop, and says nothing.
    let (code, document) = laid.set(&[&ENDS.replace("255", "143")]).verify(&[]);
    assert_eq!((code, &document["restore"]["server_says"]), (1, &Value::Null));
    for exit in ["1", "125"] {
        let (_, document) = laid.set(&[&ENDS.replace("255", exit)]).verify(&[]);
        assert_eq!(document["restore"]["outcome"], json!("waits"), "{exit}");
    }
}

/// 11 to 18: the page itself ends recovery, whatever of it is whole. Through read-ahead, from 15 on, in front of that.
#[test]
fn a_page_of_a_timeline_that_is_not_in_the_history() {
    let laid = Laid::new();
    let path = laid.at("archive/000000010000000000000009");
    let mut bytes = fs::read(&path).unwrap();
    let page = 3 * 8192;
    bytes[page + 4] = 5;
    fs::write(&path, &bytes).unwrap();
    let (code, document) = laid.set(&[COPY, "recovery_prefetch = off"]).verify(&["--target-lsn", "0/907000"]);
    assert_eq!((code, &document["verdict"]), (1, &json!("refuted")), "{:#}", document["findings"]);
    assert_eq!(says(&document), "recovery ended before configured recovery target was reached");
    let end = document["restore"]["replay_end"].as_str().unwrap();
    assert!(end > "0/00904" && end <= "0/00906000", "{end}");
    // The record that comes into it was read (13: `redo done at`).
    let read = if end == "0/00906000" { "0/00906018" } else { end };
    assert_eq!(document["restore"]["redo_end"], read);
    // In front of the page a target is reached where nothing is read ahead.
    let (code, _) = laid.verify(&["--target-lsn", "0/904000"]);
    assert_eq!(code, 0);
    let (code, document) = laid.set(&[COPY]).verify(&["--target-lsn", "0/904000"]);
    assert_eq!((code, errors(&document).contains(&"WP428")), (1, true), "{:#}", document["findings"]);
}

/// 18: it has read so far ahead before its data are consistent, and nothing in front of the page is replayed.
#[test]
fn a_page_of_another_timeline_close_behind_the_backup() {
    let laid = Laid::of_15(true);
    let path = laid.at("archive/00000001000000000000005A");
    let mut bytes = fs::read(&path).unwrap();
    bytes[4] = 5;
    fs::write(&path, &bytes).unwrap();
    for (prefetch, end, code) in [("try", "WAL ends before end of online backup", "WP422"), ("off", "", "WP424")] {
        let (exit, document) = laid.set(&[COPY, &format!("recovery_prefetch = {prefetch}")]).verify(&[]);
        assert_eq!((exit, says(&document)), (1, end), "{prefetch}: {:#}", document["findings"]);
        assert!(errors(&document).contains(&code), "{prefetch}: {:?}", errors(&document));
    }
}

/// 11 to 18: what a web server says of a missing file is written down as the file, and a server never comes to the end
/// of the timelines.
#[test]
fn a_command_that_takes_pages_of_errors() {
    let laid = Laid::new();
    let set = |command: &str| laid.set(&[&format!("restore_command = '{command}'")]).verify(&[]);
    let (code, document) = set("curl -s http://127.0.0.1:9/wal/%f -o %p");
    assert_eq!((code, errors(&document)), (1, vec!["WP435"]), "{:#}", document["findings"]);
    assert!(laid.line("WHY").contains("fetches without -f"), "{}", laid.line("WHY"));
    assert!(laid.line("NEXT").contains("add -f"), "{}", laid.line("NEXT"));
    let (code, document) = set("gunzip -c /srv/wal/%f.gz > %p || true");
    assert_eq!((code, errors(&document)), (1, vec!["WP435"]), "{:#}", document["findings"]);
    assert!(laid.line("WHY").contains("leaves an empty one"), "{}", laid.line("WHY"));
    let (code, document) = set("curl -sf http://127.0.0.1:9/wal/%f -o %p");
    assert_eq!((code, errors(&document)), (0, vec![]), "{:#}", document["findings"]);
}

/// Behind a label, too: of a segment of the directory's own `pg_wal` that is cut, and that the archive does not have,
/// whole pages are replayed, and the server opens without a word.
#[test]
fn a_segment_of_a_labelled_directory_that_is_cut() {
    let laid = Laid::new();
    let mut names: Vec<String> = fs::read_dir(laid.at("archive"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.len() == 24)
        .collect();
    names.sort();
    let last = names.last().unwrap();
    let (from, to) = (laid.at("archive").join(last), laid.at("data/pg_wal").join(last));
    let bytes = fs::read(&from).unwrap();
    fs::remove_file(from).unwrap();
    fs::create_dir_all(laid.at("data/pg_wal")).unwrap();
    fs::write(&to, &bytes).unwrap();
    let current = "recovery_target_timeline = 'current'";
    let (code, whole) = laid.set(&[COPY, current]).verify(&[]);
    assert_eq!((code, errors(&whole)), (0, vec![]), "{:#}", whole["findings"]);
    fs::write(&to, &bytes[..3 * 8192]).unwrap();
    let (code, cut) = laid.verify(&[]);
    assert_eq!((code, errors(&cut)), (1, vec!["WP424"]), "{:#}", cut["findings"]);
    assert!(cut["restore"]["replay_end"].as_str() < whole["restore"]["replay_end"].as_str(), "{:#}", cut["restore"]);
    // In front of the cut a target is reached.
    let (code, reached) = laid.verify(&["--target-lsn", "0/900028"]);
    assert_eq!(code, 0, "{:#}", reached["findings"]);
}

/// 12 to 18: `recovery ended before configured recovery target was reached`. No other file would help.
#[test]
fn a_time_that_is_still_to_come() {
    let laid = Laid::new();
    let target = ["--target-time", "2130-01-01 00:00:00+00"];
    let (code, document) = laid.set(&[COPY]).verify(&target);
    assert_eq!((code, errors(&document)), (1, vec!["WP423"]), "{:#}", document["findings"]);
    let all = document["findings"].as_array().unwrap();
    let missed = all.iter().find(|f| f["code"] == "WP423").unwrap();
    assert!(missed["message"].as_str().unwrap().contains("still to come"), "{missed}");
    assert!(missed["advice"].as_str().unwrap().starts_with("restore without a target"), "{missed}");
}

/// 10 to 18: `FATAL: maximum number of prepared transactions reached`, with hot standby off, and after a crash as well.
#[test]
fn prepared_transactions_for_which_there_is_no_room() {
    const FULL: &str = "maximum number of prepared transactions reached";
    let laid = Laid::new();
    let none = "max_prepared_transactions = 0";
    let (code, document) = laid.set(&[COPY, none]).verify(&[]);
    assert_eq!((code, errors(&document), says(&document)), (1, vec!["WP421"], FULL), "{:#}", document["findings"]);
    assert!(laid.line("NEXT").contains("max_prepared_transactions = 5"), "{}", laid.line("NEXT"));
    // In front of the first one a target is reached.
    assert_eq!(laid.verify(&["--target-lsn", "0/900028"]).0, 0);
    assert_eq!(says(&laid.set(&[COPY, "max_prepared_transactions = 1"]).verify(&[]).1), FULL);
    let (code, document) = laid.set(&[COPY, "max_prepared_transactions = 2"]).verify(&[]);
    assert_eq!((code, errors(&document)), (0, vec![]), "{:#}", document["findings"]);
    // Those of the directory count before any record, those behind its checkpoint do not.
    fs::create_dir(laid.at("data/pg_twophase")).unwrap();
    for (xid, codes) in [("00000000000002DA", vec!["WP421"]), ("00000000000003DA", vec![])] {
        fs::write(laid.at("data/pg_twophase").join(xid), "").unwrap();
        let (_, document) = laid.set(&[COPY, none]).verify(&["--target-lsn", "0/900028"]);
        assert_eq!(errors(&document), codes, "{xid}: {:#}", document["findings"]);
        fs::remove_file(laid.at("data/pg_twophase").join(xid)).unwrap();
    }
}

/// 17: `WARNING: specified neither "primary_conninfo" nor "restore_command"`, and the standby waits for ever.
#[test]
fn a_standby_that_is_told_of_no_place() {
    let laid = Laid::new();
    fs::rename(laid.at("data/recovery.signal"), laid.at("data/standby.signal")).unwrap();
    let (code, document) = laid.set(&["restore_command = ''"]).verify(&[]);
    assert_eq!((code, &document["restore"]["outcome"]), (1, &json!("waits")), "{:#}", document["findings"]);
    assert!(errors(&document).contains(&"WP435"), "{:#}", document["findings"]);
    assert!(laid.line("WHY").contains("neither restore_command nor primary_conninfo"), "{}", laid.line("WHY"));
    assert!(laid.line("NEXT").contains("archive-get %f"), "{}", laid.line("NEXT"));
    for set in ["primary_conninfo = 'host=a'", COPY] {
        let (_, document) = laid.set(&[set]).verify(&[]);
        assert!(!errors(&document).contains(&"WP435"), "{set}: {:#}", document["findings"]);
    }
}

/// 16: it restores once, and of the archive nothing is left.
#[test]
fn a_command_that_moves_files_out_of_the_archive() {
    let laid = Laid::new();
    let (code, document) = laid.set(&["restore_command = 'mv ARCHIVE/%f %p'"]).verify(&[]);
    let all = document["findings"].as_array().unwrap();
    let told = all.iter().find(|f| f["code"] == "WP435").unwrap_or_else(|| panic!("{all:#?}"));
    assert_eq!((code, &told["severity"]), (0, &json!("warning")), "{told}");
    assert!(told["message"].as_str().unwrap().contains("moves what it delivers"), "{told}");
    // A path that is torn by a blank, and one whose last slash is missing.
    for command in ["cp ARCHIVE /%f %p", "cp ARCHIVE%f %p"] {
        let (code, document) = laid.set(&[&format!("restore_command = '{command}'")]).verify(&[]);
        assert_eq!((code, errors(&document).contains(&"WP435")), (1, true), "{:#}", document["findings"]);
    }
}
