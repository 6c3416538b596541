//! `file:` with a control file or a data directory: what it says is what `pg_controldata` of that version printed.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use pgwal::format::Lsn;
use run::{corpus, testdata, walproof};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn locate(file: &Path) -> Value {
    let ran = walproof(&["locate", &format!("file:{}", file.display()), "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

/// A field of pg_controldata's text.
fn told<'a>(text: &'a str, label: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_else(|| panic!("no {label}")).trim()
}

fn same(file: &Path, printed: &Path) {
    let (answer, text) = (locate(file), fs::read_to_string(printed).unwrap());
    let position = |label: &str| told(&text, label).parse::<Lsn>().unwrap().to_string();
    assert_eq!(answer["lsn"], position("Latest checkpoint location:"), "{}", file.display());
    assert_eq!(answer["redo"], position("Latest checkpoint's REDO location:"), "{}", file.display());
    assert_eq!(answer["timeline"].to_string(), told(&text, "Latest checkpoint's TimeLineID:"));
    assert_eq!(answer["segment_size"].to_string(), told(&text, "Bytes per WAL segment:"));
    assert_eq!((&answer["segment_size_assumed"], &answer["scheme_assumed"]), (&false.into(), &false.into()));
}

const VERSIONS: [&str; 7] = ["8.2", "9.2", "9.4", "10", "13", "15", "19"];

#[test]
fn the_latest_checkpoint_is_the_one_that_pg_controldata_prints() {
    for version in VERSIONS {
        let folder = PathBuf::from(testdata("control")).join(version);
        same(&folder.join("pg_control"), &folder.join("pg_controldata.txt"));
    }
}

#[test]
fn all_control_files_of_the_corpus() {
    let Some(corpus) = corpus() else { return };
    let mut count = 0;
    for version in VERSIONS {
        for (folder, prefix, texts, between, end) in [
            ("control", "pg_control.", "control", "pg_controldata.", ".txt"),
            ("pg_control", "pg_control_", "oracle", "pg_controldata_", ".txt"),
        ] {
            for file in fs::read_dir(corpus.join(version).join(folder)).into_iter().flatten().map(Result::unwrap) {
                if let Some(which) = file.file_name().to_str().unwrap().strip_prefix(prefix) {
                    same(&file.path(), &corpus.join(version).join(texts).join(format!("{between}{which}{end}")));
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 21);
}

#[test]
fn a_data_directory_stands_for_its_control_file() {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir(data.path().join("global")).unwrap();
    fs::copy(testdata("control/15/pg_control"), data.path().join("global/pg_control")).unwrap();
    assert_eq!(locate(data.path())["lsn"], locate(Path::new(&testdata("control/15/pg_control")))["lsn"]);
    let here = format!("file:{}", data.path().display());
    let ran = walproof(&["lag", &here, "0/6B00000", "--format", "json"]);
    let lag: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&lag["segment_size"], &lag["segment_size_assumed"]), (&(1 << 20).into(), &false.into()));
    let without = tempfile::tempdir().unwrap();
    let ran = walproof(&["locate", &format!("file:{}", without.path().display())]);
    assert!(ran.code == 2 && ran.err.contains("a folder without global/pg_control"), "{}", ran.err);
}

#[test]
fn a_damaged_control_file_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pg_control");
    let good = fs::read(testdata("control/15/pg_control")).unwrap();
    for (bytes, said) in [
        ([&good[..40], &[good[40] ^ 1], &good[41..]].concat(), "a control file of 15 whose checksum is wrong"),
        (good[..100].to_vec(), "a control file of 15 that is cut off"),
    ] {
        fs::write(&file, bytes).unwrap();
        for words in [&["locate"][..], &["lag", "0/1000000"]] {
            let ran = walproof(&[words, &[&format!("file:{}", file.display())]].concat());
            assert!(ran.code == 2 && ran.err.contains(said), "{}", ran.err);
        }
    }
}

#[test]
fn the_timeline_of_a_control_file_is_its_checkpoints() {
    let ran = walproof(&["locate", &format!("file:{}", testdata("control/15/pg_control"))]);
    let sentence = ran.out.lines().next().unwrap();
    assert!(sentence.contains("segment 00000003"), "{sentence}");
    assert!(ran.out.contains("where recovery from this checkpoint begins"), "{}", ran.out);
}
