//! `walproof dump` over testdata: what is listed, in which order, and how it ends.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{lines, testdata, walproof};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use walproof_testdata::{Case, Story};

const GOOD: &str = "demo/good";
const DAMAGED: &str = "demo/damaged";

fn documents(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A field of a record's line; parsing all of half a million lines would take most of the time.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let (_, rest) = line.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{line}"));
    rest.split(',').next().unwrap().trim_matches('"')
}

#[test]
fn every_story_lists_the_records_that_reference_programs_list() {
    for story in Story::all().unwrap() {
        let folder = story.folder();
        for facts in &story.timelines {
            let timeline = facts.timeline.to_string();
            let ran = walproof(&["dump", folder.to_str().unwrap(), "-t", &timeline, "--format", "jsonl"]);
            let name = format!("{} {} timeline {timeline}", story.version, story.story);
            let (all, last) = ran.out.trim_end().rsplit_once('\n').unwrap();
            let records: Vec<&str> = all.lines().filter(|line| line.starts_with("{\"type\":\"record\"")).collect();
            if let Some(expected) = facts.records {
                assert_eq!(
                    records.iter().filter(|line| field(line, "timeline") == timeline).count() as u64,
                    expected,
                    "{name}"
                );
            }
            let end: Value = serde_json::from_str(last).unwrap();
            assert_eq!(
                (end["type"].as_str(), end["complete"].as_bool(), ran.code),
                (Some("end"), Some(true), 0),
                "{name}"
            );
            assert_eq!(end["records"].as_u64(), Some(records.len() as u64), "{name}");
            assert!(records.windows(2).all(|pair| field(pair[1], "prev") == field(pair[0], "lsn")), "{name}");
            let ran = walproof(&["dump", folder.to_str().unwrap(), "-t", &timeline, "--format", "waldump"]);
            let own = records.iter().filter(|line| field(line, "timeline") == timeline);
            // Nothing of its ancestors' files.
            assert_eq!((ran.code, ran.out.lines().count()), (0, own.count()), "{name}");
        }
    }
}

#[test]
fn any_number_of_threads_and_every_way_of_reading_give_one_list() {
    let folder = testdata("15/archive");
    for format in ["text", "jsonl"] {
        let one = walproof(&["dump", &folder, "--jobs", "1", "--format", format]);
        assert!(one.out.lines().count() > 10_000);
        for words in [&["--jobs", "2"][..], &["--jobs", "7"], &["--no-mmap"]] {
            let words: Vec<&str> = ["dump", &folder, "--format", format].iter().chain(words).copied().collect();
            assert!(walproof(&words).out == one.out, "{words:?}");
        }
    }
}

#[test]
fn text_and_json_say_the_same() {
    let folder = testdata(GOOD);
    let text = lines(&walproof(&["dump", &folder]).out);
    let json = documents(&walproof(&["dump", &folder, "--format", "jsonl"]).out);
    assert_eq!(text.len() + 1, json.len());
    for (line, document) in text.iter().zip(&json) {
        assert_eq!(document["lsn"], line.lsn);
        assert_eq!(document["prev"], line.prev);
        assert_eq!(document["rmgr"], line.rmgr);
        assert_eq!(
            (document["xid"].as_u64(), document["length"].as_u64(), document["total_length"].as_u64()),
            (Some(line.xid), Some(line.length), Some(line.total))
        );
    }
}

#[test]
fn a_finding_stands_where_the_record_is_missing_and_the_list_goes_on() {
    let (good, damaged) = (walproof(&["dump", &testdata(GOOD)]), walproof(&["dump", &testdata(DAMAGED)]));
    assert_eq!((good.code, damaged.code), (0, 1));
    let differing: Vec<(&str, &str)> = good.out.lines().zip(damaged.out.lines()).filter(|(a, b)| a != b).collect();
    let [(record, finding)] = differing[..] else { panic!("{differing:?}") };
    assert!(record.starts_with("0/00AAC690  "), "{record}");
    assert_eq!(
        finding,
        "0/00AAC690  *** WP201 error: the checksum of the record at 0/00AAC690 is wrong; 208 bytes lost, until 0/00AAC760"
    );
    assert_eq!(good.out.lines().count(), damaged.out.lines().count());
    assert!(damaged.err.contains("not every record asked for could be read"), "{}", damaged.err);
}

#[test]
fn the_finding_is_that_of_verify() {
    let folder = testdata(DAMAGED);
    let mut listed = documents(&walproof(&["dump", &folder, "--format", "jsonl"]).out)
        .into_iter()
        .find(|d| d["type"] == "finding")
        .unwrap();
    let verified: Value = serde_json::from_str(&walproof(&["verify", &folder, "--format", "json"]).out).unwrap();
    listed.as_object_mut().unwrap().remove("type");
    assert_eq!(listed, verified["findings"][0]);
}

#[test]
fn only_what_was_asked_for_counts() {
    let folder = testdata(DAMAGED);
    for (words, code, records) in [
        (&["-e", "0/00AAC690"][..], 0, 6327),
        (&["-s", "0/00AAC760"], 0, 12996),
        (&["-s", "0/00AAC691"], 1, 12996),
        (&["000000010000000000000009"], 0, 4),
        (&["00000001000000000000000A", "00000001000000000000000B"], 1, 19319),
        (&["-n", "6327"], 0, 6327),
        (&["-n", "6328"], 1, 6328),
        (&["-n", "0"], 1, 19323),
    ] {
        let words: Vec<&str> = ["dump", &folder].iter().chain(words).copied().collect();
        let ran = walproof(&words);
        assert_eq!((ran.code, lines(&ran.out).len()), (code, records), "{words:?} {}", ran.err);
    }
}

#[test]
fn the_end_of_a_range_is_the_end_of_a_record() {
    let folder = testdata(GOOD);
    // A record of 50 bytes at 0/00900028; the next stands at the aligned 0/00900060.
    for (end, records) in
        [("0/900028", 0), ("0/900059", 0), ("0/90005A", 1), ("0/900060", 1), ("0/9000D1", 1), ("0/9000D2", 2)]
    {
        assert_eq!(lines(&walproof(&["dump", &folder, "-e", end]).out).len(), records, "{end}");
    }
}

#[test]
fn filters_are_those_of_pg_waldump() {
    let folder = testdata(GOOD);
    let all = documents(&walproof(&["dump", &folder, "--format", "jsonl"]).out);
    let records: Vec<&Value> = all.iter().filter(|d| d["type"] == "record").collect();
    let count = |wanted: &dyn Fn(&Value) -> bool| records.iter().filter(|d| wanted(d)).count();
    let touches = |d: &Value, wanted: &dyn Fn(&Value) -> bool| d["blocks"].as_array().unwrap().iter().any(wanted);
    let of_16393 = |b: &Value| b["tablespace"] == 1663 && b["database"] == 5 && b["relation"] == 16393;
    for (words, expected) in [
        (&["-r", "heap"][..], count(&|d| d["rmgr"] == "Heap")),
        (&["-r", "Heap", "-r", "BTREE"], count(&|d| d["rmgr"] == "Heap" || d["rmgr"] == "Btree")),
        (&["-r", "custom128"], 0),
        (&["-x", "734"], count(&|d| d["xid"] == 734)),
        (&["-w"], count(&|d| touches(d, &|b| !b["image"].is_null()))),
        (&["-F", "vm"], count(&|d| touches(d, &|b| b["fork"] == "vm"))),
        (&["-R", "1663/5/16393"], count(&|d| touches(d, &of_16393))),
        (&["-R", "1663/5/16393", "-B", "31"], count(&|d| touches(d, &|b| of_16393(b) && b["block"] == 31))),
        (&["-R", "1663/5/16393", "-F", "vm"], count(&|d| touches(d, &|b| of_16393(b) && b["fork"] == "vm"))),
    ] {
        let words: Vec<&str> = ["dump", &folder].iter().chain(words).copied().collect();
        let ran = walproof(&words);
        assert_eq!((ran.code, lines(&ran.out).len()), (0, expected), "{words:?}");
        assert!(expected > 0 || words.contains(&"custom128"), "{words:?} shows nothing in this data");
    }
    let names = walproof(&["dump", "-r", "list"]).out;
    assert!(names.starts_with("XLOG\nTransaction\n") && names.lines().count() == 22, "{names}");
}

#[test]
fn quiet_says_nothing_but_findings() {
    let good = walproof(&["dump", "-q", &testdata(GOOD)]);
    assert_eq!((good.code, good.out.as_str(), good.err.as_str()), (0, "", ""));
    let damaged = walproof(&["dump", "-q", &testdata(DAMAGED)]);
    assert_eq!((damaged.code, damaged.out.as_str(), damaged.err.lines().count()), (1, "", 1), "{}", damaged.err);
}

#[test]
fn what_cannot_be_looked_at_is_2() {
    let folder = testdata(GOOD);
    let empty = tempfile::tempdir().unwrap();
    for words in [
        &[empty.path().to_str().unwrap()][..],
        &["/no/such/folder"],
        &[&folder, "0000000100000000000000FF"],
        &[&folder, "00000001000000000000000B", "00000001000000000000000A"],
        &[&folder, "-s", "0/100", "00000001000000000000000A"],
        &[&folder, "-e", "0/100", "00000001000000000000000A"],
        &[&folder, "moon"],
        &[&folder, "a", "b", "c"],
        &[&folder, "-B", "1"],
        &[&folder, "-F", "moon"],
        &[&folder, "-R", "1/2"],
        &[&folder, "-r", "moon"],
        &[&folder, "-t", "0"],
        &[],
    ] {
        let words: Vec<&str> = ["dump"].iter().chain(words).copied().collect();
        let ran = walproof(&words);
        assert_eq!((ran.code, lines(&ran.out).len()), (2, 0), "{words:?}");
        assert!(!ran.err.is_empty(), "{words:?}");
    }
}

#[test]
fn a_closed_pipe_is_quiet() {
    for format in ["text", "jsonl"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_walproof"))
            .args(["dump", &testdata("15/archive"), "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut out = BufReader::with_capacity(256, child.stdout.take().unwrap());
        out.read_line(&mut first).unwrap();
        drop(out);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(
            (ended.status.code(), ended.stderr.len()),
            (Some(0), 0),
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
        assert!(!first.is_empty());
    }
}

#[test]
fn every_damaged_archive_is_listed_past_its_damage() {
    for case in Case::all().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        case.rebuild(folder.path()).unwrap();
        let ran = walproof(&["dump", folder.path().to_str().unwrap()]);
        let name = &case.case;
        assert_eq!(ran.code, case.expect.exit, "{name} {}", ran.err);
        let all: Vec<(&str, &str)> = ran.out.lines().map(|line| line.split_once(' ').unwrap()).collect();
        let is_record = |(_, rest): &&(&str, &str)| !rest.contains("*** ");
        let lsns: Vec<&str> = all.iter().filter(is_record).map(|(lsn, _)| *lsn).collect();
        assert!(
            lsns.windows(2).all(|pair| pair[0] < pair[1]),
            "{name}: these positions have one length, so that text orders them"
        );
        let Some(lsn) = case.expect.lsn.as_deref().filter(|_| case.expect.exit == 1) else { continue };
        let at = all.iter().position(|(at, rest)| *at == lsn && rest.contains("*** ") && rest.contains(" error: "));
        let at = at.unwrap_or_else(|| panic!("{name}: no finding at {lsn}"));
        // In its place: nothing listed before it lies behind it, nothing listed after it before it.
        assert!(all[..at].iter().filter(is_record).all(|(before, _)| *before < lsn), "{name}");
        assert!(all[at..].iter().filter(is_record).all(|(after, _)| *after >= lsn), "{name}");
        // Past it: where the finding names a record that can be read, that record is listed.
        if let Some((_, until)) = all[at].1.split_once(" lost, until ") {
            assert!(lsns.binary_search(&until).is_ok(), "{name}: {until}");
        }
    }
}

#[test]
fn the_last_line_says_what_the_exit_code_says() {
    let (good, damaged) = (testdata(GOOD), testdata(DAMAGED));
    for (folder, words, code) in [
        (&good, &[][..], 0),
        (&good, &["-s", "F/0"], 2),
        (&good, &["-s", "0/BFFCD8"], 2),
        (&good, &["-t", "99"], 1),
        (&damaged, &["-t", "99"], 1),
        (&damaged, &[], 1),
        (&damaged, &["-s", "0/B00000"], 0),
    ] {
        let ran = walproof(&[&["dump", folder, "--format", "jsonl"], words].concat());
        let last = documents(&ran.out).pop().unwrap();
        assert_eq!((ran.code, last["complete"].as_bool()), (code, Some(code == 0)), "{words:?} {}", ran.err);
        assert_eq!(ran.err.contains("nothing to read"), last["records"] == 0, "{words:?} {}", ran.err);
        assert_eq!(walproof(&[&["stats", folder], words].concat()).code, code, "{words:?}");
        if words.first() == Some(&"-t") {
            assert_eq!(walproof(&[&["verify", folder], words].concat()).code, code, "{words:?}");
        }
    }
}

#[test]
fn an_option_that_would_do_nothing_is_refused() {
    let folder = testdata(GOOD);
    for (words, hint) in [
        (&["-b"][..], "--format waldump"),
        (&["-b", "--format", "jsonl"], "--format waldump"),
        (&["--fields", "lsn"], "--format csv"),
        (&["--fields", "lsn", "--format", "waldump"], "--format csv"),
        (&["--fields", "lsn", "-z"], "--format csv"),
        (&["-z", "--format", "jsonl"], "walproof stats --format"),
    ] {
        let ran = walproof(&[&["dump", &folder, "-n", "1"], words].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{words:?}");
        assert!(ran.err.contains(hint), "{words:?} {}", ran.err);
    }
    for words in [&["-b", "--format", "waldump"][..], &["-b", "-z"], &["--fields", "lsn", "--format", "csv"]] {
        assert_eq!(walproof(&[&["dump", &folder, "-n", "1"], words].concat()).code, 0, "{words:?}");
    }
}

/// As pg_waldump does that is started there: on standard output up to 16.
#[test]
fn a_start_between_records_is_said_where_pg_waldump_says_it() {
    let first = |version: &str, name: &str| {
        let story = Story::all().unwrap().into_iter().find(|s| s.version == version && s.story == name).unwrap();
        let folder = story.folder();
        let folder = folder.to_str().unwrap();
        let second = documents(&walproof(&["dump", folder, "--format", "jsonl", "-n", "2"]).out).remove(1);
        let inside = second["lsn"].as_str().unwrap().parse::<pgwal::format::Lsn>().unwrap().plus_within(1).to_string();
        walproof(&["dump", folder, "--format", "waldump", "-s", &inside, "-n", "1"])
            .out
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let good = testdata(GOOD);
    let dump = |words: &[&str]| walproof(&[&["dump", &good, "--format", "waldump"], words].concat()).out;
    let line = "first record is after 0/900029, at 0/900060, skipping over 55 bytes";
    assert_eq!(dump(&["-s", "0/900029", "-n", "1"]).lines().next(), Some(line));
    // Whatever is filtered, and whatever is printed behind it.
    assert_eq!(dump(&["-s", "0/900029", "-r", "btree", "-n", "1"]).lines().next(), Some(line));
    assert_eq!(walproof(&["dump", &good, "-s", "0/900029", "-z"]).out.lines().next(), Some(line));
    assert_eq!(
        walproof(&["dump", &good, "-s", "0/900029", "-n", "1", "--follow", "--format", "waldump"]).out.lines().next(),
        Some(line)
    );
    // One byte; none of a page header's; the start of a record or of a segment is no such place.
    assert!(
        dump(&["-s", "0/90005F", "-n", "1"])
            .starts_with("first record is after 0/90005F, at 0/900060, skipping over 1 byte\n")
    );
    for start in ["0/900060", "0/900000", "0/A00000"] {
        assert!(dump(&["-s", start, "-n", "1"]).starts_with("rmgr: "), "{start}");
    }
    // Not in other formats, and not where nothing is to be printed.
    assert!(walproof(&["dump", &good, "-s", "0/900029", "-n", "1"]).out.starts_with("0/00900060"));
    assert_eq!(dump(&["-s", "0/900029", "-q"]), "");
    for (version, story, said) in [
        ("9.2", "promotion", true),
        ("9.4", "promotion", true),
        ("10", "archive", true),
        ("13", "archive", true),
        ("19", "archive", false),
    ] {
        let line = first(version, story);
        assert_eq!(line.starts_with("first record is after "), said, "{version}: {line}");
    }
}

#[test]
fn times_of_commits_and_what_they_drop_are_listed() {
    let text = |folder: &str, words: &[&str]| {
        walproof(&[&["dump", &testdata(folder), "--timezone", "+01:00"], words].concat()).out
    };
    let commits = text("demo/good", &["-r", "Transaction"]);
    assert!(commits.lines().next().unwrap().ends_with("  2026-11-22 04:17:02.464938+01:00"), "{commits}");
    let drops = text("9.4/recovery", &["-r", "Transaction"]);
    assert!(drops.contains("  2026-11-22 04:46:56.196684+01:00  drops 17860/16384/17861"), "{drops}");
    let databases = text("9.4/recovery", &["-r", "Database"]);
    assert!(databases.contains("database 17864"), "{databases}");
    let created = text("demo/good", &["-r", "Storage"]);
    assert!(created.lines().all(|line| line.contains("  1663/")), "{created}");
}
