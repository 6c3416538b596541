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
    // In front of the page a target is reached where nothing is read ahead.
    let (code, _) = laid.verify(&["--target-lsn", "0/904000"]);
    assert_eq!(code, 0);
    let (code, document) = laid.set(&[COPY]).verify(&["--target-lsn", "0/904000"]);
    assert_eq!((code, errors(&document).contains(&"WP428")), (1, true), "{:#}", document["findings"]);
}
