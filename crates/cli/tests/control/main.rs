//! `walproof control` against what `pg_controldata` of each version printed, and against damage.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod damage;
#[path = "../run/mod.rs"]
mod run;

use pgwal::format::dialect::DIALECTS;
use pgwal::format::text::control::members::Abi;
use pgwal::format::{Align, Endian};
use pgwal_craft::control::control_file;
use run::{Ran, corpus, testdata, walproof};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn control(file: &Path, more: &[&str]) -> Ran {
    walproof(&[&["control", file.to_str().unwrap()], more].concat())
}

fn same(file: &Path, printed: &Path) {
    prints(file, &fs::read_to_string(printed).unwrap());
}

fn prints(file: &Path, text: &str) {
    let ran = control(file, &[]);
    assert_eq!((ran.out.as_str(), ran.code, ran.err.as_str()), (text, 0, ""), "{}", file.display());
}

#[test]
fn control_files_of_real_servers_are_printed_as_their_pg_controldata_did() {
    let mut files = 0;
    for folder in fs::read_dir(testdata("control")).unwrap().map(|entry| entry.unwrap().path()) {
        if folder.join("pg_control").is_file() {
            same(&folder.join("pg_control"), &folder.join("pg_controldata.txt"));
            files += 1;
        }
    }
    assert_eq!(files, 21);
}

#[test]
fn all_control_files_of_the_corpus_that_have_a_text() {
    let Some(corpus) = corpus() else { return };
    let mut count = 0;
    for version in ["8.2", "9.2", "9.4"] {
        for state in ["initdb", "running", "shutdown"] {
            let folder = corpus.join(version).join("control");
            same(&folder.join(format!("pg_control.{state}")), &folder.join(format!("pg_controldata.{state}.txt")));
            count += 1;
        }
    }
    for version in ["10", "13", "15", "19"] {
        for timeline in 1..=3 {
            let folder = corpus.join(version);
            same(
                &folder.join(format!("pg_control/pg_control_tl{timeline}")),
                &folder.join(format!("oracle/pg_controldata_tl{timeline}.txt")),
            );
            count += 1;
        }
    }
    assert_eq!(count, 21);
}

/// Every member of a crafted file has a value of its own. The texts are what `pg_controldata` of each version, built
/// from its source, printed.
#[test]
fn every_version_alignment_and_order_of_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pg_control");
    for dialect in &DIALECTS {
        let text = fs::read_to_string(testdata(&format!("control/crafted/{}.txt", dialect.version))).unwrap();
        for (abi, endian) in Abi::ALL.into_iter().flat_map(|abi| [(abi, Endian::Little), (abi, Endian::Big)]) {
            fs::write(&file, control_file(dialect, abi, endian, &[])).unwrap();
            let align = if abi.align == Align::Eight { 8 } else { 4 };
            prints(&file, &text.replace("alignment:               8", &format!("alignment:               {align}")));
            let ran = control(&file, &["--format", "json"]);
            let json: Value = serde_json::from_str(&ran.out).unwrap();
            assert_eq!(json["version"], dialect.version.to_string());
            assert_eq!(json["alignment"], align);
            assert_eq!(json["byte_order"], if endian == Endian::Big { "big" } else { "little" });
        }
    }
}

/// With `WALPROOF_CRAFTED=DIR`, writes the crafted files there, a folder a version, for the `pg_controldata` that makes
/// the texts.
#[test]
fn crafted_files_for_other_programs() {
    let Some(out) = std::env::var_os("WALPROOF_CRAFTED").map(PathBuf::from) else { return };
    for dialect in &DIALECTS {
        for (align, name) in [(Align::Eight, 8), (Align::Four, 4)] {
            let global = out.join(format!("{}-{name}", dialect.version)).join("global");
            fs::create_dir_all(&global).unwrap();
            fs::write(global.join("pg_control"), control_file(dialect, Abi::usual(align), Endian::Little, &[]))
                .unwrap();
        }
    }
}

#[test]
fn json_says_what_recovery_needs() {
    let file = testdata("control/15/pg_control");
    let ran = control(Path::new(&file), &["--format", "json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let text = fs::read_to_string(testdata("control/15/pg_controldata.txt")).unwrap();
    let told = |label: &str| text.lines().find_map(|line| line.strip_prefix(label)).unwrap().trim().to_owned();
    assert_eq!(json["system_identifier"], told("Database system identifier:"));
    assert_eq!(json["state"], told("Database cluster state:"));
    assert_eq!(json["restart"]["oldest_needed_segment"], told("Latest checkpoint's REDO WAL file:"));
    assert_eq!(json["wal_level"], told("wal_level setting:"));
    assert_eq!(json["max_connections"].to_string(), told("max_connections setting:"));
    assert_eq!(
        json["checkpoint_copy"]["next_xid"].to_string(),
        told("Latest checkpoint's NextXID:").strip_prefix("0:").unwrap()
    );
    assert_eq!((&json["crc_ok"], &json["error"], &json["prev_checkpoint"]), (&true.into(), &Value::Null, &Value::Null));
}

#[test]
fn places_that_have_a_control_file() {
    let file = testdata("control/15/pg_control");
    let text = fs::read_to_string(testdata("control/15/pg_controldata.txt")).unwrap();
    let data = tempfile::tempdir().unwrap();
    let global = data.path().join("global");
    fs::create_dir(&global).unwrap();
    assert_eq!(control(data.path(), &[]).code, 2);
    fs::copy(&file, global.join("pg_control")).unwrap();
    for place in [data.path(), &global, &global.join("pg_control")] {
        assert_eq!(control(place, &[]).out, text);
        assert_eq!(walproof(&["control", "-p", place.to_str().unwrap()]).out, text);
    }
    let mut piped = Command::new(env!("CARGO_BIN_EXE_walproof"));
    let mut child =
        piped.args(["control", "-"]).env("TZ", "UTC").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(), text);
    let ran = walproof(&["control", &file, "no such place", &file]);
    assert_eq!((ran.code, ran.out), (2, format!("{file}:\n{text}\n{file}:\n{text}")));
    let ran = walproof(&["control", &file, "no such place", "--format", "json"]);
    assert_eq!((ran.code, ran.out.lines().count()), (2, 2));
    assert_eq!(control(Path::new(&file), &["-q"]).out, "");
}
