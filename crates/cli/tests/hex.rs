//! `walproof hex`: which record is shown, that its bytes are those of the files, and how a damaged one is told.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{testdata, walproof};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use walproof_testdata::Story;

fn shown(archive: &str, lsn: &str) -> (i32, Value) {
    let ran = walproof(&["hex", archive, lsn, "--format", "json"]);
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{archive} {lsn}: {e} {}", ran.err)))
}

fn number(lsn: &Value) -> u64 {
    let (high, low) = lsn.as_str().unwrap().split_once('/').unwrap();
    u64::from_str_radix(high, 16).unwrap() << 32 | u64::from_str_radix(low, 16).unwrap()
}

/// Rows follow each other, from the record's start to its end, and hold what the files hold.
fn check(folder: &Path, document: &Value) {
    let rows = document["bytes"].as_array().unwrap();
    assert_eq!(rows[0]["lsn"], document["lsn"]);
    let mut at = number(&document["lsn"]);
    let mut of_record = 0;
    for row in rows {
        assert_eq!(number(&row["lsn"]), at, "{row}");
        let (offset, length) = (row["offset"].as_u64().unwrap() as usize, row["length"].as_u64().unwrap() as usize);
        let file = fs::read(folder.join(row["file"].as_str().unwrap())).unwrap();
        let hex: String = file[offset..offset + length].iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(row["hex"], hex, "{row}");
        at += length as u64;
        of_record += length as u64;
    }
    assert!(of_record >= document["total_length"].as_u64().unwrap());
    let is_switch = document["rmgr"] == "XLOG" && rows.iter().any(|r| r["field"] == "xl_info" && r["value"] == 0x40);
    assert!(is_switch || number(&document["end_lsn"]) == at, "{document}");
}

#[test]
fn every_kind_of_record_of_every_version_covers_its_bytes() {
    let mut total = 0;
    for story in
        Story::all().unwrap().into_iter().filter(|s| matches!(s.story.as_str(), "archive" | "promotion" | "recovery"))
    {
        let plain = tempfile::tempdir().unwrap();
        story.unpack(plain.path()).unwrap();
        let archive = plain.path().to_str().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        let list = walproof(&["dump", archive, "--format", "jsonl", "-n", "1500"]).out;
        for line in
            list.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(|l| l["type"] == "record")
        {
            let (lsn, end) = (number(&line["lsn"]), number(&line["end_lsn"]));
            // One of each kind, and over pages or not.
            if !seen.insert((
                line["rmgr"].to_string(),
                line["blocks"].as_array().unwrap().len(),
                lsn / 8192 != (end - 1) / 8192,
            )) || seen.len() > 7
            {
                continue;
            }
            let (code, document) = shown(archive, line["lsn"].as_str().unwrap());
            assert_eq!(
                (code, &document["lsn"], &document["total_length"]),
                (0, &line["lsn"], &line["total_length"]),
                "{} {line}",
                story.version
            );
            check(plain.path(), &document);
        }
        total += seen.len();
    }
    assert!(total > 60, "{total}");
}

#[test]
fn a_position_inside_a_record_names_it() {
    let good = testdata("demo/good");
    let start = shown(&good, "0/00A17F40").1;
    for lsn in ["0/00A17F41", "0/00A17FFF", "0/00A18004", "0/00A18020", "0/00A18027"] {
        let (code, mut document) = shown(&good, lsn);
        assert_eq!((code, document["asked"].as_str()), (0, Some(lsn)));
        assert_eq!(document["note"], format!("{lsn} lies inside of it"));
        (document["asked"], document["note"]) = (start["asked"].clone(), Value::Null);
        assert_eq!(document, start);
    }
    check(Path::new(&good), &start);
    assert_ne!(shown(&good, "0/00A18028").1["lsn"], start["lsn"]);
}

#[test]
fn a_damaged_record_is_shown_with_what_is_wrong() {
    let damaged = testdata("demo/damaged");
    let (code, document) = shown(&damaged, "0/00AAC690");
    assert_eq!(
        (code, document["findings"][0]["code"].as_str(), document["whole"].as_bool()),
        (1, Some("WP201"), Some(true))
    );
    check(Path::new(&damaged), &document);
    let text = walproof(&["hex", &damaged, "0/00AAC6A0"]);
    assert_eq!(text.code, 1);
    assert!(
        text.out.contains("WRONG    WP201 the checksum of the record at 0/00AAC690 is wrong: stored "),
        "{}",
        text.out
    );
    assert!(text.out.contains("NOTE     0/00AAC6A0 lies in what cannot be read from here on"), "{}", text.out);
}

#[test]
fn where_no_record_is_is_1_and_what_cannot_be_looked_at_2() {
    let good = testdata("demo/good");
    let story = testdata("10/pg_wal");
    for (lsn, why) in
        [("0/100", "no record holds 0/00000100"), ("0/16FFF000", "the last one before it ends at 0/15000098")]
    {
        let none = walproof(&["hex", &story, lsn]);
        assert_eq!((none.code, none.out.as_str()), (1, ""), "{lsn}");
        assert!(none.err.contains(why), "{}", none.err);
    }
    // The last record of the archive goes on behind it.
    let (code, document) = shown(&good, "0/00BFFF00");
    assert_eq!((code, document["lsn"].as_str(), document["whole"].as_bool()), (1, Some("0/00BFFCD8"), Some(false)));
    assert_eq!(document["note"], "it goes on in a segment that is not here");
    for words in [&["hex", &good][..], &["hex", "/no/such/folder", "0/1"], &["hex", &good, "moon"], &["hex"]] {
        assert_eq!(walproof(words).code, 2, "{words:?}");
    }
}

#[test]
fn colour_is_for_terminals_alone() {
    let good = testdata("demo/good");
    assert!(!walproof(&["hex", &good, "0/00AAC690"]).out.contains('\u{1b}'));
    let run = |name: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_walproof"))
            .args(["hex", &good, "0/00AAC690"])
            .env(name, "1")
            .output()
            .unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(run("CLICOLOR_FORCE"));
    assert!(!run("NO_COLOR"));
}
