//! One rule for how a run ends, whichever command and format: what cannot be looked at is 2, what is damaged is 1.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{Ran, testdata, walproof};
use std::path::Path;
use tempfile::TempDir;

const CHECKPOINT: &str = "000000010000000000000009";

fn copy(folder: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(testdata(folder)).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

/// The good archive, with a segment that nobody here can look into.
fn closed(segment: &str, bytes: &[u8]) -> TempDir {
    let folder = copy("demo/good");
    let mut content = bytes.to_vec();
    content.extend((0..200_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()));
    std::fs::write(folder.path().join(segment), content).unwrap();
    folder
}

fn run(command: &str, archive: &Path, more: &[&str]) -> Ran {
    walproof(&[&[command, archive.to_str().unwrap()], more].concat())
}

/// What stands in every format where the segment of the checkpoint cannot be looked into.
#[test]
fn a_restore_whose_checkpoint_cannot_be_looked_at() {
    let backup = testdata("backup/15");
    for (what, bytes) in [("encrypted", &b"Salted__12345678"[..]), ("zip", b"PK\x03\x04\x14\0\0\0\0")] {
        let archive = closed(CHECKPOINT, bytes);
        let verify = |format: &str| run("verify", archive.path(), &["--backup", &backup, "--format", format]);
        for (format, code, words) in [
            ("text", 2, &["VERDICT  UNPROVEN: ", "\nerror    WP50"][..]),
            ("json", 2, &["\"verdict\": \"unproven\"", "\"severity\": \"error\""]),
            ("nagios", 3, &["WALPROOF UNKNOWN - UNPROVEN: "]),
            ("junit", 2, &["<error type=\"unproven\"", "<error type=\"WP50"]),
            ("sarif", 2, &["\"executionSuccessful\": false", "\"exitCode\": 2"]),
            (
                "prometheus",
                2,
                &["walproof_exit_code{", "\"} 2\n", "walproof_run_success{", "verdict=\"unproven\"} 1\n"],
            ),
            (
                "html",
                2,
                &["<span class=\"word\">UNPROVEN</span>", "<span class=\"badge error\">error</span><code>WP50"],
            ),
        ] {
            let ran = verify(format);
            assert_eq!(ran.code, code, "{what} {format}: {}{}", ran.out, ran.err);
            for word in words {
                assert!(ran.out.contains(word), "{what} {format} without {word}:\n{}", ran.out);
            }
        }
        assert!(!verify("junit").out.contains("<failure"), "{}", verify("junit").out);
        assert!(verify("text").out.contains(what), "{}", verify("text").out);
        let success =
            verify("prometheus").out.lines().find(|line| line.starts_with("walproof_run_success")).unwrap().to_owned();
        assert!(success.ends_with(" 0"), "{success}");
        for format in ["text", "json", "names"] {
            let plan = run("plan", archive.path(), &["--backup", &backup, "--format", format]);
            assert_eq!(plan.code, 2, "{what} {format}: {}", plan.out);
        }
    }
}

#[test]
fn timelines_and_when_keep_the_rule() {
    let whole = copy("demo/good");
    let damaged = copy("demo/damaged");
    let cases = [
        (&whole, 0, "proven"),
        (&damaged, 1, "refuted"),
        (&closed(CHECKPOINT, b"Salted__12345678"), 2, "unproven"),
        (&closed("00000001000000000000000A", b"Salted__12345678"), 2, "unproven"),
        (&closed("00000001000000000000000B", b"Salted__12345678"), 2, "unproven"),
    ];
    for (archive, code, verdict) in cases {
        assert_eq!(run("verify", archive.path(), &[]).code, code, "{verdict}");
        for command in ["timelines", "when"] {
            for format in ["text", "json"] {
                let ran = run(command, archive.path(), &["--format", format]);
                assert_eq!(ran.code, code, "{command} {verdict} {format}: {}{}", ran.out, ran.err);
                assert_eq!(ran.out.contains("The archive is not whole"), code != 0 && format == "text", "{}", ran.out);
            }
        }
        let tree: serde_json::Value =
            serde_json::from_str(&run("timelines", archive.path(), &["--format", "json"]).out).unwrap();
        assert_eq!(tree["verdict"], verdict);
    }
    // A position that nothing leads to is out of reach where all was looked at, and not known otherwise.
    for (archive, code) in [(&whole, 1), (&closed("00000001000000000000000A", b"Salted__12345678"), 2)] {
        assert_eq!(run("when", archive.path(), &["xid:4000000000"]).code, code);
    }
}

#[test]
fn a_plan_with_a_damaged_segment() {
    let backup = testdata("backup/15");
    let damaged = copy("demo/damaged");
    let plan = |more: &[&str]| run("plan", damaged.path(), &[&["--backup", &backup], more].concat());
    let ran = plan(&[]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(
        ran.out.lines().any(|line| line.starts_with("damaged ") && line.contains("00000001000000000000000A")),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("error    WP201 "), "{}", ran.out);
    let json: serde_json::Value = serde_json::from_str(&plan(&["--format", "json"]).out).unwrap();
    assert_eq!(json["verdict"], "refuted");
    let of =
        |name: &str| json["files"].as_array().unwrap().iter().find(|f| f["name"] == name).unwrap()["status"].clone();
    assert_eq!((of(CHECKPOINT), of("00000001000000000000000A")), ("present".into(), "damaged".into()));
    // What lies in front of it is not touched by the damage.
    let ran = plan(&["--target-lsn", "0/A00100"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(!ran.out.contains("damaged"), "{}", ran.out);
    // Its first bytes flipped: no record of it can be read.
    let path = damaged.path().join(CHECKPOINT);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..64].iter_mut().for_each(|byte| *byte ^= 0x55);
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(plan(&[]).code, 1);
}

/// `pg_waldump` fails there: "could not find a valid record", or no such file.
#[test]
fn a_list_that_begins_behind_the_last_record() {
    let archive = testdata("demo/good");
    for start in ["0/BFFCD8", "0/BFFFF8", "0/C00000", "0/F00000"] {
        for (format, code) in [("text", 2), ("jsonl", 2), ("csv", 2), ("waldump", 1)] {
            let ran = walproof(&["dump", &archive, "-s", start, "--format", format]);
            assert_eq!(ran.code, code, "{start} {format}: {}", ran.err);
            assert!(ran.err.contains("nothing to read"), "{start} {format}: {}", ran.err);
        }
        for (format, code) in [("text", 2), ("json", 2), ("csv", 2), ("waldump", 1)] {
            let ran = walproof(&["stats", &archive, "-s", start, "--format", format]);
            assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{start} {format}: {}", ran.err);
        }
    }
    // Records that no filter lets pass, and a range that holds none, are an answer.
    for more in [&["-s", "0/B00000", "-x", "4000000000"][..], &["-s", "0/AAC610", "-e", "0/AAC618"]] {
        let ran = walproof(&[&["dump", archive.as_str()], more].concat());
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{more:?}: {}", ran.err);
    }
}
