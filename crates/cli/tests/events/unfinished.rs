//! The unfinished segment behind the last whole one: what happened there is told as well, and said to lie there.

use crate::run::{testdata, walproof};
use std::fs;
use std::path::Path;

const LAST: &str = "00000001000000000000000B";

/// The demo's archive as pg_receivewal or `ship` leave it.
fn unfinished(folder: &Path) -> String {
    for entry in fs::read_dir(testdata("demo/good")).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, folder.join(from.file_name().unwrap())).unwrap();
    }
    fs::rename(folder.join(LAST), folder.join(format!("{LAST}.partial"))).unwrap();
    folder.to_str().unwrap().to_owned()
}

#[test]
fn what_happened_there_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, whole) = (unfinished(folder.path()), testdata("demo/good"));
    for command in ["events", "txns", "top"] {
        let rest = |archive: &str, jobs: &str| {
            let ran = walproof(&[command, archive, "-j", jobs]);
            assert_eq!(ran.code, 0, "{}", ran.err);
            // The first line names the place.
            ran.out.split_once(": ").unwrap().1.to_owned()
        };
        for jobs in ["1", "2"] {
            let (told, partial): (Vec<_>, Vec<_>) =
                rest(&archive, jobs).lines().map(str::to_owned).partition(|line| !line.starts_with("PARTIAL"));
            assert_eq!(told.join("\n"), rest(&whole, jobs).trim_end(), "{command} -j {jobs}");
            assert!(partial.len() == 1 && partial[0].contains(&format!("{LAST}.partial")), "{command}: {partial:?}");
        }
    }
}

#[test]
fn it_is_named_for_programs_and_only_where_it_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let archive = unfinished(folder.path());
    let file = |words: &[&str]| {
        let ran = walproof(&[words, &["--format", "json"]].concat());
        serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()["unfinished_file"].clone()
    };
    assert_eq!(file(&["events", &archive]), format!("{LAST}.partial"));
    assert!(file(&["events", &archive, "--end", "0/A80000"]).is_null());
    assert!(file(&["events", &testdata("demo/good")]).is_null());
    // One that does not follow is not read: what lies between is not here.
    fs::rename(folder.path().join(format!("{LAST}.partial")), folder.path().join("00000001000000000000000D.partial"))
        .unwrap();
    assert!(file(&["events", &archive]).is_null());
}

#[test]
fn a_target_there_needs_a_restore_command_that_hands_it_out() {
    let folder = tempfile::tempdir().unwrap();
    let archive = unfinished(folder.path());
    let ran = walproof(&["events", &archive, "--kind", "truncate", "--before", "last"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("transaction 751, committed at 0/00B82888"), "{}", ran.out);
    assert!(ran.out.contains("NEXT     restore with restore_command = 'walproof archive-get"), "{}", ran.out);
}
