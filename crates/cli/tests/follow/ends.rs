//! Every way in which following ends.

use crate::followed::{Followed, PATIENCE, command, ended};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;

fn good() -> PathBuf {
    walproof_testdata::root().join("demo/good")
}

const RECORDS: usize = 19_324;

#[test]
fn a_signal_ends_it_with_whole_lines_and_it_dies_of_it() {
    for (name, number) in [("-INT", 2), ("-TERM", 15)] {
        let mut followed = Followed::start(&good(), &["--format", "jsonl"]);
        followed.until("all records", |text| text.lines().count() == RECORDS);
        followed.signal(name);
        let status = followed.ended();
        assert_eq!((status.code(), status.signal()), (None, Some(number)));
        let text = followed.text();
        let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(
            (last["type"].as_str(), last["records"].as_u64(), last["complete"].as_bool()),
            (Some("end"), Some(RECORDS as u64), Some(true))
        );
    }
}

#[test]
fn it_ends_when_nobody_reads_any_more_though_nothing_is_written() {
    let mut child = command(&good(), &[]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    for _ in 0..RECORDS {
        out.read_line(&mut line).unwrap();
    }
    assert!(child.try_wait().unwrap().is_none(), "it waits");
    drop(out);
    assert_eq!(ended(&mut child).code(), Some(0));
}

#[test]
fn it_ends_where_the_range_or_the_number_asked_for_does() {
    for (words, records) in
        [(&["-n", "10"][..], 10), (&["-e", "0/00AAC690"], 6327), (&["-s", "0/00AAC690", "-n", "3"], 3)]
    {
        let mut followed = Followed::start(&good(), words);
        assert_eq!((followed.ended().code(), followed.text().lines().count()), (Some(0), records), "{words:?}");
    }
}

#[test]
fn a_signal_prints_what_was_counted() {
    let mut followed = Followed::start(&good(), &["-z"]);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    followed.signal("-INT");
    let status = followed.ended();
    assert_eq!((status.code(), status.signal()), (None, Some(2)));
    let text = followed.text();
    assert!(text.starts_with("WAL statistics between 0/900028 and ") && text.ends_with("[100%]\n"), "{text}");
}

#[test]
fn what_is_wrong_is_told_beside_the_csv_when_it_is_found() {
    let kept = tempfile::tempdir().unwrap();
    let (out, err) = (kept.path().join("out"), kept.path().join("err"));
    let mut command = command(&walproof_testdata::root().join("demo/damaged"), &["--format", "csv", "--fields", "lsn"]);
    let mut child = command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while !std::fs::read_to_string(&err).unwrap().contains("*** WP201 error") {
        assert!(begun.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(), "nothing is told while it runs");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let rows = std::fs::read_to_string(&out).unwrap();
    assert!(rows.starts_with("lsn\n0/00900028\n") && !rows.contains("***"));
}

#[test]
fn only_a_folder_can_be_followed() {
    let file = good().join("000000010000000000000009");
    let mut child = command(&file, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert_eq!(ended(&mut child).code(), Some(2));
}
