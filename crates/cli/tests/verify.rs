//! `walproof verify` on real WAL of every version here, on archives damaged on purpose, and on bytes that no check
//! covers.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use walproof_testdata as testdata;

/// The exit code and the document.
fn verify(archive: &Path, options: &[&str]) -> (i32, Value) {
    let run = Command::new(env!("CARGO_BIN_EXE_walproof"))
        .arg("verify")
        .arg(archive)
        .args(["--format", "json"])
        .args(options)
        .output()
        .unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    let document =
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text} {}", String::from_utf8_lossy(&run.stderr)));
    (run.status.code().expect("ends by itself"), document)
}

fn findings<'a>(document: &'a Value, severity: &str) -> Vec<&'a Value> {
    document["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == severity).collect()
}

#[test]
fn every_capture_is_proven_with_the_records_that_reference_tools_count() {
    for story in testdata::Story::all().unwrap() {
        // Compressed as they lie, and as the server had them.
        let plain = tempfile::tempdir().unwrap();
        let folder =
            if story.story.starts_with("pg_") { plain.path().join(&story.story) } else { plain.path().to_path_buf() };
        fs::create_dir_all(&folder).unwrap();
        story.unpack(&folder).unwrap();
        for (archive, jobs) in [(story.folder(), "2"), (folder.clone(), "1"), (folder, "3")] {
            let (exit, document) = verify(&archive, &["-j", jobs]);
            let name = format!("{}/{} in {}", story.version, story.story, archive.display());
            assert_eq!((exit, &document["verdict"]), (0, &Value::from("proven")), "{name}: {:#}", document["findings"]);
            assert_eq!(document["version"], story.version.as_str(), "{name}");
            assert_eq!(document["segment_size"], story.segment_size, "{name}");
            for facts in &story.timelines {
                let found =
                    document["timelines"].as_array().unwrap().iter().find(|t| t["timeline"] == facts.timeline).unwrap();
                if let Some(records) =
                    facts.records.filter(|_| !(story.story == "wrap" && story.version.parse::<f32>().unwrap() < 9.3))
                {
                    assert_eq!(found["records"], records, "{name}, timeline {}", facts.timeline);
                }
            }
        }
    }
}

#[test]
fn every_damaged_archive_gets_the_right_answer() {
    for case in testdata::Case::all().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        case.rebuild(folder.path()).unwrap();
        let (exit, document) = verify(folder.path(), &[]);
        let expect = &case.expect;
        assert_eq!(exit, expect.exit, "{}: {:#}", case.case, document["findings"]);
        let worst = ["error", "warning", "info"].into_iter().find(|s| !findings(&document, s).is_empty());
        if expect.severity.is_some() && expect.exit == 1 {
            assert_eq!(worst, expect.severity.as_deref(), "{}", case.case);
        }
        let Some(first) = worst.and_then(|s| findings(&document, s).first().copied()) else { continue };
        let same = |field: &str, wanted: &Option<String>| {
            if let Some(wanted) = wanted {
                assert_eq!(first[field], wanted.as_str(), "{}: {field} of {first:#}", case.case);
            }
        };
        same("lsn", &expect.lsn);
        same("at", &expect.at);
        // A checksum cannot tell in which of several files the wrong byte is: those are in the span.
        if expect.in_span.is_none() {
            same("file", &expect.file);
        }
        same("readable_until", &expect.readable_until);
        if let Some(file) = &expect.in_span {
            assert!(
                first["span"].as_array().unwrap().iter().any(|s| s["file"] == file.as_str()),
                "{}: {first:#}",
                case.case
            );
        }
        if let Some(fork) = &expect.fork {
            let diverged = document["findings"].as_array().unwrap().iter().find(|f| f["name"] == "diverged").unwrap();
            assert_eq!(diverged["at"], fork.as_str());
            assert!(expect.diverged.iter().any(|file| diverged["file"] == file.as_str()));
        }
    }
}

#[test]
fn a_verdict_does_not_depend_on_threads_or_mapping() {
    for name in [
        "bitflip_in_continuation",
        "swapped_names",
        "missing_two_segments",
        "history_switch_too_late",
        "bitflip_long_header_sysid",
    ] {
        let case = testdata::Case::named(name).unwrap();
        let folder = tempfile::tempdir().unwrap();
        case.rebuild(folder.path()).unwrap();
        let one = verify(folder.path(), &["-j1"]);
        for options in [&["-j2"][..], &["-j7"], &["-j2", "--no-mmap"]] {
            assert_eq!(verify(folder.path(), options), one, "{name} {options:?}");
        }
    }
}

/// The hole ends where the next record begins: nothing more is given up than what is damaged.
#[test]
fn the_hole_is_exact() {
    for (name, until, lost) in [
        ("bitflip_record_data", "0/00FA6CF0", 1),
        ("bitflip_xl_tot_len", "0/00FA6CF0", 1),
        ("bitflip_xl_tot_len_huge", "0/00FA6CF0", 1),
        ("bitflip_page_magic", "0/00F805B8", 1),
        ("bitflip_in_continuation", "0/010009F8", 1),
    ] {
        let case = testdata::Case::named(name).unwrap();
        let folder = tempfile::tempdir().unwrap();
        case.rebuild(folder.path()).unwrap();
        let (_, document) = verify(folder.path(), &[]);
        let first = findings(&document, "error")[0];
        assert_eq!(first["lost"]["until_lsn"], until, "{name}");
        assert_eq!(document["timelines"][0]["records"], 124_295 - lost, "{name}");
    }
}

/// Flips a byte and says what became of the verdict: exit code and the informations about that file.
fn flipped(archive: &Path, file: &str, offset: usize) -> (i32, Vec<(String, u64)>) {
    let path = archive.join(file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[offset] ^= 0x40;
    fs::write(&path, &bytes).unwrap();
    let (exit, document) = verify(archive, &[]);
    let told = |f: &&Value| f["file"] == file && f["name"].as_str().is_some_and(|n| n == "slack" || n == "stale-pages");
    let informations = findings(&document, "info").into_iter().filter(told);
    (exit, informations.map(|f| (f["name"].as_str().unwrap().to_owned(), f["offset"].as_u64().unwrap())).collect())
}

#[test]
fn slack_is_told_and_refutes_nothing() {
    let good = || {
        let folder = tempfile::tempdir().unwrap();
        testdata::Case::named("good").unwrap().rebuild(folder.path()).unwrap();
        folder
    };
    // Behind the switch, on its page and on a later one.
    for offset in [280, 5000, 700_000] {
        let folder = good();
        assert_eq!(
            flipped(folder.path(), "000000010000000000000009", offset),
            (0, vec![("slack".into(), offset as u64)])
        );
    }
    // The pad bytes of a page header.
    let folder = good();
    assert_eq!(flipped(folder.path(), "00000001000000000000000F", 524_288 + 22), (0, vec![("slack".into(), 524_310)]));
    // Between a record that ends at 0/FA6CE9 and the next at 0/FA6CF0.
    let folder = good();
    assert_eq!(flipped(folder.path(), "00000001000000000000000F", 0xA_6CEC), (0, vec![("slack".into(), 0xA_6CEC)]));
    // The recycled tail of a live directory: no check covers it, and the report says from where on.
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("pg_wal");
    fs::create_dir(&live).unwrap();
    let story = testdata::Story::all().unwrap().into_iter().find(|s| s.version == "15" && s.story == "pg_wal").unwrap();
    story.unpack(&live).unwrap();
    assert_eq!(flipped(&live, "00000003000000000000006C", 600_000), (0, vec![("stale-pages".into(), 8192)]));
}

#[test]
fn lesser_depths_prove_nothing_and_find_what_they_can() {
    let rebuilt = |name: &str| {
        let folder = tempfile::tempdir().unwrap();
        testdata::Case::named(name).unwrap().rebuild(folder.path()).unwrap();
        folder
    };
    let good = rebuilt("good");
    for depth in ["names", "pages"] {
        let (exit, document) = verify(good.path(), &["--depth", depth]);
        assert_eq!(
            (exit, &document["verdict"], &document["depth"]),
            (0, &Value::from("unproven"), &Value::from(depth))
        );
    }
    for (name, depth, code) in [
        ("missing_segment", "names", "WP101"),
        ("truncated_segment", "names", "WP102"),
        ("bitflip_page_magic", "pages", "WP202"),
        ("lost_write_page", "pages", "WP202"),
        ("duplicate_under_next_name", "pages", "WP104"),
        ("history_garbage", "names", "WP303"),
    ] {
        let (exit, document) = verify(rebuilt(name).path(), &["--depth", depth]);
        assert_eq!((exit, &findings(&document, "error")[0]["code"]), (1, &Value::from(code)), "{name}");
    }
}

#[test]
fn ranges_timelines_and_severities() {
    let rebuilt = |name: &str| {
        let folder = tempfile::tempdir().unwrap();
        testdata::Case::named(name).unwrap().rebuild(folder.path()).unwrap();
        folder
    };
    let damaged = rebuilt("bitflip_record_data");
    assert_eq!(verify(damaged.path(), &["--start", "0/1000000"]).0, 0);
    assert_eq!(verify(damaged.path(), &["--end", "0/F00000"]).0, 0);
    assert_eq!(verify(damaged.path(), &["--start", "0/F00000", "--end", "0/1000000"]).0, 1);
    assert_eq!(verify(damaged.path(), &["--severity", "WP201=info"]).0, 0);
    assert_eq!(verify(damaged.path(), &["--severity", "record-crc=warning", "--fail-on", "warning"]).0, 1);
    assert_eq!(verify(damaged.path(), &["--severity", "WP2xx=ignore"]).1["findings"].as_array().unwrap().len(), 0);
    let unknown = rebuilt("history3_missing");
    assert_eq!(verify(unknown.path(), &["-t", "2"]).1["path"], serde_json::json!([1, 2]));
    // A broken history refutes the timeline that it is of, not its ancestors.
    let garbage = rebuilt("history_garbage");
    assert_eq!(verify(garbage.path(), &["-t", "3"]).0, 1);
    assert_eq!(verify(garbage.path(), &["-t", "2"]).0, 0);
    assert_eq!(verify(garbage.path(), &["-t", "all"]).0, 1);
}
